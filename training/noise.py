"""Damage of the kinds that print, scanning and conversion do to text, with the gold kept true.

A text carries marks at its gold values. Every kind of noise is a list of edits of characters; the
marks move with the edits, so a value always reads as it is printed in the noisy text. The damage
is light: a noisy statement stays legible, and an award id loses at most one character to OCR.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from training.marks import Edit, Mark, Marked, MarkKind, apply, fill, locate, on_word_boundaries

_CONFUSED = {  # what OCR reads for what is printed
    "rn": ("m",), "m": ("rn",), "0": ("O", "o"), "O": ("0",), "1": ("l", "I"), "l": ("1", "I"),
    "I": ("l", "1"), "5": ("S",), "S": ("5",), "8": ("B",), "B": ("8",), "cl": ("d",),
    "e": ("c",), "h": ("b",), "ti": ("ii",), "vv": ("w",), "2": ("Z",), "6": ("G",),
}  # fmt: skip
_IN_IDS = frozenset("0O1lI5S8B")
_CONFUSABLE = re.compile("|".join(sorted(_CONFUSED, key=len, reverse=True)))


def ocr(marked: Marked, rng: random.Random) -> list[Edit]:
    """Characters taken for others that look alike: about one in 250, at most one in a value."""
    places = [(m.start(), m.end(), m.group()) for m in _CONFUSABLE.finditer(marked.text)]
    rng.shuffle(places)
    hit: set[Mark] = set()
    edits: list[Edit] = []
    for start, end, found in places:
        if len(edits) >= 1 + len(marked.text) // 250:
            break
        values = _at(marked, start, end)
        in_id = any(mark.kind == "id" for mark in values)
        if hit.intersection(values) or (in_id and (found not in _IN_IDS or rng.random() < 0.6)):
            continue
        hit.update(values)
        edits.append((start, end, rng.choice(_CONFUSED[found])))
    return edits


def case(marked: Marked, rng: random.Random) -> list[Edit]:
    """Words in the wrong case, as after small capitals; ids keep theirs."""
    words = [m for m in re.finditer(r"[^\W\d_]{4,}", marked.text) if not _in_id(marked, m)]
    chosen = rng.sample(words, min(len(words), rng.randint(1, 3)))
    change = rng.choice([str.upper, str.lower, str.title, _one_capital(rng)])
    return _same_length((m.start(), m.end(), change(m.group())) for m in chosen)


def _one_capital(rng: random.Random) -> Callable[[str], str]:
    def change(word: str) -> str:
        at = rng.randrange(1, len(word))
        return word[:at] + word[at].swapcase() + word[at + 1 :]

    return change


def _same_length(edits: Iterable[Edit]) -> list[Edit]:
    """German sharp s grows in capitals: leave such a word alone."""
    return [(start, end, new) for start, end, new in edits if len(new) == end - start]


_LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
_WRONG = {"'": "’`´‘", "’": "'`´", '"': "“”„″", "“": '"«', "”": '"»', "-": "‐–−‑", "–": "-—"}


def ligatures(marked: Marked, rng: random.Random) -> list[Edit]:
    """Typographic ligatures as single characters, all of the text or some."""
    share = rng.choice([1.0, 0.5])
    return [
        (m.start(), m.end(), _LIGATURES[m.group()])
        for m in re.finditer("ffi|ffl|ff|fi|fl", marked.text)
        if rng.random() < share
    ]


def invisible(marked: Marked, rng: random.Random) -> list[Edit]:
    """Soft hyphens inside words, zero-width characters, no-break and thin spaces between them."""
    edits: list[Edit] = []
    odd = rng.choice(["\u00a0", "\u00a0", "\u2009", "\u202f"])
    for match in _some(r" ", marked.text, rng, 0.08):
        edits.append((match.start(), match.end(), odd))
    hidden = rng.choice(["\u00ad", "\u00ad", "\u200b"])
    for match in _some(r"[^\W\d_]{7,}", marked.text, rng, 0.06):
        if not _in_id(marked, match):
            at = rng.randrange(match.start() + 2, match.end() - 2)
            edits.append((at, at, hidden))
    return edits


def punctuation(marked: Marked, rng: random.Random) -> list[Edit]:
    """Wrong quotation marks and dashes, each replaced alike in the whole text."""
    chosen = {old: rng.choice(new) for old, new in _WRONG.items() if rng.random() < 0.7}
    return [(i, i + 1, chosen[c]) for i, c in enumerate(marked.text) if c in chosen]


def decomposed(marked: Marked, rng: random.Random) -> list[Edit]:
    """Accents as combining characters after their letter."""
    return [
        (i, i + 1, apart)
        for i, c in enumerate(marked.text)
        if "\u00c0" <= c <= "\u024f" and (apart := unicodedata.normalize("NFD", c)) != c
    ]


def mojibake(marked: Marked, rng: random.Random) -> list[Edit]:
    """UTF-8 read as Windows-1252, for Latin letters and punctuation only: it stays legible."""
    edits: list[Edit] = []
    edges = {edge for mark in marked.marks for edge in (mark.start - 1, mark.end)}
    for i, c in enumerate(marked.text):
        if i in edges:  # a quotation mark would become a letter and grow together with the value
            continue
        if "\u00a0" <= c <= "\u024f" or "\u2010" <= c <= "\u2030":
            try:
                edits.append((i, i + 1, c.encode("utf-8").decode("cp1252")))
            except UnicodeDecodeError:  # five bytes mean nothing in cp1252
                continue
    return edits


_TAGS: dict[MarkKind, tuple[str, ...]] = {
    "name": ("funding-source", "institution", "b", "italic", "named-content"),
    "id": ("award-id", "grant-num", "bold", "ext-link", "a"),
    "scheme": ("i", "em", "italic"),
    "title": ("i", "em", "italic"),
}
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MORE_ENTITIES = {
    '"': "&quot;", "'": "&#39;", "’": "&#8217;", "–": "&#8211;", "é": "&eacute;", "ö": "&ouml;",
    "ü": "&uuml;", "ä": "&auml;", "ã": "&atilde;", "ç": "&ccedil;", "ó": "&oacute;",
}  # fmt: skip


def markup(marked: Marked, rng: random.Random) -> list[Edit]:
    """XML or HTML: entities everywhere, tags around some values and around the whole."""
    table = _ENTITIES | (_MORE_ENTITIES if rng.random() < 0.5 else {})
    edits: list[Edit] = [(i, i + 1, table[c]) for i, c in enumerate(marked.text) if c in table]
    tags = {kind: rng.choice(names) for kind, names in _TAGS.items()}
    share = rng.choice([0.0, 0.4, 1.0])
    for mark in _outermost(marked):
        if rng.random() < share:
            tag = tags[mark.kind]
            edits += [(mark.start, mark.start, f"<{tag}>"), (mark.end, mark.end, f"</{tag}>")]
    if rng.random() < 0.4:
        tag = rng.choice(["p", "funding-statement", "ack", "div", "fn"])
        end = len(marked.text)
        edits = [(0, 0, f"<{tag}>"), *edits, (end, end, f"</{tag}>")]
    return edits


_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"'}
_ESCAPED = {"&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "–": "--", "’": "'", "“": "``",
            "”": "''", "ß": r"{\ss}", "ø": r"{\o}", "å": r"{\aa}", "ł": r"{\l}"}  # fmt: skip


def latex(marked: Marked, rng: random.Random) -> list[Edit]:
    """LaTeX source: escapes, ties, accents as commands, emphasis, raised footnote marks."""
    braces = rng.random() < 0.5
    edits: list[Edit] = []
    for i, c in enumerate(marked.text):
        if c in _ESCAPED:
            edits.append((i, i + 1, _ESCAPED[c]))
        elif (command := _accent(c, braces)) is not None:
            edits.append((i, i + 1, command))
    edits += [(m.start(), m.end(), "~") for m in _some(r"(?<=\.) (?=\S)", marked.text, rng, 0.4)]
    style = rng.choice(["textit", "emph", "textbf", "textsc"])
    for mark in _outermost(marked):
        if mark.kind != "id" and rng.random() < 0.25:
            edits += [(mark.start, mark.start, f"\\{style}{{"), (mark.end, mark.end, "}")]
    if rng.random() < 0.3:
        for match in list(_some(r"(?<=\w)(?=, )", marked.text, rng, 0.2))[:2]:
            if not _at(marked, match.start(), match.start()):
                edits.append((match.start(), match.start(), f"$^{{{rng.randint(1, 9)}}}$"))
    return edits


def _accent(char: str, braces: bool) -> str | None:
    apart = unicodedata.normalize("NFD", char)
    if len(apart) != 2 or apart[1] not in _ACCENTS or not apart[0].isascii():
        return None
    letter = apart[0] if apart[0] != "i" else r"\i"
    return (
        f"\\{_ACCENTS[apart[1]]}{{{letter}}}"
        if braces or letter == r"\i"
        else (f"\\{_ACCENTS[apart[1]]}{letter}")
    )


def hyphens(marked: Marked, rng: random.Random) -> list[Edit]:
    """Words broken at the end of a line; inside a value the line break has become a space."""
    joint = rng.choice(["-", "- ", "-\n"])
    edits: list[Edit] = []
    for match in _some(r"[A-Za-z][a-z]{6,}", marked.text, rng, 0.07):
        breaks = [m.start() for m in _SYLLABLE.finditer(match.group(), 2, len(match.group()) - 1)]
        if not breaks or _in_id(marked, match):
            continue
        at = match.start() + rng.choice(breaks)
        inside = bool(_at(marked, at, at))
        edits.append((at, at, joint.replace("\n", " ") if inside else joint))
    return edits


# A rough syllable: broken before a consonant that follows a vowel and precedes one.
_SYLLABLE = re.compile(r"(?<=[aeiouyn])[bcdfgklmnprstv](?=[aeiouy])")


def spaces(marked: Marked, rng: random.Random) -> list[Edit]:
    """Line breaks and doubled or lost spaces between words, a stray space within an id."""
    new = rng.choice(["\n", "  ", "\n", ""])
    edges = {edge for mark in marked.marks for edge in (mark.start, mark.end)}
    edits: list[Edit] = []
    for match in _some(r"(?<=[a-z,]) (?=[a-z])", marked.text, rng, 0.02 if not new else 0.07):
        touches = match.start() in edges or match.end() in edges
        if not touches and not _at(marked, *match.span()):
            edits.append((*match.span(), new))
    for mark in marked.marks:
        joints = [m.end() for m in re.finditer(r"[/-]", marked.value(mark))][:-1]
        if mark.kind == "id" and joints and rng.random() < 0.1:
            at = mark.start + rng.choice(joints)
            edits.append((at, at, " "))
    return edits


KINDS: dict[str, Callable[[Marked, random.Random], list[Edit]]] = {
    "ocr": ocr,
    "case": case,
    "ligatures": ligatures,
    "invisible": invisible,
    "punctuation": punctuation,
    "decomposed": decomposed,
    "mojibake": mojibake,
    "markup": markup,
    "latex": latex,
    "hyphens": hyphens,
    "spaces": spaces,
}
_WEIGHTS = {"ocr": 4, "case": 2, "markup": 3, "latex": 3, "hyphens": 4, "spaces": 3}


def draw_kinds(rng: random.Random) -> tuple[str, ...]:
    """The kinds of noise that one text gets: one mostly, sometimes two that occur together."""
    names = list(KINDS)
    weights = [_WEIGHTS.get(name, 2) for name in names]
    first, second = rng.choices(names, weights, k=2)
    if rng.random() < 0.7 or first == second or {first, second} == {"latex", "markup"}:
        return (first,)
    return (first, second)


def noisy(
    marked: Marked, rng: random.Random, kinds: Sequence[str] | None = None
) -> tuple[Marked, tuple[str, ...]]:
    """The text with noise of the given kinds (drawn if none are given), and those that changed it.

    Raises `ValueError` for a kind that does not exist.
    """
    if kinds is not None:
        return _damaged(marked, rng, kinds)
    for _ in range(_DRAWS):
        changed, applied = _damaged(marked, rng, draw_kinds(rng))
        if applied:
            return changed, applied
    return marked, ()


_DRAWS = 6  # many kinds leave a short plain text as it is


def _damaged(
    marked: Marked, rng: random.Random, kinds: Sequence[str]
) -> tuple[Marked, tuple[str, ...]]:
    applied: list[str] = []
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"unknown noise {kind!r}; known: {', '.join(KINDS)}")
        changed = apply(marked, KINDS[kind](marked, rng))
        if changed.text != marked.text and _values_whole(changed):
            marked = changed
            applied.append(kind)
    return marked, tuple(applied)


def _values_whole(marked: Marked) -> bool:
    """Whether no letter of the noise has grown together with a value."""
    return all(on_word_boundaries(marked.text, mark.start, mark.end) for mark in marked.marks)


def noisy_row(
    row: dict[str, Any], rng: random.Random, kinds: Sequence[str] | None = None
) -> dict[str, Any]:
    """A labelled statement with noise, its funders as printed in the noisy text.

    `row` has `statement` and `funders` in the cometadata format. A row with a value that does not
    stand in its statement comes back as it is. The kinds applied are added under `noise`.
    """
    located = locate(row["statement"], row["funders"])
    if located is None:
        return row
    marked, applied = noisy(located, rng, kinds)
    values = iter([marked.value(mark) for mark in marked.marks])
    funders = fill(row["funders"], values)
    return {**row, "statement": marked.text, "funders": funders, "noise": list(applied)}


def _at(marked: Marked, start: int, end: int) -> list[Mark]:
    """The marks that an edit of `[start, end)` would change."""
    return [mark for mark in marked.marks if start < mark.end and mark.start < max(end, start + 1)]


def _in_id(marked: Marked, match: re.Match[str]) -> bool:
    return any(mark.kind == "id" for mark in _at(marked, *match.span()))


def _outermost(marked: Marked) -> list[Mark]:
    """Marks that overlap no other: tags around them nest properly."""
    return [
        mark
        for mark in marked.marks
        if sum(mark.start < other.end and other.start < mark.end for other in marked.marks) == 1
    ]


def _some(pattern: str, text: str, rng: random.Random, share: float) -> Iterable[re.Match[str]]:
    """The given share of the places where the pattern stands, at least one if there is any."""
    found = list(re.finditer(pattern, text))
    count = min(len(found), max(1, round(len(found) * share)))
    return sorted(rng.sample(found, count), key=lambda match: match.start())
