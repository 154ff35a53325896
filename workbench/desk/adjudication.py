"""Papers whose readers differ: put side by side without names, decided field by field."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import Session

from db import readings, store
from db.engine import reading, writing
from db.errors import Conflict
from db.tables import ReadingRow
from models.documents import Document
from models.linking.names import name_key
from models.schemas import Answer, GroundedField, Verdict
from models.scoring.alignment import Kind as RowKind
from models.scoring.alignment import Row, align, key
from training.errors import same_funders, same_statements
from workbench.context import Context
from workbench.desk import link_votes, links
from workbench.desk.decisions import EVENT_ID, LARGEST
from workbench.desk.documents import document_of, ground, read_document
from workbench.desk.link_votes import Votes
from workbench.desk.review import told_document
from workbench.people import NotAllowed, Person

LETTERS = "ABC"


class Judgement(BaseModel):
    """What an adjudicator sends, upon the revision that they saw."""

    model_config = ConfigDict(extra="forbid")

    base_seq: int = Field(ge=0, le=LARGEST)
    action: str = Field(default="save", pattern="^(save|flag)$")
    answer: links.SoundAnswer | None = None
    note: str | None = Field(default=None, max_length=2_000)
    lead_ms: int = Field(default=0, ge=0, le=LARGEST)
    client_event_id: str = Field(pattern=EVENT_ID)

    @model_validator(mode="after")
    def _complete(self) -> Judgement:
        if self.action == "save" and self.answer is None:
            raise ValueError("a save needs an answer")
        return self


@dataclass(frozen=True, slots=True)
class _Side:
    """One version of the answer and where its values stand."""

    name: str
    answer: Answer
    fields: tuple[GroundedField, ...]
    verdict: Verdict | None = None
    note: str | None = None


def waiting(ctx: Context, who: Person, project: str | None = None) -> dict[str, Any]:
    """The papers that wait for this adjudicator, and how many wait for another one."""
    who.require("adjudicator")
    with reading(ctx.engine) as session:
        found = readings.waiting(session, project)
        mine = [
            {
                "id": one.record_id,
                "name": one.name,
                "project": one.project,
                "readers": len(one.people),
                "since": one.since.isoformat(),
            }
            for one in found
            if not readings.has_read(session, one.record_id, who.name)
        ]
    return {"papers": mine, "for_others": len(found) - len(mine)}


def compare(ctx: Context, record_id: int, who: Person) -> dict[str, Any]:
    """The versions of a paper side by side; who gave which is not told."""
    with reading(ctx.engine) as session:
        rows = _for(session, record_id, who)
        record = store.record(session, record_id)
        row = store.document(session, record.document_sha256)
        proposed = store.newest_proposal(session, record_id)
        document = document_of(row)
    sides = [_read(document, LETTERS[n], one) for n, one in enumerate(rows)]
    if proposed:
        own = proposed.proposal
        answer = Answer(statements=own.statements, funders=own.funders)
        sides.append(_Side("model", answer, own.fields))
    return {
        "id": record_id,
        "head": record.head,
        "document": told_document(row),
        "sides": [{"name": s.name, "verdict": s.verdict, "note": s.note} for s in sides],
        **_aligned(sides, len(rows), link_votes.votes(rows).disputed),
    }


def settle(ctx: Context, record_id: int, sent: Judgement, who: Person) -> dict[str, Any]:
    """Save what the adjudicator decided; from now on the readers' names are known.

    Raises `Conflict` where somebody decided, or a reader read anew, meanwhile.
    """
    who.require("adjudicator")
    with reading(ctx.engine) as session:
        document = read_document(session, record_id)
        proposed = store.newest_proposal(session, record_id)
        read = readings.full(readings.readings(session, record_id))
        answer = ground(document, sent.answer)[0] if sent.answer else None
        mine = answer
        alone: tuple[str | None, ...] = ()
        if answer is not None:
            answer, alone = _linked(ctx, session, answer, read)
    model = None
    if proposed:
        own = proposed.proposal
        model = Answer(statements=own.statements, funders=own.funders)
    with writing(ctx.engine) as session:
        if store.record(session, record_id).head == sent.base_seq:
            _for(session, record_id, who)
        saved = store.save_revision(
            session,
            record_id,
            base_seq=sent.base_seq,
            verdict=_verdict(sent, answer, model),
            answer=answer,
            actor=who.name,
            note=sent.note,
            lead_ms=sent.lead_ms,
            client_event_id=sent.client_event_id,
            kind="adjudicated",
        )
        if saved.seq == sent.base_seq + 1:
            settled = link_votes.of_answer(answer)
            links.remember(session, saved, who.name, alone, mine)
            link_votes.remember(session, saved, read, link_votes.offered(answer, alone), settled)
        rows = _in_order(session, record_id)
    return {
        "seq": saved.seq,
        "status": saved.verdict,
        "readers": {LETTERS[n]: row.person for n, row in enumerate(rows)},
    }


def _linked(
    ctx: Context, session: Session, answer: Answer, read: list[ReadingRow]
) -> tuple[Answer, tuple[str | None, ...]]:
    """The answer with the adjudicator's links, else those that its readers chose, else sure ones.

    Where readers differ and the adjudicator says nothing there is none. With it come the ids that
    are linked where nobody says anything.
    """
    own, cast = link_votes.of_answer(answer), link_votes.votes(read)
    open_ones = Votes(disputed=cast.disputed - own.keys())
    theirs = {name: link for name, link in cast.chosen.items() if name not in own}
    answer = link_votes.joined(answer, Votes(theirs, open_ones.disputed))
    answer, alone = links.settled(ctx, session, answer)
    return link_votes.joined(answer, open_ones), alone


def _for(session: Session, record_id: int, who: Person) -> list[ReadingRow]:
    """The readings in question, in their order; raises where this person may not decide them."""
    who.require("adjudicator")
    if readings.has_read(session, record_id, who.name):
        raise NotAllowed(
            "You are one of this paper's readers.", "Another adjudicator has to decide it."
        )
    record = store.record(session, record_id)
    rows = _in_order(session, record_id)
    if not record.is_blind:
        raise Conflict(store.revision(session, record_id, record.head))
    if len(rows) < record.readers:
        raise NotAllowed(
            f"{len(rows)} of {record.readers} readers have read this paper.",
            "It can be decided once all have.",
        )
    return rows


def _in_order(session: Session, record_id: int) -> list[ReadingRow]:
    """The readings, drawn into an order that tells nothing of names and never changes.

    It hangs on the id of a reader's first save, which only their own browser has seen.
    """

    def place(row: ReadingRow) -> str:
        first = readings.readings_by(session, record_id, row.person)[0]
        return hashlib.sha256(first.client_event_id.encode()).hexdigest()

    return sorted(readings.full(readings.readings(session, record_id)), key=place)


def _read(document: Document, name: str, row: ReadingRow) -> _Side:
    answer, fields = ground(document, row.answer or Answer())
    return _Side(name, answer, fields, row.verdict, row.note)


def _verdict(sent: Judgement, answer: Answer | None, model: Answer | None) -> Verdict:
    if sent.action == "flag" or answer is None:
        return "flagged"
    if not answer.funders and not answer.statements:
        return "no_funding"
    same = (
        model is not None
        and same_funders(answer.funders, model.funders)
        and same_statements(answer.statements, model.statements)
    )
    return "accepted" if same else "corrected"


def _aligned(sides: list[_Side], readers: int, disputed: Collection[str]) -> dict[str, Any]:
    """The rows of all sides; `agreed` where all readers say the same, whatever the model said.

    `disputed` are the keys of names that readers linked otherwise: one name, and still to choose.
    """
    together = align([side.answer for side in sides])
    known = [_places(side) for side in sides]

    def row(kind: RowKind, cells: Row) -> dict[str, Any]:
        said = {cell and key(kind, cell.value) for cell in cells[:readers]}
        options = [
            None if cell is None else {"value": cell.value, **known[n].get(cell.path, {})}
            for n, cell in enumerate(cells)
        ]
        found = {"kind": kind, "agreed": len(said) == 1, "options": options}
        if kind == "funder":
            names = {name_key(cell.value or "") for cell in cells[:readers] if cell}
            found["disputed"] = bool(names & set(disputed))
            found["agreed"] = found["agreed"] and not found["disputed"]
        return found

    return {
        "statements": [row("statement", cells) for cells in together.statements],
        "funders": [
            {
                "name": row("funder", funder.name),
                "awards": [
                    [row(level, cells) for level, rows in award.values.items() for cells in rows]
                    for award in funder.awards
                ],
            }
            for funder in together.funders
        ],
    }


def _places(side: _Side) -> dict[str, dict[str, Any]]:
    """Where each value of a side stands, and what a funder is linked to, by its JSON pointer."""
    found = {
        item.path: {"alignment": item.alignment, "span": _span(item.span)} for item in side.fields
    }
    for n, statement in enumerate(side.answer.statements):
        place = {"alignment": statement.alignment, "span": _span(statement.span)}
        found[f"/statements/{n}"] = place
    for n, link in enumerate(side.answer.links):
        found.setdefault(f"/{n}/funder_name", {})["link"] = link and link.model_dump()
    return found


def _span(span: Any) -> Any:
    return span.model_dump(mode="json") if span else None
