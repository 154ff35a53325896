"""Many papers or statements without the app: files in, JSON Lines out, one bad file loses none."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from models.documents import Document, Limits, read
from models.errors import WorkbenchError
from models.extract import Pipeline
from models.schemas import Extraction, FunderList, GroundedField, Proposal, Span, Statement

log = logging.getLogger(__name__)
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
            row = {"path": _printable(path), "error": str(error)}
        except Exception as error:
            log.exception("%s failed", _printable(path))
            row = {"path": _printable(path), "error": f"The program failed on it: {error}"}
        done(row)
        yield row


def _printable(path: Path) -> str:
    """A path as text that any file takes, whatever bytes its name has."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def proposal_row(path: Path, document: Document, proposal: Proposal) -> Row:
    """What `extract --json` prints for a file."""
    row = {
        "path": _printable(path),
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
    failed = 0
    for line, row in zip(islice(lines, len(finished)), finished, strict=False):
        _require_same(line, row)
        failed += "error" in row
        done(row)
    with target.open("a", encoding="utf-8") as out:
        while batch := list(islice(lines, BATCH)):
            for row in _parse_batch(batch, pipeline):
                failed += "error" in row
                out.write(json_line(row))
                done(row)
            out.flush()
    return failed


def json_line(row: Row) -> str:
    """A row as a line of JSON; half characters, which no file takes, are replaced."""
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def _whole_lines(path: Path) -> list[Row]:
    """The rows that a file holds already; a torn last line is cut off."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    lines = data[:whole].decode().splitlines()
    if whole < len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
    return [json.loads(line) if _is_json(line) else {} for line in lines]


def _require_same(line: str, row: Row) -> None:
    """What is there must have come of this input, else resuming would mix two runs."""
    given = _read_row(line)
    if "error" not in given and _statement(given) != _statement(row):
        raise WorkbenchError(
            "The output file holds rows of another input.", "Name another output, or remove it."
        )


def _parse_batch(lines: list[str], pipeline: Pipeline) -> list[Row]:
    rows = [_read_row(line) for line in lines]
    good = [row for row in rows if "error" not in row]
    for row, extraction in zip(good, _parse_all(good, pipeline), strict=True):
        row["funders"] = FunderList.dump_python(extraction.funders or (), mode="json")
        if extraction.error:
            row["note" if extraction.funders is not None else "error"] = extraction.error
    return rows


def parse_row(statement: str, pipeline: Pipeline) -> Row:
    """The funders of one statement. Raises `WorkbenchError` where the model cannot read it."""
    extraction = pipeline.parse([statement.encode("utf-8", "replace").decode()])[0]
    row: Row = {"funders": FunderList.dump_python(extraction.funders or (), mode="json")}
    card = pipeline.card()
    row |= {"model": card.model, "adapter": card.adapter}
    if extraction.error:
        row["note" if extraction.funders is not None else "error"] = extraction.error
    return row


def _parse_all(rows: list[Row], pipeline: Pipeline) -> list[Extraction]:
    """All together; where that fails, one by one, so that a bad statement fails alone."""
    try:
        return pipeline.parse([_statement(row) for row in rows])
    except WorkbenchError:
        return [_parse_one(row, pipeline) for row in rows]


def _parse_one(row: Row, pipeline: Pipeline) -> Extraction:
    try:
        return pipeline.parse([_statement(row)])[0]
    except WorkbenchError as error:
        return Extraction(raw="", funders=None, error=str(error))


def _read_row(line: str) -> Row:
    if not _is_json(line):
        return {"error": "This line is not JSON.", "line": line.strip()[:200]}
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(_statement(row), str):
        return {"error": "This line has no 'statement' or 'funding_statement'.", "line": row}
    row.pop("error", None)  # of an earlier run: what is written now says whether it failed
    return row


def _statement(row: Row) -> Any:
    found = row.get("statement") or row.get("funding_statement")
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) else found


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return False
    return True
