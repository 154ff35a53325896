"""What a curator does at the desk, one function a use case: above the store, below HTTP."""

from __future__ import annotations

import os
import shutil
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, model_validator

from db import jobs as job_store
from db import listing, store
from db.engine import reading, writing
from db.errors import NotFound
from db.listing import Filters
from db.tables import DocumentRow, JobRow, RevisionRow
from models.documents import Document
from models.grounding import ground_fields, ground_statement
from models.schemas import Answer, GroundedField, Proposal, Statement, Verdict
from models.words import Words
from training.errors import same_funders, same_statements
from workbench.context import Context

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


def receive(ctx: Context, source: Path, name: str, project: str = "inbox") -> int:
    """Take a file in: copy it to the incoming folder and queue its reading; returns the job."""
    ctx.incoming.mkdir(parents=True, exist_ok=True)
    event = uuid4().hex
    target = ctx.incoming / event
    partial = target.with_suffix(".part")
    shutil.copyfile(source, partial)
    os.replace(partial, target)
    with writing(ctx.engine) as session:
        job = job_store.enqueue(
            session, "read", name, path=str(target), project=project, client_event_id=event
        )
        return job.id


def document_row(document: Document) -> DocumentRow:
    """A document as the store keeps it."""
    return DocumentRow(
        sha256=document.sha256,
        name=document.name,
        media_type=document.media_type,
        size=document.size,
        text=document.text,
        raw=document.raw,
        origin=zlib.compress(document.origin.tobytes()),
        words=document.words.pack(),
        pages=document.pages,
        warnings=document.warnings,
    )


def document_of(row: DocumentRow) -> Document:
    """A document as it was read, from the store."""
    origin = array("i")
    origin.frombytes(zlib.decompress(row.origin))
    return Document(
        name=row.name,
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,  # type: ignore[arg-type]
        text=row.text,
        raw=row.raw,
        origin=origin,
        pages=tuple(row.pages),
        words=Words.unpack(row.words),
        warnings=tuple(row.warnings),
    )


def ground(document: Document, answer: Answer) -> tuple[Answer, tuple[GroundedField, ...]]:
    """The answer with each statement's place, and each value's place."""
    statements = tuple(_place(statement, document) for statement in answer.statements)
    placed = answer.model_copy(update={"statements": statements})
    return placed, ground_fields(answer.funders, statements, document)


def _place(statement: Statement, document: Document) -> Statement:
    """A statement whose place is given and right keeps it; any other is looked for."""
    span = statement.span
    if span is not None and document.text[span.start : span.end] == statement.text:
        place = document.span(span.start, span.end)
        return statement.model_copy(update={"span": place, "alignment": "exact"})
    found = ground_statement(statement.text, document)
    return found.model_copy(update={"text": statement.text, "confidence": statement.confidence})


def decide(ctx: Context, record_id: int, decision: Decision) -> RevisionRow:
    """Save a decision as a revision. Raises `Conflict` when somebody else saved meanwhile."""
    with reading(ctx.engine) as session:
        document = _read_document(session, record_id)
        proposed = store.newest_proposal(session, record_id)
    answer = _decided(document, decision)
    verdict = VERDICTS.get(decision.action) or (
        "accepted" if proposed and _unchanged(answer, proposed.proposal) else "corrected"
    )
    with writing(ctx.engine) as session:
        return store.save_revision(
            session,
            record_id,
            base_seq=decision.base_seq,
            verdict=verdict,
            answer=answer,
            actor=ctx.settings.actor,
            lead_ms=decision.lead_ms,
            client_event_id=decision.client_event_id,
            accepted=decision.accepted,
            note=decision.note,
        )


def _read_document(session: Any, record_id: int) -> Document:
    """The document of a record, ready to be grounded in."""
    row = store.document(session, store.record(session, record_id).document_sha256)
    return document_of(row)


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


def take_back(ctx: Context, record_id: int, undo: Undo) -> RevisionRow:
    """Undo the newest decision that stands. Raises `Conflict` or `NothingToUndo`."""
    with writing(ctx.engine) as session:
        return store.undo(
            session,
            record_id,
            base_seq=undo.base_seq,
            actor=ctx.settings.actor,
            client_event_id=undo.client_event_id,
        )


def propose_again(ctx: Context, record_id: int) -> int:
    """Ask the model once more; returns the job."""
    with writing(ctx.engine) as session:
        record = store.record(session, record_id)
        name = store.document(session, record.document_sha256).name
        return job_store.enqueue(session, "propose", name, record_id=record_id).id


def propose_outdated(ctx: Context, adapter: str) -> int:
    """Let the adapter read what waits for review and was read by another; how many papers."""
    with writing(ctx.engine) as session:
        waiting = listing.outdated(session, adapter)
        for record_id, name in waiting:
            job_store.enqueue(session, "propose", name, record_id=record_id)
    return len(waiting)


def queue(ctx: Context, filters: Filters, offset: int, limit: int) -> dict[str, Any]:
    """A page of the queue."""
    with reading(ctx.engine) as session:
        page = listing.queue(session, filters, offset=offset, limit=limit)
    items = [_item(item) for item in page.items]
    return {"items": items, "total": page.total, "counts": page.counts}


def _item(item: listing.QueueItem) -> dict[str, Any]:
    names = [name for name in item.__slots__ if name not in ("job", "updated_at")]
    return {name: getattr(item, name) for name in names} | {
        "updated_at": item.updated_at.isoformat(),
        "job": _job(item.job),
    }


def jobs(ctx: Context, limit: int = 30) -> list[dict[str, Any]]:
    """The newest jobs that are not done, and the last done ones."""
    with reading(ctx.engine) as session:
        rows = job_store.recent_jobs(session, limit)
    return [
        {
            "name": row.name,
            "kind": row.kind,
            "state": row.state,
            "progress": row.progress,
            "error": row.error,
            "hint": row.hint,
        }
        for row in rows
    ]


def review(ctx: Context, record_id: int, filters: Filters) -> dict[str, Any]:
    """Everything that the cockpit shows of a record."""
    with reading(ctx.engine) as session:
        record = store.record(session, record_id)
        row = store.document(session, record.document_sha256)
        proposed = store.newest_proposal(session, record_id)
        revisions = store.revisions(session, record_id)
        job = job_store.newest_job(session, record_id)
        position = listing.neighbours(session, record_id, filters)
        document = document_of(row)
    proposal = proposed.proposal if proposed else None
    answer, fields = _shown(document, proposal, revisions[-1] if revisions else None)
    return {
        "id": record_id,
        "head": record.head,
        "status": revisions[-1].verdict if revisions else "proposed",
        "document": _document(row),
        "job": _job(job),
        "proposal": _proposal(proposed.id, proposed.proposal, document) if proposed else None,
        "answer": answer.model_dump(mode="json"),
        "fields": [field.model_dump(mode="json") for field in fields],
        "revisions": [_revision(revision) for revision in revisions],
        "position": asdict(position),
    }


def next_record(ctx: Context, record_id: int, filters: Filters) -> int | None:
    """The record after this one in the queue."""
    with reading(ctx.engine) as session:
        return listing.neighbours(session, record_id, filters).next


def reground(ctx: Context, record_id: int, answer: Answer) -> dict[str, Any]:
    """Where the values of an answer in the making stand."""
    with reading(ctx.engine) as session:
        document = _read_document(session, record_id)
    placed, fields = ground(document, answer)
    return {
        "statements": [statement.model_dump(mode="json") for statement in placed.statements],
        "fields": [field.model_dump(mode="json") for field in fields],
    }


def page(ctx: Context, sha256: str, number: int) -> dict[str, Any]:
    """The text of a page and the place of each of its words."""
    with reading(ctx.engine) as session:
        row = store.document(session, sha256)
        found = [page for page in row.pages if page.number == number]
        if not found:
            raise NotFound(f"{row.name} has no page {number}.", "Reload the page.")
        words = Words.unpack(row.words).on_page(number)
        start, end = found[0].start, found[0].end
        text = row.text[start:end]
    return {
        "number": number,
        "start": start,
        "end": end,
        "text": text,
        "words": [(w.start, w.end, w.x0, w.y0, w.x1, w.y1) for w in words],
    }


def _shown(
    document: Document, proposal: Proposal | None, head: RevisionRow | None
) -> tuple[Answer, tuple[GroundedField, ...]]:
    """The head's answer, else the proposal's with the confidence of its values."""
    if head is not None and head.after is not None:
        return ground(document, head.after)
    if proposal is None:
        return Answer(), ()
    return Answer(statements=proposal.statements, funders=proposal.funders), proposal.fields


def conflict(ctx: Context, record_id: int, current: RevisionRow | None) -> dict[str, Any]:
    """Their version, for the curator whose save came second."""
    with reading(ctx.engine) as session:
        document = _read_document(session, record_id)
        proposed = store.newest_proposal(session, record_id)
    answer, fields = _shown(document, proposed.proposal if proposed else None, current)
    who = current.actor if current else "Somebody else"
    return {
        "error": f"{who} saved this paper in the meantime. Compare both versions and decide.",
        "head": current.seq if current else 0,
        "status": current.verdict if current else "proposed",
        "revision": current and _revision(current),
        "answer": answer.model_dump(mode="json"),
        "fields": [field.model_dump(mode="json") for field in fields],
    }


def _document(row: DocumentRow) -> dict[str, Any]:
    return {
        "sha256": row.sha256,
        "name": row.name,
        "media_type": row.media_type,
        "pages": [page.model_dump() for page in row.pages],
        "warnings": list(row.warnings),
    }


def _proposal(proposal_id: int, proposal: Proposal, document: Document) -> dict[str, Any]:
    passages = [document.span(start, end) for start, end in proposal.windows]
    return {
        "id": proposal_id,
        "model": proposal.card.model,
        "adapter": proposal.card.adapter,
        "passages": [passage.model_dump(mode="json") for passage in passages],
        "error": proposal.extraction.error,
        "raw": "\n".join((*proposal.statements_raw, proposal.extraction.raw)),
        "statements": [s.model_dump(mode="json") for s in proposal.statements],
        "funders": [f.model_dump(mode="json") for f in proposal.funders],
        "fields": [f.model_dump(mode="json") for f in proposal.fields],
    }


def _revision(row: RevisionRow) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "kind": row.kind,
        "verdict": row.verdict,
        "actor": row.actor,
        "note": row.note,
        "created_at": row.created_at.isoformat(),
    }


def _job(job: JobRow | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {"state": job.state, "error": job.error, "attempts": job.attempts}
