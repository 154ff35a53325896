"""What many tests need: the real embedded model, opened once, and a store of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from db.engine import connect
from db.migrations import upgrade
from models.backends import Backend
from models.catalog import open_model
from tests.hub_server import TOKEN, FakeHub, running_hub
from tests.stores import add, proposed

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")


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
