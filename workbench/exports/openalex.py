"""Awards and funders as works of OpenAlex tell them: an object a line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from db.gold import Decided
from models.schemas import Award, Funder, Link
from workbench.exchange.entries import MERGED, Entry, alone, answer_links, merged, pairs
from workbench.exchange.formats import JsonLines, need_doi
from workbench.exchange.identifiers import link_of

DOI = "https://doi.org/"
CANNOT = {
    **MERGED,
    "statement": "a work has no place for the statement",
    "funding_scheme": "an award has no place for a scheme",
    "award_title": "an award has one name; further titles have no place",
    "award": "an award has one number and one name",
}


class OpenAlex(JsonLines):
    """`doi`, `awards` and `funders` of a work."""

    name = "openalex"
    key = "doi"
    needs = "doi"
    cannot = CANNOT

    def row(self, record: Decided) -> dict[str, Any]:
        told = [
            (funder, about)
            for funder, link in pairs(record.answer)
            if any((about := _funder(funder, link)).values()) or _single(funder).awards
        ]
        awards = [
            {
                "id": None,
                "funder_award_id": award.award_ids[0] if award.award_ids else None,
                "display_name": award.award_title[0] if award.award_title else None,
                "funder": about,
            }
            for funder, about in told
            for award in _single(funder).awards
        ]
        return {
            "id": None,
            "doi": DOI + need_doi(record),
            "awards": awards,
            "funders": [about for _, about in told],
        }

    def entry(self, row: dict[str, Any], place: str) -> Entry:
        found: dict[tuple[Any, ...], list[Award]] = {}
        for about in row.get("funders") or []:
            found.setdefault(_key(about), [])
        for item in row.get("awards") or []:
            number, title = item.get("funder_award_id"), item.get("display_name")
            award = Award(
                award_ids=(number,) if number else (), award_title=(title,) if title else ()
            )
            found.setdefault(_key(item.get("funder") or {}), []).append(award)
        paid = {key: awards for key, awards in found.items() if any(key) or awards}
        return Entry(
            place=place,
            doi=str(row["doi"]).lower().removeprefix(DOI),
            funders=tuple(Funder(funder_name=k[0], awards=tuple(a)) for k, a in paid.items()),
            links=answer_links([link_of(ror, doi) for _, ror, doi in paid]),
        )

    def reduced(self, entry: Entry) -> Entry:
        told = ((_single(funder), link) for funder, link in pairs(entry))
        funders, links = merged(told, each_once=False)
        return replace(entry, statements=None, funders=funders, links=links)


def _single(funder: Funder) -> Funder:
    awards = [
        Award(award_ids=ids, award_title=award.award_title[:1])
        for award in funder.awards
        for ids in alone(award)
        if ids or award.award_title
    ]
    return Funder(funder_name=funder.funder_name, awards=tuple(awards))


def _funder(funder: Funder, link: Link | None) -> dict[str, Any]:
    return {
        "id": None,
        "display_name": funder.funder_name,
        "ror": link.ror if link else None,
        "doi": DOI + link.funder_id if link and link.funder_id else None,
    }


def _key(about: dict[str, Any]) -> tuple[Any, ...]:
    return about.get("display_name") or None, about.get("ror"), about.get("doi")


FORMAT = OpenAlex
