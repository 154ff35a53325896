"""A recipe on a base other than the embedded one: a tiny random Llama, from papers to live."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db import adapters, store
from db.engine import reading, writing
from models import catalog, chains, foundations
from models.errors import ModelUnavailable, UnusableAdapter, WorkbenchError
from models.extract import Pipeline
from models.schemas import Answer, Funder, Statement
from tests.stores import decide, document, proposed
from tests.tiny_chains import save_adapter
from tests.tiny_run import PAYERS, tiny_base, wait
from training import planning, presets
from training import run as folders
from workbench import cli, retrain, runs
from workbench.context import Context, Settings

CURVES = '{"funder_name": {"bias": 1.0, "mean": 2.0, "least": 0.5}}'


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKBENCH_TRAIN_STEPS", "2")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr(runs, "device_lock", lambda device=0: tmp_path / "device.lock")
    yield Context(Settings())
