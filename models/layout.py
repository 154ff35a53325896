"""Lines on pages to running text: paragraphs, columns, page breaks, hyphens. Geometry only.

Input is what a reader saw, line by line in the order of the file; output is the order in which
a person reads it and what stands between two lines: nothing, a space or a paragraph break.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from models.words import Word

HEADING = re.compile(
    r"(?:\d+(?:\.\d+)*\.?\s+)?"
    r"(?:abstract|introduction|methods?|results|discussion|conclusions?|references|bibliography|"
    r"acknowledge?ments?(?:\s+and\s+funding)?|funding(?:\s+(?:statement|information|sources?))?|"
    r"(?:source\s+of\s+|financial\s+)(?:funding|support)(?:\s+statement)?|grant\s+support|"
    r"(?:declaration\s+of\s+)?(?:conflicts?\s+of|competing)\s+interests?|"
    r"author\s+contributions?|data\s+availability(?:\s+statement)?|abbreviations|appendix|"
    r"agradecimient?os?|agradecimentos?|financiamento|financiamiento|danksagung|f[oö]rderung|"
    r"remerciements|financement|ringraziamenti)\s*[:.]?",
    re.IGNORECASE,
)
_TERMINAL = re.compile(r"(?:[.!?:;][\"'\u201d\u2019)\]]*|\b(?:https?://|doi:|10\.\d{4,9}/)\S*)$")
_OPEN_ENDED = re.compile(
    r"(?:[,(\-\u2013/]|\b(?:the|of|and|by|from|for|in|to|with|under|through|a|an|No\.?|Nos\.?|"
    r"grant|de|da|do|la|der|und|by\s+a))$"
)
_ASIDE = re.compile(
    r"\W*(?:key\s?words?|correspond\w*|\S+@|e-?mail|received|accepted|published|doi|copyright|\u00a9|"
    r"abbreviations|how to cite|citation)\b",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"(?:fig(?:ure|\.)?|table|scheme|box)\s*\d", re.IGNORECASE)
_NUMBER_ONLY = re.compile(r"(?:page\s+)?[\divxlc]+(?:\s*(?:of|/)\s*\d+)?", re.IGNORECASE)
HYPHEN = "\x02"  # PDFium's mark for a hyphen at a line's end, given instead of "-" and the break


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its raw characters `[start, end)`, its words and their common box."""

    page: int
    start: int
    end: int
    text: str
    words: tuple[Word, ...]
    x0: float
    y0: float
    x1: float
    y1: float
    height: float

    @classmethod
    def of(cls, page: int, start: int, end: int, text: str, words: Sequence[Word]) -> Line:
        """The line that holds these words."""
        return cls(
            page,
            start,
            end,
            text,
            tuple(words),
            min(w.x0 for w in words),
            min(w.y0 for w in words),
            max(w.x1 for w in words),
            max(w.y1 for w in words),
            median(w.y1 - w.y0 for w in words),
        )


@dataclass(frozen=True, slots=True)
class PageReading:
    """What a reader saw on one page; offsets count from the page's first character."""

    number: int
    width: float
    height: float
    raw: str
    lines: tuple[Line, ...]
    reader: Literal["pdfium", "pdfplumber"] = "pdfium"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that make one paragraph, heading or caption."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The lines as they stand, for judging only."""
        return " ".join(line.text for line in self.lines)


def blocks(lines: Sequence[Line]) -> list[Block]:
    """Paragraphs in reading order, without the running heads and feet of the pages."""
    body = without_furniture(lines)
    if not body:
        return []
    rights = _column_rights(body)
    leadings = _leadings(body)
    groups: list[list[Line]] = [[body[0]]]
    for above, below in itertools.pairwise(body):
        if joins(above, below, rights, leadings[above.page]):
            groups[-1].append(below)
        else:
            groups.append([below])
    return carry_over([Block(tuple(group)) for group in groups], rights)


def without_furniture(lines: Sequence[Line]) -> list[Line]:
    """Drop running heads, running feet and page numbers.

    They are the lines in the margins that come back on another page, digits aside. They would
    otherwise stand in the middle of every statement that runs over a page break.
    """
    pages: dict[str, set[int]] = defaultdict(set)
    for line in filter(_in_margin, lines):
        pages[_furniture_key(line.text)].add(line.page)
    return [line for line in lines if not (_in_margin(line) and _is_furniture(line, pages))]


def _in_margin(line: Line) -> bool:
    return line.y1 < 0.105 or line.y0 > 0.9


def _furniture_key(text: str) -> str:
    return re.sub(r"\d+", "#", "".join(text.casefold().split()))


def _is_furniture(line: Line, pages: dict[str, set[int]]) -> bool:
    numbered = _NUMBER_ONLY.fullmatch(line.text.strip()) is not None
    return numbered or len(pages[_furniture_key(line.text)]) > 1


def _column_rights(lines: Sequence[Line]) -> dict[int, float]:
    """For each line, how far to the right the lines of its column reach."""
    by_left: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in lines:
        by_left[line.page, round(line.x0 * 25)].append(line)
    rights = {}
    for line in lines:
        key = round(line.x0 * 25)
        near = [n for k in (key - 1, key, key + 1) for n in by_left.get((line.page, k), ())]
        rights[id(line)] = sorted(n.x1 for n in near)[int(0.8 * (len(near) - 1))]
    return rights


def _leadings(lines: Sequence[Line]) -> dict[int, float]:
    """For each page, the usual distance from one line's top to the next."""
    steps: dict[int, list[float]] = defaultdict(list)
    for above, below in itertools.pairwise(lines):
        step = below.y0 - above.y0
        if above.page == below.page and 0.3 * above.height < step < 4 * above.height:
            steps[above.page].append(step)
    usual = {page: median(values) for page, values in steps.items()}
    return {line.page: usual.get(line.page, 1.3 * line.height) for line in lines}


def joins(above: Line, below: Line, rights: dict[int, float], leading: float) -> bool:
    """Whether `below` goes on with the paragraph that `above` belongs to."""
    if above.text.endswith(HYPHEN):
        return True
    if HEADING.fullmatch(above.text.strip()) or HEADING.fullmatch(below.text.strip()):
        return False
    if above.page != below.page or below.y0 < above.y0 - above.height:
        return _goes_on(above, below, rights)
    return _same_paragraph(above, below, rights[id(above)], leading)


def _same_paragraph(above: Line, below: Line, right: float, leading: float) -> bool:
    step = below.y0 - above.y0
    if abs(step) < 0.5 * above.height:  # further on the same line: a table cell or a tab
        return True
    overlap = min(above.x1, below.x1) - max(above.x0, below.x0)
    if overlap <= 0 or step > 1.45 * max(leading, above.height):
        return False
    if abs(above.height - below.height) > 0.2 * max(above.height, below.height):
        return False
    ended = _TERMINAL.search(above.text) is not None
    # A line is short when the next word would still have fitted: ragged lines are not.
    next_word = below.words[0].x1 - below.words[0].x0 + 0.5 * above.height
    is_short = above.x1 + next_word < right
    is_indented = below.x0 > above.x0 + 0.8 * below.height and len(below.words) > 1
    if ended and (is_short or is_indented):
        return False
    return not (is_short and _starts_upper(below.text) and not _OPEN_ENDED.search(above.text))


def _goes_on(above: Line, below: Line, rights: dict[int, float]) -> bool:
    """Whether a sentence runs over a column or page break from `above` to `below`."""
    if _TERMINAL.search(above.text) or _CAPTION.match(below.text):
        return False
    if not _same_measure(above, below, rights):
        return False
    if abs(above.height - below.height) > 0.15 * max(above.height, below.height):
        return False
    return not _starts_upper(below.text) or _OPEN_ENDED.search(above.text) is not None


def _same_measure(above: Line, below: Line, rights: dict[int, float]) -> bool:
    """Whether two lines stand in columns of the same width, as the parts of one text do."""
    widths = [rights[id(line)] - line.x0 for line in (above, below)]
    return max(widths) < 1.25 * min(widths) + 0.02


def _starts_upper(text: str) -> bool:
    return text[:1].isupper()


def carry_over(parts: Sequence[Block], rights: dict[int, float]) -> list[Block]:
    """Bring each broken sentence together with its other half in the next column or page.

    Figures, footnotes and sidebars stand between the halves in the file's order. The other half
    has the same type size, starts in lower case, and follows something that was finished.
    """
    order = list(parts)
    index = 0
    while index < len(order) - 1:
        following = _continuation(order, index, rights)
        if following is not None:
            merged = Block(order[index].lines + order[following].lines)
            order[index] = merged
            del order[following]
        else:
            index += 1
    return order


def _continuation(order: Sequence[Block], index: int, rights: dict[int, float]) -> int | None:
    last = order[index].lines[-1]
    if not _is_broken(order[index]) or _ASIDE.match(order[index].text):
        return None
    for ahead in range(index + 1, min(index + 60, len(order))):
        first = order[ahead].lines[0]
        if first.page > last.page + 1:
            return None
        if not _same_measure(last, first, rights):
            continue
        if first.page > last.page and _has_broken_below(order, index, last):
            return None
        if _is_other_half(last, first, order[ahead - 1], adjacent=ahead == index + 1):
            return ahead
    return None


def _is_broken(block: Block) -> bool:
    """Whether a paragraph ends in the middle of a sentence; headings and labels are too short."""
    return _TERMINAL.search(block.lines[-1].text) is None and len(block.text) >= 40


def _has_broken_below(order: Sequence[Block], index: int, last: Line) -> bool:
    """Whether another unfinished block stands lower in the column: that one goes on overleaf."""
    for block in order[index + 1 : index + 60]:
        other = block.lines[-1]
        lower = other.page == last.page and other.y0 > last.y0 and abs(other.x0 - last.x0) < 0.02
        if lower and _is_broken(block):
            return True
    return False


def _is_other_half(last: Line, first: Line, before: Block, adjacent: bool) -> bool:
    if first.page == last.page and abs(first.x0 - last.x0) < 0.02 and first.y0 > last.y0:
        return False  # further down the same column: a list or a table, already judged
    same_size = abs(first.height - last.height) < 0.06 * last.height
    starts_low = first.text[:1].islower()
    finished = adjacent or _TERMINAL.search(before.lines[-1].text) is not None
    in_place = first.page == last.page or abs(first.x0 - last.x0) < 0.03 or first.y0 < 0.35
    return same_size and starts_low and in_place and (finished or abs(first.x0 - last.x0) < 0.03)


def hyphen_stays(left: str, right: str, vocabulary: Counter[str]) -> bool:
    """Whether the hyphen between two half words at a line's end belongs to the word.

    It does in identifiers ("NRF-" "2016M3A9") and where the paper elsewhere writes the word
    with it more often than without.
    """
    if not left or not right:
        return True
    if not right[0].islower() or left[-1].isdigit() or left[-1].isupper():
        return True
    whole, split = (left + right).casefold(), f"{left}-{right}".casefold()
    return vocabulary[split] > vocabulary[whole]


_TOKEN = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def vocabulary(texts: Sequence[str]) -> Counter[str]:
    """How often each word, with its inner hyphens, stands inside a line of the paper."""
    return Counter(token.casefold() for text in texts for token in _TOKEN.findall(text))
