"""DataCite funding references as JSON: a line for each DOI, as `fundingReferences` of kernel 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from db.gold import Decided
from models.schemas import Award, Funder, Link
from workbench.exchange.entries import MERGED, Entry, alone, answer_links, merged, pairs
from workbench.exchange.formats import JsonLines, Unfit, need_doi
from workbench.exchange.identifiers import link_of, sound_funder_id

ROR, FUNDREF = "ROR", "Crossref Funder ID"
REGISTRY = "https://doi.org/"
CANNOT: Mapping[str, str] = {
    **MERGED,
    "statement": "funding references have no place for the statement",
    "no_funding": "an empty list does not say that there was no funding",
    "funding_scheme": "a funding reference has no place for a scheme",
    "award_title": "a funding reference has one title; further titles have no place",
    "award": "a funding reference has one award number and one title",
    "funder_id": "a funding reference has one identifier of the funder, and ROR goes first",
}


class DataCite(JsonLines):
    """Funding references."""

    name = "datacite"
    key = "doi"
    cannot = CANNOT
    needs = "named_funder"

    def row(self, record: Decided) -> dict[str, Any]:
        return {"doi": need_doi(record), "fundingReferences": references(record)}

    def entry(self, row: dict[str, Any], place: str) -> Entry:
        data = row.get("data", row)
        data = data.get("attributes", data)
        doi = str(data.get("doi") or "") or _identifier(data)
        funders, links = read_references(data.get("fundingReferences") or [])
        return Entry(place=place, doi=doi.lower() or None, funders=funders, links=links)

    def reduced(self, entry: Entry) -> Entry:
        return reduced(entry)


def reduced(entry: Entry) -> Entry:
    """What funding references have a place for."""
    kept = ((funder, link) for funder, link in pairs(entry) if funder.funder_name)
    funders, links = merged((_reduced(funder), _one(link)) for funder, link in kept)
    return replace(entry, statements=None, funders=funders or None, links=links)


def _reduced(funder: Funder) -> Funder:
    awards = [
        Award(award_ids=ids, award_title=award.award_title[:1])
        for award in funder.awards
        for ids in alone(award)
    ]
    return Funder(funder_name=funder.funder_name, awards=tuple(awards))


def _one(link: Link | None) -> Link | None:
    return link.model_copy(update={"funder_id": None}) if link and link.ror else link


def references(record: Decided) -> list[dict[str, str]]:
    """The references of a record, each once; raises `Unfit` where there are none."""
    found = [
        tuple(reference.items())
        for funder, link in pairs(record.answer)
        if funder.funder_name
        for reference in _references(funder, link)
    ]
    if not found:
        has = "No funder of the paper has a name." if record.answer.funders else ""
        raise Unfit(has or "The paper has no funder.", "DataCite needs the name of a funder.")
    return [dict(reference) for reference in dict.fromkeys(found)]


def _references(funder: Funder, link: Link | None) -> Iterator[dict[str, str]]:
    about = {"funderName": funder.funder_name or "", **_identified(link)}
    if not funder.awards:
        yield about
    for award in funder.awards:
        title = {"awardTitle": award.award_title[0]} if award.award_title else {}
        if not award.award_ids:
            yield about | title
        for id_ in award.award_ids:
            yield about | {"awardNumber": id_} | title


def _identified(link: Link | None) -> dict[str, str]:
    if link and link.ror:
        return {"funderIdentifier": link.ror, "funderIdentifierType": ROR}
    if link and link.funder_id:
        return {"funderIdentifier": REGISTRY + link.funder_id, "funderIdentifierType": FUNDREF}
    return {}


def read_references(
    said: list[Any],
) -> tuple[tuple[Funder, ...], tuple[Link | None, ...]]:
    """The funders of funding references; those of one name and identifier are one."""
    found: dict[tuple[str | None, Link | None], list[Award]] = {}
    for item in said:
        name = str(item.get("funderName") or "").strip() or None
        identifier = item.get("funderIdentifier")
        of_registry = sound_funder_id(identifier)
        link = link_of(funder_id=of_registry) if of_registry else link_of(ror=identifier)
        awards = found.setdefault((name, link), [])
        number = str(item.get("awardNumber") or "").strip()
        title = str(item.get("awardTitle") or "").strip()
        award = Award(award_ids=(number,) if number else (), award_title=(title,) if title else ())
        if award != Award() and award not in awards:
            awards.append(award)
    funders = tuple(Funder(funder_name=n, awards=tuple(a)) for (n, _), a in found.items())
    return funders, answer_links([link for _, link in found])


def _identifier(data: Mapping[str, Any]) -> str:
    for item in data.get("identifiers") or []:
        if item.get("identifierType") == "DOI":
            return str(item.get("identifier") or "")
    return ""


FORMAT = DataCite
