"""Several people at one desk: requests in their names, and a store full of what they did."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from db import projects, readings, store
from db.engine import writing
from db.files import store_file
from db.readings import agreed_verdict
from models.documents import read
from models.schemas import (
    Answer,
    Award,
    Extraction,
    Funder,
    GroundedField,
    ModelCard,
    Proposal,
    Statement,
    Verdict,
)
from tests.stores import document
from training.slips import slip
from workbench.context import Context
from workbench.desk import document_row
from workbench.desk.readings import agree
from workbench.people import Person
from workbench.routes import router
from workbench.routes.errors import explain_errors

HEADER = b"x-person"
NAMES = ("Wellcome Trust", "National Science Foundation", "Medical Research Council",
         "European Research Council", "Leverhulme Trust", "Carlsberg Foundation")  # fmt: skip


class NamedInHeader:
    """Middleware for tests: who asks is what the header `x-person: name role` says."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            named = dict(scope["headers"]).get(HEADER, b"").decode().split()
            person = Person(named[0], named[1]) if named else None  # type: ignore[arg-type]
            scope.setdefault("state", {})["person"] = person
        await self.app(scope, receive, send)


class Member(NamedTuple):
    """Somebody who sends raw requests."""

    client: TestClient
    name: str
    role: str

    def get(self, path: str) -> Response:
        return self.client.get(path, headers=self._headers())

    def post(self, path: str, body: Mapping[str, Any]) -> Response:
        return self.client.post(path, json=body, headers=self._headers())

    def decide(self, record: int, action: str = "save", **more: Any) -> Response:
        """What the cockpit sends, upon the head that this person sees; all values have reasons."""
        head = self.get(f"/api/records/{record}").json()["head"]
        facts = {"base_seq": head, "action": action, "client_event_id": uuid4().hex}
        facts["reasons"] = dict.fromkeys(pointers(more.get("answer")), "seen in a figure")
        return self.post(f"/api/records/{record}/revisions", facts | more)

    def undo(self, record: int) -> Response:
        head = self.get(f"/api/records/{record}").json()["head"]
        return self.post(
            f"/api/records/{record}/undo", {"base_seq": head, "client_event_id": uuid4().hex}
        )

    def _headers(self) -> dict[str, str]:
        return {"x-person": f"{self.name} {self.role}"}


@contextmanager
def team(ctx: Context) -> Iterator[TestClient]:
    """The routes of the desk, for people named in a header."""
    app = FastAPI()
    app.add_middleware(NamedInHeader)
    explain_errors(app)
    app.include_router(router(ctx))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def answer(*funders: tuple[str, str], statement: str = "") -> dict[str, Any]:
    """An answer as JSON of funders with one award id each."""
    return {
        "statements": [{"text": statement}] if statement else [],
        "funders": [
            {"funder_name": name, "awards": [{"award_ids": [award]}] if award else []}
            for name, award in funders
        ],
    }


def pointers(answer: Mapping[str, Any] | None) -> Iterator[str]:
    """To every statement, name and award id of an answer."""
    if answer is None:
        return
    yield from (f"/statements/{n}" for n, _ in enumerate(answer.get("statements", ())))
    for n, funder in enumerate(answer.get("funders", ())):
        yield f"/funders/{n}/funder_name"
        for m, award in enumerate(funder.get("awards", ())):
            ids = range(len(award.get("award_ids", ())))
            yield from (f"/funders/{n}/awards/{m}/award_ids/{k}" for k in ids)


def two_readers(ctx: Context, project: str = "inbox", readers: int = 2) -> None:
    """From now on every paper of the project is read by that many."""
    with writing(ctx.engine) as session:
        projects.choose_share(session, project, share=100, readers=readers, actor="boss")


def add_paper(
    ctx: Context, name: str, text: str = "Funded by Wellcome.", proposal: Proposal | None = None
) -> int:
    """A text that was read as an upload is, so that answers can be grounded in it."""
    folder = ctx.home / "made"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"{name}\n\n{text}\n", "utf-8")
    store_file(ctx.files, path)
    with writing(ctx.engine) as session:
        record = store.add_document(session, document_row(read(path)))
        if proposal:
            store.add_proposal(session, record.id, proposal)
        return record.id


def fill(ctx: Context, papers: int, seed: int = 0, blind: float = 0.5) -> None:
    """A store as a team leaves it: a share read by ana and ben with slips, the rest by one."""
    rng = random.Random(seed)
    for n in range(papers):
        right = _right(n, rng)
        text = " ".join(s.text for s in right.statements)
        with writing(ctx.engine) as session:
            row = store.add_document(session, document(f"paper-{n}.pdf", text))
            store.add_proposal(session, row.id, _proposal(right, text, rng))
            row.readers = 2 if rng.random() < blind else 1
            if row.readers == 1:
                _decide(session, row.id, right, rng)
            else:
                _read_twice(session, row, right, text, rng)


def _right(n: int, rng: random.Random) -> Answer:
    funders = []
    for name in rng.sample(NAMES, rng.randint(1, 3)):
        award = Award(award_ids=(f"{name[:2].upper()}-{rng.randint(1000, 9999)}",))
        funders.append(Funder(funder_name=name, awards=(award,)))
    parts = [f"the {f.funder_name} (grant {f.awards[0].award_ids[0]})" for f in funders]
    text = f"Work {n} was funded by {' and '.join(parts)}."
    return Answer(statements=(Statement(text=text),), funders=tuple(funders))


def _proposal(right: Answer, text: str, rng: random.Random) -> Proposal:
    sure = rng.random()
    slipped = slip(right.funders, text, rng) if rng.random() > sure else None
    funders = slipped.funders if slipped else right.funders
    fields = []
    for i, funder in enumerate(funders):
        if funder.funder_name:
            fields.append(_field(f"/{i}/funder_name", funder.funder_name, sure))
        for j, award in enumerate(funder.awards):
            for k, award_id in enumerate(award.award_ids):
                fields.append(_field(f"/{i}/awards/{j}/award_ids/{k}", award_id, sure))
    card = ModelCard(
        model="tiny", adapter=rng.choice([None, "a@1"]), prompt_sha256="p", schema_sha256="s"
    )
    return Proposal(
        parsed_text=text,
        statements=right.statements,
        extraction=Extraction(raw="[]", funders=funders),
        fields=tuple(fields),
        card=card,
    )


def _field(path: str, value: str, sure: float) -> GroundedField:
    return GroundedField(path=path, value=value, span=None, alignment="exact", confidence=sure)


def _decide(session: Any, record: int, right: Answer, rng: random.Random) -> None:
    proposed = store.newest_proposal(session, record)
    same = proposed is not None and proposed.proposal.funders == right.funders
    store.save_revision(
        session,
        record,
        base_seq=0,
        verdict="accepted" if same else "corrected",
        answer=right,
        actor=rng.choice(["ana", "ben", "cleo"]),
        lead_ms=rng.randint(4_000, 40_000),
        client_event_id=uuid4().hex,
    )


def _read_twice(session: Any, row: Any, right: Answer, text: str, rng: random.Random) -> None:
    for person in ("ana", "ben"):
        slipped = slip(right.funders, text, rng) if rng.random() < 0.25 else None
        said = right.model_copy(update={"funders": slipped.funders}) if slipped else right
        verdict: Verdict = "corrected"
        readings.add_reading(
            session,
            row.id,
            person=person,
            verdict=verdict,
            answer=said,
            lead_ms=rng.randint(4_000, 40_000),
            client_event_id=uuid4().hex,
        )
    rows = readings.readings(session, row.id)
    same = agree(*rows)
    if same or rng.random() < 0.5:
        store.save_revision(
            session,
            row.id,
            base_seq=0,
            verdict=agreed_verdict(rows),
            answer=rows[0].answer if same else right,
            actor="ana + ben" if same else "dora",
            client_event_id=uuid4().hex,
            kind="agreed" if same else "adjudicated",
        )
