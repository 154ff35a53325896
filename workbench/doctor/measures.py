"""Figures that cost a walk over the disk, kept for a while."""

from __future__ import annotations

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path

KEEP_SECONDS = 60


def folder_sizes(home: Path) -> dict[str, int]:
    """Bytes of each part of the home folder; at most a minute old."""
    return dict(_sizes(home, int(time.monotonic() // KEEP_SECONDS)))


@lru_cache(maxsize=4)
def _sizes(home: Path, minute: int) -> tuple[tuple[str, int], ...]:
    parts: dict[str, int] = {}
    with os.scandir(home) as entries:
        for entry in entries:
            # The store's write-ahead log belongs to the store.
            name = "store" if entry.name.startswith("store.sqlite3") else entry.name
            held = _below(entry.path) if entry.is_dir(follow_symlinks=False) else _held(entry)
            parts[name] = parts.get(name, 0) + held
    return tuple((name, held) for name, held in parts.items() if held)


def _below(folder: str) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:  # gone while we looked
                continue
    return total


def _held(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def file_sha256(path: Path) -> str:
    """The hash of a large file, computed anew only when the file changed."""
    state = path.stat()
    return _sha256(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)
def _sha256(path: Path, length: int, changed: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
