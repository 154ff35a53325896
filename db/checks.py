"""Is the store whole? Everything that can be verified is; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy import Column, Engine, Text, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from db.columns import Validated
from db.engine import reading
from db.errors import StoreError
from db.files import PART, file_path, on_disk, sha_of
from db.migrations import is_current
from db.tables import TABLES, DocumentRow

TRIGGERS = {
    f"{table}_refuse_{act}"
    for table in ("proposals", "revisions", "readings", "link_decisions", "corrections")
    for act in ("update", "delete")
} | {"records_search"}

QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "history",
        "Record {}: its revisions are not numbered 1 to {}.",
        "SELECT r.id, r.head FROM records r LEFT JOIN revisions v ON v.record_id = r.id "
        "GROUP BY r.id HAVING count(v.id) != r.head OR coalesce(max(v.seq), 0) != r.head "
        "OR coalesce(min(v.seq), 1) != 1",
    ),
    (
        "history",
        "Revision {1} of record {0}: its parent is not the revision before it.",
        "SELECT v.record_id, v.seq FROM revisions v "
        "LEFT JOIN revisions p ON p.record_id = v.record_id AND p.seq = v.seq - 1 "
        "WHERE v.parent_revision_id IS NOT p.id",
    ),
    (
        "history",
        "Revision {1} of record {0}: its proposal is missing or another record's.",
        "SELECT v.record_id, v.seq FROM revisions v LEFT JOIN proposals p "
        "ON p.id = v.parent_proposal_id AND p.record_id = v.record_id "
        "WHERE v.parent_proposal_id IS NOT NULL AND p.id IS NULL",
    ),
    (
        "history",
        "Revision {1} of record {0}: what it restores is not an earlier decision.",
        "SELECT v.record_id, v.seq FROM revisions v LEFT JOIN revisions p "
        "ON p.record_id = v.record_id AND p.seq = v.restores AND p.seq < v.seq "
        "AND (v.kind = 'restore' OR (v.kind = 'undo' AND p.kind != 'undo')) "
        "WHERE v.restores IS NOT NULL AND p.id IS NULL",
    ),
    (
        "answer",
        "Revision {1} of record {0} is {2} but has no answer.",
        "SELECT record_id, seq, verdict FROM revisions WHERE after IS NULL "
        "AND verdict IN ('accepted', 'corrected', 'no_funding')",
    ),
    (
        "queue",
        "Record {}: the queue does not show what its document, revision and proposal say.",
        "SELECT r.id FROM records r JOIN documents d ON d.sha256 = r.document_sha256 "
        "LEFT JOIN revisions v ON v.record_id = r.id AND v.seq = r.head "
        "LEFT JOIN proposals p ON p.id = "
        "(SELECT max(id) FROM proposals WHERE record_id = r.id) "
        "WHERE r.status != coalesce(v.verdict, 'proposed') OR r.proposal_id IS NOT p.id "
        "OR r.confidence IS NOT p.confidence OR r.absent != coalesce(p.absent, 0) "
        "OR r.name != d.name COLLATE BINARY OR NOT r.worth BETWEEN 0 AND 1",
    ),
)
"""Kind of problem, its sentence, and the question whose every row is such a problem."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it should be. A note does no harm; an error has lost something."""

    level: Literal["error", "note"]
    kind: str
    message: str


def check(engine: Engine, files_dir: Path) -> list[Problem]:
    """Every problem of the store and its files, read from one snapshot."""
    found: list[Problem] = []
    try:
        with on_disk(files_dir), reading(engine) as session:
            for part in (_database, _schema, _histories, _json):
                found += _guarded(part(session))
            found += _guarded(_documents(session, files_dir))
            found += _guarded(_strays(session, files_dir))
        found += _leftovers(files_dir.parent)
    except StoreError as error:
        found.append(Problem("error", "database", str(error)))
    return found


def _guarded(problems: Iterator[Problem]) -> Iterator[Problem]:
    """One check that cannot be made does not end the others."""
    try:
        yield from problems
    except DBAPIError as error:
        yield Problem("error", "database", f"A check was not possible: {error.orig}.")


def _database(session: Session) -> Iterator[Problem]:
    connection = session.connection()
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if said != "ok":
            yield Problem("error", "database", f"The database is damaged: {said}.")
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Problem("error", "reference", f"Row {row} of {table}: its {parent} row is missing.")


def _schema(session: Session) -> Iterator[Problem]:
    connection = session.connection()
    try:
        if not is_current(connection):
            yield Problem("error", "schema", "The store is of an older version: upgrade it.")
    except StoreError as error:
        yield Problem("error", "schema", str(error))
    names = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    for name in sorted(TRIGGERS - set(names.scalars())):
        yield Problem("error", "schema", f"The guard {name} was removed from the database.")


def _histories(session: Session) -> Iterator[Problem]:
    for kind, sentence, question in QUESTIONS:
        for row in session.connection().exec_driver_sql(question):
            yield Problem("error", kind, sentence.format(*row))


def _json(session: Session) -> Iterator[Problem]:
    for model in TABLES:
        table: Any = model.__table__  # type: ignore[attr-defined]
        for column in table.columns:
            if isinstance(column.type, Validated):
                yield from _column(session, table, column, column.type)


def _column(
    session: Session, table: Any, column: Column[Any], kind: Validated
) -> Iterator[Problem]:
    (key,) = table.primary_key.columns
    query: Any = select(key, type_coerce(column, Text)).where(column.is_not(None))
    for row, text in session.exec(query):
        try:
            kind.parse(text)
        except ValidationError as error:
            said = error.errors()[0]["msg"]
            message = f"Row {row} of {table.name}: {column.name} cannot be read ({said})."
            yield Problem("error", "json", message)


def _documents(session: Session, files_dir: Path) -> Iterator[Problem]:
    for sha, name in session.exec(select(DocumentRow.sha256, DocumentRow.name)):
        path = file_path(files_dir, sha)
        if not path.is_file():
            yield Problem("error", "file", f"The file of {name} is missing: {path}.")
        elif sha_of(path) != sha:
            yield Problem("error", "file", f"The file of {name} was altered: {path}.")


def _strays(session: Session, files_dir: Path) -> Iterator[Problem]:
    known = set(session.exec(select(DocumentRow.sha256)))
    for path in sorted(files_dir.rglob("*")):
        stray = path.name not in known or path != file_path(files_dir, path.name)
        if path.is_file() and stray and not path.name.endswith(PART):
            yield Problem("note", "stray", f"No document has this file: {path}.")


def _leftovers(home: Path) -> Iterator[Problem]:
    for path in sorted(home.rglob(f"*{PART}")):
        yield Problem("note", "leftover", f"Left behind by an interrupted copy: {path}.")
