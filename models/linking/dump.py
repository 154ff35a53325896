"""Reads data dumps of ROR and mappings of the Funder Registry, one record after the other.

A dump is what ROR publishes (schema v2): an array of organisations as .json, gzipped or in a .zip;
a folder with a file for each; or JSON Lines. Nothing is read whole, so a dump may have any size.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.errors import WorkbenchError
from models.linking.ids import funder_id, ror_id

KINDS = ("ror_display", "label", "alias", "acronym")
SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz", ".zip")
_VERSION = re.compile(r"v\d+(?:\.\d+)*(?:-\d{4}-\d{2}-\d{2})?")


class UnusableDump(WorkbenchError):
    """The path holds no organisations that an index could be made of."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """What the index keeps of an organisation; `names` are (name, kind, language)."""

    ror: str
    status: str
    country: str
    city: str
    types: tuple[str, ...]
    names: tuple[tuple[str, str, str], ...]
    funder_ids: tuple[str, ...]
    relations: tuple[tuple[str, str], ...]
    works: int
    modified: str

    @property
    def name(self) -> str:
        """The name that ROR displays."""
        return next((name for name, kind, _ in self.names if kind == "ror_display"), "")


@dataclass(slots=True)
class Refused:
    """Records that were not taken: how many, and the first reasons."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, reason: str) -> None:
        """Count one."""
        self.count += 1
        if len(self.examples) < 10:
            self.examples.append(reason)


def version_of(path: Path) -> str | None:
    """The version that ROR writes into the names of its files, "v1.66-2025-05-20"."""
    for name in (path.name, *_members(path)):
        if found := _VERSION.search(name):
            return found[0]
    return None


def _members(path: Path) -> list[str]:
    if path.suffix != ".zip" or not path.is_file():
        return []
    with _unbroken(path), zipfile.ZipFile(path) as archive:
        return archive.namelist()


def organisations(path: Path, refused: Refused) -> Iterator[Organisation]:
    """The organisations of a dump; what is none is counted in `refused`."""
    for record in records(path):
        made = organisation(record)
        if isinstance(made, str):
            refused.add(made)
        else:
            yield made


def organisation(record: Any) -> Organisation | str:
    """One record of ROR, schema v2, or why it is none."""
    if not isinstance(record, dict):
        return "a record is no JSON object"
    ror = ror_id(str(record.get("id", "")))
    if ror is None:
        return f"{str(record.get('id'))[:60]!r} is no ROR id, or its check digits are wrong"
    if "name" in record and not isinstance(record.get("names"), list):
        return f"{ror} is of schema v1; take the file with schema v2"
    try:
        return _organisation(ror, record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return f"{ror}: {type(error).__name__}: {error}"


def _organisation(ror: str, record: dict[str, Any]) -> Organisation:
    names = tuple(_names(record["names"]))
    if not names:
        raise ValueError("it has no name")
    places = [place.get("geonames_details") or {} for place in record.get("locations") or ()]
    place = places[0] if places else {}
    return Organisation(
        ror=ror,
        status=str(record.get("status") or "active"),
        country=str(record.get("country") or place.get("country_code") or ""),
        city=str(place.get("name") or ""),
        types=tuple(map(str, record.get("types") or ())),
        names=names,
        funder_ids=tuple(dict.fromkeys(_funder_ids(record))),
        relations=tuple(_relations(record.get("relationships") or [])),
        works=max(0, int(record.get("crossref_works") or 0)),
        modified=str(((record.get("admin") or {}).get("last_modified") or {}).get("date") or ""),
    )


def _names(listed: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for each in listed:
        value, types = " ".join(str(each["value"]).split()), each.get("types") or ["alias"]
        kind = next((kind for kind in KINDS if kind in types), "alias")
        if value:
            yield value, kind, str(each.get("lang") or "")


def _funder_ids(record: dict[str, Any]) -> Iterator[str]:
    """The preferred Funder ID first."""
    written = list(record.get("fundref") or ())
    for external in record.get("external_ids") or ():
        if external.get("type") == "fundref":
            written += [external.get("preferred"), *(external.get("all") or ())]
    for each in written:
        if each and (doi := funder_id(str(each))):
            yield doi


def _relations(listed: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for each in listed:
        if other := ror_id(str(each.get("id", ""))):
            yield str(each.get("type", "")).lower(), other


def records(path: Path) -> Iterator[Any]:
    """The JSON objects of a file, an archive, or all such files of a folder."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.name.endswith(SUFFIXES))
        if not files:
            raise UnusableDump(f"{path} holds no dump.", f"Look for {', '.join(SUFFIXES)}.")
        for file in files:
            yield from records(file)
        return
    if not path.is_file():
        raise UnusableDump(f"There is no file {path}.", "Check the path.")
    with _unbroken(path):
        yield from _opened(path)


def _opened(path: Path) -> Iterator[Any]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(_of_archive(archive, path)) as file:
            yield from _objects(file)
    elif path.suffix == ".gz":
        with gzip.open(path, "rb") as file:
            yield from _objects(file)
    else:
        with path.open("rb") as file:
            yield from _objects(file)


def _of_archive(archive: zipfile.ZipFile, path: Path) -> str:
    """The member with organisations: ROR has packed both schemas into one .zip."""
    names = [name for name in archive.namelist() if name.endswith((".json", ".jsonl"))]
    names = [name for name in names if not name.startswith("__MACOSX")]
    if not names:
        raise UnusableDump(f"{path} has no JSON inside.", "Take the .zip that ROR publishes.")
    return next((name for name in names if "v2" in name.split("-")[-1]), names[0])


@contextmanager
def _unbroken(path: Path) -> Iterator[None]:
    """What the readers raise at a damaged file, as a sentence."""
    from ijson.common import JSONError

    damage = (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, JSONError, ValueError, OSError)
    try:
        yield
    except damage as error:
        reason = f"{path} cannot be read to its end: {error}"
        raise UnusableDump(reason, "Download it again; the index is as it was.") from error


def _objects(file: Any) -> Iterator[Any]:
    """The records of an array, of JSON Lines, or of a file with one record."""
    import ijson

    buffered = io.BufferedReader(file)
    start = buffered.peek(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"[":
        yield from ijson.items(_without_mark(buffered), "item", use_float=True)
        return
    first = buffered.readline()
    try:
        yield json.loads(first.decode("utf-8-sig"))
    except ValueError:
        rest = io.BufferedReader(io.BytesIO(first + buffered.read()))
        yield from ijson.items(_without_mark(rest), "", multiple_values=True, use_float=True)
        return
    for line in buffered:
        if line.strip():
            yield json.loads(line)


def _without_mark(file: Any) -> Any:
    """A stream behind the byte-order mark, if it begins with one."""
    if file.peek(3).startswith(b"\xef\xbb\xbf"):
        file.read(3)
    return file


def mapping(path: Path, refused: Refused) -> Iterator[tuple[str, str, int]]:
    """ROR id, Funder ID and count of works of a mapping's rows.

    The columns are found by name: `ror_id` (or ror), `fundref_id` (or funder_id, doi), and
    `works` (or works_count) where there is one.
    """
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as lines:
        rows = csv.DictReader(lines)
        heads = {head.strip().lower(): head for head in rows.fieldnames or ()}
        rors = _column(heads, "ror_id", "ror")
        funders = _column(heads, "fundref_id", "funder_id", "funder_doi", "doi")
        works = _column(heads, "works", "works_count", "crossref_works")
        if rors is None or funders is None:
            raise UnusableDump(
                f"{path} has no columns ror_id and fundref_id.",
                f"It has: {', '.join(heads) or 'none'}.",
            )
        for number, row in enumerate(rows, 2):
            ror, doi = ror_id(row[rors] or ""), funder_id(row[funders] or "")
            if ror and doi:
                counted = (row[works] or "") if works else ""
                yield ror, doi, int(counted) if counted.isascii() and counted.isdigit() else 0
            else:
                refused.add(f"line {number}: {row[rors]!r}, {row[funders]!r}"[:120])


def _column(heads: dict[str, str], *names: str) -> str | None:
    return next((heads[name] for name in names if name in heads), None)
