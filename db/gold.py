"""What curators hold to be true, as far as they have not undone it: for export and training.

A later skip or flag leaves the gold of a record as it is; an undo of the decision takes it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Text, case, cast, func, type_coerce
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from db.tables import DocumentRow, ProposalRow, RecordRow, RevisionRow
from models.schemas import GOLD_VERDICTS, Answer, Verdict

CHUNK = 50
"""Records that an export holds in memory at a time, with their texts."""
PAGE = 1_000
"""Records whose answers alone are held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A decided record: what a curator says, about which document, and what the model had said."""

    record: RecordRow
    document: DocumentRow
    revision: RevisionRow
    proposal: ProposalRow | None


def gold(session: Session, record_id: int) -> RevisionRow | None:
    """The newest decision with an answer that is not undone; a later skip or flag leaves it."""
    found = _gold_ids(session, {RecordRow.id: record_id})
    return session.get_one(RevisionRow, found[0]) if found else None


def gold_ids(session: Session, *, project: str | None = None, task: str | None = None) -> list[int]:
    """The number of each decided record's gold revision, in the order of the records."""
    return _gold_ids(session, {RecordRow.project: project, RecordRow.task: task})


def golds(
    session: Session, *, project: str | None = None, task: str | None = None, after: int = 0
) -> Iterator[Gold]:
    """All decided records behind record `after`, in order, a few in memory at a time.

    Their documents come without `raw`, `origin` and `words`, which load when they are asked for.
    """
    for ids in _pages(session, {RecordRow.project: project, RecordRow.task: task}, after, CHUNK):
        query = (
            select(RecordRow, DocumentRow, RevisionRow, ProposalRow)
            .join(RevisionRow, col(RevisionRow.record_id) == RecordRow.id)
            .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
            .outerjoin(ProposalRow, col(ProposalRow.id) == RevisionRow.parent_proposal_id)
            .where(col(RevisionRow.id).in_(ids))
            .order_by(col(RecordRow.id))
            .options(*_unneeded())
        )
        for row in session.exec(query):
            yield Gold(*row)


def decided_since(session: Session, moment: datetime, *, task: str | None = None) -> int:
    """How many records have a decision that is newer."""
    ids = gold_ids(session, task=task)
    found = 0
    for start in range(0, len(ids), PAGE):
        query = select(func.count()).where(
            col(RevisionRow.id).in_(ids[start : start + PAGE]),
            col(RevisionRow.created_at) > moment,
        )
        found += session.exec(query).one()
    return found


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer that holds for a paper, without its text: what most exports are made of.

    `twin` is an earlier decided record with the same DOI, of which most formats take only one.
    """

    id: int
    project: str
    document: str
    sha256: str
    doi: str | None
    license: str | None
    verdict: Verdict
    revision: int
    actor: str
    revised_at: datetime
    answer: Answer
    twin: int | None = None


def decided(session: Session, *, project: str | None = None, after: int = 0) -> Iterator[Decided]:
    """The decided records behind record `after`, in order; memory does not grow with the store."""
    wanted = {RecordRow.project: project}
    shared = _shared_dois(session)
    for ids in _pages(session, wanted, after, PAGE):
        for row in _told(session, ids):
            twin = _first_with(session, row.doi, wanted) if row.doi in shared else None
            yield replace(row, twin=twin) if twin not in (None, row.id) else row


def _told(session: Session, ids: Sequence[int]) -> Iterator[Decided]:
    """What the revisions with these ids decided, in the order of the records."""
    columns: tuple[Any, ...] = (
        RecordRow.id,
        RecordRow.project,
        DocumentRow.name,
        DocumentRow.sha256,
        DocumentRow.doi,
        DocumentRow.license,
        RevisionRow.verdict,
        RevisionRow.seq,
        RevisionRow.actor,
        RevisionRow.created_at,
        # A plain string: building the type's adapter anew costs more than the reading.
        type_coerce(col(RevisionRow.after), Text),
    )
    picked: Any = select(*columns)
    query = (
        picked.join(RevisionRow, col(RevisionRow.record_id) == RecordRow.id)
        .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
        .where(col(RevisionRow.id).in_(ids))
        .order_by(col(RecordRow.id))
    )
    for *facts, after_text in session.exec(query):
        answer = Answer.model_validate_json(after_text) if after_text else Answer()
        yield Decided(*facts, answer)  # type: ignore[call-arg]


def proposers(session: Session, rows: Sequence[Decided]) -> dict[int, tuple[str, str | None]]:
    """The model and adapter whose proposals these records were decided from, by the records."""
    card = type_coerce(col(ProposalRow.proposal), Text)
    picked: Any = select(
        RevisionRow.record_id,
        RevisionRow.seq,
        func.json_extract(card, "$.card.model"),
        func.json_extract(card, "$.card.adapter"),
    )
    query = picked.join(ProposalRow, col(ProposalRow.id) == RevisionRow.parent_proposal_id).where(
        col(RevisionRow.record_id).in_([row.id for row in rows])
    )
    wanted = {(row.id, row.revision) for row in rows}
    return {
        record: (model, adapter)
        for record, seq, model, adapter in session.exec(query)
        if (record, seq) in wanted
    }


def count_decided(session: Session, project: str | None = None) -> int:
    """How many records `decided` gives."""
    return sum(map(len, _pages(session, {RecordRow.project: project}, 0, PAGE)))


def search(session: Session, query: str, limit: int) -> list[Decided]:
    """Decided records that hold all words of the query, the newest decision first.

    Looked at are the document's name, the statements and the values of the funders.
    """
    words = query.casefold().split()
    ids = sorted(_gold_ids(session, {}), reverse=True)
    found: list[Decided] = []
    for start in range(0, len(ids), CHUNK):
        likely = _likely(session, ids[start : start + CHUNK], words)
        rows = sorted(_told(session, likely), key=lambda row: row.revised_at, reverse=True)
        found += [row for row in rows if all(word in _searched(row) for word in words)]
        if len(found) >= limit:
            break
    return found[:limit]


def _likely(session: Session, ids: Sequence[int], words: Sequence[str]) -> list[int]:
    """Those of the revisions that may hold the words, so that few answers need be read."""
    query: Any = (
        select(RevisionRow.id)
        .join(RecordRow, col(RecordRow.id) == RevisionRow.record_id)
        .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
        .where(col(RevisionRow.id).in_(ids))
    )
    for word in filter(str.isascii, words):  # SQLite folds the case of ASCII letters only
        spelled = json.dumps(word)[1:-1]
        answer = cast(RevisionRow.after, Text)
        query = query.where(
            answer.contains(spelled, autoescape=True)
            | col(DocumentRow.name).contains(word, autoescape=True)
        )
    return list(session.exec(query))


def _searched(row: Decided) -> str:
    """All that a search looks at, in one text without case."""
    parts = [row.document, *(statement.text for statement in row.answer.statements)]
    for funder in row.answer.funders:
        parts.append(funder.funder_name or "")
        for award in funder.awards:
            parts += [*award.award_ids, *award.funding_scheme, *award.award_title]
    return "\n".join(parts).casefold()


def _shared_dois(session: Session) -> set[str | None]:
    query: Any = select(DocumentRow.doi).where(col(DocumentRow.doi).is_not(None))
    return set(session.exec(query.group_by(DocumentRow.doi).having(func.count() > 1)))


def _first_with(session: Session, doi: str | None, wanted: dict[Any, Any]) -> int | None:
    """The first decided record with a DOI."""
    query: Any = (
        select(RecordRow.id)
        .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
        .where(DocumentRow.doi == doi)
        .order_by(col(RecordRow.id))
    )
    ids = list(session.exec(query))
    return next((id_ for id_ in ids if _gold_ids(session, {**wanted, RecordRow.id: id_})), None)


def _pages(session: Session, wanted: dict[Any, Any], after: int, size: int) -> Iterator[list[int]]:
    """The ids of the gold revisions, a page of records at a time."""
    query: Any = select(RecordRow.id).where(col(RecordRow.head) > 0)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    while True:
        page = query.where(col(RecordRow.id) > after).order_by(RecordRow.id).limit(size)
        records = list(session.exec(page))
        if not records:
            return
        after = records[-1]
        if ids := _gold_ids(session, {RecordRow.id: records}):
            yield ids


def _unneeded() -> list[Any]:
    columns: tuple[Any, ...] = (DocumentRow.raw, DocumentRow.origin, DocumentRow.words)
    return [defer(column) for column in columns]


def _gold_ids(session: Session, wanted: dict[Any, Any]) -> list[int]:
    """The ids of the gold revisions, one a record; a wanted value of None is any."""
    heads = select(col(RecordRow.id).label("record_id"), col(RecordRow.head).label("seq"))
    for column, value in wanted.items():
        if isinstance(value, list):
            heads = heads.where(column.in_(value))
        elif value is not None:
            heads = heads.where(column == value)
    walk = _walk(heads)
    found: Any = select(RevisionRow.id).join(walk, _at(walk)).where(_is_gold())
    return list(session.exec(found.order_by(RevisionRow.record_id)))


def _walk(heads: Any) -> CTE:
    """From each head back through the decisions that are not undone, as far as the gold one."""
    walk: CTE = heads.cte("walk", recursive=True)
    older = case(
        (col(RevisionRow.kind).in_(("undo", "restore")), func.coalesce(RevisionRow.restores, 0)),
        else_=col(RevisionRow.seq) - 1,
    )
    step: Any = select(RevisionRow.record_id, older).join(walk, _at(walk)).where(~_is_gold())
    return walk.union_all(step)


def _at(walk: CTE) -> Any:
    same_record = col(RevisionRow.record_id) == walk.c.record_id
    return same_record & (col(RevisionRow.seq) == walk.c.seq)


def _is_gold() -> Any:
    return (col(RevisionRow.kind) != "undo") & col(RevisionRow.verdict).in_(GOLD_VERDICTS)
