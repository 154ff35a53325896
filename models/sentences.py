"""Where sentences begin and end: enough for papers, with their numbers, initials and titles."""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = re.compile(
    r"[.!?][\"'\u201d\u2019)\]]*\s+(?=[\"'\u201c(\[]?[A-Z\u00c0-\u00de\u0410-\u042f0-9])|[\u3002\uff01\uff1f]\s*"
)
_INITIAL = re.compile(r"(?:^|[\s(.\-\u2010\u2011])[A-Z\u00c0-\u00de]\.$")
_SHORT = re.compile(
    r"(?:^|[\s(\[/])(?:nos?|nrs?|dr|drs|prof|profs|mr|mrs|ms|st|ste|mt|figs?|eqs?|refs?|secs?|vol|vs|etc"
    r"|al|approx|ca|cf|dept|univ|inst|gov|govt|natl|intl|sci|res|techn?|acad|found|corp|inc|ltd|co|bros"
    r"|jr|sr|ph|ed|eds|pp|proc|ser|resp|incl|esp|i\.e|e\.g|p\.r|u\.s|u\.k|u\.s\.a|art|jan|feb|mar|apr"
    r"|aug|sept?|oct|nov|dec|num|núm|n[º°]|gr|ref|id|ext|agr|biol|chem|med|phys|eng|educ)\.$",
    re.IGNORECASE,
)


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Sentences of `text[start:end]` as character ranges, white space at their ends left out.

    A line break ends a sentence: lines are paragraphs here. Initials, titles and "No." do not.
    """
    end = len(text) if end is None else end
    while start < end:
        line = text.find("\n", start, end)
        stop = end if line < 0 else line
        yield from _in_line(text, start, stop)
        start = stop + 1


def _in_line(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    for match in _END.finditer(text, start, stop):
        if _is_abbreviation(text[max(start, match.start() - 12) : match.start() + 1], text, match):
            continue
        if trimmed := _trim(text, start, match.end()):
            yield trimmed
        start = match.end()
    if trimmed := _trim(text, start, stop):
        yield trimmed


def _is_abbreviation(before: str, text: str, match: re.Match[str]) -> bool:
    if text[match.start()] != ".":
        return False
    number_follows = text[match.end() : match.end() + 1].isdigit()
    if _INITIAL.search(before):
        return True
    return bool(_SHORT.search(before)) or (number_follows and not before[-2:-1].isalnum())


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
