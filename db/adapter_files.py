"""The adapters in a backup: those that are live or were, so that a restored store reads as before.

They lie at `adapters/NAME/` in the backup and in the home folder alike. A candidate that never was
live can be trained again and stays out, and so does the folder of a run.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from db.columns import utc_now
from db.files import sha_of, sync_folder

ADAPTERS = "adapters"
WEIGHTS = "adapter_model.safetensors"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""An adapter's name and a file's, where they can be those of a folder and a file anywhere."""
_ONCE_LIVE = "SELECT name, folder, sha256 FROM adapters WHERE state = 'live' OR promoted_at NOTNULL"
Hashes = dict[str, dict[str, str]]
"""The sha256 of each file, by adapter and name."""


@dataclass(frozen=True, slots=True)
class Held:
    """An adapter with its files, the weights among them unharmed."""

    name: str
    files: tuple[Path, ...]

    def hashes(self) -> dict[str, str]:
        """The sha256 of each of the files."""
        return {path.name: sha_of(path) for path in self.files}


def held(connection: sqlite3.Connection) -> tuple[list[Held], list[str]]:
    """The adapters of a store that are live or were, and the names of those without their files."""
    whole: list[Held] = []
    missing: list[str] = []
    for name, folder, sha256 in connection.execute(f"{_ONCE_LIVE} ORDER BY id"):
        if NAME.fullmatch(name) and _is_whole(Path(folder), sha256):
            whole.append(Held(name, tuple(_files(Path(folder)))))
        else:
            missing.append(name)
    return whole, missing


def member(adapter: str, file: str) -> str:
    """The name of an adapter's file in a backup."""
    return f"{ADAPTERS}/{adapter}/{file}"


def members(hashes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The sha256 of each file, by its name in a backup."""
    return {member(a, file): sha for a, files in hashes.items() for file, sha in files.items()}


def place(scratch: Path, home: Path, names: Iterable[str]) -> None:
    """Put unpacked adapters into a home folder; other weights of the same name move aside."""
    for name in names:
        source, target = scratch / ADAPTERS / name, home / ADAPTERS / name
        if _is_whole(target, sha_of(source / WEIGHTS)):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            stamp = utc_now().strftime("%Y%m%dT%H%M%S.%fZ")
            os.replace(target, target.with_name(f"{name}.before-restore-{stamp}"))
        os.replace(source, target)
        sync_folder(target.parent)


def relocate(store: Path, home: Path, names: Iterable[str]) -> None:
    """Have a restored store look for its adapters under the home folder that it is put into."""
    folders = [(str((home / ADAPTERS / name).absolute()), name) for name in names]
    if folders:
        with closing(sqlite3.connect(store)) as connection, connection:
            connection.executemany("UPDATE adapters SET folder = ? WHERE name = ?", folders)


def _is_whole(folder: Path, sha256: str) -> bool:
    weights = folder / WEIGHTS
    return weights.is_file() and sha_of(weights) == sha256


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink() and NAME.fullmatch(path.name):
            yield path
