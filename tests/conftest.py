"""What many tests need: the real embedded model, opened once, and a store of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from db.engine import connect
from db.migrations import upgrade
from models.backends import Backend
from models.catalog import open_model
from tests.hub_server import TOKEN, FakeHub, running_hub
from tests.stores import add, proposed

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from workbench.context import Context

# A busy machine is no failure, and a change fails for what it does, not for the day's examples.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("hunt", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the converted model of this test run lies."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def model(cache: Path) -> Iterator[Backend]:
    """The model that ships: the embedded base with the funding adapter merged into it."""
    backend = open_model(None, cache)
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def base(cache: Path) -> Iterator[Backend]:
    """The embedded base alone, which chats and answers in JSON."""
    backend = open_model("smollm2-135m-instruct", cache)
    yield backend
    backend.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A new, empty store."""
    engine = connect(tmp_path / "store.sqlite3")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def record_id(engine: Engine) -> int:
    """A paper for which the model proposed Wellcome."""
    return add(engine, "paper.pdf", proposal=proposed("Wellcome"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    """A Hub of the tests that the real client is led to."""
    with running_hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # as the app sets it
        yield running


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    """What the app works with, in a folder of its own."""
    from workbench.context import Context, Settings

    return Context(Settings(home=tmp_path / "home", actor="tester"))


@pytest.fixture
def client(ctx: Context) -> Iterator[TestClient]:
    """The app as several people use it, each by a header; see `tests.teams`."""
    from tests.teams import team

    with team(ctx) as client:
        yield client
