"""One action on many papers: each as it was seen, a revision for each, all taken back at once.

Papers that do not allow it are left alone and told, with the reason. A batch that is sent again
changes nothing, so that a broken connection is no danger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import Session, select

from db import jobs as job_store
from db import store
from db.engine import reading, writing
from db.errors import NotFound, NothingToUndo
from db.tables import ProposalRow, RecordRow, RevisionRow
from models.schemas import GOLD_VERDICTS, Answer, Verdict
from workbench.context import Context
from workbench.desk import links
from workbench.desk.decisions import EVENT_ID, LARGEST

BulkAction = Literal["accept", "skip", "flag", "propose"]
Refusal = Literal["gone", "changed", "decided", "readers", "unread", "failed", "absent", "waiting"]
"""Why a paper was left alone."""
MOST = 200
"""Papers of one request: the page sends more in several, and shows how far it is."""
CHUNK = 50
"""Papers of one transaction."""


class Target(BaseModel):
    """A paper as the curator saw it."""

    model_config = ConfigDict(extra="forbid")

    id: int = Field(ge=1, le=LARGEST)
    head: int = Field(ge=0, le=LARGEST)
    proposal: int | None = None
    """The proposal that was shown; another one that came meanwhile is not accepted unseen."""


class Bulk(BaseModel):
    """An action on papers; requests of one action share their `batch`."""

    model_config = ConfigDict(extra="forbid")

    action: BulkAction
    targets: tuple[Target, ...] = Field(min_length=1, max_length=MOST)
    batch: str = Field(pattern=r"^[\w-]{8,40}$")
    note: str | None = Field(default=None, max_length=2_000)

    @model_validator(mode="after")
    def _flag_says_why(self) -> Bulk:
        if self.action == "flag" and not (self.note or "").strip():
            raise ValueError("a flag needs a note")
        return self


class BulkUndo(BaseModel):
    """Take a whole batch back."""

    model_config = ConfigDict(extra="forbid")

    batch: str = Field(pattern=EVENT_ID)


class Left(BaseModel):
    """A paper that was left alone, and why."""

    id: int
    name: str
    why: Refusal


class Outcome(BaseModel):
    """The papers that the action changed, and those that it left alone."""

    batch: str
    done: list[int] = []
    left: list[Left] = []


Act = Callable[[Session, RecordRow], Refusal | None]


def act_on_many(ctx: Context, bulk: Bulk, actor: str) -> Outcome:
    """Do the action to each paper that allows it, a short transaction for each fifty."""
    seen = {target.id: target for target in bulk.targets}
    accepts = bulk.action == "accept"
    answers: dict[int, Answer] = {}  # by the number of the proposal

    def prepare(ids: Sequence[int]) -> None:
        answers.clear()
        answers.update(_answers(ctx, ids) if accepts else {})

    def act(session: Session, record: RecordRow) -> Refusal | None:
        if bulk.action == "propose":
            return _propose(session, record)
        event = f"{bulk.batch}-{record.id}"
        if _is_sent(session, event):
            return None
        answer = answers.get(record.proposal_id or 0)
        refusal = _refusal(session, record, bulk.action, seen[record.id])
        if refusal is None and accepts and answer is None:
            return "changed"  # the model proposed anew since the answers were made ready
        if refusal is None:
            _decide(session, record, bulk, actor, event, answer)
        return refusal

    return _each(ctx, bulk.batch, list(seen), act, prepare)


def undo_batch(ctx: Context, batch: str, actor: str) -> Outcome:
    """Take back every revision of a batch that is still its paper's newest."""
    with writing(ctx.engine) as session:
        query = select(RevisionRow.record_id, RevisionRow.seq)
        query = query.where(RevisionRow.batch == batch).order_by(RevisionRow.record_id)
        made = dict(session.exec(query).all())
    if not made:
        raise NothingToUndo("There is nothing of this action to undo.", "Reload the queue.")

    def act(session: Session, record: RecordRow) -> Refusal | None:
        event = f"undo-{batch}-{record.id}"
        if _is_sent(session, event):
            return None
        if record.head != made[record.id]:
            return "changed"
        saved = store.undo(
            session,
            record.id,
            base_seq=record.head,
            actor=actor,
            client_event_id=event,
            batch=f"undo-{batch}",
        )
        links.go_back(session, saved)
        return None

    return _each(ctx, batch, list(made), act)


def _answers(ctx: Context, ids: Sequence[int]) -> dict[int, Answer]:
    """What the newest proposals of papers say, with the links that are sure, as one accept saves.

    Made before anything is written: names are looked up for longer than others should wait.
    """
    found: dict[int, Answer] = {}
    with reading(ctx.engine) as session:
        for record_id in ids:
            proposed = store.newest_proposal(session, record_id)
            if proposed is None or proposed.proposal.extraction.funders is None:
                continue
            said = proposed.proposal
            answer = Answer(statements=said.statements, funders=said.funders)
            found[proposed.id] = links.settled(ctx, session, answer)[0]
    return found


def _each(
    ctx: Context,
    batch: str,
    ids: Sequence[int],
    act: Act,
    prepare: Callable[[Sequence[int]], None] = lambda _: None,
) -> Outcome:
    outcome = Outcome(batch=batch)
    for chunk in _chunks(ids):
        prepare(chunk)
        with writing(ctx.engine) as session:
            done, left = _some(session, chunk, act)
        # Only what is kept is told: the transaction is over here.
        outcome.done += done
        outcome.left += left
    return outcome


def _some(session: Session, ids: Sequence[int], act: Act) -> tuple[list[int], list[Left]]:
    done: list[int] = []
    left: list[Left] = []
    for record_id in ids:
        try:
            record = store.record(session, record_id)
        except NotFound:
            left.append(Left(id=record_id, name="", why="gone"))
            continue
        refusal = act(session, record)
        if refusal:
            left.append(Left(id=record_id, name=record.name, why=refusal))
        else:
            done.append(record_id)
    return done, left


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _is_sent(session: Session, event: str) -> bool:
    query = select(RevisionRow.id).where(RevisionRow.client_event_id == event)
    return session.exec(query).first() is not None


def _refusal(
    session: Session, record: RecordRow, action: BulkAction, seen: Target
) -> Refusal | None:
    if record.head != seen.head or seen.proposal not in (None, record.proposal_id):
        return "changed"
    if record.is_blind:
        return "readers"
    if action != "accept":
        return None
    head = store.revision(session, record.id, record.head)
    if record.status in GOLD_VERDICTS or (head is not None and head.after is not None):
        return "decided"
    if record.proposal_id is None:
        return "unread"
    if record.absent:
        return "absent"
    extraction = session.get_one(ProposalRow, record.proposal_id).proposal.extraction
    return "failed" if extraction.funders is None or extraction.error else None


def _decide(
    session: Session, record: RecordRow, bulk: Bulk, actor: str, event: str, answer: Answer | None
) -> None:
    verdicts: dict[str, Verdict] = {"accept": "accepted", "skip": "skipped", "flag": "flagged"}
    store.save_revision(
        session,
        record.id,
        base_seq=record.head,
        verdict=verdicts[bulk.action],
        actor=actor,
        client_event_id=event,
        answer=answer,
        note=bulk.note,
        batch=bulk.batch,
    )


def _propose(session: Session, record: RecordRow) -> Refusal | None:
    newest = job_store.newest_job(session, record.id)
    if newest is not None and newest.state in ("queued", "running"):
        return "waiting"
    job_store.enqueue(session, "propose", record.name, record_id=record.id)
    return None
