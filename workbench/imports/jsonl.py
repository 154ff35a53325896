"""JSON Lines in: texts to be read by the model, or statements with funders that are gold already.

Each line is an object with a text under `statement`, `funding_statement` or `text`. With
`funders` (the cometadata format) it becomes gold; without, it waits for the model. Bad lines are
counted and named, and lose no other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import ftfy
from pydantic import ValidationError

from db import jobs, store
from db.engine import writing
from db.files import store_file
from models.documents import Document, read
from models.errors import WorkbenchError
from models.replies import tidy
from models.schemas import Answer, FunderList, Statement
from workbench.context import Context
from workbench.desk import document_row, ground

TEXT_KEYS = ("statement", "funding_statement", "text")
NAME_KEYS = ("id", "doi", "name")


@dataclass(slots=True)
class Report:
    """What became of the lines."""

    documents: int = 0
    gold: int = 0
    known: int = 0
    errors: list[str] = field(default_factory=list)


def load(ctx: Context, path: Path, project: str) -> Report:
    """Bring a file in. Running it again adds nothing: the same text is the same document."""
    report = Report()
    with path.open(encoding="utf-8-sig", errors="replace") as lines, TemporaryDirectory() as folder:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                _load_line(ctx, json.loads(line), number, project, Path(folder), report)
            except (ValueError, WorkbenchError, TypeError, RecursionError) as error:
                report.errors.append(f"line {number}: {_sentence(error)}")
    return report


def _load_line(
    ctx: Context, row: Any, number: int, project: str, folder: Path, report: Report
) -> None:
    document, source = _document(ctx, row, number, folder)
    answer = _answer(document, row["funders"]) if row.get("funders") is not None else None
    store_file(ctx.files, source)
    with writing(ctx.engine) as session:
        is_new = store.find_record(session, document.sha256) is None
        record = store.add_document(session, document_row(document), project=project)
        report.documents += is_new
        report.known += not is_new
        if answer is not None:
            event = uuid5(NAMESPACE_URL, f"{document.sha256}/{answer.model_dump_json()}").hex
            before = record.head
            store.save_revision(
                session,
                record.id,
                base_seq=record.head,
                kind="import",
                verdict="corrected" if answer.funders else "no_funding",
                answer=answer,
                actor="import",
                lead_ms=0,
                client_event_id=event,
            )
            report.gold += store.record(session, record.id).head > before
        elif is_new:
            jobs.enqueue(session, "propose", document.name, record_id=record.id)


def _document(ctx: Context, row: Any, number: int, folder: Path) -> tuple[Document, Path]:
    if not isinstance(row, dict):
        raise WorkbenchError("not a JSON object.")
    text = next((row[key] for key in TEXT_KEYS if isinstance(row.get(key), str)), None)
    if text is None:
        raise WorkbenchError(f"no text under {', '.join(TEXT_KEYS)}.")
    name = next((_printable(row[key]) for key in NAME_KEYS if row.get(key)), f"line {number}")
    source = folder / "line.txt"
    source.write_text(_printable(ftfy.fix_text(text)), "utf-8")
    return read(source, ctx.limits, name=f"{name}.txt"), source


def _printable(value: object) -> str:
    """Text without the half characters that JSON can spell and no file takes."""
    return str(value).encode("utf-8", "replace").decode()


def _answer(document: Document, funders: Any) -> Answer:
    """The line's funders, with the whole text as their statement where there are any."""
    parsed = tidy(FunderList.dump_python(FunderList.validate_python(funders)))
    text = document.text
    statements = (Statement(text=text, span=document.span(0, len(text)), alignment="exact"),)
    return ground(document, Answer(statements=statements if parsed else (), funders=parsed))[0]


def _sentence(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg} at column {error.colno})."
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'/'.join(map(str, first['loc']))}: {first['msg']}."
    return str(error) or type(error).__name__
