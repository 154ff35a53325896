"""What tells a funding statement from the rest of a paper, as features of each sentence.

A sentence has hashed words and pairs of words, and flags: cue words, its own and its neighbours';
the section it stands in and how far below the heading; its place in the paper. The hashes are
CRC-32, the same on every machine, so weights that were trained elsewhere fit.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from models.sentences import sentences

BUCKETS = 1 << 17
"""Places that words and pairs of words are hashed to."""
UNIT_CHARS = 1_500
"""Longest piece of a sentence that is judged at once; tables and references have no full stops."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence at characters `[start, end)` with its features.

    `grams` are buckets, each with the same weight, `flags` names. `votes` is what the cue words
    say: 2 is much, in any language. `foreign` tells that cues of other languages are among them.
    """

    start: int
    end: int
    grams: frozenset[int]
    flags: tuple[str, ...]
    votes: float
    foreign: bool

    @property
    def gram_weight(self) -> float:
        """The weight of each gram: long sentences are not louder than short ones."""
        return GRAM_SCALE / math.sqrt(len(self.grams)) if self.grams else 0.0


GRAM_SCALE = 3.0
"""How loud words are beside flags before training: both are regularised alike."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Patterns that count once a sentence; `weight` is a vote, 2 is enough to be read."""

    weight: float
    pattern: re.Pattern[str]


def _cue(weight: float, *words: str, anywhere: str = "(?!)") -> Cue:
    """A cue of patterns that begin with a word, and of one that may stand inside a word."""
    return Cue(weight, re.compile(rf"\b(?:{'|'.join(words)})|{anywhere}", re.IGNORECASE))


CUES = (
    _cue(
        2.0,
        r"(?:financial(?:ly)?|partial(?:ly)?|generous(?:ly)?)\W+(?:support|assist|fund|aid)",
        r"fund(?:ed|ing)\W+(?:\w+\W+){0,3}(?:by|from|through|via|under|was|were|is|for|source)\b",
        r"support(?:ed)?\W+(?:\w+\W+){0,5}(?:by|from|through|under|of the)\b",
        r"grants?(?:-in-aid)?\b(?:\W+\w+){0,4}\W+(?:from|by|no|nr|number|agreement|under|#|\d)",
        r"(?:sponsored|financed|subsidi[sz]ed|co-?funded)\W+by\b",
        r"(?:received|receives|receiving|without|no)\b(?:\W+\w+){0,5}\W+(?:fund(?:s|ing)?|grants?)\b",
    ),
    _cue(
        2.0,
        r"(?:apoio|suporte|aux[ií]lio|apoyo|ayuda|soporte|financiamiento|fomento)\W+(?:\w+\W+){0,2}"
        r"(?:financeir|econ[oó]mic|de pesquisa|[àa] pesquisa)",
        r"financia(?:d[oa]s?|mento|miento|ción|ron|ram)\b",
        r"bols(?:a|as|ista)\b|apoio\s*/\s*support\b|edital\b",
        r"gef[oö]rdert\b|finanziell\w*\b|f[oö]rderung\b",
        r"financ[ée]\w*\W+par\b|soutien\b|subvention\b",
        r"finanziat\w+\b|po[dt]por\w+\b|поддерж|финансов|грант",
        anywhere=r"[资基支助科지](?:(?<=资)助|(?<=基)金|(?<=支)持|(?<=助)成|(?<=科)研費|(?<=지)원)",
    ),
    _cue(
        1.0,
        r"(?:grant|award|contract|project|program(?:me)?|proposal|process[oa]?)s?\b\W+(?:\w+\W+){0,2}"
        r"(?:no\.?|nos\.?|nr\.?|number|id|#|n[º°])",
        r"(?:fellowship|scholarship|stipend|studentship|endowment|bursary|grantee)\b",
        r"under\W+(?:the\W+)?(?:grant|contract|award)",
    ),
    _cue(
        0.7,
        r"(?:foundation|council|ministry|ministerio|minist[eé]rio|agency|funda[cç][aã]o|fundaci[oó]n|"
        r"fonds|stiftung|department of|commission|institutes? of health|academy of|trust|"
        r"research fund|science fund|society for)\b",
    ),
    _cue(
        0.7,
        r"(?:NSF|NIH|NSFC|DFG|ERC|JSPS|KAKENHI|FAPESP|CNPq|CAPES|EPSRC|BBSRC|ANR|NSERC|CIHR|ARC|"
        r"NHMRC|DOE|NASA|FWF|SNSF|FCT|CONACYT|CONICET|UKRI|Horizon 2020|Wellcome|H2020|COST)\b",
    ),
    _cue(0.6, r"[A-Z]{1,6}[-/ ]?\d{2,20}[-/.\w]{0,40}\d\b|\d{6,12}\b|\d{4}/\d{4,6}"),
    _cue(0.5, r"acknowledg|grateful|thank|gratitude|indebted|agradec|danken|remerci"),
    _cue(
        0.3,
        r"fund(?:s|ed|er|ers|ing)?\b|financ|sponsor|grants?\b|pa(?:id|y) for\b|monetary|money",
        r"support(?:ing|ed)?\b",
    ),
)
"""Weights are votes, not probabilities. The last is too common a word to vote high alone."""
_FUNDING_HEADING = re.compile(
    r"\W*(?:\d+(?:\.\d+)*\.?\s*)?(?:(?:sources?\s+of\s+|study\s+|research\s+|details\s+of\s+)?"
    r"(?:funding(?!\s+acquisition)|financial\s+(?:support|disclosure|assistance)|grant\s+(?:support|information|"
    r"sponsors?)|role\s+of\s+the\s+funding\s+source|sponsors?(?:hip)?|support)"
    r"(?:\s+(?:statement|information|sources?|sources?|details|and\s+\w+))*"
    r"|financia(?:miento|mento|ción)|f[oö]rderung|financement|finanziamenti?|資金|基金项目)\b\s*[:.\u2014\u2013-]?",
    re.IGNORECASE,
)
_THANKS_HEADING = re.compile(
    r"\W*(?:\d+(?:\.\d+)*\.?\s*)?(?:acknowled?ge?ments?|agradecimi?entos?|danksagung|remerciements?|"
    r"ringraziamenti|благодарности|謝辞|致谢)\b",
    re.IGNORECASE,
)
_REFERENCES = re.compile(
    r"\W*(?:\d+\.?\s*)?(?:references?|bibliography|literature(?:\s+cited)?|referencias|refer[eê]ncias|"
    r"literatur)\W*$",
    re.IGNORECASE,
)
_CITATION = re.compile(r"^\W{0,2}\d{1,3}[.\])]\s|\(\d{4}[a-z]?\)|\bet al\.|\bdoi\b|\d+\s*:\s*\d+\W")
_FOREIGN = 1
"""The cue of languages other than English: the only one that knows no corpus to train on."""
_INTERESTS_HEADING = re.compile(
    r"\W*(?:\d+(?:\.\d+)*\.?\s*)?(?:(?:declarations?|statements?|disclosures?|potential)\s+(?:of\s+)?)?"
    r"(?:(?:conflicts?|competing|competition)\W+(?:of\s+)?(?:financial\s+)?interests?|disclosures?)\b",
    re.IGNORECASE,
)
_NOTES_HEADING = re.compile(
    r"\W*(?:\d+(?:\.\d+)*\.?\s*)?(?:authors?\W{0,2}s?\W+contributions?|(?:data|code)\W+(?:\w+\W+){0,3}"
    r"(?:availability|accessibility)|availability\W+of|ethic\w*|consent|supplement\w*|supporting\s+"
    r"information|abbreviations?|appendi\w+|orcid|author\W+(?:information|details)|notes?|open\s+access)\b",
    re.IGNORECASE,
)
_SECTIONS = (
    ("funding", _FUNDING_HEADING),
    ("thanks", _THANKS_HEADING),
    ("interests", _INTERESTS_HEADING),
    ("notes", _NOTES_HEADING),
)
_HEADING_CHARS = 60
_RUN_IN = ":.\u2014\u2013-"
_REACHES = (1, 2, 3, 5, 8, 13)
_LENGTHS = (15, 40, 80, 150, 300, 600)
_ACRONYM = re.compile(r"\([A-Z][A-Za-z&-]*[A-Z]\w*\)")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_FOLD_CHARS = 24


@dataclass(slots=True)
class _Draft:
    """A sentence before its neighbours are known."""

    start: int
    end: int
    cues: tuple[int, ...]
    section: str
    reach: int
    heads: str
    flags: list[str]


def units(text: str) -> list[Unit]:
    """The sentences of a text, in its order, with their features."""
    drafts = list(_drafts(text))
    return [_unit(text, drafts, index) for index in range(len(drafts))]


def votes(cues: Sequence[int]) -> float:
    """What cues, by their index, say together."""
    return sum(CUES[cue].weight for cue in cues)


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Sentences, the endless ones cut between words."""
    for start, end in sentences(text):
        while end - start > 1.5 * UNIT_CHARS:
            space = text.rfind(" ", start + UNIT_CHARS // 2, start + UNIT_CHARS)
            cut = space + 1 if space > 0 else start + UNIT_CHARS
            yield start, cut
            start = cut
        yield start, end


def _drafts(text: str) -> Iterator[_Draft]:
    section, reach = "none", 0
    for start, end in pieces(text):
        unit = text[start:end]
        opens_line = start == 0 or text[start - 1] == "\n"
        heads = _section(unit) if opens_line else ""
        section, reach = (heads, 0) if heads else (section, reach + 1)
        cues = tuple(index for index, cue in enumerate(CUES) if cue.pattern.search(unit))
        flags = [*_shape(unit), *_place(start, len(text))]
        if opens_line:
            flags.append("opens line")
        if end >= len(text) or text[end] == "\n":
            flags.append("ends line")
        if section == "references" and _CITATION.search(unit):
            flags.append("citation")
        yield _Draft(start, end, cues, section, reach, heads, flags)


def is_heading(line: str) -> bool:
    """Whether a line is the heading of a section that tells who paid."""
    return len(line) < _HEADING_CHARS and _section(line) in ("funding", "thanks")


def _section(unit: str) -> str:
    """The section whose heading this is, alone on its line or run into the text; else nothing."""
    if _REFERENCES.fullmatch(unit):
        return "references"
    for name, pattern in _SECTIONS:
        match = pattern.match(unit)
        if match and (len(unit) < _HEADING_CHARS or _runs_in(unit, match.end(), name)):
            return name
    return ""


def _runs_in(unit: str, end: int, name: str) -> bool:
    marked = any(char in _RUN_IN for char in unit[end - 1 : end + 2].rstrip())
    return marked or (name == "thanks" and unit[end : end + 2].strip()[:1].isupper())


def _shape(unit: str) -> Iterator[str]:
    yield f"length {_bucket(len(unit), _LENGTHS)}"
    letters = sum(map(str.isalpha, unit))
    if 2 * letters < len(unit):
        yield "few letters"
    if _ACRONYM.search(unit):
        yield "acronym"


def _place(start: int, length: int) -> Iterator[str]:
    yield f"tenth {10 * start // max(1, length)}"
    if start < 2_500:
        yield "top"


def _bucket(value: int, edges: Sequence[int]) -> int:
    return sum(value >= edge for edge in edges)


def _unit(text: str, drafts: Sequence[_Draft], index: int) -> Unit:
    draft = drafts[index]
    voted = votes(draft.cues)
    loud = "loud" if voted >= 2 else "heard" if voted else "silent"
    flags = [
        *draft.flags,
        *(f"cue {cue}" for cue in draft.cues),
        f"section {draft.section}",
        f"{draft.section} {loud}",
        f"{draft.section} {_bucket(draft.reach, _REACHES)}",
    ]
    if draft.heads:
        flags.append(f"heads {draft.heads}")
    for step in (-2, -1, 1, 2):
        if 0 <= index + step < len(drafts):
            flags += _of_neighbour(drafts[index + step], step)
    return Unit(
        draft.start,
        draft.end,
        grams(text[draft.start : draft.end]),
        tuple(flags),
        voted,
        _FOREIGN in draft.cues,
    )


def _of_neighbour(draft: _Draft, step: int) -> Iterator[str]:
    if draft.heads:
        yield f"{step:+d} heads {draft.heads}"
    for cue in draft.cues:
        yield f"{step:+d} cue {cue}"


def grams(unit: str) -> frozenset[int]:
    """Buckets of the words and pairs of words of a sentence, folded; numbers by their length."""
    words = [word for token in _TOKEN.findall(unit) for word in _hashes(token)]
    found = {word % BUCKETS for word in words}
    found.update((first * 31 + second) % BUCKETS for first, second in pairwise(words))
    return frozenset(found)


@lru_cache(maxsize=1 << 15)
def _hashes(token: str) -> tuple[int, ...]:
    """A word's hash; scripts without spaces give one for each two characters."""
    if token[0].isdigit():
        return (zlib.crc32(b"0" * min(len(token), 9)),)
    if token[0] >= "\u2e80":
        pairs = [token[i : i + 2] for i in range(max(1, len(token) - 1))]
        return tuple(zlib.crc32(pair.encode()) for pair in pairs)
    folded = unicodedata.normalize("NFKD", token.casefold())[:_FOLD_CHARS]
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return (zlib.crc32(plain.encode()),)
