"""How fast one person decides papers: their own figures, from what they decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlmodel import Session, col, select, union_all

from db.tables import ReadingRow, RevisionRow

LATELY = 20
"""Decisions that the median is taken of."""
LONGEST = 500
"""Decisions looked at for a run without a pause."""
PAUSE = timedelta(minutes=10)
"""A longer silence between two decisions ends a run."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Papers since a moment and within the last hour, the usual time on one, the present run.

    `median_lead_ms` is of the last twenty decisions that have a lead time, None without any.
    """

    since: int
    last_hour: int
    median_lead_ms: int | None
    run: int


def pace(session: Session, person: str, since: datetime, now: datetime) -> Pace:
    """The pace of a person; a paper that they decided twice counts once."""
    newest = _newest(session, person)
    leads = [lead for _, _, lead in newest if lead > 0][:LATELY]
    return Pace(
        since=_papers(session, person, since),
        last_hour=_papers(session, person, now - timedelta(hours=1)),
        median_lead_ms=round(median(leads)) if leads else None,
        run=_run([(record, when) for record, when, _ in newest], now),
    )


def _newest(session: Session, person: str) -> list[tuple[int, datetime, int]]:
    """Record, moment and lead time of a person's last decisions, the newest first."""
    found = _decisions(person).subquery()
    columns: Any = (found.c.record_id, found.c.created_at, found.c.lead_ms)
    query: Any = select(*columns).order_by(found.c.created_at.desc()).limit(LONGEST)
    return [tuple(row) for row in session.exec(query)]


def _papers(session: Session, person: str, since: datetime) -> int:
    found = _decisions(person).subquery()
    query: Any = select(found.c.record_id).where(found.c.created_at >= since).distinct()
    return len(session.exec(query).all())


def _decisions(person: str) -> Any:
    """What the person decided, alone or as one of several readers."""
    alone: Any = select(RevisionRow.record_id, RevisionRow.created_at, RevisionRow.lead_ms).where(
        RevisionRow.actor == person, RevisionRow.kind == "save"
    )
    together: Any = select(ReadingRow.record_id, ReadingRow.created_at, ReadingRow.lead_ms).where(
        col(ReadingRow.person) == person
    )
    return union_all(alone, together)


def _run(decided: list[tuple[int, datetime]], now: datetime) -> int:
    """Papers one after the other without a pause, up to now."""
    papers: set[int] = set()
    later = now
    for record, when in decided:
        if later - when > PAUSE:
            break
        papers.add(record)
        later = when
    return len(papers)
