"""What happened to a paper: what models proposed, what people decided and said, and going back."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from db import store
from db.engine import reading, writing
from db.tables import ProposalRow, RevisionRow
from models.schemas import Answer
from workbench.context import Context
from workbench.desk import links, readings
from workbench.desk.decisions import EVENT_ID, LARGEST
from workbench.desk.review import told_revision
from workbench.desk.talk import told_comments
from workbench.people import Person


class Restore(BaseModel):
    """Say again what revision `seq` said, upon the revision that the curator saw."""

    model_config = ConfigDict(extra="forbid")

    seq: int = Field(ge=1, le=LARGEST)
    base_seq: int = Field(ge=0, le=LARGEST)
    note: str | None = Field(default=None, max_length=2_000)
    lead_ms: int = Field(default=0, ge=0, le=LARGEST)
    client_event_id: str = Field(pattern=EVENT_ID)


def history(ctx: Context, record_id: int, who: Person) -> dict[str, Any]:
    """Everything that happened to a record, each kind the oldest first.

    A revision comes with the answers before and after it and with the proposal that it stood on.
    Of a paper that is read blind, everybody sees their own readings.
    """
    with reading(ctx.engine) as session:
        record = store.record(session, record_id)
        proposals = store.proposals(session, record_id)
        own = readings.view(session, record, who)
        head, revisions = (
            (own.head, own.revisions) if own else (record.head, store.revisions(session, record_id))
        )
        said = told_comments(session, record, who)
    known = {row.id: row for row in proposals}
    return {
        "id": record_id,
        "head": head,
        "revisions": [_revision(row, known) for row in revisions],
        "proposals": [_proposal(row) for row in proposals],
        "comments": said,
    }


def restore(ctx: Context, record_id: int, wanted: Restore, actor: str) -> RevisionRow:
    """Go back to any revision, by a new one. Raises `Conflict` as a save does."""
    with writing(ctx.engine) as session:
        saved = store.restore(
            session,
            record_id,
            seq=wanted.seq,
            base_seq=wanted.base_seq,
            actor=actor,
            note=wanted.note,
            lead_ms=wanted.lead_ms,
            client_event_id=wanted.client_event_id,
        )
        links.go_back(session, saved)
        return saved


def _revision(row: RevisionRow, proposals: dict[int, ProposalRow]) -> dict[str, Any]:
    stood_on = proposals.get(row.parent_proposal_id or 0)
    return told_revision(row) | {
        "restores": row.restores,
        "lead_ms": row.lead_ms,
        "accepted": list(row.accepted),
        "batch": row.batch,
        "proposal": _model(stood_on) if stood_on else None,
        "before": _answer(row.before),
        "after": _answer(row.after),
    }


def _proposal(row: ProposalRow) -> dict[str, Any]:
    said = row.proposal
    return _model(row) | {
        "created_at": row.created_at.isoformat(),
        "confidence": row.confidence,
        "absent": row.absent,
        "error": said.extraction.error,
        "seconds": said.usage.seconds,
        "answer": _answer(Answer(statements=said.statements, funders=said.funders)),
    }


def _model(row: ProposalRow) -> dict[str, Any]:
    card = row.proposal.card
    return {"id": row.id, "model": card.model, "adapter": card.adapter}


def _answer(answer: Answer | None) -> dict[str, Any] | None:
    """An answer without the boxes of its places, which a history does not show."""
    if answer is None:
        return None
    return answer.model_dump(mode="json", exclude={"statements": {"__all__": {"span"}}})
