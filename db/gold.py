"""What curators hold to be true, as far as they have not undone it: for export and training.

A later skip or flag leaves the gold of a record as it is; an undo of the decision takes it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Text, case, cast, func
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from db.tables import DocumentRow, ProposalRow, RecordRow, RevisionRow
from models.schemas import GOLD_VERDICTS, Answer

CHUNK = 50
"""Records that an export holds in memory at a time, with their texts."""


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
    session: Session, *, project: str | None = None, task: str | None = None
) -> Iterator[Gold]:
    """All decided records in the order in which they came, a few in memory at a time.

    Their documents come without `raw`, `origin` and `words`, which load when they are asked for.
    """
    yield from _of(session, gold_ids(session, project=project, task=task))


def search(session: Session, query: str, limit: int) -> list[Gold]:
    """Decided records that hold all words of the query, the newest decision first.

    Looked at are the document's name, the statements and the values of the funders.
    """
    words = query.casefold().split()
    ids = sorted(_gold_ids(session, {}), reverse=True)
    found: list[Gold] = []
    for start in range(0, len(ids), CHUNK):
        likely = _likely(session, ids[start : start + CHUNK], words)
        golds = sorted(_of(session, likely), key=lambda gold: -gold.revision.id)
        found += [gold for gold in golds if all(word in _searched(gold) for word in words)]
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


def _searched(gold: Gold) -> str:
    """All that a search looks at, in one text without case."""
    answer = gold.revision.after or Answer()
    parts = [gold.document.name, *(statement.text for statement in answer.statements)]
    for funder in answer.funders:
        parts.append(funder.funder_name or "")
        for award in funder.awards:
            parts += [*award.award_ids, *award.funding_scheme, *award.award_title]
    return "\n".join(parts).casefold()


def _of(session: Session, ids: Sequence[int]) -> Iterator[Gold]:
    for start in range(0, len(ids), CHUNK):
        query = (
            select(RecordRow, DocumentRow, RevisionRow, ProposalRow)
            .join(RevisionRow, col(RevisionRow.record_id) == RecordRow.id)
            .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
            .outerjoin(ProposalRow, col(ProposalRow.id) == RevisionRow.parent_proposal_id)
            .where(col(RevisionRow.id).in_(ids[start : start + CHUNK]))
            .order_by(col(RecordRow.id))
            .options(*_unneeded())
        )
        for row in session.exec(query):
            yield Gold(*row)


def _unneeded() -> list[Any]:
    columns: tuple[Any, ...] = (DocumentRow.raw, DocumentRow.origin, DocumentRow.words)
    return [defer(column) for column in columns]


def _gold_ids(session: Session, wanted: dict[Any, Any]) -> list[int]:
    """The ids of the gold revisions, one a record; a wanted value of None is any."""
    heads = select(col(RecordRow.id).label("record_id"), col(RecordRow.head).label("seq"))
    for column, value in wanted.items():
        if value is not None:
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
