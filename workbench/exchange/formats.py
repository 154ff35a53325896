"""What a format is: how a record is written, how the file is read again, what it cannot say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ValidationError
from sqlmodel import Session

from db.gold import Decided, count_decided, decided
from models.errors import WorkbenchError
from workbench.exchange.entries import Entry

Key = Literal["id", "doi"]


class Unfit(WorkbenchError):
    """A record that the format cannot hold; it is listed, and the others go on."""


class Unreadable(WorkbenchError):
    """A file, or a part of it, is not of the format that it should be."""


class Format:
    """Base of the formats. A file is `head`, records with `between` them, `tail`.

    `needs` names what a paper must have (doi, funder, named_funder, funder_or_ror). `key` is what
    a record is recognised by in the file; `cannot` says for each field that the format has no
    place for, why. What people read of a format stands in `workbench/texts`.
    """

    name: ClassVar[str]
    suffix: ClassVar[str] = "jsonl"
    media_type: ClassVar[str] = "application/x-ndjson"
    key: ClassVar[Key] = "id"
    cannot: ClassVar[Mapping[str, str]] = {}
    needs: ClassVar[str] = ""
    between: ClassVar[bytes] = b""
    is_rows: ClassVar[bool] = False
    """Whether it is lines to train on rather than papers."""
    options: ClassVar[Mapping[str, str]] = {}
    """What may be chosen, with what it is otherwise."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        unknown = set(chosen or {}) - set(self.options)
        if unknown:
            known = ", ".join(self.options) or "none"
            raise WorkbenchError(
                f"The format {self.name} has no option {', '.join(sorted(unknown))}.",
                f"Known: {known}.",
            )
        self.chosen = {**self.options, **(chosen or {})}

    def head(self) -> bytes:
        """What the file begins with."""
        return b""

    def tail(self) -> bytes:
        """What the file ends with."""
        return b""

    def write(self, record: Any) -> bytes:
        """A record; raises `Unfit` where the format has no place for it."""
        raise NotImplementedError

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        """What a file says, one paper at a time; what cannot be read comes as an error."""
        raise NotImplementedError

    def reduced(self, entry: Entry) -> Entry:
        """What the format has a place for of all that is known of a paper."""
        return entry

    def spell(self, value: str) -> str:
        """A value as the format can write it."""
        return value

    def records(
        self, session: Session, project: str | None, after: int
    ) -> Iterator[tuple[int, Any]]:
        """What is written, each with the number of its record, in order."""
        return ((record.id, record) for record in decided(session, project=project, after=after))

    def count(self, session: Session, project: str | None) -> int:
        """How many records there are."""
        return count_decided(session, project)

    def lines(self, path: Path) -> Iterator[bytes]:
        """The lines of a file of rows."""
        with path.open("rb") as file:
            yield from file

    def finish(self, written: Path, target: Path) -> None:
        """Turn what was written into the file; here they are the same."""
        written.replace(target)


class JsonLines(Format):
    """Base of the formats that are an object a line."""

    def row(self, record: Decided) -> dict[str, Any]:
        """A record as an object."""
        raise NotImplementedError

    def entry(self, row: dict[str, Any], place: str) -> Entry:
        """What an object says."""
        raise NotImplementedError

    def write(self, record: Decided) -> bytes:
        return json_line(self.row(record))

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        for row in json_rows(path):
            yield row if isinstance(row, Unreadable) else parsed(self, *row)


def parsed(of: JsonLines, row: dict[str, Any], place: str) -> Entry | Unreadable:
    """What an object says, or why it cannot be understood."""
    try:
        return of.entry(row, place)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, WorkbenchError) as e:
        return Unreadable(f"{place}: {sentence(e)}")


def json_line(row: Any) -> bytes:
    """An object as a line."""
    return (json.dumps(row, ensure_ascii=False) + "\n").encode()


def json_rows(path: Path) -> Iterator[tuple[dict[str, Any], str] | Unreadable]:
    """The objects of JSON Lines with their places; bad lines come as errors."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f"line {number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield Unreadable(f"{place}: {sentence(error)}")
                continue
            if isinstance(row, dict):
                yield row, place
            else:
                yield Unreadable(f"{place}: not a JSON object.")


def sentence(error: Exception) -> str:
    """What is wrong, for a person."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg} at column {error.colno})."
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'/'.join(map(str, first['loc']))}: {first['msg']}."
    if isinstance(error, KeyError):
        return f"{error} is missing."
    if isinstance(error, (AttributeError, TypeError)):
        return "not of the shape that the format has; see docs/imports.md."
    return str(error) or type(error).__name__


def need_doi(record: Decided) -> str:
    """The record's DOI; raises `Unfit` where it has none, or is not the first with it."""
    if not record.doi:
        raise Unfit("The paper has no DOI.", "Add it to the paper, then export again.")
    if record.twin is not None:
        raise Unfit(f"Record {record.twin} has the same DOI and comes first.")
    return record.doi
