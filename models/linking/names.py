"""Names of organisations as they are compared: folded, without their country, as acronyms."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.normalise import LIGATURES, fold

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
STOP = frozenset(
    "of the for and in on at to a an by from with de la le les du des d l et di del della e do da "
    "dos das y el los las en fur der die das und von zu am im voor van het".split()
)
"""Words that an organisation's name may gain or lose."""

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "’": "'"}
)
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_STATES = (
    (re.compile(r"\bU\.? ?S\.?(?: ?A\b\.?)?(?![A-Za-z])"), " united states "),
    (re.compile(r"\bU\.? ?K\b\.?"), " united kingdom "),
)
_APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc`]")
_OTHER = re.compile(r"[\W_]+")
_SPELLINGS = {
    "centre": "center", "centres": "centers", "programme": "program", "programmes": "programs",
    "organisation": "organization", "organisations": "organizations", "defence": "defense",
    "labour": "labor", "univ": "university", "natl": "national", "dept": "department",
    "govt": "government", "fdn": "foundation", "inst": "institute", "sci": "science",
    "minist": "ministry", "foundations": "foundation", "councils": "council",
    "technologies": "technology", "sciences": "science", "institutes": "institute",
    "sports": "sport", "provincial": "province", "municipal": "municipality",
}  # fmt: skip
_LEGAL = frozenset("inc ltd llc gmbh corp corporation plc ag sa spa bv co limited".split())


@cache
def data(name: str) -> dict[str, Any]:
    """A data file of this package."""
    found: dict[str, Any] = tomllib.loads((HERE / name).read_text("utf-8"))
    return found


def folded(text: str) -> str:
    """Lower case without accents, punctuation, or doubled space; "&" is "and"; U.S. written out.

    Different spellings of one word (centre, center) and its plural in names become one.
    """
    simple = text.isascii() and text.isprintable()
    plain = text if simple else "".join(fold(char, LIGATURES) for char in text)
    for pattern, words in _STATES:
        plain = pattern.sub(words, plain)
    plain = _DOTTED.sub(lambda found: found[0].replace(".", ""), plain)
    if simple:
        plain = plain.lower()
    else:
        plain = unicodedata.normalize("NFKD", plain).casefold().translate(_LETTERS)
        plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _OTHER.sub(" ", _APOSTROPHES.sub("", plain.replace("&", " and ").replace("+", " ")))
    return " ".join(_SPELLINGS.get(word, word) for word in plain.split())


def name_key(text: str) -> str:
    """What two spellings of one name have in common: folded, without article and legal form."""
    words = folded(text).split()
    while len(words) > 1 and words[0] in ("the", "la", "le"):
        words.pop(0)
    while len(words) > 1 and words[-1] in _LEGAL:
        words.pop()
    return " ".join(words)


def bare_key(key: str) -> tuple[str, str | None]:
    """A key without the words that may come and go and without its country, and that country."""
    tokens = key.split()
    kept: list[str] = []
    country: str | None = None
    at = 0
    while at < len(tokens):
        length, code = _phrase(tokens, at, _national())
        if length and length < len(tokens) and (country or code) == code:
            country = code
            at += length
            continue
        if tokens[at] not in STOP:
            kept.append(tokens[at])
        at += 1
    return " ".join(kept), country


def countries_in(text: str) -> Iterator[tuple[int, str]]:
    """The countries that a text names, with the index of the folded word where each begins."""
    tokens = folded(text).split()
    at = 0
    while at < len(tokens):
        length, code = _phrase(tokens, at, _mentions())
        if code:
            yield at, code
        at += length or 1


def _phrase(
    tokens: list[str], at: int, known: dict[tuple[str, ...], str]
) -> tuple[int, str | None]:
    """The longest known phrase that begins at a word: how many words, and its country."""
    for length in range(min(5, len(tokens) - at), 0, -1):
        code = known.get(tuple(tokens[at : at + length]))
        if code:
            return length, code
    return 0, None


@cache
def _mentions() -> dict[tuple[str, ...], str]:
    tables = data("countries.toml")
    listed = {code: words for code, words in tables.items() if code != "national"}
    return _phrases(listed) | _phrases(tables["national"])


@cache
def _national() -> dict[tuple[str, ...], str]:
    return _phrases(data("countries.toml")["national"])


def _phrases(table: dict[str, list[str]]) -> dict[tuple[str, ...], str]:
    return {tuple(folded(word).split()): code for code, words in table.items() for word in words}


@dataclass(frozen=True, slots=True)
class Parts:
    """A funder's name taken apart: itself, what stands in brackets, its parts at commas.

    `acronyms` and `brackets` are what stands in brackets, `segments` empty where there is one only.
    """

    whole: str
    main: str
    acronyms: tuple[str, ...]
    brackets: tuple[str, ...]
    segments: tuple[str, ...]


_BRACKET = re.compile(r"\s*[(\[]([^()\[\]]{1,200})[)\]]")
_SEPARATOR = re.compile(
    r"\s*(?:,|;|\s[-\u2013\u2014]\s|/|\bof the\b(?= (?:U\.?S\.?|National)\b)"
    r"|(?<=[A-Z]{2})-(?=[A-Z]{3})|\bat (?=the\b))\s*"
)
_ACRONYM = re.compile(r"(?=(?:[^A-Z]*[A-Z]){2})[A-Za-z][A-Za-z0-9&.-]{1,11}")


def is_acronym(text: str) -> bool:
    """Whether a word looks like an acronym: short, two capitals at least ("NSF", "CNPq")."""
    return bool(_ACRONYM.fullmatch(text)) and not text.endswith("-")


def parts(name: str) -> Parts:
    """Take a name apart."""
    whole = " ".join(name.split())[:400]
    inner = tuple(found.strip() for found in _BRACKET.findall(whole))
    main = _BRACKET.sub("", whole).strip(" ,;:-\u2013") or whole
    segments = tuple(part for part in _SEPARATOR.split(main) if part.strip())
    shown = [part for part in inner if is_acronym(part)]
    return Parts(
        whole=whole,
        main=main,
        acronyms=tuple(dict.fromkeys(shown)),
        brackets=tuple(part for part in inner if not is_acronym(part)),
        segments=segments if len(segments) > 1 else (),
    )


def of_country(text: str) -> tuple[str, str] | None:
    """An acronym and the country before it: "Italian MIUR"; None for anything else."""
    head, _, last = text.rpartition(" ")
    named = [code for _, code in countries_in(head)]
    return (last, named[0]) if len(named) == 1 and is_acronym(last) else None
