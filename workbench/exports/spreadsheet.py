"""CSV for spreadsheets: a row an award, and no cell that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from db.gold import Decided
from models.schemas import Award, Funder, Link
from workbench.exchange.entries import Entry, answer_links, pairs
from workbench.exchange.formats import Format, Unfit, Unreadable, sentence
from workbench.exchange.identifiers import link_of

COLUMNS = (
    "record",
    "doi",
    "document",
    "sha256",
    "project",
    "verdict",
    "statements",
    "funder",
    "funder_name",
    "ror",
    "funder_id",
    "award",
    "award_ids",
    "funding_scheme",
    "award_title",
    "actor",
    "revised_at",
)
FORMULA = r"'*[=+\-@\t\r\n|%＝＋－＠]"
"""How a cell begins that a spreadsheet might run, or that looks as if it were guarded already."""
BEGINS = re.compile(rf"(^|[;\t\r\n])(?={FORMULA})")
"""Where a cell may begin. A spreadsheet that parts by semicolons or tabs, as most of Europe has
them, cuts our cells there and at their line breaks, for it does not see our quotes."""
GUARD = "'"
GUARDED = re.compile(rf"(^|[;\t\r\n]){GUARD}(?={FORMULA})")
MARK = "\ufeff"
LARGEST_CELL = 16 * 1024 * 1024


class Csv(Format):
    """One row an award; a bar parts several values of a cell, a backslash guards one in a value."""

    name = "csv"
    suffix = "csv"
    media_type = "text/csv"
    options: ClassVar[Mapping[str, str]] = {"bom": "yes"}

    def head(self) -> bytes:
        mark = MARK if self.chosen["bom"] == "yes" else ""
        return (mark + _line(COLUMNS)).encode()

    def write(self, record: Decided) -> bytes:
        return "".join(map(_line, _rows(record))).encode()

    def spell(self, value: str) -> str:
        return value.replace("\0", "\ufffd")

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        csv.field_size_limit(LARGEST_CELL)
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            try:
                rows = csv.DictReader(lines)
                for number, same in groupby(rows, key=lambda row: row.get("record")):
                    yield _read(list(same), f"record {number}")
            except csv.Error as error:
                yield Unreadable(f"The table cannot be read further: {error}.")


def _rows(record: Decided) -> Iterator[tuple[str, ...]]:
    answer = record.answer
    about = (
        str(record.id),
        record.doi or "",
        record.document,
        record.sha256,
        record.project,
        record.verdict,
        _joined(tuple(statement.text for statement in answer.statements)),
    )
    end = (record.actor, record.revised_at.isoformat())
    if not answer.funders:
        yield (*about, *[""] * 8, *end)
    for number, (funder, link) in enumerate(pairs(answer), 1):
        whose = (str(number), funder.funder_name or "", *_ids(link))
        for place, award in enumerate(funder.awards, 1):
            parts = (award.award_ids, award.funding_scheme, award.award_title)
            yield (*about, *whose, str(place), *map(_joined, parts), *end)
        if not funder.awards:
            yield (*about, *whose, *[""] * 4, *end)


def _ids(link: Link | None) -> tuple[str, str]:
    return (link.ror or "", link.funder_id or "") if link else ("", "")


def _joined(values: tuple[str, ...]) -> str:
    return " | ".join(value.replace("\\", "\\\\").replace("|", "\\|") for value in values)


def _parted(cell: str) -> tuple[str, ...]:
    parts = re.split(r" ?(?<!\\)\| ?", cell)
    return tuple(filter(None, (re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in parts)))


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n").writerow(map(_guarded, cells))
    return out.getvalue()


def _guarded(cell: str) -> str:
    told = BEGINS.sub(rf"\1{GUARD}", cell.replace("\0", "\ufffd"))
    if len(told) > LARGEST_CELL:
        raise Unfit(
            f"A value of {len(cell):,} characters is too long for a cell.",
            "Correct the record, or export it as JSON Lines.",
        )
    return told


def _bare(cell: str | None) -> str:
    return GUARDED.sub(r"\1", cell or "")


def _read(rows: list[dict[str, Any]], place: str) -> Entry | Unreadable:
    rows = [{key: _bare(cell) for key, cell in row.items() if key} for row in rows]
    first = rows[0]
    try:
        funders, links = _funders(rows)
    except (KeyError, ValueError) as error:
        return Unreadable(f"{place}: {sentence(error)}")
    return Entry(
        place=place,
        id=int(first["record"]) if first.get("record", "").isdecimal() else None,
        doi=first.get("doi") or None,
        sha256=first.get("sha256") or None,
        name=first.get("document") or None,
        project=first.get("project") or None,
        statements=_parted(first.get("statements", "")),
        funders=funders,
        links=links,
        actor=first.get("actor") or None,
    )


def _funders(rows: list[dict[str, str]]) -> tuple[tuple[Funder, ...], tuple[Link | None, ...]]:
    funders: list[Funder] = []
    links: list[Link | None] = []
    named = [row for row in rows if row.get("funder") or row["funder_name"]]
    for _, same in groupby(named, key=lambda row: (row.get("funder"), row["funder_name"])):
        listed = list(same)
        awards = tuple(_award(row) for row in listed if row.get("award") or row["award_ids"])
        funders.append(Funder(funder_name=listed[0]["funder_name"] or None, awards=awards))
        links.append(link_of(listed[0].get("ror"), listed[0].get("funder_id")))
    return tuple(funders), answer_links(links)


def _award(row: dict[str, str]) -> Award:
    return Award(
        award_ids=_parted(row["award_ids"]),
        funding_scheme=_parted(row.get("funding_scheme", "")),
        award_title=_parted(row.get("award_title", "")),
    )


FORMAT = Csv
