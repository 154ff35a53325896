"""Funders as the REST interface of Crossref tells them: an object of `works` a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from db.gold import Decided
from models.schemas import Award, Funder, Link
from workbench.exchange.entries import MERGED, Entry, answer_links, pairs
from workbench.exchange.formats import JsonLines, Unfit, need_doi
from workbench.exchange.identifiers import link_of


class CrossrefRest(JsonLines):
    """`DOI` and `funder` of a work."""

    name = "crossref_rest"
    key = "doi"
    needs = "funder"
    cannot: ClassVar[Mapping[str, str]] = {
        "statement": "a work has no place for the statement",
        "no_funding": "an empty list does not say that there was no funding",
        "funding_scheme": "a funder has no place for a scheme",
        "award_title": "a funder has no place for an award's title",
        "award": "award numbers stand side by side under their funder",
        "award_id": MERGED["award_id"],
        "order": "an award number that a funder has twice stands in its first place",
    }

    def row(self, record: Decided) -> dict[str, Any]:
        doi = need_doi(record)
        told = [_told(funder, link) for funder, link in pairs(record.answer)]
        if not any(told):
            raise Unfit("The paper has no funder.", "Crossref cannot be told that there was none.")
        return {"DOI": doi, "funder": list(filter(None, told))}

    def entry(self, row: dict[str, Any], place: str) -> Entry:
        row = row.get("message", row)
        funders: list[Funder] = []
        links: list[Link | None] = []
        for item in row.get("funder") or []:
            ids = dict.fromkeys(str(id_).strip() for id_ in item.get("award") or [])
            awards = tuple(Award(award_ids=(id_,)) for id_ in ids if id_)
            funders.append(Funder(funder_name=item.get("name") or None, awards=awards))
            links.append(link_of(_ror(item), item.get("DOI")))
        return Entry(
            place=place,
            doi=str(row["DOI"]).lower(),
            funders=tuple(funders),
            links=answer_links(links),
        )

    def reduced(self, entry: Entry) -> Entry:
        kept = tuple(
            Funder(funder_name=funder.funder_name, awards=_numbers(funder))
            for funder in entry.funders or ()
        )
        said = any(f.funder_name or f.awards for f in kept) or any(
            link and (link.ror or link.funder_id) for link in entry.links
        )
        return replace(
            entry,
            statements=None,
            funders=kept if said else None,
            links=entry.links if said else (),
        )


def _numbers(funder: Funder) -> tuple[Award, ...]:
    ids = dict.fromkeys(id_ for award in funder.awards for id_ in award.award_ids)
    return tuple(Award(award_ids=(id_,)) for id_ in ids)


def _told(funder: Funder, link: Link | None) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if link and link.funder_id:
        told |= {"DOI": link.funder_id, "doi-asserted-by": "publisher"}
    if funder.funder_name:
        told["name"] = funder.funder_name
    if link and link.ror:
        told["id"] = [{"id": link.ror, "id-type": "ROR", "asserted-by": "publisher"}]
    ids = [id_ for award in funder.awards for id_ in award.award_ids]
    if ids:
        told["award"] = list(dict.fromkeys(ids))
    return told


def _ror(item: dict[str, Any]) -> str | None:
    ids = [i.get("id") for i in item.get("id") or [] if i.get("id-type") == "ROR"]
    return next(iter(ids), None)


FORMAT = CrossrefRest
