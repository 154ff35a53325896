"""The queue that a curator works through: filters, order and search.

Everything is asked of the columns of `records` and their indexes. No query loads more than a page:
counts are counted by the database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import and_, case, func, literal_column, table, tuple_
from sqlmodel import Session, col, select

from db.columns import utc_now
from db.readings import closed_to
from db.tables import (
    DECIDED,
    AssignmentRow,
    DocumentRow,
    JobRow,
    LeaseRow,
    ProposalRow,
    Reason,
    RecordRow,
    RevisionRow,
)
from models.schemas import GOLD_VERDICTS, Verdict

Sort = Literal["worth", "uncertain", "newest", "oldest", "name"]
MOST_SEARCHED = 200
"""Characters of a search that are looked at."""
NOBODY = "@nobody"
"""Instead of a name: papers that are assigned to no one."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which records, in which order; what is None or empty does not matter.

    `q` is words that must all stand in the name or the text. `assigned` is a person's name or
    `NOBODY`, `reason` the kind of a reason, `decided_by` who made the newest revision. `least` and
    `most` bound the confidence, both included; unknown confidence is in no range. `since` is the
    earliest time of the last change.
    """

    status: Verdict | None = None
    q: str = ""
    sort: Sort = "worth"
    project: str | None = None
    task: str = "funding"
    assigned: str | None = None
    reason: str | None = None
    decided_by: str | None = None
    least: float | None = None
    most: float | None = None
    absent: bool = False
    since: datetime | None = None
    reader: str | None = None
    """Leave out what is read blind and needs nothing of this person any more."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One line of the queue. Counts are those of the answer that the form would show.

    `opened_by` is who has the paper open now, if anybody.
    """

    id: int
    name: str
    project: str
    status: Verdict
    confidence: float | None
    absent: int
    worth: float
    reasons: tuple[Reason, ...]
    pages: int
    n_statements: int
    n_funders: int
    head: int
    readers: int
    proposal_id: int | None
    updated_at: datetime
    job: JobRow | None
    assigned: tuple[str, ...] = ()
    opened_by: str | None = None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Part of the queue; `counts` has every status, under the same filters but for the status."""

    items: list[QueueItem]
    total: int
    counts: dict[Verdict, int] = field(default_factory=dict)


def queue(
    session: Session, filters: Filters | None = None, *, offset: int = 0, limit: int = 50
) -> QueuePage:
    """A page of the queue, its length, and how many records there are of each status."""
    if offset < 0 or limit < 0:
        raise ValueError(f"offset and limit start at 0, got {offset} and {limit}")
    filters = filters or Filters()
    order = order_for(filters)
    counts = _counts(session, filters)
    total = sum(counts.values()) if filters.status is None else counts[filters.status]
    ids: Sequence[int] = ()
    if limit and offset < total:
        query = select(RecordRow.id).where(*conditions(filters)).order_by(*ranked(order))
        ids = session.exec(query.offset(offset).limit(limit)).all()
    return QueuePage(items=_items(session, ids), total=total, counts=counts)


def outdated(session: Session, adapter: str) -> list[tuple[int, str]]:
    """Records to review, and their names, that another adapter than this one has read last.

    Those that wait to be read again already are left out.
    """
    said_by = func.json_extract(ProposalRow.proposal, "$.card.adapter")
    query: Any = select(RecordRow.id, RecordRow.name)
    query = query.join(ProposalRow, col(ProposalRow.id) == RecordRow.proposal_id)
    query = query.outerjoin(JobRow, col(JobRow.id) == _newest_job()).where(
        RecordRow.status == "proposed",
        func.substr(func.coalesce(said_by, ""), 1, len(adapter) + 1) != f"{adapter}@",
        func.coalesce(col(JobRow.state), "done").not_in(("queued", "running")),
    )
    return [(id, name) for id, name in session.exec(query.order_by(col(RecordRow.id)))]


def _counts(session: Session, filters: Filters) -> dict[Verdict, int]:
    every = conditions(replace(filters, status=None))
    query: Any = select(RecordRow.status, func.count()).where(*every).group_by(RecordRow.status)
    found: dict[Verdict, int] = {status: count for status, count in session.exec(query)}
    return {verdict: found.get(verdict, 0) for verdict in get_args(Verdict)}


Key = tuple[Any, bool]
"""An expression to order by, and whether the highest comes first; never NULL."""


def order_of(sort: Sort) -> tuple[Key, ...]:
    """What a sort orders by; ends with the record's number, so that none is equal."""
    record_id = col(RecordRow.id)
    if sort == "worth":
        # What is decided comes after all that is not, whatever its worth was. Without parameters
        # it is the expression of `ix_records_order`, which stands in this order.
        decided: Any = literal_column(f"(records.{DECIDED})")
        return (decided, False), (col(RecordRow.worth), True), (record_id, False)
    if sort == "uncertain":
        # Still without a proposal: last, there is nothing to decide yet. Confidence unknown:
        # before the lowest.
        waiting = case((col(RecordRow.proposal_id).is_(None), 1), else_=0)
        absent = case((col(RecordRow.absent) > 0, 1), else_=0)
        confidence = func.coalesce(RecordRow.confidence, -1.0)
        return (waiting, False), (absent, True), (confidence, False), (record_id, False)
    if sort == "name":
        return (col(RecordRow.name), False), (record_id, False)
    if sort in ("newest", "oldest"):
        return ((record_id, sort == "newest"),)
    raise ValueError(f"unknown sort {sort!r}; known: {', '.join(get_args(Sort))}")


def order_for(filters: Filters) -> tuple[Key, ...]:
    """What filtered records are ordered by.

    `ix_records_order` lacks reasons and names. Where these are looked into it would lead to every
    record of the table, and what was found is sorted instead.
    """
    order = order_of(filters.sort)
    looks_further = filters.reason is not None or any(len(word) < 3 for word in _words(filters))
    if filters.sort != "worth" or not looks_further:
        return order
    return (literal_column(f"+(records.{DECIDED})"), False), *order[1:]


def ranked(order: Sequence[Key], back: bool = False) -> list[Any]:
    """The order as a query takes it, or the other way round."""
    return [key.desc() if falls != back else key.asc() for key, falls in order]


def undecided() -> Any:
    """Whether a record waits for a decision: nobody's gold yet."""
    return col(RecordRow.status).not_in(GOLD_VERDICTS)


def conditions(filters: Filters) -> list[Any]:
    """What a record of the filtered queue fulfils."""
    found: list[Any] = [RecordRow.task == filters.task]
    if filters.status is not None:
        found.append(RecordRow.status == filters.status)
    if filters.project is not None:
        found.append(RecordRow.project == filters.project)
    if filters.least is not None:
        found.append(col(RecordRow.confidence) >= filters.least)
    if filters.most is not None:
        found.append(col(RecordRow.confidence) <= filters.most)
    if filters.absent:
        found.append(col(RecordRow.absent) > 0)
    if filters.since is not None:
        found.append(col(RecordRow.updated_at) >= filters.since)
    if filters.reader is not None:
        found.append(col(RecordRow.id).not_in(closed_to(filters.reader)))
    found += [wanted for wanted in _from_people(filters) if wanted is not None]
    words = _words(filters)
    return found + ([_hold(words)] if words else [])


def _words(filters: Filters) -> list[str]:
    return filters.q.replace("\0", " ")[:MOST_SEARCHED].split()


def _from_people(filters: Filters) -> tuple[Any, ...]:
    """The conditions that ask other tables, and the reasons."""
    record_id = col(RecordRow.id)
    assigned = decided = reason = None
    if filters.assigned == NOBODY:
        assigned = record_id.not_in(select(AssignmentRow.record_id))
    elif filters.assigned is not None:
        mine = select(AssignmentRow.record_id).where(AssignmentRow.person == filters.assigned)
        assigned = record_id.in_(mine)
    if filters.decided_by is not None:
        theirs = select(RevisionRow.record_id, RevisionRow.seq)
        theirs = theirs.where(RevisionRow.actor == filters.decided_by)
        decided = tuple_(record_id, RecordRow.head).in_(theirs)
    if filters.reason is not None:
        # The kinds stand in the JSON as they are: they are words of ours, without quotes.
        said: Any = literal_column("records.reasons")
        reason = func.instr(said, f'"kind":"{filters.reason}"') > 0
    return assigned, decided, reason


def _hold(words: Sequence[str]) -> Any:
    """Whether name and text have all these words, or parts of words, in upper or lower case.

    One or two letters are looked for in the names only: the index has pieces of three.
    """
    long = [word for word in words if len(word) >= 3]
    short = [col(RecordRow.name).contains(word, autoescape=True) for word in words if len(word) < 3]
    if not long:
        return and_(*short)
    pattern = " AND ".join('"' + word.replace('"', '""') + '"' for word in long)
    search: Any = select(literal_column("rowid")).select_from(table("record_search"))
    search = search.where(literal_column("record_search").op("MATCH")(pattern))
    return and_(col(RecordRow.id).in_(search), *short)


def _newest_job() -> Any:
    found: Any = select(func.max(JobRow.id)).where(JobRow.record_id == RecordRow.id)
    return found.correlate(RecordRow).scalar_subquery()


def _items(session: Session, ids: Collection[int]) -> list[QueueItem]:
    if not ids:
        return []
    columns: tuple[Any, ...] = (
        RecordRow,
        func.json_array_length(DocumentRow.pages),
        _length("$.statements", "$.statements"),
        _length("$.funders", "$.extraction.funders"),
        JobRow,
    )
    head = and_(col(RevisionRow.record_id) == RecordRow.id, col(RevisionRow.seq) == RecordRow.head)
    query: Any = (
        select(*columns)
        .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
        .outerjoin(ProposalRow, col(ProposalRow.id) == RecordRow.proposal_id)
        .outerjoin(RevisionRow, head)
        .outerjoin(JobRow, col(JobRow.id) == _newest_job())
        .where(col(RecordRow.id).in_(ids))
    )
    people, open_by = _assigned(session, ids), _opened(session, ids)
    items: dict[int, QueueItem] = {}
    for record, *rest in session.exec(query):
        items[record.id] = replace(
            _item(record, *rest),
            assigned=people.get(record.id, ()),
            opened_by=open_by.get(record.id),
        )
    return [items[id] for id in ids]


def _assigned(session: Session, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    query: Any = select(AssignmentRow.record_id, AssignmentRow.person)
    query = query.where(col(AssignmentRow.record_id).in_(ids)).order_by(AssignmentRow.person)
    found: dict[int, tuple[str, ...]] = {}
    for record_id, person in session.exec(query):
        found[record_id] = (*found.get(record_id, ()), person)
    return found


def _opened(session: Session, ids: Collection[int]) -> dict[int, str]:
    query: Any = select(LeaseRow.record_id, LeaseRow.person)
    query = query.where(col(LeaseRow.record_id).in_(ids), col(LeaseRow.until) > utc_now())
    return {record_id: person for record_id, person in session.exec(query)}


def _length(of_answer: str, of_proposal: str) -> Any:
    return func.coalesce(
        func.json_array_length(RevisionRow.after, of_answer),
        func.json_array_length(ProposalRow.proposal, of_proposal),
        0,
    )


def _item(
    record: RecordRow,
    pages: int,
    n_statements: int,
    n_funders: int,
    job: JobRow | None,
) -> QueueItem:
    return QueueItem(
        id=record.id,
        name=record.name,
        project=record.project,
        status=record.status,
        confidence=record.confidence,
        absent=record.absent,
        worth=record.worth,
        reasons=record.reasons,
        pages=pages,
        n_statements=n_statements,
        n_funders=n_funders,
        head=record.head,
        readers=record.readers,
        proposal_id=record.proposal_id,
        updated_at=record.updated_at,
        job=job,
    )
