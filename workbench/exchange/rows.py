"""Formats whose lines are rows to train on, several a paper or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlmodel import Session

from db.gold import Gold, golds
from workbench.exchange.entries import Entry
from workbench.exchange.formats import Format, Unreadable, json_line


class TrainingRows(Format):
    """Base: `rows` gives the rows of a decided paper, with its text and what the model said."""

    is_rows = True

    def rows(self, gold: Gold) -> Iterator[dict[str, Any]]:
        """The rows of a paper."""
        raise NotImplementedError

    def records(
        self, session: Session, project: str | None, after: int
    ) -> Iterator[tuple[int, Any]]:
        return ((gold.record.id, gold) for gold in golds(session, project=project, after=after))

    def write(self, record: Gold) -> bytes:
        return b"".join(map(json_line, self.rows(record)))

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        yield Unreadable("Rows to train on are no papers; import the gold instead.")
