"""Enrichment records of cometadata: each funding reference as an insertion for a DOI."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from db.gold import Decided
from workbench.exchange.entries import Entry
from workbench.exchange.formats import (
    Format,
    Unreadable,
    json_line,
    json_rows,
    need_doi,
    sentence,
)
from workbench.exports.datacite import CANNOT, read_references, reduced, references


class Enrichment(Format):
    """One line a funding reference; those of a DOI follow each other.

    The format has no place for a confidence. `resource` names the process that made the records,
    a URL; otherwise each names the document that it was read from by its sha256.
    """

    name = "enrichment"
    key = "doi"
    cannot = CANNOT
    needs = "named_funder"
    options: ClassVar[Mapping[str, str]] = {"contributor": "Funding Workbench", "resource": ""}

    def write(self, record: Decided) -> bytes:
        doi = need_doi(record)
        rows = (self._row(record, doi, reference) for reference in references(record))
        return b"".join(map(json_line, rows))

    def _row(self, record: Decided, doi: str, reference: dict[str, str]) -> dict[str, Any]:
        process = self.chosen["resource"]
        return {
            "doi": doi,
            "contributors": [
                {
                    "name": self.chosen["contributor"],
                    "nameType": "Organizational",
                    "contributorType": "DataCurator",
                }
            ],
            "resources": [
                {
                    "relatedIdentifier": process or f"urn:sha256:{record.sha256}",
                    "relatedIdentifierType": "URL" if process else "URN",
                    "relationType": "IsCompiledBy" if process else "IsDerivedFrom",
                }
            ],
            "field": "fundingReferences",
            "action": "insert",
            "enrichedValue": reference,
        }

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        for doi, rows in groupby(_rows(path), key=lambda row: row[0]):
            listed = list(rows)
            if doi is None:
                yield from (error for _, error in listed if isinstance(error, Unreadable))
                continue
            try:
                funders, links = read_references([value for _, value in listed])
            except (ValueError, AttributeError) as error:
                yield Unreadable(f"DOI {doi}: {sentence(error)}")
                continue
            yield Entry(place=f"DOI {doi}", doi=doi.lower(), funders=funders, links=links)

    def reduced(self, entry: Entry) -> Entry:
        return reduced(entry)


def _rows(path: Path) -> Iterator[tuple[str | None, Any]]:
    for row in json_rows(path):
        if isinstance(row, Unreadable):
            yield None, row
            continue
        said, place = row
        doi = said.get("doi")
        if said.get("field") != "fundingReferences" or said.get("action") != "insert":
            told = json.dumps([said.get("field"), said.get("action")])
            yield (
                None,
                Unreadable(f"{place}: only inserted fundingReferences are read, not {told}."),
            )
        elif not isinstance(doi, str):
            yield None, Unreadable(f"{place}: doi is missing.")
        else:
            yield doi, said.get("enrichedValue")


FORMAT = Enrichment
