"""Whole JATS articles: the text as a document, its award groups as gold.

What stands in `award-group` elements was entered by a publisher, not copied from the statement:
award ids hold free text at times. It is gold as far as the publisher knew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.exchange.entries import Entry
from workbench.exchange.formats import Unreadable
from workbench.exchange.xmltext import children, content, elements, find, local
from workbench.exports.jats import read_groups

BLOCKS = frozenset(
    [
        "p",
        "title",
        "article-title",
        "sec",
        "abstract",
        "ack",
        "fn",
        "list-item",
        "td",
        "th",
        "caption",
        "label",
        "ref",
        "funding-statement",
    ]
)
SKIPPED = frozenset(
    ["award-group", "tex-math", "journal-meta", "ref-list", "contrib-group", "permissions"]
)
HEADINGS = ("funding", "acknowledg", "financial support")


def read(path: Path) -> Iterator[Entry | Unreadable]:
    """The articles of a file."""
    for article in elements(path, "article"):
        yield _entry(article, path.name)


def _entry(article: Any, name: str) -> Entry:
    meta = find(article, "front", "article-meta")
    ids = [] if meta is None else children(meta, "article-id")
    doi = next((content(i).strip() for i in ids if i.get("pub-id-type") == "doi"), None)
    groups = [] if meta is None else children(meta, "funding-group")
    funders, links, stated = read_groups(groups)
    has_gold = any(children(group, "award-group") for group in groups)
    return Entry(
        place=f"article {doi or name}",
        doi=doi,
        name=doi or name,
        license=_license(meta),
        text=plain_text(article),
        statements=stated or tuple(_sections(article)) if has_gold else None,
        funders=funders if has_gold else None,
        links=links,
    )


def _license(meta: Any) -> str | None:
    node = find(meta, "permissions", "license")
    if node is None:
        return None
    links: list[str] = [value for key, value in node.attrib.items() if key.endswith("href")]
    kind: str | None = node.get("license-type")
    return next(iter(links), None) or kind


def _sections(article: Any) -> Iterator[str]:
    """The paragraphs that an article calls its funding."""
    for node in article.iter():
        if local(node) not in ("sec", "fn", "ack", "notes"):
            continue
        kind = f"{node.get('sec-type') or ''} {node.get('fn-type') or ''}".lower()
        title = content(find(node, "title")).lower()
        if any(word in title or word in kind for word in HEADINGS[::2]) or "financial" in kind:
            yield from filter(None, (_flat(p) for p in children(node, "p")))


def plain_text(article: Any) -> str:
    """An article as running text, a blank line between its blocks."""
    pieces: list[str] = []
    _walk(article, pieces)
    lines = (" ".join(piece.split()) for piece in "".join(pieces).split("\n"))
    return "\n\n".join(filter(None, lines))


def _walk(node: Any, pieces: list[str]) -> None:
    name = local(node)
    if name in SKIPPED:
        return
    edge = "\n" if name in BLOCKS else ""
    pieces.append(edge + (node.text or "").replace("\n", " "))
    for child in node:
        if name == "article-meta" and local(child) not in (
            "title-group",
            "abstract",
            "funding-group",
        ):
            continue
        _walk(child, pieces)
        pieces.append((child.tail or "").replace("\n", " "))
    pieces.append(edge)


def _flat(node: Any) -> str:
    return " ".join(content(node).split())
