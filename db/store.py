"""Questions to the store and facts told to it, one function each; the session comes first.

A record's history is a stack that is never rewritten: an undo is a new revision that repeats an
older one. The state after revision `n` is that of `n` itself, or of what `n` restores. To restore
any older revision is a decision of its own, which can be undone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from db import hooks, rules
from db.columns import utc_now
from db.errors import (
    Conflict,
    EventReused,
    NotFound,
    NothingToRestore,
    NothingToUndo,
)
from db.projects import readers_of
from db.tables import DocumentRow, ProposalRow, RecordRow, RevisionKind, RevisionRow
from models.schemas import Answer, GroundedField, Proposal, Statement, Verdict

SavedKind = Literal["save", "import", "agreed", "adjudicated"]
SHA256 = re.compile(r"[0-9a-f]{64}")


def add_document(
    session: Session, document: DocumentRow, *, project: str = "inbox", task: str = "funding"
) -> RecordRow:
    """The record of this document for this task, made unless it is there: the first name stays."""
    if not SHA256.fullmatch(document.sha256):
        raise ValueError(f"not a sha256 in lower case: {document.sha256!r}")
    found = find_record(session, document.sha256, task)
    if found:
        return found
    if not has_document(session, document.sha256):
        session.add(document)
        session.flush()
    known = session.exec(select(DocumentRow.name).where(DocumentRow.sha256 == document.sha256))
    record = RecordRow(
        document_sha256=document.sha256,
        task=task,
        project=project,
        name=known.one(),
        readers=readers_of(session, project, document.sha256),
    )
    session.add(record)
    session.flush()
    return record


def has_document(session: Session, sha256: str) -> bool:
    """Whether the file with these contents was read before."""
    found = select(DocumentRow.sha256).where(DocumentRow.sha256 == sha256)
    return session.exec(found).first() is not None


def document(session: Session, sha256: str) -> DocumentRow:
    """The document with this content, with its text and word boxes."""
    found = session.get(DocumentRow, sha256)
    if found is None:
        raise NotFound("There is no such document.", "It may be in another store.")
    return found


def describe(session: Session, sha256: str, **facts: str | None) -> DocumentRow:
    """Correct what is known of a document: its `doi`, its `license`."""
    row = document(session, sha256)
    for name in ("doi", "license"):
        if name in facts:
            setattr(row, name, facts[name])
    return row


def record(session: Session, record_id: int) -> RecordRow:
    """The record with this number."""
    found = session.get(RecordRow, record_id)
    if found is None:
        raise NotFound(f"There is no record {record_id}.", "Go back to the queue.")
    return found


def find_record(session: Session, sha256: str, task: str = "funding") -> RecordRow | None:
    """The record of a document for a task, if there is one."""
    query = select(RecordRow).where(RecordRow.document_sha256 == sha256, RecordRow.task == task)
    found: RecordRow | None = session.exec(query).first()
    return found


def projects(session: Session) -> list[str]:
    """The names of all projects that have a record."""
    return list(session.exec(select(RecordRow.project).distinct().order_by(RecordRow.project)))


def count(session: Session, verdicts: Sequence[Verdict] | None = None) -> int:
    """How many records there are, or how many stand at these verdicts."""
    query = select(func.count()).select_from(RecordRow)
    if verdicts is not None:
        query = query.where(col(RecordRow.status).in_(verdicts))
    found: int = session.exec(query).one()
    return found


def add_proposal(session: Session, record_id: int, proposal: Proposal) -> ProposalRow:
    """Keep what a model said; it becomes the record's current proposal."""
    target = record(session, record_id)
    values: tuple[Statement | GroundedField, ...] = (*proposal.statements, *proposal.fields)
    known = [value.confidence for value in values if value.confidence is not None]
    row = ProposalRow(
        record_id=record_id,
        proposal=proposal,
        confidence=min(known, default=None),
        absent=sum(value.alignment == "absent" for value in values),
    )
    target.updated_at = row.created_at
    target.confidence, target.absent = row.confidence, row.absent
    session.add(row)
    session.flush()
    target.proposal_id = row.id
    return row


def newest_proposal(session: Session, record_id: int) -> ProposalRow | None:
    """The record's current proposal, None until a model has read it."""
    query = select(ProposalRow).where(ProposalRow.record_id == record_id)
    newest: ProposalRow | None = session.exec(
        query.order_by(col(ProposalRow.id).desc()).limit(1)
    ).first()
    return newest


def proposals(session: Session, record_id: int) -> list[ProposalRow]:
    """Everything that models said of the record, the oldest first."""
    query = select(ProposalRow).where(ProposalRow.record_id == record_id)
    return list(session.exec(query.order_by(col(ProposalRow.id))))


def revisions(session: Session, record_id: int) -> list[RevisionRow]:
    """Everything that curators did with the record, the oldest first."""
    query = select(RevisionRow).where(RevisionRow.record_id == record_id)
    return list(session.exec(query.order_by(col(RevisionRow.seq))))


def revision(session: Session, record_id: int, seq: int) -> RevisionRow | None:
    """A revision of the record by its number."""
    query = select(RevisionRow).where(RevisionRow.record_id == record_id, RevisionRow.seq == seq)
    found: RevisionRow | None = session.exec(query).first()
    return found


def status(session: Session, record_id: int) -> Verdict:
    """Where the record stands: the newest verdict, `proposed` before the first."""
    head = revision(session, record_id, record(session, record_id).head)
    return head.verdict if head else "proposed"


def answer(session: Session, record_id: int) -> Answer | None:
    """What the form shows: the newest decision's answer, else what the model proposed."""
    head = revision(session, record_id, record(session, record_id).head)
    if head and head.after is not None:
        return head.after
    proposed = newest_proposal(session, record_id)
    return rules.as_answer(proposed.proposal) if proposed else None


def save_revision(
    session: Session,
    record_id: int,
    *,
    base_seq: int,
    verdict: Verdict,
    actor: str,
    client_event_id: str,
    answer: Answer | None = None,
    accepted: Sequence[str] = (),
    reasons: Mapping[str, str] | None = None,
    note: str | None = None,
    lead_ms: int = 0,
    batch: str | None = None,
    kind: SavedKind = "save",
) -> RevisionRow:
    """Add a decision on top of revision `base_seq`, which the curator saw.

    A skip or flag without an answer leaves the one before it, with its reasons. Sending the same
    event again returns the same revision. Raises `Conflict` where somebody else decided meanwhile,
    and `ReadBlind` where several people must read the paper first (`db.readings`).
    """
    rules.require_sound(base_seq, actor, client_event_id, lead_ms)
    rules.require_answer(verdict, answer)
    repeated = _repeated(session, record_id, client_event_id, "save")
    if repeated:
        return repeated
    target, head = _on_top_of(session, record_id, base_seq)
    if kind == "save":
        rules.require_seen(target)
    proposed = newest_proposal(session, record_id)
    return _append(
        session,
        target,
        head,
        kind=kind,
        verdict=verdict,
        parent_proposal_id=proposed.id if proposed else None,
        before=rules.shown(head, proposed),
        after=rules.decided(verdict, answer, head),
        accepted=tuple(accepted),
        reasons=rules.kept_reasons(verdict, answer, reasons, head),
        note=note,
        actor=actor,
        lead_ms=lead_ms,
        batch=batch,
        client_event_id=client_event_id,
    )


def undo(
    session: Session,
    record_id: int,
    *,
    base_seq: int,
    actor: str,
    client_event_id: str,
    lead_ms: int = 0,
    batch: str | None = None,
) -> RevisionRow:
    """Add a revision that goes back before the newest decision that is not undone yet."""
    rules.require_sound(base_seq, actor, client_event_id, lead_ms)
    repeated = _repeated(session, record_id, client_event_id, "undo")
    if repeated:
        return repeated
    target, head = _on_top_of(session, record_id, base_seq)
    undone = _state(session, record_id, target.head)
    if undone is None:
        raise NothingToUndo("There is no decision to undo.", "Go on with the record as it is.")
    restored = _state(session, record_id, undone.seq - 1)
    return _append(
        session,
        target,
        head,
        kind="undo",
        verdict=restored.verdict if restored else "proposed",
        restores=restored.seq if restored else None,
        parent_proposal_id=undone.parent_proposal_id,
        before=undone.after,
        after=restored.after if restored else None,
        accepted=restored.accepted if restored else (),
        reasons=restored.reasons if restored else {},
        actor=actor,
        lead_ms=lead_ms,
        batch=batch,
        client_event_id=client_event_id,
    )


def restore(
    session: Session,
    record_id: int,
    *,
    seq: int,
    base_seq: int,
    actor: str,
    client_event_id: str,
    note: str | None = None,
    lead_ms: int = 0,
) -> RevisionRow:
    """Add a revision that says again what revision `seq` said, whatever came after it.

    Raises `NotFound` where there is no such revision, `NothingToRestore` where it is the newest,
    `Conflict` where somebody else decided meanwhile, and `ReadBlind` as a save does.
    """
    rules.require_sound(base_seq, actor, client_event_id, lead_ms)
    repeated = _repeated(session, record_id, client_event_id, "restore")
    if repeated:
        return repeated
    target, head = _on_top_of(session, record_id, base_seq)
    rules.require_seen(target)
    wanted = revision(session, record_id, seq)
    if wanted is None:
        raise NotFound(f"This paper has no revision {seq}.", "Look at its history again.")
    if seq == target.head:
        raise NothingToRestore(f"Revision {seq} is the newest.", "Choose an older one.")
    return _append(
        session,
        target,
        head,
        kind="restore",
        verdict=wanted.verdict,
        restores=seq,
        parent_proposal_id=wanted.parent_proposal_id,
        before=head.after if head else None,
        after=wanted.after,
        accepted=wanted.accepted,
        reasons=wanted.reasons,
        note=note,
        actor=actor,
        lead_ms=lead_ms,
        client_event_id=client_event_id,
    )


def decision(session: Session, record_id: int) -> RevisionRow | None:
    """The decision that holds: the newest that is not undone. None is the proposal."""
    return _state(session, record_id, record(session, record_id).head)


def _state(session: Session, record_id: int, seq: int) -> RevisionRow | None:
    """The decision that holds after revision `seq`; None is the proposal."""
    found = revision(session, record_id, seq)
    if found is None or found.kind != "undo":
        return found
    return revision(session, record_id, found.restores) if found.restores else None


def _on_top_of(
    session: Session, record_id: int, base_seq: int
) -> tuple[RecordRow, RevisionRow | None]:
    target = record(session, record_id)
    head = revision(session, record_id, target.head)
    if target.head != base_seq:
        if head:
            # The transaction is about to be undone, and whoever catches this still reads the row.
            session.expunge(head)
        raise Conflict(head)
    return target, head


def _append(
    session: Session,
    target: RecordRow,
    head: RevisionRow | None,
    *,
    kind: RevisionKind,
    **facts: Any,
) -> RevisionRow:
    row = RevisionRow(
        record_id=target.id,
        seq=target.head + 1,
        kind=kind,
        parent_revision_id=head.id if head else None,
        **facts,
    )
    session.add(row)
    target.head, target.status = row.seq, row.verdict
    target.updated_at = utc_now()
    session.flush()
    hooks.emit(session, "revision.saved", rules.told(target, row))
    return row


def _repeated(
    session: Session, record_id: int, client_event_id: str, act: Literal["save", "undo", "restore"]
) -> RevisionRow | None:
    query = select(RevisionRow).where(RevisionRow.client_event_id == client_event_id)
    found: RevisionRow | None = session.exec(query).first()
    if found and (found.record_id != record_id or rules.act(found) != act):
        raise EventReused(
            "This save was sent before for something else.", "Reload the page and save again."
        )
    return found
