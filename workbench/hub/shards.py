"""The dataset as files: a record always falls into the same one, and rows stand in one order.

A record's split and file follow from the sha256 of its document alone, so one that changes
changes one file. How many files there are follows from the size: at 2,000 and at 200,000 records
the dataset is cut anew.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from db.engine import reading
from db.gold import Decided, decided, proposers
from models.schemas import Link
from training.curated import is_held_out
from workbench.exports.gold import Gold
from workbench.exports.parquet import parquet_rows, write_rows
from workbench.hub.licences import Licences
from workbench.hub.names import SHARD

COLUMNS = (
    "sha256",
    "doi",
    "license",
    "funding_statement",
    "statements",
    "funders",
    "links",
    "verdict",
    "revision",
    "revised_at",
    "model",
    "adapter",
)
VALIDATION = 0.1
"""Share of what is not held out."""
PAGE, HELD = 1_000, 10_000
SHORT = 12
"""Bytes that tell the values of a column apart."""
SIZES = ((2_000, 0), (200_000, 1))
"""Up to how many records how many digits of the sha256 tell the file; two beyond."""
Row = dict[str, Any]
GOLD = Gold()


@dataclass(slots=True)
class Made:
    """What the dataset consists of: counts for the card, and which files there are."""

    files: list[str] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    """By split."""
    verdicts: Counter[str] = field(default_factory=Counter)
    funders: Counter[str] = field(default_factory=Counter)
    """Papers by the name of the funder."""
    models: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Papers by model and adapter that had proposed."""
    values: Counter[str] = field(default_factory=Counter)


def split(sha256: str) -> str:
    """On which side a document is: `test` is what no training run of the workbench sees."""
    if is_held_out(sha256):
        return "test"
    return "validation" if is_held_out(f"validation {sha256}", VALIDATION) else "train"


def rows(engine: Engine, project: str | None) -> Iterator[Row]:
    """The decided records as they are published: no text of papers, no names of people."""
    with reading(engine) as session:
        page: list[Decided] = []
        for record in decided(session, project=project):
            page.append(record)
            if len(page) == PAGE:
                yield from _told(page, proposers(session, page))
                page = []
        yield from _told(page, proposers(session, page))


def _told(page: list[Decided], by: dict[int, tuple[str, str | None]]) -> Iterator[Row]:
    for record in page:
        model, adapter = by.get(record.id, (None, None))
        row = GOLD.row(record) | {"model": model, "adapter": adapter}
        row["links"] = [link and _link(link) for link in row["links"]]
        yield {name: row[name] for name in COLUMNS}


def _link(link: Row) -> Row:
    return {name: link.get(name) for name in Link.model_fields}


def write(engine: Engine, project: str | None, folder: Path, licences: Licences) -> Made:
    """Write the Parquet files of the records that may go out; memory holds one file of them."""
    made = Made()
    spool = folder / ".spool"
    spool.mkdir()
    held: dict[str, list[str]] = defaultdict(list)
    for number, row in enumerate(rows(engine, project), 1):
        if licences.admits(row["license"]):
            _count(made, row)
            place = f"{split(row['sha256'])}-{row['sha256'][:2]}"
            held[place].append(json.dumps(row, ensure_ascii=False))
        if number % HELD == 0:
            _spill(spool, held)
    _spill(spool, held)
    made.files = list(_files(spool, folder, made.rows.total()))
    spool.rmdir()
    return made


def _count(made: Made, row: Row) -> None:
    made.rows[split(row["sha256"])] += 1
    made.verdicts[row["verdict"]] += 1
    if row["model"]:
        made.models[row["model"], row["adapter"] or ""] += 1
    made.values["statements"] += len(row["statements"])
    made.values["links"] += sum(bool(link) for link in row["links"])
    for funder in row["funders"]:
        made.values["funders"] += 1
        made.values["awards"] += len(funder["awards"])
    named = {funder["funder_name"] for funder in row["funders"]} - {None}
    made.funders.update(named)


def _spill(spool: Path, held: dict[str, list[str]]) -> None:
    for place, lines in held.items():
        with (spool / place).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    held.clear()


def _files(spool: Path, folder: Path, total: int) -> Iterator[str]:
    """The spooled rows as Parquet, put together as the number of records asks for."""
    digits = next((digits for most, digits in SIZES if total <= most), 2)
    groups: dict[str, list[Path]] = defaultdict(list)
    for place in sorted(spool.iterdir()):
        name, prefix = place.name.split("-")
        groups[f"data/{name}-{prefix[:digits] or 'all'}.parquet"].append(place)
    (folder / "data").mkdir(exist_ok=True)
    for path, places in groups.items():
        lines = [line for place in places for line in place.open(encoding="utf-8")]
        found = sorted(map(json.loads, lines), key=lambda row: str(row["sha256"]))
        write_rows(folder / path, found, COLUMNS)
        for place in places:
            place.unlink()
        yield path


def read(folder: Path, files: list[str]) -> Iterator[tuple[str, Row]]:
    """The rows of Parquet files with their splits, only the columns that are known."""
    for path in files:
        match = SHARD.fullmatch(path)
        for _, row in parquet_rows(folder / path):
            yield match[1] if match else "", {name: row.get(name) for name in COLUMNS}


def digest(row: Row) -> bytes:
    """What tells a row from another one."""
    return hashlib.sha256(_spelled(row)).digest()


def digests(row: Row) -> bytes:
    """What tells a row from another one, column by column; see `columns_between`."""
    return b"".join(hashlib.sha256(_spelled(row[name])).digest()[:SHORT] for name in COLUMNS)


def columns_between(one: bytes, other: bytes) -> list[str]:
    """The columns in which two rows differ, by what `digests` gives of them."""
    return [
        name
        for number, name in enumerate(COLUMNS)
        if one[number * SHORT :][:SHORT] != other[number * SHORT :][:SHORT]
    ]


def _spelled(value: Any) -> bytes:
    # What another program wrote may hold types that JSON has not.
    told = json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)
    return told.encode("utf-8", "replace")
