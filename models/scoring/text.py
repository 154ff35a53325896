"""When two strings say the same: how names and award ids are normalised and compared.

Rules and thresholds are those of cometadata's funding scorer
(cometadata/funding-metadata-enrichment, fb08d07); rapidfuzz gives the ratios, here in [0, 1].
Case, diacritics and punctuation of names count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

TextMode = Literal["permissive", "balanced", "strict"]
IdMode = Literal["normalized", "exact"]
Similarity = Callable[[str, str], float]

_CURLY = str.maketrans(dict.fromkeys("“”„‟", '"') | dict.fromkeys("‘’‚‛", "'"))
_TEX_QUOTES = re.compile(r"``|''")
_BULLETS = re.compile("[\u22c6\u2022*]")
_ESCAPE = re.compile(r"\\(?=[a-z])")
_SEPARATORS = re.compile(r"[\s/-]")
_PARENTHESES = re.compile(r"\(([^)]*)\)")
_WORD_BREAKS = re.compile(r"[\s/,-]+")

ACRONYM_CHARS = 10
"""The longest upper-case group in parentheses that is read as an acronym."""
CONTAINED_SHARE = 0.45
"""Least share of the longer name's characters for a name that is contained in it."""


@lru_cache(maxsize=65536)
def normalize_text(text: str) -> str:
    """A name, scheme or title as it is compared: mojibake, quotes, bullets and spaces tidied."""
    import ftfy

    plain = ftfy.fix_text(text).translate(_CURLY)
    plain = _BULLETS.sub("", _TEX_QUOTES.sub('"', plain))
    return _ESCAPE.sub("", " ".join(plain.split())).strip()


def normalize_award_id(text: str, mode: IdMode = "normalized") -> str:
    """An award id as it is compared: upper case, and unless "exact" no space, hyphen or slash."""
    upper = text.strip().upper()
    return upper if mode == "exact" else _SEPARATORS.sub("", upper)


def soft_award_id_score(a: str, b: str, mode: IdMode = "normalized") -> float:
    """1 for equal ids, 0.5 for ids of six characters or more that are one edit apart, else 0.

    Half a point for another grant's number: only the published reward wants it.
    """
    from rapidfuzz.distance import Levenshtein

    left, right = normalize_award_id(a, mode), normalize_award_id(b, mode)
    if left == right:
        return 1.0
    near = min(len(left), len(right)) >= 6 and Levenshtein.distance(left, right) == 1
    return 0.5 if near else 0.0


@lru_cache(maxsize=262144)
def similarity(a: str, b: str, mode: TextMode = "balanced") -> float:
    """How alike two names, schemes or titles are, in [0, 1].

    Raises `KeyError` for a mode that is none.
    """
    return _SIMILARITIES[mode](normalize_text(a), normalize_text(b))


def _strict(a: str, b: str) -> float:
    from rapidfuzz import fuzz

    return float(fuzz.token_sort_ratio(a, b)) / 100


def widest(a: str, b: str) -> float:
    """The best of partial, sorted and set ratio, in [0, 1]: a part counts as the whole."""
    from rapidfuzz import fuzz

    partial = max(fuzz.partial_ratio(a, b), fuzz.partial_ratio(b, a))
    return float(max(partial, fuzz.token_sort_ratio(a, b), fuzz.token_set_ratio(a, b))) / 100


def _balanced(a: str, b: str) -> float:
    """Sorted tokens, and a floor for an acronym in parentheses or a name that is contained."""
    if not a or not b:
        return 0.0
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    base = _strict(a, b)
    if _is_acronym_of(short, long):
        return max(base, 0.90)
    if _is_contained(short, long):
        return max(base, 0.85)
    return base


def _is_acronym_of(short: str, long: str) -> bool:
    from rapidfuzz import fuzz

    groups = (match.strip() for match in _PARENTHESES.findall(long))
    return any(
        group.isupper()
        and len(group) <= ACRONYM_CHARS
        and fuzz.ratio(short.upper(), group.upper()) >= 90
        for group in groups
    )


def _is_contained(short: str, long: str) -> bool:
    words = _words(short)
    return (
        bool(words)
        and words <= _words(long)
        # no damping, only this gate: "DOE" is too small a part of "DOE (United States)"
        and len(short) / len(long) >= CONTAINED_SHARE
    )


def _words(text: str) -> set[str]:
    return set(filter(None, _WORD_BREAKS.split(text.lower())))


_SIMILARITIES: dict[TextMode, Similarity] = {
    "permissive": widest,
    "balanced": _balanced,
    "strict": _strict,
}
