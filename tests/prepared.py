"""Papers that a model seems to have read: the samples under other names, ready to be reviewed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from db import store
from db.engine import writing
from db.files import store_file
from models.documents import Document, read
from models.grounding import ground_fields, ground_statement
from models.schemas import Extraction, Funder, FunderList, GroundedField, ModelCard, Proposal
from workbench.context import Context, Settings
from workbench.desk import document_row

SAMPLES = Path(__file__).parent.parent / "workbench" / "samples"
GOLD: dict[str, dict[str, Any]] = {
    row["file"]: row
    for row in map(json.loads, (SAMPLES / "gold.jsonl").read_text("utf-8").splitlines())
}
MADE_UP = "Bank of Mars"
Flaw = Literal["none", "typo", "extra", "blank"]
"""What is wrong with a proposal: a name without its last word, a funder too many, all missing."""


def prepare(home: Path, papers: Sequence[tuple[str, str, Flaw]]) -> dict[str, int]:
    """Papers (name, sample, flaw) in a new store; returns their records by name."""
    ctx = Context(Settings(home=home, actor="curator"))
    home.mkdir(parents=True, exist_ok=True)
    found = {name: _add(ctx, name, sample, flaw) for name, sample, flaw in papers}
    ctx.engine.dispose()
    return found


def _add(ctx: Context, name: str, sample: str, flaw: Flaw) -> int:
    return add(ctx, name, sample, lambda document: proposal(document, GOLD[sample], flaw))


def add(ctx: Context, name: str, sample: str, said: Callable[[Document], Proposal]) -> int:
    """A sample under another name, with what the model says of it; returns its record."""
    copy = ctx.home / name
    copy.write_bytes((SAMPLES / sample).read_bytes() + f"\n% {name}\n%%EOF\n".encode())
    sha256 = hashlib.sha256(copy.read_bytes()).hexdigest()
    size = copy.stat().st_size
    document = replace(_read(sample), name=name, sha256=sha256, size=size)
    store_file(ctx.files, copy)
    with writing(ctx.engine) as session:
        record = store.add_document(session, document_row(document))
        store.add_proposal(session, record.id, said(document))
        return record.id


@cache
def _read(sample: str) -> Document:
    return read(SAMPLES / sample)


def proposal(document: Document, gold: dict[str, Any], flaw: Flaw) -> Proposal:
    """What the model would have said but for its flaw."""
    if flaw == "blank":
        return proposed(document, [], ())
    funders = _flawed(FunderList.validate_python(gold["funders"]), flaw)
    return proposed(document, gold["statements"], funders)


def proposed(document: Document, texts: Sequence[str], funders: tuple[Funder, ...]) -> Proposal:
    """A proposal of these statements and funders, each with its place in the document."""
    statements = [ground_statement(text, document) for text in texts]
    fields = ground_fields(funders, statements, document)
    return Proposal(
        statements=tuple(
            statement.model_copy(update={"confidence": 0.9}) for statement in statements
        ),
        extraction=Extraction(raw=FunderList.dump_json(funders).decode(), funders=funders),
        fields=tuple(map(_sure, fields)),
        card=ModelCard(model="prepared", prompt_sha256="p", schema_sha256="s"),
    )


def _flawed(funders: tuple[Funder, ...], flaw: Flaw) -> tuple[Funder, ...]:
    if flaw == "typo":
        short = (funders[0].funder_name or "").rsplit(" ", 1)[0]
        return (funders[0].model_copy(update={"funder_name": short}), *funders[1:])
    return (*funders, Funder(funder_name=MADE_UP)) if flaw == "extra" else funders


def _sure(field: GroundedField) -> GroundedField:
    return field.model_copy(update={"confidence": 0.3 if field.alignment == "absent" else 0.9})
