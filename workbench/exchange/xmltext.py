"""XML written as text and read without trust: no entities, no network, no depth without end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.exchange.formats import Unfit, Unreadable

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, not even escaped."""
SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
ATTRIBUTE = SPECIAL | str.maketrans({"\t": "&#9;", "\n": "&#10;"})
DEEPEST = 200
LONGEST = 9_500_000
"""Bytes of a value: libxml2, and so most of what reads XML, refuses a document with ten million."""


def allowed(value: str) -> str:
    """The text with each forbidden character told as a replacement character."""
    return FORBIDDEN.sub("\ufffd", value)


def text(value: str) -> str:
    """A value as the content of an element."""
    return _escaped(value, SPECIAL)


def attribute(value: str) -> str:
    """A value as that of an attribute, without its quotes."""
    return _escaped(value, ATTRIBUTE)


def element(name: str, content: str, **attributes: str | None) -> str:
    """An element; `content` is XML already. An underscore in an attribute's name is a hyphen."""
    told = "".join(
        f' {key.replace("_", "-")}="{attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


def _escaped(value: str, table: dict[int, str]) -> str:
    """The value as XML; raises `Unfit` for one that readers of XML refuse."""
    told = allowed(value).translate(table)
    if len(told) > LONGEST // 4 and len(told.encode()) > LONGEST:
        raise Unfit(
            f"A value of {len(value):,} characters is too long for XML.",
            "Correct the record, or export it as JSON Lines.",
        )
    return told


def elements(path: Path, *names: str) -> Iterator[Any]:
    """The outermost elements of these local names, one in memory at a time (lxml).

    Raises `Unreadable` for a file that is no XML, nests too deep or declares entities.
    """
    from lxml import etree

    try:
        parser = etree.iterparse(
            str(path),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        yield from _found(parser, frozenset(names))
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            f"{path.name} is not sound XML: {error.msg}.", "Check the file."
        ) from error


def _found(parser: Any, names: frozenset[str]) -> Iterator[Any]:
    depth, inside = 0, 0
    for event, node in parser:
        if event == "start":
            depth += 1
            refuse_entities(node, depth)
            inside += local(node) in names
            continue
        depth -= 1
        if local(node) in names:
            inside -= 1
            if inside == 0:
                yield node
        if inside == 0:
            _forget(node)


def refuse_entities(node: Any, depth: int) -> None:
    """Raise `Unreadable` where a document declares entities of its own, or nests without end."""
    if depth > DEEPEST:
        raise Unreadable("The XML nests too deep.", "Check where the file comes from.")
    if depth != 1:
        return
    dtd = node.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise Unreadable(
            "The XML declares entities of its own, which are not read.",
            "Resolve them with a tool that you trust, then import the file.",
        )


def _forget(node: Any) -> None:
    """Let go of what was read, so that memory does not grow with the file."""
    node.clear(keep_tail=False)
    parent = node.getparent()
    while parent is not None and node.getprevious() is not None:
        del parent[0]


def local(node: Any) -> str:
    """The name of an element without its namespace."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(node: Any, name: str) -> list[Any]:
    """The child elements of a local name."""
    return [child for child in node if local(child) == name]


def find(node: Any, *path: str) -> Any:
    """The first element down a path of local names, None where there is none."""
    for name in path:
        found = children(node, name) if node is not None else []
        node = found[0] if found else None
    return node


def content(node: Any) -> str:
    """All text in an element, as it stands."""
    return "" if node is None else "".join(node.itertext())
