"""What the queue and the cockpit show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlmodel import Session

from db import cards, listing, store
from db import jobs as job_store
from db.engine import reading
from db.errors import NotFound
from db.listing import Filters
from db.neighbours import neighbours
from db.tables import DocumentRow, JobRow, RevisionRow
from models.documents import Document
from models.schemas import Answer, GroundedField, Proposal
from models.words import Words
from workbench.context import Context
from workbench.desk import links, readings
from workbench.desk.documents import document_of, ground, read_document
from workbench.desk.talk import told_comments
from workbench.people import Person


def queue(ctx: Context, filters: Filters, offset: int, limit: int) -> dict[str, Any]:
    """A page of the queue."""
    with reading(ctx.engine) as session:
        page = listing.queue(session, filters, offset=offset, limit=limit)
    items = [_item(item) for item in page.items]
    return {"items": items, "total": page.total, "counts": page.counts}


def _item(item: listing.QueueItem) -> dict[str, Any]:
    names = [name for name in item.__slots__ if name not in ("job", "updated_at", "reasons")]
    return {name: getattr(item, name) for name in names} | {
        "reasons": [reason.model_dump() for reason in item.reasons],
        "updated_at": item.updated_at.isoformat(),
        "job": _job(item.job),
    }


def review(
    ctx: Context,
    record_id: int,
    filters: Filters,
    who: Person | None = None,
    passed: Collection[int] | None = None,
) -> dict[str, Any]:
    """Everything that the cockpit shows of a record to somebody.

    The next one is free for them; `passed` are papers that they have had open in this sitting.
    """
    with reading(ctx.engine) as session:
        record = store.record(session, record_id)
        row = store.document(session, record.document_sha256)
        proposed = store.newest_proposal(session, record_id)
        revisions = store.revisions(session, record_id)
        own = readings.view(session, record, who)
        head, revisions = (own.head, own.revisions) if own else (record.head, revisions)
        job = job_store.newest_job(session, record_id)
        name = who.name if who else None
        position = neighbours(session, record_id, filters, person=name, passed=passed)
        comments = told_comments(session, record, who)
        card = told_card(session, row)
        document = document_of(row)
        proposal = proposed.proposal if proposed else None
        answer, fields = shown(document, proposal, revisions[-1] if revisions else None)
        linked = links.told(ctx, session, answer)
    return {
        "id": record_id,
        "head": head,
        "blind": own is not None,
        "readers": record.readers,
        "status": revisions[-1].verdict if revisions else "proposed",
        "document": told_document(row) | {"card": card},
        "job": _job(job),
        "proposal": _proposal(proposed.id, proposed.proposal, document) if proposed else None,
        "answer": answer.model_dump(mode="json"),
        "fields": [field.model_dump(mode="json") for field in fields],
        "links": linked,
        "hints": links.award_hints(answer),
        "revisions": [told_revision(revision) for revision in revisions],
        "comments": comments,
        "position": asdict(position),
    }


def next_record(
    ctx: Context,
    record_id: int,
    filters: Filters,
    person: str | None = None,
    passed: Collection[int] | None = None,
) -> int | None:
    """The record to go on with in the queue that nobody else has open."""
    with reading(ctx.engine) as session:
        return neighbours(session, record_id, filters, person=person, passed=passed).next


def reground(ctx: Context, record_id: int, answer: Answer) -> dict[str, Any]:
    """Where the values of an answer in the making stand."""
    with reading(ctx.engine) as session:
        document = read_document(session, record_id)
        linked = links.told(ctx, session, answer)
    placed, fields = ground(document, answer)
    return {
        "statements": [statement.model_dump(mode="json") for statement in placed.statements],
        "fields": [field.model_dump(mode="json") for field in fields],
        "links": linked,
        "hints": links.award_hints(answer),
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


def shown(
    document: Document, proposal: Proposal | None, head: RevisionRow | None
) -> tuple[Answer, tuple[GroundedField, ...]]:
    """The head's answer, else the proposal's with the confidence of its values."""
    if head is not None and head.after is not None:
        return ground(document, head.after)
    if proposal is None:
        return Answer(), ()
    return Answer(statements=proposal.statements, funders=proposal.funders), proposal.fields


def told_document(row: DocumentRow) -> dict[str, Any]:
    """A document as the panes show it."""
    return {
        "sha256": row.sha256,
        "name": row.name,
        "media_type": row.media_type,
        "pages": [page.model_dump() for page in row.pages],
        "warnings": list(row.warnings),
    }


def told_card(session: Session, row: DocumentRow) -> dict[str, Any]:
    """The DOI and the licence of a document, and who corrected them when."""
    said = cards.corrections(session, row.sha256)
    return {
        "doi": row.doi,
        "license": row.license,
        "people": {
            name: {"person": one.person, "at": one.created_at.isoformat()}
            for name, one in said.items()
        },
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


def told_revision(row: RevisionRow) -> dict[str, Any]:
    """A revision as the cockpit lists it."""
    return {
        "seq": row.seq,
        "kind": row.kind,
        "verdict": row.verdict,
        "actor": row.actor,
        "note": row.note,
        "reasons": row.reasons,
        "created_at": row.created_at.isoformat(),
    }


def _job(job: JobRow | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {"state": job.state, "error": job.error, "attempts": job.attempts}
