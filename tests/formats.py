"""Records of every kind for the tests of formats, and a store that holds them."""

from __future__ import annotations

import hashlib
import json
import zlib
from array import array
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Engine

from db import store
from db.engine import writing
from db.gold import Decided
from models.schemas import Answer, Award, Funder, Link, Statement
from tests.stores import EVENTS, document
from workbench.exchange.formats import Unfit
from workbench.exchange.proof import Proof, prove
from workbench.exchange.writing import Outcome, Spec, export
from workbench.exports import open_format

RORS = ("https://ror.org/021nxhr62", "https://ror.org/018mejw64", "https://ror.org/03wnrjx87")
IDS = ("10.13039/100000001", "10.13039/501100001659", "10.13039/100004440")
AWKWARD = (
    "A & B <script>alert(1)</script> ]]> \"quoted\" 'single'",
    "=cmd|'/c calc'!A0",
    "+1",
    "-1",
    "@SUM(1)",
    "'=1",
    "''@x",
    "＝1",
    "ends with backslash \\",
    "pipe | and \\| more",
    "a\x00b\x0bc\x1bd\ufffe",
    "line\nbreak\r\nand\ttab\rend",
    "Ünïcödé 国家自然科学基金 🧬 עברית",
    "&amp; &#0; &lol;",
    "\ue000\u2028x",
)

awkward = st.sampled_from(AWKWARD)
anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
words = st.one_of(awkward, anything).filter(lambda text: _kept(text))


def _kept(text: str) -> bool:
    """Whether the text is a value at all, and one that reading does not trim."""
    trimmed = text.strip()
    return bool(trimmed) and trimmed == text


lists = st.lists(words, max_size=3).map(tuple)
awards = st.builds(Award, award_ids=lists, funding_scheme=lists, award_title=lists)
funders = st.builds(
    Funder, funder_name=st.one_of(st.none(), words), awards=st.lists(awards, max_size=3).map(tuple)
)
links = st.one_of(
    st.none(),
    st.builds(
        Link,
        ror=st.one_of(st.none(), st.sampled_from(RORS)),
        funder_id=st.one_of(st.none(), st.sampled_from(IDS)),
    ),
)


@st.composite
def answers(draw: Any) -> Answer:
    paid = draw(st.lists(funders, max_size=4))
    if paid and draw(st.booleans()):
        paid.append(draw(st.sampled_from(paid)))
    linked = draw(st.lists(links, min_size=len(paid), max_size=len(paid)))
    said = draw(st.lists(words, max_size=2))
    return Answer(
        statements=tuple(Statement(text=text) for text in said),
        funders=tuple(paid),
        links=tuple(linked) if any(linked) else (),
    )


def decide(engine: Engine, *given: Answer, doi: bool = True, project: str = "inbox") -> list[int]:
    """A decided paper for each answer, with a DOI of its own."""
    made = []
    for answer in given:
        number = next(EVENTS)
        row = document(f"paper {number}.pdf")
        row.doi = f"10.1234/paper.{number}" if doi else None
        row.license = "CC-BY-4.0"
        row.origin = zlib.compress(array("i", range(len(row.text))).tobytes())
        with writing(engine) as session:
            record = store.add_document(session, row, project=project)
            store.save_revision(
                session,
                record.id,
                base_seq=0,
                verdict="corrected" if answer.funders else "no_funding",
                answer=answer,
                actor="ada",
                client_event_id=f"decided-{number}",
            )
            made.append(record.id)
    return made


def decision(number: int, answer: Answer) -> Decided:
    """A decided record without a store."""
    return Decided(
        id=number,
        project="inbox",
        document=AWKWARD[number % len(AWKWARD)],
        sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        doi=f"10.1234/paper.{number}",
        license=None,
        verdict="corrected",
        revision=1,
        actor="ada",
        revised_at=datetime(2026, 1, 2, tzinfo=timezone.utc),
        answer=answer,
    )


def on_paper(name: str, records: list[Decided], folder: Path) -> tuple[Proof, int]:
    """Write records in a format, read them again: what came of it, and how many fitted."""
    of = open_format(name)
    part, file, unfit = folder / "part", folder / f"file.{of.suffix}", folder / "unfit"
    bodies = []
    with unfit.open("w", encoding="utf-8") as listed:
        for record in records:
            try:
                bodies.append(of.write(record))
            except Unfit:
                listed.write(json.dumps({"record": record.id}) + "\n")
    part.write_bytes(of.head() + of.between.join(bodies) + of.tail())
    of.finish(part, file)
    return prove(of, [file], ((r.id, r) for r in records), unfit), len(bodies)


def written(engine: Engine, name: str, target: Path, **changes: Any) -> Outcome:
    """An export with its proof."""
    options = changes.pop("options", {})
    spec = Spec(name, options=options, split=changes.pop("split", 0))
    return export(engine, open_format(name, options), spec, target, **changes)


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


NSF = Answer(
    statements=(Statement(text="Funded by NSF (CNS-0615443, CNS-0627747) & others."),),
    funders=(
        Funder(
            funder_name="National Science Foundation",
            awards=(
                Award(award_ids=("CNS-0615443", "CNS-0627747"), funding_scheme=("CAREER",)),
                Award(award_ids=("X-1",), award_title=("Moss & stone",)),
            ),
        ),
        Funder(funder_name="Wellcome"),
    ),
    links=(Link(ror=RORS[0], funder_id=IDS[0]), None),
)
