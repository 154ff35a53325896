"""Original files, named by their content: whole or not there at all; no database."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from db.errors import StoreError

CHUNK = 1024 * 1024
PART = ".part"
"""The ending of a file that is still being written; left behind only by a crash."""


def file_path(files_dir: Path, sha: str) -> Path:
    """Where the file with these contents stands."""
    return files_dir / sha[:2] / sha


def store_file(files_dir: Path, source_path: Path) -> str:
    """Copy a file into the store and return its sha256. A damaged copy is replaced."""
    with on_disk(files_dir), open(source_path, "rb") as source, partial(files_dir) as part:
        with open(part, "wb") as copy:
            sha = pour(source, copy)
            sync(copy)
        place(part, file_path(files_dir, sha))
    return sha


def place(part: Path, target: Path) -> None:
    """Give a finished file its name, in one step that survives a power cut."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(part, target)
    sync_folder(target.parent)


def pour(source: IO[bytes], target: IO[bytes] | None = None) -> str:
    """Read to the end, copying to `target` if there is one; returns the sha256 of it all."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest()


def sha_of(path: Path) -> str:
    """The sha256 of a file."""
    with open(path, "rb") as file:
        return pour(file)


@contextmanager
def partial(folder: Path) -> Iterator[Path]:
    """The path of a new file in `folder`, removed at the end unless it was given a name."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=PART, dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def on_disk(place: Path) -> Iterator[None]:
    """Turn what the disk says into a `StoreError`."""
    try:
        yield
    except OSError as error:
        name = error.filename or place
        raise StoreError(
            f"{name}: {error.strerror or error}.", "Check the disk's space and permissions."
        ) from error


def sync(file: IO[bytes]) -> None:
    """Wait until the file's contents are on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk; Windows has no such call."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
