"""What a push would change: rows by split, files, the card."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from workbench.hub import shards
from workbench.hub.client import Hub, Standing
from workbench.hub.names import CARD, SHARD, SPLITS

CARD_LINES = 200
State = Literal["new", "changed", "same"]
Digests = dict[tuple[str, str], bytes]
"""What each row says, by split and document."""


@dataclass(slots=True)
class SplitDiff:
    """Rows of a split: how many there will be, and what becomes of them."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(slots=True)
class Diff:
    """The difference between a folder and a revision on the Hub."""

    splits: dict[str, SplitDiff] = field(default_factory=dict)
    upload: dict[str, int] = field(default_factory=dict)
    """Bytes by file."""
    delete: list[str] = field(default_factory=list)
    card: State = "same"
    card_diff: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to push."""
        return not self.upload and not self.delete

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "bytes": sum(self.upload.values()), "is_empty": self.is_empty}


def compare(hub: Hub, at: Standing, folder: Path, made: shards.Made, scratch: Path) -> Diff:
    """Compare with the Hub by hashes; only files that differ are fetched and read."""
    diff = Diff(splits={split: SplitDiff(rows=made.rows[split]) for split in SPLITS})
    ours = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_file()]
    other = {p for p in ours if p not in at.files or not at.files[p].is_same(folder / p)}
    diff.delete = sorted(path for path in at.files if SHARD.fullmatch(path) and path not in ours)
    theirs = sorted(path for path in other if path in at.files) + diff.delete
    hub.fetch(at, theirs, scratch)
    _rows(diff, folder, sorted(filter(SHARD.fullmatch, other)), scratch, theirs)
    # Bytes may differ where rows do not: another version of the writer.
    for path in [p for p in theirs if SHARD.fullmatch(p) and p in other]:
        if _digests(folder, [path]) == _digests(scratch, [path]):
            other.discard(path)
    diff.upload = {path: (folder / path).stat().st_size for path in sorted(other)}
    if CARD in other:
        diff.card = "changed" if CARD in at.files else "new"
        diff.card_diff = _lines(scratch / CARD, folder / CARD)
    return diff


def _rows(diff: Diff, folder: Path, ours: list[str], scratch: Path, theirs: list[str]) -> None:
    after = _digests(folder, ours)
    before = _digests(scratch, filter(SHARD.fullmatch, theirs))
    for split, sha in after.keys() | before.keys():
        counted = diff.splits[split]
        new, old = after.get((split, sha)), before.get((split, sha))
        counted.added += old is None
        counted.removed += new is None
        counted.changed += None not in (old, new) and old != new


def _digests(folder: Path, paths: Iterable[str]) -> Digests:
    found = shards.read(folder, list(paths))
    return {(split, str(row["sha256"])): shards.digest(row) for split, row in found}


def _lines(before: Path, after: Path) -> list[str]:
    old = before.read_text("utf-8", "replace").splitlines() if before.exists() else []
    new = after.read_text("utf-8").splitlines()
    return list(difflib.unified_diff(old, new, lineterm="", n=1))[2 : CARD_LINES + 2]
