"""Which passages of a paper are worth the model's time: headings and cue words, no model.

A first version by rules, tuned for recall on the 62 labelled PDFs of the development set; the
share of a paper that it hands on is bounded, because on a laptop every token is time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.documents import Document

UNIT_CHARS = 1_500
"""Longest piece of a paragraph that is judged at once."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters `[start, end)` of a document's text, and how much they promise."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class _Cue:
    weight: float
    pattern: re.Pattern[str]


def _cue(weight: float, *patterns: str) -> _Cue:
    return _Cue(weight, re.compile("|".join(patterns), re.IGNORECASE))


# Each cue counts once a passage. Weights are votes, not probabilities: 2 is enough to be read.
_CUES = (
    _cue(
        2.0,
        r"\b(?:financial(?:ly)?|partial(?:ly)?|generous(?:ly)?)\W+(?:support|assist|fund|aid)",
        r"\bfund(?:ed|ing)\W+(?:\w+\W+){0,3}(?:by|from|through|via|under|was|were|is|for|source)\b",
        r"\bsupport(?:ed)?\W+(?:\w+\W+){0,5}(?:by|from|through|under|of the)\b",
        r"\bgrants?(?:-in-aid)?\b(?:\W+\w+){0,4}\W+(?:from|by|no|nr|number|agreement|under|#|\d)",
        r"\b(?:sponsored|financed|subsidi[sz]ed|co-?funded)\W+by\b",
        r"\b(?:received|receives|receiving|without|no)\b(?:\W+\w+){0,5}\W+(?:fund(?:s|ing)?|grants?)\b",
    ),
    _cue(
        2.0,
        r"\b(?:apoio|suporte|aux[ií]lio|apoyo|ayuda|soporte|financiamiento|fomento)\W+(?:\w+\W+){0,2}"
        r"(?:financeir|econ[oó]mic|de pesquisa|[àa] pesquisa)",
        r"\bfinancia(?:d[oa]s?|mento|miento|ción|ron|ram)\b",
        r"\bbols(?:a|as|ista)\b|\bapoio\s*/\s*support\b|\bedital\b",
        r"\bgef[oö]rdert\b|\bfinanziell\w*\b|\bf[oö]rderung\b",
        r"\bfinanc[ée]\w*\W+par\b|\bsoutien\b|\bsubvention\b",
        r"\bfinanziat\w+\b|\bpo[dt]por\w+\b|поддерж|финансов|грант",
        r"资助|基金|支持|助成|科研費|지원",
    ),
    _cue(
        1.0,
        r"\b(?:grant|award|contract|project|program(?:me)?|proposal|process[oa]?)s?\b\W+(?:\w+\W+){0,2}"
        r"(?:no\.?|nos\.?|nr\.?|number|id|#|n[º°])",
        r"\b(?:fellowship|scholarship|stipend|studentship|endowment|bursary|grantee)\b",
        r"\bunder\W+(?:the\W+)?(?:grant|contract|award)",
    ),
    _cue(
        0.7,
        r"\b(?:foundation|council|ministry|ministerio|minist[eé]rio|agency|funda[cç][aã]o|fundaci[oó]n|"
        r"fonds|stiftung|department of|commission|institutes? of health|academy of|trust|"
        r"research fund|science fund|society for)\b",
    ),
    _cue(
        0.7,
        r"\b(?:NSF|NIH|NSFC|DFG|ERC|JSPS|KAKENHI|FAPESP|CNPq|CAPES|EPSRC|BBSRC|ANR|NSERC|CIHR|ARC|"
        r"NHMRC|DOE|NASA|FWF|SNSF|FCT|CONACYT|CONICET|UKRI|Horizon 2020|Wellcome|H2020|COST)\b",
    ),
    _cue(0.6, r"\b[A-Z]{1,6}[-/ ]?\d{2,20}[-/.\w]{0,40}\d\b", r"\b\d{6,12}\b", r"\b\d{4}/\d{4,6}"),
    _cue(0.5, r"\b(?:acknowledg|grateful|thank|gratitude|indebted|agradec|danken|remerci)"),
)
_FUNDING_HEADING = re.compile(
    r"\W*(?:\d+(?:\.\d+)*\.?\s*)?(?:(?:sources?\s+of\s+|study\s+|research\s+|details\s+of\s+)?"
    r"(?:funding|financial\s+(?:support|disclosure|assistance)|grant\s+(?:support|information|"
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
_SENTENCE_END = re.compile(
    r"(?<=[.!?])[\"'\u201d)\]]*\s+(?=[A-Z\u00c0-\u00de\u0410-\u042f(\"\u201c])|[\u3002\uff01\uff1f]"
)
_THRESHOLD = 2.0
_HEADING_REACH = 3


def find(document: Document, limit: float = 0.1, floor: int = 6_000) -> list[Passage]:
    """The promising passages, in the order of the text.

    `limit` is the share of the text's characters that the model may read, `floor` the characters
    that it may read in any case (a two-page note is not worth saving on). The best come first
    into the budget; neighbours become one passage, so that a statement over two is not cut.
    """
    scored = [unit for unit in _scored(document.text) if unit.score >= _THRESHOLD]
    budget = max(floor, int(limit * len(document.text)))
    chosen: list[Passage] = []
    for unit in sorted(scored, key=lambda unit: -unit.score):
        length = unit.end - unit.start
        if length <= budget or not chosen:
            chosen.append(unit)
            budget -= length
    return _merge(sorted(chosen, key=lambda unit: unit.start))


def _merge(units: Sequence[Passage]) -> list[Passage]:
    merged: list[Passage] = []
    for unit in units:
        if merged and unit.start - merged[-1].end <= 2:
            last = merged.pop()
            unit = Passage(last.start, unit.end, max(last.score, unit.score))
        merged.append(unit)
    return merged


def _scored(text: str) -> Iterator[Passage]:
    reach, bonus, in_references = 0, 0.0, False
    for start, end in _units(text):
        unit = text[start:end]
        own = _heading_bonus(unit)
        if own:
            reach, bonus, in_references = _HEADING_REACH, own, False
        elif _REFERENCES.fullmatch(unit):
            in_references = True
        score = sum(cue.weight for cue in _CUES if cue.pattern.search(unit))
        score += bonus if reach else 0.0
        if in_references and _CITATION.search(unit) and not reach:
            score -= 2.5
        yield Passage(start, end, score)
        reach = max(0, reach - 1)


def _heading_bonus(unit: str) -> float:
    """A heading vouches for itself and what follows: as a line of its own or run into the text."""
    funding = _FUNDING_HEADING.match(unit)
    if funding and (len(unit) < 60 or unit[funding.end() - 1] in ":.\u2014\u2013-"):
        return 3.0
    thanks = _THANKS_HEADING.match(unit)
    return 2.0 if thanks and (len(unit) < 60 or thanks.end() < 60) else 0.0


def _units(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, the long ones cut between sentences."""
    offset = 0
    for paragraph in text.split("\n"):
        for start, end in _cut(paragraph):
            if end > start:
                yield offset + start, offset + end
        offset += len(paragraph) + 1


def _cut(paragraph: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(paragraph) - start > 1.5 * UNIT_CHARS:
        end = _cut_before(paragraph, start, start + UNIT_CHARS)
        yield start, end
        start = end
    yield start, len(paragraph)


def _cut_before(paragraph: str, start: int, limit: int) -> int:
    """The last end of a sentence before the limit, else of a word, else the limit itself."""
    ends = [match.end() for match in _SENTENCE_END.finditer(paragraph, start, limit)]
    if ends:
        return ends[-1]
    space = paragraph.rfind(" ", start, limit)
    return space + 1 if space > start else limit
