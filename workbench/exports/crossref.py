"""Crossref resource deposit: the funding of papers whose DOIs are registered, and nothing else.

A full deposit replaces all that Crossref knows of an article, so it would have to invent a title
and a date; the resource deposit (`doi_resources`) adds funding to the DOI as it is. Its
`fr:program` is that of a 5.5 deposit; to put it into deposits of your own see `patching`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from db.gold import Decided
from models.schemas import Award, Funder, Link
from workbench.exchange.entries import MERGED, Entry, answer_links, pairs
from workbench.exchange.formats import Format, Unfit, Unreadable, need_doi
from workbench.exchange.identifiers import link_of
from workbench.exchange.xmltext import allowed, children, content, elements, find, local, text

SCHEMA = "http://www.crossref.org/doi_resources_schema/4.4.2"
FUNDREF = "http://www.crossref.org/fundref.xsd"
REGISTRY = "https://doi.org/"
NO_REGISTRY = {"funder_id": None}
"""The identifier of the registry stands inside the name."""
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<doi_batch version="4.4.2" xmlns="{schema}" xmlns:fr="{fundref}">
<head><doi_batch_id>{batch}</doi_batch_id><depositor><depositor_name>{name}</depositor_name>\
<email_address>{email}</email_address></depositor></head>
<body>
"""


class Crossref(Format):
    """Funding of registered DOIs."""

    name = "crossref"
    suffix = "xml"
    media_type = "application/xml"
    key = "doi"
    needs = "funder_or_ror"
    options: ClassVar[Mapping[str, str]] = {
        "depositor": "Funding Workbench",
        "email": "nobody@example.org",
    }
    cannot: ClassVar[Mapping[str, str]] = {
        "statement": "a deposit has no place for the statement",
        "no_funding": "a deposit cannot say that there was no funding",
        "funding_scheme": "there is no assertion for a scheme",
        "award_title": "there is no assertion for an award's title",
        "award": "award numbers stand side by side under their funder",
        "award_id": MERGED["award_id"],
        "funder_id": "the identifier of the registry stands inside the name",
        "order": "an award number that a funder has twice stands in its first place",
    }

    def head(self) -> bytes:
        batch = f"{datetime.now(timezone.utc):%Y%m%d%H%M%S}-{uuid4().hex[:8]}"
        name, email = text(self.chosen["depositor"]), text(self.chosen["email"])
        told = HEAD.format(schema=SCHEMA, fundref=FUNDREF, batch=batch, name=name, email=email)
        return told.encode()

    def tail(self) -> bytes:
        return b"</body>\n</doi_batch>\n"

    def write(self, record: Decided) -> bytes:
        doi = need_doi(record)
        said = program(record)
        return f"<fundref_data><doi>{text(doi)}</doi>{said}</fundref_data>\n".encode()

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        for node in elements(path, "fundref_data", *ARTICLES):
            doi = content(find(node, "doi") if local(node) == "fundref_data" else _doi(node))
            funders, links = read_program(_program(node))
            yield Entry(
                place=f"DOI {doi.strip()}",
                doi=doi.strip().lower() or None,
                funders=funders,
                links=links,
            )

    def reduced(self, entry: Entry) -> Entry:
        kept = [
            (Funder(funder_name=funder.funder_name, awards=_awards(funder)), link)
            for funder, link in pairs(entry)
            if funder.funder_name or (link and link.ror)
        ]
        links = (
            link if funder.funder_name or link is None else link.model_copy(update=NO_REGISTRY)
            for funder, link in kept
        )
        return replace(
            entry,
            statements=None,
            funders=tuple(funder for funder, _ in kept) or None,
            links=answer_links(list(links)),
        )

    def spell(self, value: str) -> str:
        return allowed(value)


ARTICLES = (
    "journal_article",
    "posted_content",
    "conference_paper",
    "content_item",
    "book_metadata",
    "book_series_metadata",
    "book_set_metadata",
    "dissertation",
    "report-paper_metadata",
    "dataset",
)
"""The elements of a full deposit that hold a DOI and its funding."""


def program(record: Decided) -> str:
    """The `fr:program` of a record; raises `Unfit` where there is nothing to say."""
    if not record.answer.funders:
        raise Unfit("The paper has no funder.", "Crossref cannot be told that there was none.")
    groups = [_group(funder, link) for funder, link in pairs(record.answer)]
    if not any(groups):
        raise Unfit("No funder of the paper has a name or a ROR id.", "Name the funder.")
    return f'<fr:program name="fundref" xmlns:fr="{FUNDREF}">{"".join(groups)}</fr:program>'


def _group(funder: Funder, link: Link | None) -> str:
    parts = []
    if funder.funder_name:
        known = ""
        if link and link.funder_id:
            known = _said("funder_identifier", REGISTRY + link.funder_id)
        parts.append(_said("funder_name", funder.funder_name, known))
    if link and link.ror:
        parts.append(_said("ror", link.ror))
    if not parts:
        return ""
    parts += [_said("award_number", award.award_ids[0]) for award in _awards(funder)]
    return f'<fr:assertion name="fundgroup">{"".join(parts)}</fr:assertion>'


def _awards(funder: Funder) -> tuple[Award, ...]:
    """Each award number alone: numbers stand side by side under their funder."""
    ids = dict.fromkeys(id_ for award in funder.awards for id_ in award.award_ids)
    return tuple(Award(award_ids=(id_,)) for id_ in ids)


def _said(name: str, value: str, inside: str = "") -> str:
    return f'<fr:assertion name="{name}">{text(value)}{inside}</fr:assertion>'


def read_program(node: Any) -> tuple[tuple[Funder, ...], tuple[Link | None, ...]]:
    """The funders of an `fr:program`, in groups or not."""
    funders: list[Funder] = []
    links: list[Link | None] = []
    loose: list[Any] = []
    for child in [] if node is None else children(node, "assertion"):
        if child.get("name") == "fundgroup":
            _add(children(child, "assertion"), funders, links)
        else:
            loose.append(child)
    if loose:
        _add(loose, funders, links)
    return tuple(funders), answer_links(links)


def _add(said: list[Any], funders: list[Funder], links: list[Link | None]) -> None:
    name: str | None = None
    known: dict[str, str] = {}
    ids: list[str] = []
    for node in said:
        kind, value = node.get("name"), (node.text or "").strip()
        if kind == "funder_name":
            name = value or None
            nested = [
                n for n in children(node, "assertion") if n.get("name") == "funder_identifier"
            ]
            ids_of = filter(None, map(_registry_id, nested))
            if first := next(ids_of, None):
                known["funder_id"] = first
        elif kind == "funder_identifier" and (found := _registry_id(node)):
            known["funder_id"] = found
        elif kind == "ror" and value:
            known["ror"] = value
        elif kind in ("award_number", "grant_doi") and value:
            ids.append(value)
    awards = tuple(Award(award_ids=(id_,)) for id_ in dict.fromkeys(ids))
    if name or awards or known:
        funders.append(Funder(funder_name=name, awards=awards))
        links.append(link_of(**known))


def _registry_id(node: Any) -> str | None:
    value = (node.text or "").strip()
    at = value.find("10.13039/")
    return value[at:] if at >= 0 else None


def _program(node: Any) -> Any:
    for child in node.iter():
        if local(child) == "program" and FUNDREF in str(child.tag):
            return child
    return None


def _doi(node: Any) -> Any:
    return find(node, "doi_data", "doi")


FORMAT = Crossref
