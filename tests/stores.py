"""Small papers, answers and revisions to fill a store with."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from db import store
from db.checks import Problem
from db.engine import connect, writing
from db.files import store_file
from db.migrations import upgrade
from db.tables import DocumentRow, RevisionRow
from models.schemas import Answer, Extraction, Funder, GroundedField, ModelCard, Page, Proposal

EVENTS = count(1)
CARD = ModelCard(model="tiny", prompt_sha256="p", schema_sha256="s")


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def document(name: str, text: str = "Funded by Wellcome.") -> DocumentRow:
    page = Page(number=1, width=600, height=800, start=0, end=len(text), reader="pdfium")
    return DocumentRow(
        sha256=sha(name),
        name=name,
        media_type="application/pdf",
        size=1,
        text=text,
        raw=text,
        pages=(page,),
    )


def proposed(*names: str, confidence: float | None = 0.5, absent: int = 0) -> Proposal:
    fields = tuple(
        GroundedField(
            path=f"/{index}/funder_name",
            value=name,
            span=None,
            alignment="absent" if index < absent else "exact",
            confidence=confidence,
        )
        for index, name in enumerate(names)
    )
    extraction = Extraction(raw="[]", funders=tuple(Funder(funder_name=name) for name in names))
    return Proposal(statements=(), extraction=extraction, fields=fields, card=CARD)


def said(*names: str) -> Answer:
    return Answer(funders=tuple(Funder(funder_name=name) for name in names))


def add(
    engine: Engine,
    name: str,
    text: str = "Funded by Wellcome.",
    project: str = "inbox",
    proposal: Proposal | None = None,
) -> int:
    with writing(engine) as session:
        record = store.add_document(session, document(name, text), project=project)
        if proposal:
            store.add_proposal(session, record.id, proposal)
        return record.id


def save(
    session: Session, record_id: int, verdict: Any = "accepted", **changes: Any
) -> RevisionRow:
    facts: dict[str, Any] = {
        "base_seq": store.record(session, record_id).head,
        "actor": "ada",
        "client_event_id": f"event-{next(EVENTS)}",
        "answer": said("Wellcome") if verdict in ("accepted", "corrected") else None,
    }
    return store.save_revision(session, record_id, verdict=verdict, **(facts | changes))


def undo(session: Session, record_id: int) -> RevisionRow:
    base = store.record(session, record_id).head
    event = f"event-{next(EVENTS)}"
    return store.undo(session, record_id, base_seq=base, actor="ada", client_event_id=event)


@contextmanager
def curated_store(home: Path) -> Iterator[Engine]:
    """A store with three accepted papers, whose files lie in `home / "files"`."""
    engine = connect(home / "store.sqlite3")
    upgrade(engine)
    for name in ("one", "two", "three"):
        add_curated(engine, home, name)
    try:
        yield engine
    finally:
        engine.dispose()


def add_curated(engine: Engine, home: Path, name: str) -> int:
    """An accepted paper whose file says its name a thousand times."""
    incoming = home.parent / name
    incoming.write_bytes(name.encode() * 1000)
    sha = store_file(home / "files", incoming)
    row = DocumentRow(sha256=sha, name=name, media_type="text/plain", size=1, text=name, raw=name)
    with writing(engine) as session:
        record = store.add_document(session, row)
        store.add_proposal(session, record.id, proposed())
        save(session, record.id, answer=Answer(), client_event_id=name)
        return record.id


def run_sql(home: Path, *statements: str) -> None:
    """Do to the store what the program never would."""
    connection = sqlite3.connect(home / "store.sqlite3", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def some_file(home: Path) -> Path:
    return sorted((home / "files").glob("*/*"))[0]


def errors(problems: list[Problem]) -> list[str]:
    return [problem.kind for problem in problems if problem.level == "error"]
