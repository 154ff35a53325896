"""What many tests need: the real embedded model, opened once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.backends import Backend
from models.catalog import open_model


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
