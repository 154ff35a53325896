"""A handful of organisations as ROR publishes them, schema v2, and an index made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.linking.ids import check_digits
from models.linking.index import build


def ror(stem: str) -> str:
    """A ROR id of seven characters and its check digits."""
    return f"https://ror.org/{stem}{check_digits(stem)}"


NSF, SNSF, NIH, NIAID = ror("0aaaaa1"), ror("0aaaaa2"), ror("0aaaaa3"), ror("0aaaaa4")
DFG, ANR, KIDS, OLD, NEW = (ror(f"0aaaab{n}") for n in range(1, 6))
EC = "https://ror.org/00k4n6c32"
MOE = {country: ror(f"0aaaac{n}") for n, country in enumerate(("KR", "SA", "LV"), 1)}
WATER, MOSS, REED, MARSH_CA, MARSH_AU = (ror(f"0aaaae{n}") for n in range(1, 6))
OSLO, TWIN_A, TWIN_B, BRANCH, GONE = (ror(f"0aaaad{n}") for n in range(1, 6))


def org(
    ror_id: str,
    name: str,
    country: str,
    *,
    alias: tuple[str, ...] = (),
    acronym: tuple[str, ...] = (),
    fundref: tuple[str, ...] = (),
    related: tuple[tuple[str, str], ...] = (),
    status: str = "active",
    changed: str = "2024-01-01",
) -> dict[str, Any]:
    names = [{"value": name, "types": ["ror_display", "label"], "lang": "en"}]
    names += [{"value": each, "types": ["alias"], "lang": None} for each in alias]
    names += [{"value": each, "types": ["acronym"], "lang": None} for each in acronym]
    return {
        "id": ror_id,
        "status": status,
        "types": ["funder"],
        "names": names,
        "locations": [
            {"geonames_id": 1, "geonames_details": {"country_code": country, "name": "Town"}}
        ],
        "external_ids": [{"type": "fundref", "preferred": fundref[0], "all": list(fundref)}]
        if fundref
        else [],
        "relationships": [{"type": kind, "label": "x", "id": other} for kind, other in related],
        "admin": {"last_modified": {"date": changed, "schema_version": "2.0"}},
    }


def world() -> list[dict[str, Any]]:
    return [
        org(NSF, "U.S. National Science Foundation", "US", acronym=("NSF",),
            alias=("National Science Foundation",), fundref=("100000001",)),
        org(SNSF, "Swiss National Science Foundation", "CH", acronym=("SNSF", "NSF"),
            fundref=("501100001711",)),
        org(NIH, "National Institutes of Health", "US", acronym=("NIH",), fundref=("100000002",)),
        org(NIAID, "National Institute of Allergy and Infectious Diseases", "US",
            acronym=("NIAID",), related=(("parent", NIH),), fundref=("100000060",)),
        org(DFG, "Deutsche Forschungsgemeinschaft", "DE", acronym=("DFG",),
            alias=("German Research Foundation",), fundref=("501100001659",)),
        org(ANR, "Agence Nationale de la Recherche", "FR", acronym=("ANR",)),
        org(KIDS, "Children's Research Fund of Oslo", "NO"),
        org(OLD, "Swamp Research Council", "GB", status="withdrawn",
            related=(("successor", NEW),)),
        org(NEW, "Wetland Research Council", "GB", status="active"),
        org(EC, "European Commission", "BE", acronym=("EC",)),
        *(org(each, "Ministry of Education", country) for country, each in MOE.items()),
        org(OSLO, "University of Oslo", "NO"),
        org(TWIN_A, "Green Trust", "CA"),
        org(TWIN_B, "Green Trust", "AU"),
        org(BRANCH, "Japan Society of Rivers London", "GB", alias=("Japan Society of Rivers",)),
        org(WATER, "National Institute of Hydrology", "IN", acronym=("NIH",)),
        org(MOSS, "Moss Board of Canada", "CA"),
        org(REED, "Reed Board of Australia", "AU"),
        org(MARSH_CA, "Marsh Office", "CA", related=(("parent", MOSS),)),
        org(MARSH_AU, "Marsh Office", "AU", related=(("parent", REED),)),
        org(GONE, "Peat Board of Ireland", "IE", status="inactive"),
    ]  # fmt: skip


WORKS = (
    "ror_id,fundref_id,works\n"
    f"{NSF},100000001,380000\n{SNSF},501100001711,9000\n{NIH},100000002,380000\n"
    f"{DFG},501100001659,240000\n"
)


def world_index(folder: Path) -> Path:
    """The index of the world, at `folder / "funders.sqlite3"`."""
    dump, registry = folder / "v1.99-2026-01-01-ror-data.json", folder / "registry.csv"
    dump.write_text(json.dumps(world()), "utf-8")
    registry.write_text(WORKS, "utf-8")
    build(dump, folder / "funders.sqlite3", registry)
    return folder / "funders.sqlite3"
