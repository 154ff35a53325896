"""The queue that a curator works through: filters, order, search and a record's neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import and_, func, literal_column, or_, table
from sqlmodel import Session, col, select

from db.errors import NotFound
from db.readings import closed_to
from db.tables import DocumentRow, JobRow, ProposalRow, RecordRow, RevisionRow
from models.schemas import Verdict

Sort = Literal["uncertain", "newest", "oldest", "name"]
MOST_SEARCHED = 200
"""Characters of a search that are looked at."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which records, in which order. `q` is words that must all stand in the name or the text."""

    status: Verdict | None = None
    q: str = ""
    sort: Sort = "uncertain"
    project: str | None = None
    task: str = "funding"
    reader: str | None = None
    """Leave out what is read blind and needs nothing of this person any more."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One line of the queue. Counts are those of the answer that the form would show."""

    id: int
    name: str
    project: str
    status: Verdict
    confidence: float | None
    absent: int
    pages: int
    n_statements: int
    n_funders: int
    head: int
    updated_at: datetime
    job: JobRow | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Part of the queue; `counts` has every status, under the same filters but for the status."""

    items: list[QueueItem]
    total: int
    counts: dict[Verdict, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands in the queue, from 1, and the records next to it."""

    index: int
    total: int
    next: int | None
    previous: int | None


def queue(
    session: Session, filters: Filters | None = None, *, offset: int = 0, limit: int = 50
) -> QueuePage:
    """A page of the queue, its length, and how many records there are of each status."""
    if offset < 0 or limit < 0:
        raise ValueError(f"offset and limit start at 0, got {offset} and {limit}")
    filters = filters or Filters()
    ordered = _ordered(session, filters)
    found = Counter(status for _, status in ordered)
    ids = [id for id, status in ordered if filters.status in (None, status)]
    return QueuePage(
        items=_items(session, ids[offset : offset + limit]),
        total=len(ids),
        counts={verdict: found[verdict] for verdict in get_args(Verdict)},
    )


def neighbours(session: Session, record_id: int, filters: Filters | None = None) -> Position:
    """The record's place in the queue.

    A record that no longer fits, such as one just decided in the queue of undecided ones, is
    counted where it would stand, so that going on from it leads to the next.
    """
    filters = filters or Filters()
    ordered = _ordered(session, filters, keep=record_id)
    ids = [id for id, status in ordered if id == record_id or filters.status in (None, status)]
    if record_id not in ids:
        raise NotFound(f"There is no record {record_id}.", "Go back to the queue.")
    at = ids.index(record_id)
    return Position(
        index=at + 1,
        total=len(ids),
        next=ids[at + 1] if at + 1 < len(ids) else None,
        previous=ids[at - 1] if at else None,
    )


def outdated(session: Session, adapter: str) -> list[tuple[int, str]]:
    """Records to review, and their names, that another adapter than this one has read last.

    Those that wait to be read again already are left out.
    """
    said_by = func.json_extract(ProposalRow.proposal, "$.card.adapter")
    newest_job = _newest(JobRow.id, JobRow.record_id)
    query: Any = _joined(select(RecordRow.id, DocumentRow.name))
    query = query.outerjoin(JobRow, col(JobRow.id) == newest_job).where(
        _status() == "proposed",
        col(ProposalRow.id).is_not(None),
        func.substr(func.coalesce(said_by, ""), 1, len(adapter) + 1) != f"{adapter}@",
        func.coalesce(col(JobRow.state), "done").not_in(("queued", "running")),
    )
    return [(id, name) for id, name in session.exec(query.order_by(col(RecordRow.id)))]


def _ordered(
    session: Session, filters: Filters, keep: int | None = None
) -> list[tuple[int, Verdict]]:
    """Number and status of every record under the filters but for the status, in order.

    Ten thousand pairs are small: counts, page and neighbours all come from this one query.
    """
    query: Any = _joined(select(RecordRow.id, _status()))
    wanted = and_(*_conditions(filters))
    query = query.where(wanted if keep is None else or_(wanted, col(RecordRow.id) == keep))
    return [(id, status) for id, status in session.exec(query.order_by(*_order(filters.sort)))]


def _joined(query: Any) -> Any:
    """Records with their document, newest proposal and newest revision."""
    newest = _newest(ProposalRow.id, ProposalRow.record_id)
    head = and_(col(RevisionRow.record_id) == RecordRow.id, col(RevisionRow.seq) == RecordRow.head)
    return (
        query.select_from(RecordRow)
        .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
        .outerjoin(ProposalRow, col(ProposalRow.id) == newest)
        .outerjoin(RevisionRow, head)
    )


def _newest(number: Any, record_id: Any) -> Any:
    """The highest number among a record's rows of another table."""
    found: Any = select(func.max(number)).where(record_id == RecordRow.id)
    return found.correlate(RecordRow).scalar_subquery()


def _status() -> Any:
    return func.coalesce(col(RevisionRow.verdict), "proposed")


def _order(sort: Sort) -> tuple[Any, ...]:
    record_id = col(RecordRow.id)
    if sort == "uncertain":
        # Still without a proposal: last, there is nothing to decide yet. Confidence unknown:
        # before the lowest.
        waiting = col(ProposalRow.id).is_(None)
        absent = func.coalesce(ProposalRow.absent, 0) > 0
        confidence = col(ProposalRow.confidence).asc().nulls_first()
        return (waiting, absent.desc(), confidence, record_id)
    if sort == "name":
        return func.lower(DocumentRow.name), record_id
    if sort == "newest":
        return (record_id.desc(),)
    if sort == "oldest":
        return (record_id,)
    raise ValueError(f"unknown sort {sort!r}; known: {', '.join(get_args(Sort))}")


def _conditions(filters: Filters) -> list[Any]:
    found: list[Any] = [RecordRow.task == filters.task]
    if filters.project is not None:
        found.append(RecordRow.project == filters.project)
    if filters.reader is not None:
        found.append(col(RecordRow.id).not_in(closed_to(filters.reader)))
    words = filters.q.replace("\0", " ")[:MOST_SEARCHED].split()
    return found + [_holds(word) for word in words]


def _holds(word: str) -> Any:
    """Whether the name or the text has this word, or part of a word, in upper or lower case."""
    texts = (col(DocumentRow.name), col(DocumentRow.text))
    # LIKE folds the case of ASCII only; `contains` escapes its wildcards.
    forms = {word} if word.isascii() else {word, word.lower(), word.upper(), word.title()}
    looked_at = or_(*(text.contains(form, autoescape=True) for text in texts for form in forms))
    return looked_at if len(word) < 3 else and_(_may_hold(word), looked_at)


def _may_hold(word: str) -> Any:
    """The search index's answer: it has all three-letter pieces, though perhaps not in a row."""
    pieces = {word[at : at + 3].replace('"', '""') for at in range(len(word) - 2)}
    pattern = " AND ".join(f'"{piece}"' for piece in sorted(pieces))
    found: Any = select(literal_column("rowid")).select_from(table("record_search"))
    return col(RecordRow.id).in_(found.where(literal_column("record_search").op("MATCH")(pattern)))


def _items(session: Session, ids: Collection[int]) -> list[QueueItem]:
    columns: tuple[Any, ...] = (
        RecordRow,
        DocumentRow.name,
        _status(),
        ProposalRow.confidence,
        ProposalRow.absent,
        func.json_array_length(DocumentRow.pages),
        _length("$.statements", "$.statements"),
        _length("$.funders", "$.extraction.funders"),
        JobRow,
    )
    query: Any = _joined(select(*columns)).outerjoin(
        JobRow, col(JobRow.id) == _newest(JobRow.id, JobRow.record_id)
    )
    rows = session.exec(query.where(col(RecordRow.id).in_(ids)))
    items = {row[0].id: _item(*row) for row in rows}
    return [items[id] for id in ids]


def _length(of_answer: str, of_proposal: str) -> Any:
    return func.coalesce(
        func.json_array_length(RevisionRow.after, of_answer),
        func.json_array_length(ProposalRow.proposal, of_proposal),
        0,
    )


def _item(
    record: RecordRow,
    name: str,
    status: Verdict,
    confidence: float | None,
    absent: int | None,
    pages: int,
    n_statements: int,
    n_funders: int,
    job: JobRow | None,
) -> QueueItem:
    return QueueItem(
        id=record.id,
        name=name,
        project=record.project,
        status=status,
        confidence=confidence,
        absent=absent or 0,
        pages=pages,
        n_statements=n_statements,
        n_funders=n_funders,
        head=record.head,
        updated_at=record.updated_at,
        job=job,
    )
