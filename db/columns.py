"""Column types that check what they store on flush; they know no table.

A class with `table=True` takes anything in its constructor, so the columns are the door.
"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator


def utc_now() -> datetime:
    """The present, with its time zone."""
    return datetime.now(timezone.utc)


@lru_cache(maxsize=64)
def _adapter(of: Any) -> TypeAdapter[Any]:
    """Made once a type: making one costs more than reading a line of the queue with it."""
    return TypeAdapter(of)


class Validated(TypeDecorator[Any]):
    """A pydantic type as JSON text: checked when it is written, rebuilt when it is read.

    None is SQL NULL. Changes inside a value are not seen: assign a new one.
    """

    impl = Text
    cache_ok = True

    def __init__(self, of: Any) -> None:
        super().__init__()
        self.of = of

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        adapter = _adapter(self.of)
        text = adapter.dump_json(adapter.validate_python(value), warnings=False).decode()
        # An instance made by `model_construct` passes unchecked above, so read back what is kept.
        self.parse(text)
        return text

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.parse(value)

    def parse(self, text: str) -> Any:
        """The value of stored JSON; raises `pydantic.ValidationError`."""
        return _adapter(self.of).validate_json(text)


class Word(TypeDecorator[str]):
    """One of a few words, given as a `Literal`."""

    impl = String
    cache_ok = True

    def __init__(self, of: Any) -> None:
        super().__init__()
        self.of = of

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else TypeAdapter(self.of).validate_python(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. SQLite forgets time zones, so it keeps UTC and gets its zone back on reading."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=timezone.utc)
