"""Many papers or statements without the app: files in, JSON Lines out, one bad file loses none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from models.documents import Document, Limits, read
from models.errors import WorkbenchError
from models.extract import Pipeline
from models.schemas import FunderList, GroundedField, Proposal, Span, Statement

Row = dict[str, Any]
BATCH = 16
"""Statements handed to the model together."""


def extract(
    paths: Iterable[Path], pipeline: Pipeline, limits: Limits, done: Callable[[Row], None]
) -> Iterator[Row]:
    """One row for each file, in order; a file that cannot be read gives its path and error."""
    for path in paths:
        try:
            document = read(path, limits)
            row = proposal_row(path, document, pipeline.propose(document))
        except WorkbenchError as error:
            row = {"path": str(path), "error": str(error)}
        done(row)
        yield row


def proposal_row(path: Path, document: Document, proposal: Proposal) -> Row:
    """What `extract --json` prints for a file."""
    row = {
        "path": str(path),
        "sha256": document.sha256,
        "pages": len(document.pages),
        "statements": [_statement_row(statement) for statement in proposal.statements],
        "funders": FunderList.dump_python(proposal.funders, mode="json"),
        "fields": [_field_row(field) for field in proposal.fields],
        "model": proposal.card.model,
        "adapter": proposal.card.adapter,
        "seconds": round(proposal.usage.seconds, 3),
    }
    if proposal.extraction.error:
        row["note"] = proposal.extraction.error
    return row | ({"warnings": list(document.warnings)} if document.warnings else {})


def _statement_row(statement: Statement) -> Row:
    return {
        "text": statement.text,
        **_place(statement.span),
        "alignment": statement.alignment,
        "confidence": statement.confidence,
    }


def _field_row(field: GroundedField) -> Row:
    return {
        "path": field.path,
        "value": field.value,
        **_place(field.span),
        "alignment": field.alignment,
        "confidence": field.confidence,
    }


def _place(span: Span | None) -> Row:
    if span is None:
        return {"page": None, "start": None, "end": None, "boxes": []}
    return span.model_dump()


def parse(source: TextIO, target: Path, pipeline: Pipeline, done: Callable[[Row], None]) -> int:
    """Add `funders` to each object of JSON Lines; return how many lines could not be parsed.

    Lines that `target` holds already are not parsed again, so an interrupted run goes on where
    it stopped; a last line that was torn is dropped.
    """
    finished = _whole_lines(target)
    lines = (line for line in source if line.strip())
    for line in islice(lines, finished):
        done(json.loads(line) if _is_json(line) else {})
    failed = 0
    with target.open("a", encoding="utf-8") as out:
        while batch := list(islice(lines, BATCH)):
            for row in _parse_batch(batch, pipeline):
                failed += "error" in row
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                done(row)
            out.flush()
    return failed


def _whole_lines(path: Path) -> int:
    """How many complete lines a file holds; a torn last one is cut off."""
    if not path.exists():
        return 0
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
    return data.count(b"\n", 0, whole)


def _parse_batch(lines: list[str], pipeline: Pipeline) -> list[Row]:
    rows = [_read_row(line) for line in lines]
    good = [row for row in rows if "error" not in row]
    parsed = pipeline.parse([_statement(row) for row in good])
    for row, extraction in zip(good, parsed, strict=True):
        row["funders"] = FunderList.dump_python(extraction.funders or (), mode="json")
        if extraction.error:
            row["note" if extraction.funders is not None else "error"] = extraction.error
    return rows


def _read_row(line: str) -> Row:
    if not _is_json(line):
        return {"error": "This line is not JSON.", "line": line.strip()[:200]}
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(_statement(row), str):
        return {"error": "This line has no 'statement' or 'funding_statement'.", "line": row}
    return {key: value for key, value in row.items() if key not in ("error", "note")}


def _statement(row: Row) -> Any:
    return row.get("statement", row.get("funding_statement"))


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    return True
