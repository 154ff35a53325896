"""How fast the queue answers with 100,000 papers: pages, orders, filters, search, neighbours.

    python -m benchmarks.queue_page [--papers 100000] [--home DIR] [--rounds 20]

Fills a store of its own with synthetic papers of about 2 kB of text each, a proposal and, for four
of ten, a decision; then prints the median and the 95th percentile in milliseconds of each question,
asked of the store and asked over HTTP (routing and JSON included, without a network). A folder that
is filled already is used again.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from db.engine import reading
from db.listing import Filters, queue
from db.neighbours import neighbours
from db.tables import Reason
from models.schemas import Award, Extraction, Funder, GroundedField, ModelCard, Page, Proposal
from workbench.context import Context, Settings

STATUSES = ("proposed", "accepted", "corrected", "no_funding", "skipped", "flagged")
SHARES = (60, 22, 8, 6, 2, 2)
FUNDERS = tuple(
    f"{kind} of {place}"
    for kind in ("Council", "Ministry", "Fund", "Academy")
    for place in ("Aland", "Borduria", "Calais", "Drenthe", "Elbonia", "Freedonia")
)
WORDS_A_PAPER = 300
RARE = "xylotheque"
CARD = ModelCard(model="tiny", prompt_sha256="p", schema_sha256="s")


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ctx = Context(Settings(home=given.home or Path(folder), actor="bench"))
        with reading(ctx.engine) as session:
            is_empty = queue(session, limit=0).total == 0
        if is_empty:
            fill(ctx, given.papers)
        size = (ctx.home / "store.sqlite3").stat().st_size
        print(f"store: {size / 1e6:.0f} MB")
        for name, ask in (*of_store(ctx), *over_http(ctx)):
            times = sorted(timed(ask, given.rounds))
            p50, p95 = (times[min(len(times) - 1, int(len(times) * q))] for q in (0.5, 0.95))
            print(f"| {name} | {p50:.0f} | {p95:.0f} |", flush=True)
        ctx.engine.dispose()


def timed(ask: Callable[[], Any], rounds: int) -> Iterator[float]:
    """Milliseconds of each call, the first one left out."""
    ask()
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        yield 1e3 * (time.perf_counter() - started)


def of_store(ctx: Context) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The questions, with their names, asked of the store."""

    def page(offset: int = 0, **chosen: Any) -> Callable[[], Any]:
        def ask() -> None:
            with reading(ctx.engine) as session:
                queue(session, Filters(**chosen), offset=offset, limit=100)

        return ask

    with reading(ctx.engine) as session:
        top = queue(session, limit=200)
    papers, first = top.total, [item.id for item in top.items]

    def place(passed: Collection[int] | None = None, **chosen: Any) -> Callable[[], Any]:
        rng = random.Random(5)

        def ask() -> None:
            wanted, at = Filters(**chosen), rng.randint(1, papers)
            with reading(ctx.engine) as session:
                neighbours(session, at, wanted, person="ada", passed=passed)

        return ask

    yield "first page", page()
    yield "page 500", page(49_900)
    for sort in ("uncertain", "newest", "oldest", "name"):
        yield f"first page, {sort}", page(sort=sort)
        yield f"page 500, {sort}", page(49_900, sort=sort)
    for status in STATUSES:
        yield f"first page, {status}", page(status=status)
    yield "search, in 8 of 10 papers", page(q="foundation")
    yield "search, in 8 of 10, page 500", page(49_900, q="foundation")
    yield "search, two frequent words", page(q="foundation grant", status="proposed")
    yield "search, in 10 papers", page(q=RARE)
    yield "one project, confidence from 0.4 to 0.6", page(project="p3", least=0.4, most=0.6)
    yield "reason: not in the text", page(reason="absent")
    yield "reason that no paper has", page(reason="none")
    yield "decided by one of five", page(decided_by="person 2")
    yield "assigned to nobody, to review", page(assigned="@nobody", status="proposed")
    yield "changed since yesterday", page(since=datetime.now(timezone.utc) - timedelta(days=1))
    yield "neighbours, by worth", place()
    yield "the next to decide, 200 papers on the way", place(first)
    yield "neighbours, to review", place(status="proposed")
    yield "neighbours, by name", place(sort="name")
    yield "neighbours, least certain", place(sort="uncertain")
    yield "neighbours, in a search", place(q="foundation")


def over_http(ctx: Context) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The same over HTTP, inside this process."""
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from workbench.gate import SignedIn
    from workbench.routes import router

    app = FastAPI()
    app.add_middleware(SignedIn, ctx=ctx)
    app.include_router(router(ctx))
    client = TestClient(app)
    for name, query in (
        ("first page", ""),
        ("to review", "&status=proposed"),
        ("search, frequent", "&q=foundation"),
        ("page 500", "&offset=49900"),
    ):
        address = f"/api/records?limit=100{query}"
        yield f"HTTP: {name}", lambda address=address: client.get(address).raise_for_status()


def fill(ctx: Context, papers: int) -> None:
    """Write the papers with plain SQL: one at a time through the store would take an hour."""
    started = time.perf_counter()
    rng = random.Random(1)
    vocabulary = [_word(rng) for _ in range(20_000)]
    weights = list(itertools.accumulate(1 / (rank + 5) for rank in range(len(vocabulary))))
    connection = ctx.engine.raw_connection()
    cursor: Any = connection.cursor()
    for pragma in ("query_only = 0", "foreign_keys = OFF", "synchronous = OFF"):
        cursor.execute(f"PRAGMA {pragma}")
    for first in range(1, papers + 1, 2_000):
        cursor.execute("BEGIN IMMEDIATE")
        for number in range(first, min(papers + 1, first + 2_000)):
            text = " ".join(rng.choices(vocabulary, cum_weights=weights, k=WORDS_A_PAPER))
            _paper(cursor, rng, number, text)
        cursor.execute("COMMIT")
    connection.close()
    print(f"{papers} papers in {time.perf_counter() - started:.0f} s")


def _word(rng: random.Random) -> str:
    return "".join(rng.choice("etaoinshrdlucmfwypvbgkjqxz") for _ in range(rng.randint(3, 11)))


def _paper(cursor: Any, rng: random.Random, number: int, text: str) -> None:
    funder, award = rng.choice(FUNDERS), f"{rng.choice('ABCDE')}-{rng.randint(1000, 99999)}"
    if number % 10 < 8:
        text += f" This work was supported by the {funder} Foundation, grant {award}."
    if number % 10_000 == 7:
        text += f" {RARE}"
    sha = hashlib.sha256(f"bench {number}".encode()).hexdigest()
    name, now = f"{rng.choice(('A', 'b', 'C'))}-paper-{number}.pdf", datetime.now(timezone.utc)
    then = (now - timedelta(minutes=rng.randint(0, 500_000))).replace(tzinfo=None).isoformat(" ")
    page = Page(number=1, width=600, height=800, start=0, end=len(text), reader="pdfium")
    cursor.execute(
        "INSERT INTO documents (sha256, name, media_type, size, pages, warnings, created_at, text,"
        " raw, origin, words) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (
            sha,
            name,
            "application/pdf",
            1,
            f"[{page.model_dump_json()}]",
            "[]",
            then,
            text,
            text,
            b"",
            b"",
        ),
    )
    confidence, absent = round(rng.random(), 4), int(rng.random() < 0.1)
    proposal = _proposal(funder, award, confidence, absent)
    cursor.execute(
        "INSERT INTO proposals (record_id, confidence, absent, created_at, proposal) "
        "VALUES (?,?,?,?,?)",
        (number, confidence, absent, then, proposal.model_dump_json()),
    )
    status = rng.choices(STATUSES, SHARES)[0]
    _record(cursor, rng, number, (sha, name, status, confidence, absent, then))
    if status != "proposed":
        _revision(cursor, rng, number, status, then, proposal.funders)


def _proposal(funder: str, award: str, confidence: float, absent: int) -> Proposal:
    funders = (Funder(funder_name=funder, awards=(Award(award_ids=(award,)),)),)
    values = ((funder, "/0/funder_name"), (award, "/0/awards/0/award_ids/0"))
    fields = tuple(
        GroundedField(
            path=path,
            value=value,
            span=None,
            alignment="absent" if absent else "exact",
            confidence=confidence,
        )
        for value, path in values
    )
    reply = Extraction(raw="[]", funders=funders)
    return Proposal(statements=(), extraction=reply, fields=fields, card=CARD)


def _record(cursor: Any, rng: random.Random, number: int, facts: tuple[Any, ...]) -> None:
    sha, name, status, confidence, absent, then = facts
    kinds = [kind for kind in ("absent", "doubt", "new_funder", "audit") if rng.random() < 0.3]
    reasons = [Reason(kind=kind, detail=f"{kind} of {number}").model_dump() for kind in kinds]
    cursor.execute(
        "INSERT INTO records (id, document_sha256, task, project, head, name, proposal_id, status,"
        " confidence, absent, worth, reasons, readers, created_at, updated_at) "
        "VALUES (?,?,'funding',?,?,?,?,?,?,?,?,?,1,?,?)",
        (
            number,
            sha,
            f"p{rng.randint(0, 9)}",
            int(status != "proposed"),
            name,
            number,
            status,
            confidence,
            absent,
            round(rng.random(), 4),
            json.dumps(reasons, separators=(",", ":")),
            then,
            then,
        ),
    )


def _revision(
    cursor: Any, rng: random.Random, number: int, status: str, then: str, funders: Any
) -> None:
    said = json.dumps({"statements": [], "funders": [f.model_dump() for f in funders]})
    cursor.execute(
        "INSERT INTO revisions (record_id, seq, kind, verdict, parent_proposal_id, actor, lead_ms,"
        " client_event_id, created_at, accepted, reasons, before, after) "
        "VALUES (?,1,'save',?,?,?,9000,?,?,'[]','{}',?,?)",
        (
            number,
            status,
            number,
            f"person {rng.randint(0, 4)}",
            f"bench-{number}",
            then,
            said,
            said,
        ),
    )


if __name__ == "__main__":
    main()
