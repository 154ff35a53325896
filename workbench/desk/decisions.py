"""What curators decide: saved as revisions, taken back, told to who came second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from db import store
from db.engine import reading, writing
from db.tables import RevisionRow
from models.documents import Document
from models.schemas import Answer, GroundedField, Proposal, Verdict
from training.errors import same_funders, same_statements
from workbench.context import Context
from workbench.desk import link_votes, links, readings
from workbench.desk.documents import ground, read_document
from workbench.desk.reasons import MOST, Pointer, Typed, reasons_for
from workbench.desk.review import shown, told_revision
from workbench.people import Person

Action = Literal["save", "no_funding", "skip", "flag"]
VERDICTS: Mapping[Action, Verdict] = {
    "no_funding": "no_funding",
    "skip": "skipped",
    "flag": "flagged",
}


LARGEST = 2**31 - 1
EVENT_ID = r"^[\w-]{8,64}$"


class Decision(BaseModel):
    """What a curator sends: an action upon the revision that they saw.

    A save brings a typed reason for each value that is not in the text, unless it has one already.
    """

    model_config = ConfigDict(extra="forbid")

    base_seq: int = Field(ge=0, le=LARGEST)
    action: Action
    answer: links.SoundAnswer | None = None
    accepted: tuple[str, ...] = ()
    note: str | None = Field(default=None, max_length=2_000)
    reasons: dict[Pointer, Typed] = Field(default_factory=dict, max_length=MOST)
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


def decide(
    ctx: Context, record_id: int, decision: Decision, actor: str
) -> RevisionRow | readings.Given:
    """Save a decision as a revision, or as a reading where several people decide the paper blind.

    Raises `Conflict` when somebody else saved meanwhile, `ReasonMissing` and `ReasonAstray`.
    """
    with reading(ctx.engine) as session:
        document = read_document(session, record_id)
        proposed = store.newest_proposal(session, record_id)
        seen = readings.seen(session, record_id, decision.base_seq, actor)
        answer, fields = _decided(document, decision)
        alone: tuple[str | None, ...] = ()
        if answer is not None:
            answer, alone = links.settled(ctx, session, answer)
    reasons = reasons_for(answer, fields, decision.reasons, seen) if answer else None
    verdict = VERDICTS.get(decision.action) or (
        "accepted" if proposed and _unchanged(answer, proposed.proposal) else "corrected"
    )
    with writing(ctx.engine) as session:
        if readings.is_reading(session, record_id, decision.client_event_id):
            return readings.give(
                session,
                record_id,
                actor,
                **_said(decision, verdict, answer, reasons),
                offered=link_votes.offered(answer, alone),
            )
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
            reasons=reasons,
            note=decision.note,
        )
        if saved.seq == decision.base_seq + 1:
            links.remember(session, saved, actor, alone)
        return saved


def _said(
    decision: Decision, verdict: Verdict, answer: Answer | None, reasons: dict[str, str] | None
) -> dict[str, Any]:
    """The arguments of a reading."""
    sent = decision.model_dump(
        include={"base_seq", "accepted", "note", "lead_ms", "client_event_id"}
    )
    return sent | {"verdict": verdict, "answer": answer, "reasons": reasons}


def _decided(
    document: Document, decision: Decision
) -> tuple[Answer | None, tuple[GroundedField, ...]]:
    """What is decided, and where its values stand; None leaves the answer as it is."""
    if decision.action == "no_funding":
        return Answer(), ()
    if decision.action == "save":
        return ground(document, decision.answer or Answer())
    return None, ()


def _unchanged(answer: Answer | None, proposal: Proposal) -> bool:
    return (
        answer is not None
        and same_funders(answer.funders, proposal.funders)
        and same_statements(answer.statements, proposal.statements)
    )


def take_back(ctx: Context, record_id: int, undo: Undo, actor: str) -> RevisionRow | readings.Given:
    """Undo the newest decision that stands. Raises `Conflict` or `NothingToUndo`."""
    with writing(ctx.engine) as session:
        sent = undo.model_dump(include={"base_seq", "client_event_id"})
        if readings.is_reading(session, record_id, undo.client_event_id):
            return readings.take_back(session, record_id, actor, **sent)
        head = store.record(session, record_id).head
        if reopened := readings.reopen(session, record_id, actor, **sent):
            links.go_back(session, store.revisions(session, record_id)[-1])
            return reopened
        saved = store.undo(
            session,
            record_id,
            base_seq=undo.base_seq,
            actor=actor,
            client_event_id=undo.client_event_id,
        )
        if saved.seq > head:  # else it was sent before, and done then
            links.go_back(session, saved)
        return saved


def conflict(
    ctx: Context, record_id: int, current: RevisionRow | None, asked_by: Person | None = None
) -> dict[str, Any]:
    """Their version, for the curator whose save came second."""
    with reading(ctx.engine) as session:
        own = readings.view(session, store.record(session, record_id), asked_by)
        document = read_document(session, record_id)
        proposed = store.newest_proposal(session, record_id)
    if own:
        current = own.revisions[-1] if own.revisions else None
    answer, fields = shown(document, proposed.proposal if proposed else None, current)
    who = current.actor if current else "Somebody else"
    return {
        "error": f"{who} saved this paper in the meantime. Compare both versions and decide.",
        "head": own.head if own else current.seq if current else 0,
        "status": current.verdict if current else "proposed",
        "revision": current and told_revision(current),
        "answer": answer.model_dump(mode="json"),
        "fields": [field.model_dump(mode="json") for field in fields],
    }
