"""Whole copies of the store and its files: frozen for a run, backed up, restored.

A backup is one tar file with `manifest.json`, `store.sqlite3`, the original files and the adapters
that are live or were. It is written beside its place and named last, after it was read again: a
backup that exists is whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError
from sqlalchemy import Engine

from db import adapter_files
from db.archive import Contents, add_bytes, add_file, read_contents
from db.columns import utc_now
from db.engine import BUSY_MS, explained
from db.errors import StoreError
from db.files import PART, file_path, on_disk, partial, place, sha_of, sync, sync_folder
from db.migrations import known
from models.schemas import Value

STORE = "store.sqlite3"
MANIFEST = "manifest.json"
FILES = "files"
COUNTED = ("documents", "records", "revisions")


class Manifest(Value):
    """What a backup holds. `missing` names files that the store itself had lost or damaged.

    `adapters` has the sha256 of each file of the adapters in it; `adapters_missing` names those
    that are live or were, and whose files are gone or altered. Format 1 had no adapters.
    """

    format: Annotated[int, Field(ge=1, le=2)] = 2
    created_at: datetime
    schema_revision: str
    documents: int
    records: int
    revisions: int
    database_sha256: str
    missing: tuple[str, ...] = ()
    adapters: adapter_files.Hashes = Field(default_factory=dict)
    adapters_missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where the store that it replaced was put."""

    manifest: Manifest
    replaced: Path | None


def freeze(engine: Engine, destination: Path) -> Path:
    """A copy of the store as it is at this moment, in one plain SQLite file; writing goes on."""
    with explained(engine), on_disk(destination), partial(destination.parent) as part:
        with closing(engine.raw_connection()) as connection:
            # A pooled connection may come from a read, which had forbidden itself to write.
            connection.cursor().execute("PRAGMA query_only = 0")
            connection.cursor().execute("VACUUM INTO ?", (str(part),))
        with open(part, "rb+") as copy:
            sync(copy)
        place(part, destination)
    return destination


def backup(engine: Engine, files_dir: Path, destination: Path) -> Manifest:
    """Write the store, its files and its adapters to one tar file while the app runs."""
    if destination.is_dir():
        raise StoreError(f"{destination} is a folder.", "Name the file to write, such as x.tar.")
    with on_disk(destination), _scratch(destination.parent) as scratch:
        copy = freeze(engine, scratch / STORE)
        held, missing = _sound_files(copy, files_dir)
        with _opened(copy) as connection:
            adapters, without_files = adapter_files.held(connection)
        manifest = _describe(copy, missing, adapters, without_files)
        part = scratch / f"backup{PART}"
        _write(part, manifest, copy, held, adapters)
        verify(part)
        place(part, destination)
    return manifest


def verify(archive: Path) -> Manifest:
    """Read a backup to the end and say what it holds; raises `StoreError` where it is not whole."""
    with on_disk(archive), _scratch(archive.parent) as scratch:
        return _unpack(archive, scratch)


def restore(archive: Path, home: Path) -> Restored:
    """Put a backup in the place of the store under `home`.

    Nothing there is touched before the whole backup was read and found sound. The store that was
    there stays beside, as `store.sqlite3.before-restore-` and the time.
    """
    with on_disk(home), _scratch(home) as scratch:
        manifest = _unpack(archive, scratch, with_files=True)
        if manifest.schema_revision not in known():
            raise StoreError(
                "The backup was made by a newer version of the Workbench.", "Update the Workbench."
            )
        store = home / STORE
        _require_unused(store)
        adapter_files.place(scratch, home, manifest.adapters)
        adapter_files.relocate(scratch / STORE, home, manifest.adapters)
        for file in sorted((scratch / FILES).glob("*/*")):
            place(file, file_path(home / FILES, file.name))
        replaced = _set_aside(store)
        place(scratch / STORE, store)
    return Restored(manifest, replaced)


def _sound_files(store: Path, files_dir: Path) -> tuple[list[Path], list[str]]:
    """The unharmed files of the store's documents, and the documents that have none."""
    with _opened(store) as connection:
        rows = connection.execute("SELECT sha256 FROM documents ORDER BY sha256").fetchall()
    held: list[Path] = []
    missing: list[str] = []
    for (sha,) in rows:
        path = file_path(files_dir, sha)
        if path.is_file() and sha_of(path) == sha:
            held.append(path)
        else:
            missing.append(sha)
    return held, missing


def _describe(
    store: Path, missing: list[str], adapters: list[adapter_files.Held], without_files: list[str]
) -> Manifest:
    revision, counts = _count(store)
    return Manifest(
        created_at=utc_now(),
        schema_revision=revision,
        database_sha256=sha_of(store),
        missing=tuple(missing),
        adapters={adapter.name: adapter.hashes() for adapter in adapters},
        adapters_missing=tuple(without_files),
        **counts,
    )


def _count(store: Path) -> tuple[str, dict[str, int]]:
    with _opened(store) as connection:
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in COUNTED
        }
    return revision, counts


def _write(
    part: Path,
    manifest: Manifest,
    store: Path,
    files: list[Path],
    adapters: list[adapter_files.Held],
) -> None:
    with open(part, "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            add_bytes(archive, MANIFEST, manifest.model_dump_json(indent=2).encode())
            add_file(archive, STORE, store)
            for path in files:
                add_file(archive, f"{FILES}/{path.parent.name}/{path.name}", path)
            for adapter in adapters:
                for path in adapter.files:
                    add_file(archive, adapter_files.member(adapter.name, path.name), path)
        sync(file)


def _unpack(archive: Path, scratch: Path, *, with_files: bool = False) -> Manifest:
    """Lay the store, and the files if wanted, into `scratch`, and check all of it."""
    with read_contents(archive) as contents:
        manifest = _manifest(contents)
        with open(scratch / STORE, "wb") as copy:
            _same(contents.pour(STORE, copy), manifest.database_sha256, "its database")
            sync(copy)
        shas = [_unpack_file(contents, name, scratch, with_files) for name in contents.files]
        wanted = adapter_files.members(manifest.adapters)
        # with its weights each adapter has a member, and no member's name leads out of the folder
        weightless = [a for a, f in manifest.adapters.items() if adapter_files.WEIGHTS not in f]
        _same(str(weightless), "[]", "the list of its adapters")
        _same(str(sorted(contents.adapters)), str(sorted(wanted)), "the list of its adapters")
        for name, sha in wanted.items():
            _unpack_to(contents, name, sha, scratch / name if with_files else None)
    _require_sound(scratch / STORE, manifest, shas)
    return manifest


def _manifest(contents: Contents) -> Manifest:
    try:
        return Manifest.model_validate_json(contents.read(MANIFEST))
    except ValidationError as error:
        raise StoreError(
            "The backup's manifest cannot be read.", "It may be of a newer version, or damaged."
        ) from error


def _unpack_file(contents: Contents, name: str, scratch: Path, keep: bool) -> str:
    sha = name.rsplit("/", 1)[1]
    _unpack_to(contents, name, sha, file_path(scratch / FILES, sha) if keep else None)
    return sha


def _unpack_to(contents: Contents, name: str, sha: str, target: Path | None) -> None:
    """Check a member, and write it where it is wanted."""
    if target is None:
        _same(contents.pour(name), sha, name)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "wb") as copy:
        _same(contents.pour(name, copy), sha, name)
        sync(copy)


def _same(found: str, wanted: str, what: str) -> None:
    if found != wanted:
        raise StoreError(f"The backup is damaged: {what} has changed.", "Use another backup.")


def _require_sound(store: Path, manifest: Manifest, shas: list[str]) -> None:
    with _opened(store) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchone()[0]
        wanted = {sha for (sha,) in connection.execute("SELECT sha256 FROM documents")}
    revision, counts = _count(store)
    _same(said, "ok", "its database")
    _same(revision, manifest.schema_revision, "its schema")
    _same(str(counts), str({table: getattr(manifest, table) for table in COUNTED}), "a count")
    _same(str(sorted(shas)), str(sorted(wanted - set(manifest.missing))), "the list of its files")


def _require_unused(store: Path) -> None:
    """Fold the write-ahead log into the store, which works only while nobody else has it open."""
    if not store.exists():
        return
    try:
        with closing(sqlite3.connect(store, timeout=2.0)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StoreError("The store is in use.", "Stop the Workbench, then restore.") from error
        raise StoreError(
            f"The store {store} cannot be opened: {error}.", "Check its permissions."
        ) from error
    except sqlite3.DatabaseError:
        # A store too damaged to be opened is a reason to restore: it is set aside as it is.
        return


def _set_aside(store: Path) -> Path | None:
    """Keep the store under a second name; its own name still leads to it until it is replaced."""
    if not store.exists():
        return None
    stamp = utc_now().strftime("%Y%m%dT%H%M%S.%fZ")
    kept = store.with_name(f"{store.name}.before-restore-{stamp}")
    for ending in ("-wal", "-shm"):
        log = Path(f"{store}{ending}")
        if log.exists():
            log.rename(f"{kept}{ending}")
    try:
        os.link(store, kept)
    except OSError:
        # Some file systems have no second names.
        shutil.copy2(store, kept)
    sync_folder(store.parent)
    return kept


@contextmanager
def _opened(store: Path) -> Iterator[sqlite3.Connection]:
    """A copy that nobody else has open; what is wrong with it is a damaged backup."""
    try:
        with closing(sqlite3.connect(store, timeout=BUSY_MS / 1000)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The backup is damaged: {error}.", "Use another backup.") from error


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for parts, on the same disk as `folder`, so that a rename puts them in place."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", suffix=PART, dir=folder) as name:
        yield Path(name)
