"""What curators decide: saved as revisions, taken back, told to who came second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from db import store
from db.engine import reading, writing
from db.tables import RevisionRow
from models.documents import Document
from models.schemas import Answer, Proposal, Verdict
from training.errors import same_funders, same_statements
from workbench.context import Context
from workbench.desk import links
from workbench.desk.documents import ground, read_document
from workbench.desk.review import shown, told_revision

Action = Literal["save", "no_funding", "skip", "flag"]
VERDICTS: Mapping[Action, Verdict] = {
    "no_funding": "no_funding",
    "skip": "skipped",
    "flag": "flagged",
}


LARGEST = 2**31 - 1
EVENT_ID = r"^[\w-]{8,64}$"


class Decision(BaseModel):
    """What a curator sends: an action upon the revision that they saw."""

    model_config = ConfigDict(extra="forbid")

    base_seq: int = Field(ge=0, le=LARGEST)
    action: Action
    answer: Answer | None = None
    accepted: tuple[str, ...] = ()
    note: str | None = Field(default=None, max_length=2_000)
    lead_ms: int = Field(default=0, ge=0, le=LARGEST)
    client_event_id: str = Field(pattern=EVENT_ID)

    @model_validator(mode="after")
    def _complete(self) -> Decision:
        if self.action == "save" and self.answer is None:
            raise ValueError("a save needs an answer")
        return self


class Undo(BaseModel):
    """Take back the last decision."""

    model_config = ConfigDict(extra="forbid")

    base_seq: int = Field(ge=0, le=LARGEST)
    client_event_id: str = Field(pattern=EVENT_ID)


def decide(ctx: Context, record_id: int, decision: Decision, actor: str) -> RevisionRow:
    """Save a decision as a revision. Raises `Conflict` when somebody else saved meanwhile."""
    with reading(ctx.engine) as session:
        document = read_document(session, record_id)
        proposed = store.newest_proposal(session, record_id)
        answer = _decided(document, decision)
        alone: tuple[str | None, ...] = ()
        if answer is not None:
            answer, alone = links.settled(ctx, session, answer)
    verdict = VERDICTS.get(decision.action) or (
        "accepted" if proposed and _unchanged(answer, proposed.proposal) else "corrected"
    )
    with writing(ctx.engine) as session:
        saved = store.save_revision(
            session,
            record_id,
            base_seq=decision.base_seq,
            verdict=verdict,
            answer=answer,
            actor=actor,
            lead_ms=decision.lead_ms,
            client_event_id=decision.client_event_id,
            accepted=decision.accepted,
            note=decision.note,
        )
        if saved.seq == decision.base_seq + 1:
            links.remember(session, saved, actor, alone)
        return saved


def _decided(document: Document, decision: Decision) -> Answer | None:
    if decision.action == "no_funding":
        return Answer()
    if decision.action == "save":
        return ground(document, decision.answer or Answer())[0]
    return None


def _unchanged(answer: Answer | None, proposal: Proposal) -> bool:
    return (
        answer is not None
        and same_funders(answer.funders, proposal.funders)
        and same_statements(answer.statements, proposal.statements)
    )


def take_back(ctx: Context, record_id: int, undo: Undo, actor: str) -> RevisionRow:
    """Undo the newest decision that stands. Raises `Conflict` or `NothingToUndo`."""
    with writing(ctx.engine) as session:
        head, undone = store.record(session, record_id).head, store.decision(session, record_id)
        saved = store.undo(
            session,
            record_id,
            base_seq=undo.base_seq,
            actor=actor,
            client_event_id=undo.client_event_id,
        )
        if saved.seq > head:  # else it was sent before, and done then
            links.forget(session, undone, store.decision(session, record_id), saved)
        return saved


def conflict(ctx: Context, record_id: int, current: RevisionRow | None) -> dict[str, Any]:
    """Their version, for the curator whose save came second."""
    with reading(ctx.engine) as session:
        document = read_document(session, record_id)
        proposed = store.newest_proposal(session, record_id)
    answer, fields = shown(document, proposed.proposal if proposed else None, current)
    who = current.actor if current else "Somebody else"
    return {
        "error": f"{who} saved this paper in the meantime. Compare both versions and decide.",
        "head": current.seq if current else 0,
        "status": current.verdict if current else "proposed",
        "revision": current and told_revision(current),
        "answer": answer.model_dump(mode="json"),
        "fields": [field.model_dump(mode="json") for field in fields],
    }
