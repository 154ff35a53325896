"""Identifiers of organisations as files spell them, in the one way that answers keep them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from models.linking.ids import ror_id
from models.schemas import Link

REGISTRY = re.compile(r"10\.13039/[^\s?#]+")
MEANT_AS_ROR = re.compile(r".*\bror\.org/.*|0[a-z0-9]{6}\d{2}", re.IGNORECASE)
_LEFT_OUT: ContextVar[list[str] | None] = ContextVar("left_out", default=None)


def sound_ror(value: object) -> str | None:
    """A ROR id as its URL, None where the value is none or its check digits are wrong."""
    return ror_id(value) if isinstance(value, str) else None


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


def checked(link: Link) -> Link:
    """The link itself; raises `ValueError` where the check digits of its ROR id are wrong."""
    if link.ror and ror_id(link.ror) is None:
        raise ValueError(f"{link.ror} is no ROR id: its check digits are wrong")
    return link


@contextmanager
def noted() -> Iterator[list[str]]:
    """Within it, the ROR ids that `link_of` leaves out for their check digits are listed."""
    left_out: list[str] = []
    token = _LEFT_OUT.set(left_out)
    try:
        yield left_out
    finally:
        _LEFT_OUT.reset(token)


def link_of(ror: object = None, funder_id: object = None) -> Link | None:
    """A link from what a file says; what is no identifier is left out."""
    left_out = _LEFT_OUT.get()
    if left_out is not None and sound_ror(ror) is None and _is_meant_as_ror(ror):
        left_out.append(str(ror).strip())
    sound = Link(ror=sound_ror(ror), funder_id=sound_funder_id(funder_id), method="import")
    return sound if sound.ror or sound.funder_id else None


def _is_meant_as_ror(value: object) -> bool:
    return isinstance(value, str) and MEANT_AS_ROR.fullmatch(value.strip()) is not None
