"""Comments on a paper or on one of its values."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlmodel import Session

from db import comments, readings, store
from db.engine import reading, writing
from db.tables import CommentRow, RecordRow
from models.errors import WorkbenchError
from workbench.context import Context
from workbench.desk.reasons import Pointer, value_at
from workbench.people import Person


class CommentAstray(WorkbenchError):
    """A comment is about a value that the paper's answer does not have."""


class Comment(BaseModel):
    """What somebody says; `path` is a JSON pointer into the answer, None is the whole paper.

    `value` is what stands there, for a value that is not saved yet.
    """

    model_config = ConfigDict(extra="forbid")

    body: str = Field(min_length=1, max_length=4_000)
    path: Pointer | None = None
    value: str | None = Field(default=None, max_length=20_000)
    client_event_id: str = Field(pattern=r"^[\w-]{8,64}$")

    @field_validator("body")
    @classmethod
    def _says_something(cls, body: str) -> str:
        if not body.strip():
            raise ValueError("a comment needs words")
        return body.strip()


def comment(ctx: Context, record_id: int, said: Comment, person: str) -> dict[str, Any]:
    """Keep a comment. Raises `CommentAstray` where the paper has no such value."""
    with writing(ctx.engine) as session:
        row = comments.add(
            session,
            record_id,
            person=person,
            body=said.body,
            path=said.path,
            value=_value(session, record_id, said),
            client_event_id=said.client_event_id,
        )
        return _told(row)


def talk(ctx: Context, record_id: int, who: Person) -> list[dict[str, Any]]:
    """What was said of a record, the oldest first."""
    with reading(ctx.engine) as session:
        return told_comments(session, store.record(session, record_id), who)


def told_comments(session: Session, record: RecordRow, who: Person | None) -> list[dict[str, Any]]:
    """Comments as the cockpit shows them, the oldest first; of a blind paper only one's own."""
    said = comments.of_record(session, record.id)
    name, role = (who.name, who.role) if who else ("", "viewer")
    if readings.hides(session, record, name, role):
        said = [row for row in said if row.person == name]
    return [_told(row) for row in said]


def _value(session: Session, record_id: int, said: Comment) -> str | None:
    """The value that a comment is about: as it was sent, else as the paper's answer has it."""
    if said.path is None:
        return None
    value = said.value or value_at(store.answer(session, record_id), said.path)
    if value is None:
        raise CommentAstray(f"There is no value at {said.path}.", "Reload the paper.")
    return value


def _told(row: CommentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "seq": row.seq,
        "person": row.person,
        "body": row.body,
        "path": row.path,
        "value": row.value,
        "created_at": row.created_at.isoformat(),
    }
