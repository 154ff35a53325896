"""A backup brings back the adapters that a restored store reads with, on any machine."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db import adapters
from db.engine import connect, reading, writing
from db.errors import StoreError
from db.snapshots import backup, restore, verify
from tests.stores import curated_store

WEIGHTS = "adapter_model.safetensors"
BASE = "some-base"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    with curated_store(home) as engine:
        yield engine


def add(engine: Engine, home: Path, name: str, *, live: bool) -> Path:
    """An adapter in the home folder and the store."""
    folder = home / "adapters" / name
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(f"weights of {name}".encode())
    (folder / "adapter_config.json").write_text('{"r": 2}')
    sha = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    with writing(engine) as session:
        adapters.register(session, name, BASE, str(folder), sha)
        if live:
            adapters.promote(session, name, "ada", "better")
    return folder


def live(home: Path) -> tuple[str, Path]:
    engine = connect(home / "store.sqlite3")
    try:
        with reading(engine) as session:
            row = adapters.live(session, BASE)
            assert row is not None
            return row.name, Path(row.folder)
    finally:
        engine.dispose()


def test_the_live_adapter_and_those_before_it_come_back_where_the_store_is_put(
    engine: Engine, home: Path, tmp_path: Path
) -> None:
    for name, is_live in (("auto-1", True), ("auto-2", True), ("auto-3", False)):
        add(engine, home, name, live=is_live)
    manifest = backup(engine, home / "files", tmp_path / "b.tar")
    assert sorted(manifest.adapters) == ["auto-1", "auto-2"]
    assert verify(tmp_path / "b.tar") == manifest

    other = tmp_path / "another machine"
    restore(tmp_path / "b.tar", other)
    assert live(other) == ("auto-2", other / "adapters" / "auto-2")
    assert (other / "adapters/auto-2" / WEIGHTS).read_bytes() == b"weights of auto-2"
    assert (other / "adapters/auto-2/adapter_config.json").read_text() == '{"r": 2}'
    again = connect(other / "store.sqlite3")
    with writing(again) as session:
        former = adapters.rollback(session, BASE, "ada", "worse")
        assert former is not None and Path(former.folder, WEIGHTS).is_file()
        assert Path(former.folder).is_relative_to(other)
        assert adapters.adapter(session, "auto-3").state == "candidate"
    again.dispose()


def test_an_adapter_that_was_lost_or_altered_is_named_and_stops_nothing(
    engine: Engine, home: Path, tmp_path: Path
) -> None:
    (add(engine, home, "lost", live=True) / WEIGHTS).unlink()
    (add(engine, home, "altered", live=True) / WEIGHTS).write_bytes(b"other")
    manifest = backup(engine, home / "files", tmp_path / "b.tar")
    assert (manifest.adapters, manifest.adapters_missing) == ({}, ("lost", "altered"))
    assert restore(tmp_path / "b.tar", tmp_path / "new").manifest == manifest


def test_other_weights_under_the_same_name_are_kept_aside(
    engine: Engine, home: Path, tmp_path: Path
) -> None:
    folder = add(engine, home, "auto-1", live=True)
    backup(engine, home / "files", tmp_path / "b.tar")
    engine.dispose()
    (folder / WEIGHTS).write_bytes(b"trained later")
    restore(tmp_path / "b.tar", home)
    assert (folder / WEIGHTS).read_bytes() == b"weights of auto-1"
    (aside,) = folder.parent.glob("auto-1.before-restore-*")
    assert (aside / WEIGHTS).read_bytes() == b"trained later"


def test_a_backup_without_adapters_is_read_as_before(
    engine: Engine, home: Path, tmp_path: Path
) -> None:
    backup(engine, home / "files", tmp_path / "b.tar")
    rewrite(tmp_path / "b.tar", lambda told: {**without_adapters(told), "format": 1})
    assert verify(tmp_path / "b.tar").adapters == {}
    assert restore(tmp_path / "b.tar", tmp_path / "new").manifest.records == 3


@pytest.mark.parametrize(
    "given",
    [
        {"auto-1": {}},
        {"auto-1": {WEIGHTS: "0" * 64}},
        {"../auto-1": {WEIGHTS: hashlib.sha256(b"weights of auto-1").hexdigest()}},
        {"auto-1": {WEIGHTS: hashlib.sha256(b"weights of auto-1").hexdigest()}, "../x": {}},
        {},
    ],
    ids=["no weights", "other weights", "leads out", "leads out without files", "unnamed"],
)
def test_adapters_that_are_not_as_the_manifest_says_are_refused(
    engine: Engine, home: Path, tmp_path: Path, given: dict[str, dict[str, str]]
) -> None:
    (add(engine, home, "auto-1", live=True) / "adapter_config.json").unlink()
    backup(engine, home / "files", tmp_path / "b.tar")
    rewrite(tmp_path / "b.tar", lambda told: {**told, "adapters": given})
    with pytest.raises(StoreError, match="damaged"):
        restore(tmp_path / "b.tar", tmp_path / "new")
    assert not (tmp_path / "new/store.sqlite3").exists()
    assert not (tmp_path / "new/adapters").exists()


def without_adapters(told: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in told.items() if not key.startswith("adapters")}


def rewrite(path: Path, change) -> None:  # type: ignore[no-untyped-def]
    """The backup with another manifest."""
    with tarfile.open(path) as archive:
        held = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}  # type: ignore[union-attr]
    held["manifest.json"] = json.dumps(change(json.loads(held["manifest.json"]))).encode()
    with tarfile.open(path, "w") as archive:
        for name, data in held.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
