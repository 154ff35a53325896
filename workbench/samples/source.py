"""The Markdown of a sample paper to plain blocks; knows the notation, nothing about pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

Kind = Literal["heading", "paragraph", "item", "equation", "caption", "table", "chart"]

_SOFT_HYPHEN = "\u00ad"
_INLINE = (
    # ReportLab drops a space that stands between a word with soft hyphens and a change of font,
    # so the space goes inside.
    (re.compile(r"( ?)\*\*(.+?)\*\*"), r"<b>\1\2</b>"),
    (re.compile(r"( ?)\*(.+?)\*"), r"<i>\1\2</i>"),
    (re.compile(r"\^([^\s^]+)\^"), r'<super size="6.5" rise="4">\1</super>'),
    (re.compile(r"~([^\s~]+)~"), r'<sub size="6.5" rise="2">\1</sub>'),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One element of the body: its kind and its source text without the notation's marks."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as written: the front matter, key by key, and the body."""

    fields: dict[str, str]
    blocks: tuple[Block, ...]

    def get(self, key: str) -> str:
        """A field of the front matter, empty where the paper does without it."""
        return self.fields.get(key, "")

    def markup(self, text: str, is_hyphenated: bool) -> str:
        """Source text as ReportLab's inline markup, with this paper's hyphenation points."""
        softened = soften(text, self.get("hyphenation")) if is_hyphenated else text
        marked = escape(softened, quote=False)
        for pattern, replacement in _INLINE:
            marked = pattern.sub(replacement, marked)
        return marked


def load(path: Path) -> Paper:
    """Read one paper: front matter between two `---` lines, then the body."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    parts = re.split(r"\n{2,}", body.strip("\n"))
    return Paper(dict(_fields(front)), tuple(_block(part) for part in parts))


def soften(text: str, hyphenation: str) -> str:
    """Put soft hyphens into the words of a list such as "mea-dow hy-dro-phone"."""
    points = {word.replace("-", ""): word.split("-") for word in hyphenation.split()}

    def split(match: re.Match[str]) -> str:
        return _SOFT_HYPHEN.join(_cut(match.group(), points.get(match.group().lower(), [])))

    return re.sub(r"[^\W\d_]+", split, text)


def _cut(word: str, parts: list[str]) -> list[str]:
    """The word in pieces as long as the parts, its own capitals kept."""
    pieces = []
    for part in parts:
        pieces.append(word[: len(part)])
        word = word[len(part) :]
    return pieces or [word]


def _fields(front: str) -> Iterator[tuple[str, str]]:
    """`key: value` lines; indented lines go on with the value above."""
    for entry in re.split(r"\n(?=\S)", front.strip("\n")):
        key, _, value = entry.partition(":")
        yield key, " ".join(value.split())


def _block(part: str) -> Block:
    if part.startswith("```chart"):
        return Block("chart", part.removeprefix("```chart\n").removesuffix("\n```"))
    if part.startswith("|"):
        return Block("table", part)
    flat = " ".join(part.split())
    if flat.startswith("## "):
        return Block("heading", flat[3:])
    if flat.startswith("> "):
        return Block("equation", flat[2:])
    if re.match(r"\d+\. ", flat):
        return Block("item", flat)
    is_caption = re.match(r"\*\*(?:Table|Figure|Tabela|Figura) \d", flat)
    return Block("caption" if is_caption else "paragraph", flat)
