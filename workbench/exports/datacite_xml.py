"""DataCite funding references as XML of kernel 4.6, in a `record` for each DOI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from db.gold import Decided
from workbench.exchange.entries import Entry
from workbench.exchange.formats import Format, Unreadable, need_doi
from workbench.exchange.xmltext import (
    allowed,
    attribute,
    children,
    content,
    element,
    elements,
    find,
    local,
    text,
)
from workbench.exports.datacite import CANNOT, ROR, read_references, reduced, references
from workbench.exports.jats import NAMESPACE

KERNEL = "http://datacite.org/schema/kernel-4"
SCHEMES = {
    ROR: "https://ror.org",
    "Crossref Funder ID": "https://www.crossref.org/services/funder-registry/",
}


class DataCiteXml(Format):
    """Funding references, to be put into the XML of a DOI."""

    name = "datacite_xml"
    suffix = "xml"
    media_type = "application/xml"
    key = "doi"
    cannot = CANNOT
    needs = "named_funder"

    def head(self) -> bytes:
        told = f'<?xml version="1.0" encoding="UTF-8"?>\n<wb:records xmlns:wb="{NAMESPACE}">\n'
        return told.encode()

    def tail(self) -> bytes:
        return b"</wb:records>\n"

    def write(self, record: Decided) -> bytes:
        doi = need_doi(record)
        said = "".join(map(_reference, references(record)))
        funding = f'<fundingReferences xmlns="{KERNEL}">{said}</fundingReferences>'
        return (
            f'<wb:record id="{record.id}" doi="{attribute(doi)}">{funding}</wb:record>\n'.encode()
        )

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        for node in elements(path, "record", "resource"):
            doi = node.get("doi") or content(find(node, "identifier")).strip()
            said = [_said(item) for item in children_of(node)]
            funders, links = read_references(said)
            yield Entry(place=f"DOI {doi}", doi=doi.lower() or None, funders=funders, links=links)

    def reduced(self, entry: Entry) -> Entry:
        return reduced(entry)

    def spell(self, value: str) -> str:
        return allowed(value)


def _reference(said: dict[str, str]) -> str:
    parts = [element("funderName", text(said["funderName"]))]
    if "funderIdentifier" in said:
        kind = said["funderIdentifierType"]
        parts.append(
            element(
                "funderIdentifier",
                text(said["funderIdentifier"]),
                funderIdentifierType=kind,
                schemeURI=SCHEMES[kind],
            )
        )
    for name in ("awardNumber", "awardTitle"):
        if name in said:
            parts.append(element(name, text(said[name])))
    return element("fundingReference", "".join(parts))


def children_of(node: Any) -> list[Any]:
    """The funding references of a record or resource."""
    listed = find(node, "fundingReferences")
    return [] if listed is None else children(listed, "fundingReference")


def _said(node: Any) -> dict[str, str]:
    return {local(child): content(child).strip() for child in node if local(child)}


FORMAT = DataCiteXml
