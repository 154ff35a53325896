"""A backup's tar file: what may stand in it and how it is read; not what the contents mean."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from db.errors import StoreError
from db.files import pour

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
ALLOWED = re.compile(
    r"manifest\.json|store\.sqlite3|files/([0-9a-f]{2})/\1[0-9a-f]{62}"
    rf"|adapters/{_NAME}/{_NAME}"
)
"""The only names in a backup: so none is absolute or climbs out of the folder."""


class Contents:
    """The members of an open backup, each a plain file with an allowed name, each there once."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        members = archive.getmembers()
        self._archive = archive
        self._members = {member.name: member for member in members if _allowed(member)}
        if len(self._members) != len(members):
            raise StoreError(
                "The file is no backup of the Workbench: it holds other names.",
                "Choose a file that the backup wrote.",
            )

    @property
    def files(self) -> list[str]:
        """The names of the original files."""
        return [name for name in self._members if name.startswith("files/")]

    @property
    def adapters(self) -> list[str]:
        """The names of the files of adapters."""
        return [name for name in self._members if name.startswith("adapters/")]

    def pour(self, name: str, target: IO[bytes] | None = None) -> str:
        """Read a member to its end, into `target` if there is one; returns its sha256."""
        return pour(self._open(name), target)

    def read(self, name: str) -> bytes:
        """All of a small member."""
        return self._open(name).read()

    def _open(self, name: str) -> IO[bytes]:
        member = self._members.get(name)
        opened = member and self._archive.extractfile(member)
        if not opened:
            raise StoreError(f"The backup has no {name}.", "Use another backup.")
        return opened


@contextmanager
def read_contents(path: Path) -> Iterator[Contents]:
    """The contents of a backup; raises `StoreError` where it is damaged or something else."""
    try:
        with tarfile.open(path, "r:") as archive:
            yield Contents(archive)
    except (tarfile.TarError, EOFError) as error:
        raise StoreError(
            f"{path.name} is no whole backup: {error}.", "Choose another file."
        ) from error


def add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a small member."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(data))


def add_file(archive: tarfile.TarFile, name: str, path: Path) -> None:
    """Add a file without its owner, mode or date: the contents are all that counts."""
    with open(path, "rb") as file:
        member = tarfile.TarInfo(name)
        member.size = path.stat().st_size
        member.mode = 0o600
        archive.addfile(member, file)


def _allowed(member: tarfile.TarInfo) -> bool:
    return member.isreg() and ALLOWED.fullmatch(member.name) is not None
