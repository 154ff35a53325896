"""Identifiers of organisations: how they are written, and whether a ROR id's check digits fit."""

from __future__ import annotations

import re

_ROR = re.compile(r"(?:(?:https?://)?(?:www\.)?ror\.org/)?(0[a-hj-km-np-tv-z0-9]{6}[0-9]{2})/?")
_FUNDER = re.compile(r"(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:)?(?:10\.13039/)?([1-9]\d{5,14})")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o and u, which are misread."""


def check_digits(stem: str) -> str:
    """The two digits that end a ROR id whose first seven characters are `stem` (ISO 7064)."""
    number = 0
    for char in stem:
        number = number * 32 + _ALPHABET.index(char)
    return f"{98 - number * 100 % 97:02d}"


def ror_id(text: str) -> str | None:
    """A ROR id as a URL, from a URL or the bare id; None where the form or check digits are wrong.

    One mistyped character never passes: the check digits are remainders modulo a prime.
    """
    found = _ROR.fullmatch(text.strip().lower())
    if found is None or check_digits(found[1][:7]) != found[1][7:]:
        return None
    return f"https://ror.org/{found[1]}"


def funder_id(text: str) -> str | None:
    """A DOI of the Crossref Funder Registry, from a URL, a DOI or its bare number; else None."""
    found = _FUNDER.fullmatch(text.strip().lower())
    return f"10.13039/{found[1]}" if found else None
