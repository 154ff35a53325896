"""What the figures of quality are made of: decisions with their proposals, readings, work by day.

Rows come as they are stored, JSON as text, so that what is not looked at costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from sqlalchemy import Text, func, literal, type_coerce
from sqlmodel import Session, col, select

from db.gold import gold_ids
from db.tables import ProposalRow, ReadingRow, RecordRow, RevisionRow
from models.schemas import GOLD_VERDICTS

WORK = ("save", "adjudicated")
"""Kinds of revisions that a person sat over: agreements, imports and undo take no time."""
SEPARATOR = " + "
"""Between the names of those who agreed."""
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Scope:
    """Which papers and whose work; None is all. Days are UTC, both ends belong."""

    project: str | None = None
    person: str | None = None
    model: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A gold revision, what the model had proposed, and how sure of its weakest value it was."""

    revision_id: int
    record_id: int
    kind: str
    actor: str
    answer: str | None
    proposal: str | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """A paper that several people have read, their readings by name."""

    record_id: int
    readings: tuple[ReadingRow, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """On this day so many papers went from one status to another."""

    day: str
    before: str
    after: str
    papers: int


@dataclass(frozen=True, slots=True)
class Work:
    """A decision or reading: whose, when, and for how long they looked at the paper."""

    day: str
    person: str
    lead_ms: int


def version(session: Session) -> tuple[int, int]:
    """The newest revision and reading: as long as both stay, so do all figures."""
    revision = session.exec(select(func.max(RevisionRow.id))).one()
    newest = session.exec(select(func.max(ReadingRow.id))).one()
    return revision or 0, newest or 0


def decided_ids(session: Session, scope: Scope) -> list[int]:
    """The gold revisions within the scope; its model is not looked at."""
    ids = gold_ids(session, project=scope.project)
    if scope.person is None and scope.since is None and scope.until is None:
        return ids
    found: Any = select(RevisionRow.id).where(*_when(RevisionRow.created_at, scope))
    if scope.person is not None:
        found = found.where(_by(RevisionRow.actor, scope.person))
    wanted = set(session.exec(found))
    return [id for id in ids if id in wanted]


def decided(session: Session, ids: Sequence[int]) -> Iterator[Decided]:
    """These revisions, at most some hundred at a time."""
    columns: tuple[Any, ...] = (
        RevisionRow.id,
        RevisionRow.record_id,
        RevisionRow.kind,
        RevisionRow.actor,
        type_coerce(RevisionRow.after, Text),
        type_coerce(ProposalRow.proposal, Text),
        ProposalRow.confidence,
    )
    query: Any = (
        select(*columns)
        .outerjoin(ProposalRow, col(ProposalRow.id) == RevisionRow.parent_proposal_id)
        .where(col(RevisionRow.id).in_(ids))
    )
    return (Decided(*row) for row in session.exec(query))


def read_papers(session: Session, scope: Scope) -> list[ReadPaper]:
    """Papers that at least two people have answered, once nobody's answer is awaited any more."""
    newest = select(func.max(ReadingRow.id)).group_by(
        col(ReadingRow.record_id), col(ReadingRow.person)
    )
    columns: tuple[Any, ...] = (ReadingRow, RecordRow.readers, RecordRow.status)
    query: Any = (
        select(*columns)
        .join(RecordRow, col(RecordRow.id) == ReadingRow.record_id)
        .where(
            col(ReadingRow.id).in_(newest),
            col(ReadingRow.verdict).in_(GOLD_VERDICTS),
            *_when(ReadingRow.created_at, scope),
        )
        .order_by(col(ReadingRow.record_id), col(ReadingRow.person))
    )
    if scope.project is not None:
        query = query.where(RecordRow.project == scope.project)
    if scope.model is not None:
        query = query.join(ProposalRow, col(ProposalRow.id) == ReadingRow.proposal_id)
        query = query.where(_model() == scope.model)
    found: dict[int, list[ReadingRow]] = {}
    open_for: dict[int, int] = {}
    for row, readers, status in session.exec(query):
        found.setdefault(row.record_id, []).append(row)
        open_for[row.record_id] = readers if status == "proposed" else 2
    return [
        ReadPaper(record_id, tuple(rows))
        for record_id, rows in found.items()
        if len(rows) >= open_for[record_id]
        and (scope.person is None or scope.person in {row.person for row in rows})
    ]


def answers(session: Session, record_ids: Sequence[int]) -> dict[int, RevisionRow]:
    """The decision that holds of each of these records that has one."""
    gold = set(gold_ids(session))
    found: dict[int, RevisionRow] = {}
    for start in range(0, len(record_ids), CHUNK):
        some = col(RevisionRow.record_id).in_(record_ids[start : start + CHUNK])
        rows = session.exec(select(RevisionRow).where(some))
        found |= {row.record_id: row for row in rows if row.id in gold}
    return found


def changes(session: Session, scope: Scope) -> list[Change]:
    """How papers went from status to status, by day."""
    before = func.lag(col(RevisionRow.verdict)).over(
        partition_by=col(RevisionRow.record_id), order_by=col(RevisionRow.seq)
    )
    moved: Any = select(
        func.date(RevisionRow.created_at).label("day"),
        func.coalesce(type_coerce(before, Text), "proposed").label("before"),
        type_coerce(RevisionRow.verdict, Text).label("after"),
        col(RevisionRow.actor).label("actor"),
    )
    if scope.project is not None:
        moved = moved.join(RecordRow, col(RecordRow.id) == RevisionRow.record_id).where(
            RecordRow.project == scope.project
        )
    steps = moved.subquery()
    query: Any = select(steps.c.day, steps.c.before, steps.c.after, func.count())
    query = query.group_by(steps.c.day, steps.c.before, steps.c.after).order_by(steps.c.day)
    if scope.person is not None:
        query = query.where(_by(steps.c.actor, scope.person))
    return [Change(*row) for row in session.exec(query)]


def work(session: Session, scope: Scope) -> list[Work]:
    """Every decision and reading of a person, by day."""
    found = []
    for table, person, extra in (
        (RevisionRow, col(RevisionRow.actor), [col(RevisionRow.kind).in_(WORK)]),
        (ReadingRow, col(ReadingRow.person), [col(ReadingRow.verdict) != "proposed"]),
    ):
        day = func.date(table.created_at)
        query: Any = select(day, person, table.lead_ms).where(
            *extra, *_when(table.created_at, scope)
        )
        if scope.person is not None:
            query = query.where(person == scope.person)
        if scope.project is not None:
            query = query.join(RecordRow, col(RecordRow.id) == table.record_id).where(
                RecordRow.project == scope.project
            )
        found += [Work(*row) for row in session.exec(query)]
    return sorted(found, key=lambda one: (one.day, one.person))


def model_label(model: str, adapter: str | None) -> str:
    """What a model with its adapter is called in filters and tables."""
    return f"{model}{SEPARATOR}{adapter}" if adapter else model


def _model() -> Any:
    """`model_label` of a proposal, in SQL."""
    name = func.json_extract(ProposalRow.proposal, "$.card.model")
    adapter = func.json_extract(ProposalRow.proposal, "$.card.adapter")
    return name + func.coalesce(literal(SEPARATOR) + adapter, "")


def _by(actor: Any, person: str) -> Any:
    """Whether somebody is the actor, or one of those who agreed."""
    padded = literal(SEPARATOR) + actor + literal(SEPARATOR)
    return func.instr(padded, f"{SEPARATOR}{person}{SEPARATOR}") > 0


def _when(moment: Any, scope: Scope) -> list[Any]:
    found: list[Any] = []
    if scope.since is not None:
        found.append(moment >= _start(scope.since))
    if scope.until is not None:
        found.append(moment < _start(scope.until + timedelta(days=1)))
    return found


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)
