"""Identifiers of organisations as files spell them, in the one way that answers keep them."""

from __future__ import annotations

import re

from models.schemas import Link

ROR = re.compile(r"(?:https?://)?(?:www\.)?(?:ror\.org/)?(0[a-hj-km-np-tv-z0-9]{6}\d{2})/?", re.I)
REGISTRY = re.compile(r"10\.13039/[^\s?#]+")


def sound_ror(value: object) -> str | None:
    """A ROR id as its URL, None where the value is none."""
    found = ROR.fullmatch(value.strip()) if isinstance(value, str) else None
    return f"https://ror.org/{found[1].lower()}" if found else None


def sound_funder_id(value: object) -> str | None:
    """The DOI of a funder in the Crossref Funder Registry, None where the value is none.

    Bare numbers of the registry, as old files have them, get its prefix.
    """
    if not isinstance(value, str):
        return None
    if re.fullmatch(r"(?:100|501)\d{6,10}", value.strip()):
        return f"10.13039/{value.strip()}"
    found = REGISTRY.search(value)
    return found[0] if found else None


def link_of(ror: object = None, funder_id: object = None) -> Link | None:
    """A link from what a file says; what is no identifier is left out."""
    sound = Link(ror=sound_ror(ror), funder_id=sound_funder_id(funder_id), method="import")
    return sound if sound.ror or sound.funder_id else None
