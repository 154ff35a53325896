"""What the store knows that tells whether a paper is worth a look: facts, no judgement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal_column, table
from sqlmodel import Session, col, select

from db.gold import gold_ids
from db.store import record
from db.tables import DocumentRow, ProposalRow, Reason, RecordRow, RevisionRow
from models.schemas import GOLD_VERDICTS, Proposal


@dataclass(frozen=True, slots=True)
class Facts:
    """A record as it is judged: its newest proposal, and the newest of another adapter or model."""

    record_id: int
    sha256: str
    proposal: Proposal
    other: Proposal | None = None


def facts(session: Session, record_ids: Collection[int]) -> list[Facts]:
    """The facts of those of the records that have a proposal, in the order of their numbers."""
    columns: tuple[Any, ...] = (RecordRow.id, RecordRow.document_sha256, ProposalRow.proposal)
    query: Any = select(*columns)
    query = query.join(ProposalRow, col(ProposalRow.record_id) == RecordRow.id)
    query = query.where(col(RecordRow.id).in_(record_ids))
    query = query.order_by(RecordRow.id, col(ProposalRow.id).desc())
    found: dict[int, list[Any]] = {}
    for record_id, sha256, proposal in session.exec(query):
        kept = found.setdefault(record_id, [sha256, proposal, None])
        if kept[2] is None and _speaker(proposal) != _speaker(kept[1]):
            kept[2] = proposal
    return [Facts(record_id, *kept) for record_id, kept in found.items()]


def _speaker(proposal: Proposal) -> tuple[str, str | None]:
    return proposal.card.model, proposal.card.adapter


def known_awards(session: Session, task: str = "funding") -> list[tuple[str, str | None]]:
    """Each funder's name of the gold with each of its award ids, None for one without."""
    ids = gold_ids(session, task=task)
    query = (
        "SELECT DISTINCT json_extract(f.value, '$.funder_name'), i.value FROM revisions v "
        "JOIN json_each(v.after, '$.funders') f "
        "LEFT JOIN json_each(f.value, '$.awards') a "
        "LEFT JOIN json_each(a.value, '$.award_ids') i "
        "WHERE v.id IN (SELECT value FROM json_each(?)) "
        "AND json_extract(f.value, '$.funder_name') IS NOT NULL"
    )
    rows = session.connection().exec_driver_sql(query, (str(ids),))
    return [(name, award) for name, award in rows]


def newest_revision(session: Session) -> int:
    """The number of the newest revision of the store, 0 without one."""
    newest = session.exec(select(func.max(RevisionRow.id))).one()
    return newest or 0


def decided_since(session: Session, revision_id: int, limit: int = 100) -> list[RevisionRow]:
    """Revisions after this one, the oldest first."""
    query = select(RevisionRow).where(col(RevisionRow.id) > revision_id)
    return list(session.exec(query.order_by(col(RevisionRow.id)).limit(limit)))


def open_after(
    session: Session, record_id: int, limit: int = 100, task: str = "funding"
) -> list[int]:
    """Records that are not decided and have a proposal, after this one in number."""
    query = select(RecordRow.id).where(_is_open(task), col(RecordRow.id) > record_id)
    return list(session.exec(query.order_by(col(RecordRow.id)).limit(limit)))


def open_with(
    session: Session, names: Sequence[str], limit: int = 200, task: str = "funding"
) -> list[int]:
    """Records that are not decided whose text has one of the names: the worthiest, to a limit."""
    quoted = ['"' + name.replace('"', '""') + '"' for name in names if len(name) >= 3]
    if not quoted:
        return []
    search: Any = select(literal_column("rowid")).select_from(table("record_search"))
    search = search.where(literal_column("record_search").op("MATCH")(" OR ".join(quoted)))
    query = select(RecordRow.id).where(_is_open(task), col(RecordRow.id).in_(search))
    return list(session.exec(query.order_by(col(RecordRow.worth).desc()).limit(limit)))


def ladder(session: Session, task: str = "funding") -> list[float]:
    """The worths of about a hundred open records, evenly spread in the queue, the least first."""
    place = func.row_number().over(order_by=col(RecordRow.worth)).label("place")
    ordered = select(col(RecordRow.worth).label("worth"), place).where(_is_open(task)).subquery()
    counted: Any = select(func.count()).select_from(RecordRow).where(_is_open(task))
    count = session.exec(counted).one()
    step = max(1, count // 100)
    query: Any = select(ordered.c.worth).where(ordered.c.place % step == 0)
    return list(session.exec(query.order_by(ordered.c.place)))


def text_of(session: Session, record_id: int) -> str:
    """The text of a record's document."""
    sha256 = record(session, record_id).document_sha256
    text: str = session.exec(select(DocumentRow.text).where(DocumentRow.sha256 == sha256)).one()
    return text


def stamp(session: Session) -> tuple[int, float]:
    """Two numbers of which one changes with every proposal, decision and new record."""
    newest: Any = select(func.max(RecordRow.id), func.max(RecordRow.updated_at))
    number, changed = session.exec(newest).one()
    return number or 0, changed.timestamp() if changed else 0.0


def keep(session: Session, record_id: int, worth: float, reasons: Sequence[Reason]) -> None:
    """Say what a look at a record is worth, from 0 to 1, and why; no decision changes by it."""
    if not 0.0 <= worth <= 1.0:
        raise ValueError(f"worth is from 0 to 1, got {worth}")
    target = record(session, record_id)
    target.worth, target.reasons = worth, tuple(reasons)


def _is_open(task: str) -> Any:
    return (
        (col(RecordRow.task) == task)
        & col(RecordRow.status).not_in(GOLD_VERDICTS)
        & col(RecordRow.proposal_id).is_not(None)
    )
