"""DOIs: found in a paper's name and first pages, written in one way; no store, no network."""

from __future__ import annotations

import re
from urllib.parse import unquote

PATTERN = re.compile(r"10\.\d{4,9}/[-._;()/:a-z0-9]+", re.IGNORECASE)
"""What matches nearly all DOIs of journals, as Crossref recommends."""
VALID = re.compile(r"10\.\d{4,9}/[^\s\x00-\x1f<>\"]{1,200}")
"""What is taken from a person: old DOIs hold characters that the pattern does not know."""
NAMED = re.compile(
    r"(?:\bdoi(?:\.org)?|\bdx\.doi\.org)\s*[:/]?\s*(10\.\d{4,9}/\s?\S+)", re.IGNORECASE
)
IN_FILE_NAME = re.compile(r"(10\.\d{4,9})(?:/|_|%2F|:|--?|∕|⁄)(.+)", re.IGNORECASE)
PREFIXES = re.compile(r"^(?:https?://)?(?:dx\.)?(?:www\.)?doi\.org/|^doi\s*:\s*", re.IGNORECASE)
GLUED = re.compile(
    r"(?<=\d)(?:doi|https?|received|accepted|published|copyright)\b.*$", re.IGNORECASE
)
"""Words that a page sets right behind a DOI, with the space between lost."""
FUNDERS = "10.13039/"
"""The prefix of the Crossref Funder Registry: never a paper."""
BRACKETS = {")": "(", "]": "["}


def find_doi(name: str, text: str) -> str | None:
    """The DOI of a paper from its file name, else from the text of its first pages.

    A DOI that is called one (`doi:`, `doi.org/`) goes before one that merely stands there.
    """
    return _in_name(name) or _first(NAMED.findall(text)) or _first(PATTERN.findall(text))


def normalised(value: str) -> str | None:
    """A DOI as it is kept, bare and in lower case; None where the value is none."""
    bare = PREFIXES.sub("", unquote(value.strip())).strip().lower()
    return bare if VALID.fullmatch(bare) else None


def _in_name(name: str) -> str | None:
    stem = re.sub(
        r"\.(pdf|txt|text|md|markdown|xml|html?)$", "", unquote(name), flags=re.IGNORECASE
    )
    found = IN_FILE_NAME.search(stem)
    return _tidy(f"{found[1]}/{found[2]}") if found else None


def _first(found: list[str]) -> str | None:
    return next(filter(None, map(_tidy, found)), None)


def _tidy(value: str) -> str | None:
    """The DOI without what the sentence around it added; None where nothing sound is left."""
    match = PATTERN.match(re.sub(r"/\s", "/", value, count=1))
    if match is None:
        return None
    doi = GLUED.sub("", match[0])
    while doi and (doi[-1] in ".,;:-_/" or _is_unopened(doi)):
        doi = doi[:-1]
    doi = doi.lower()
    return doi if VALID.fullmatch(doi) and not doi.startswith(FUNDERS) else None


def _is_unopened(doi: str) -> bool:
    opening = BRACKETS.get(doi[-1])
    return opening is not None and doi.count(opening) < doi.count(doi[-1])
