"""Funders to score with."""

from __future__ import annotations

from models.schemas import Award, Funder

# Names that no mode takes for each other: merging and assignment then have one outcome.
NAMES = (
    "Wellcome Trust",
    "Deutsche Forschungsgemeinschaft",
    "Agence Nationale de la Recherche",
    "JSPS",
    "Bundesministerium für Bildung",
    "Howard Hughes",
    "Kavli",
    "UKRI",
)


def funder(name: str | None, *ids: str, scheme: str = "", title: str = "") -> Funder:
    award = Award(
        award_ids=ids,
        funding_scheme=(scheme,) if scheme else (),
        award_title=(title,) if title else (),
    )
    return Funder(funder_name=name, awards=(award,) if ids or scheme or title else ())


NSF = funder("National Science Foundation", "DMS-1613002")
SNSF = funder("Swiss National Science Foundation", "200021_178768")
DFG = funder("Deutsche Forschungsgemeinschaft", "BO 1234/5-1")
