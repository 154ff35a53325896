"""Funding put into XML that exists: an article in JATS, or a Crossref deposit.

The parser only tells at which bytes an element begins and ends; everything outside the element
that is put in or replaced stays as it is, byte for byte: encoding, entities, comments, doctype.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from db.engine import reading
from db.files import on_disk
from db.gold import Decided, decided
from db.tables import DocumentRow, RecordRow
from models.dois import normalised
from models.errors import WorkbenchError
from workbench.exchange.formats import Unfit, Unreadable
from workbench.exports.crossref import ARTICLES, FUNDREF, program
from workbench.exports.jats import funding_group

BEFORE = {
    "jats": (
        "journal-id", "article-id", "article-version", "article-version-alternatives",
        "article-categories", "title-group", "contrib-group", "aff", "aff-alternatives",
        "author-notes", "pub-date", "pub-date-not-available", "volume", "volume-id",
        "volume-series", "issue", "issue-id", "issue-title", "issue-title-group", "issue-sponsor",
        "issue-part", "volume-issue-group", "isbn", "supplement", "fpage", "lpage", "page-range",
        "elocation-id", "email", "ext-link", "uri", "product", "supplementary-material", "history",
        "pub-history", "permissions", "self-uri", "related-article", "related-object", "abstract",
        "trans-abstract", "kwd-group", "support-group",
    ),
    "crossref": (
        "titles", "contributors", "abstract", "publication_date", "acceptance_date",
        "posted_date", "group_title", "institution", "item_number", "pages", "publisher_item",
        "edition_number", "isbn", "noisbn", "publisher", "component_number", "degree",
        "approval_date", "database_date", "description", "format",
    ),
}  # fmt: skip
"""Children of the place that funding follows, as the schemas order them."""
DEEPEST = 500


@dataclass(slots=True)
class Node:
    """Where an element stands: `[start, end)` of the whole, `inner` the end of its start tag."""

    name: str
    start: int
    namespace: str = ""
    end: int = 0
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """The element and all in it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def child(self, name: str) -> Node | None:
        """The first child of a local name."""
        return next((child for child in self.children if child.name == name), None)


@dataclass(frozen=True, slots=True)
class Patched:
    """What was put in, and for which DOIs of the file nothing was known or said."""

    output: str
    patched: list[str]
    untouched: list[str]


def patch_file(engine: Engine, name: str, source: Path, target: Path) -> Patched:
    """Put what was decided about the papers of a file into a copy of it, found by their DOI."""
    data = source.read_bytes()
    done: list[str] = []
    untouched: list[str] = []
    with reading(engine) as session:
        changes = []
        for doi, place in places(name, parse(data)):
            record = _record(session, doi)
            try:
                body = _body(name, record) if record else None
            except Unfit:
                body = None
            if body is None:
                untouched.append(doi)
            else:
                done.append(doi)
                changes.append((place, body))
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    with on_disk(target):
        part.write_bytes(put(name, data, changes))
        os.replace(part, target)
    return Patched(str(target), done, untouched)


def into_jats(data: bytes, record: Decided) -> bytes:
    """An article with the funding of a record, whatever DOI it has."""
    place = next((node for _, node in places("jats", parse(data))), None)
    if place is None:
        raise Unreadable("There is no article-meta in the file.", "Is it a JATS article?")
    return put("jats", data, [(place, funding_group(record))])


def places(name: str, root: Node) -> Iterator[tuple[str, Node]]:
    """The elements that hold funding, with the DOI of what they are about."""
    wanted = ("article-meta",) if name == "jats" else ARTICLES
    if name not in BEFORE:
        raise WorkbenchError(f"{name} cannot be put into a file.", "jats and crossref can.")
    for node in root.walk():
        if node.name in wanted:
            yield _doi(name, node), node


def _doi(name: str, node: Node) -> str:
    if name == "jats":
        ids = [c for c in node.children if c.name == "article-id"]
        told = next((c.text for c in ids if c.attributes.get("pub-id-type") == "doi"), "")
    else:
        data = node.child("doi_data")
        found = data.child("doi") if data else None
        told = found.text if found else ""
    return normalised(told) or told.strip()


def _record(session: Session, doi: str) -> Decided | None:
    query: Any = (
        select(RecordRow.id)
        .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
        .where(DocumentRow.doi == doi)
        .order_by(col(RecordRow.id))
    )
    for id_ in session.exec(query):
        found = next(decided(session, after=id_ - 1), None)
        if found and found.id == id_:
            return found
    return None


def _body(name: str, record: Decided) -> str:
    return funding_group(record) if name == "jats" else program(record)


def put(name: str, data: bytes, changes: list[tuple[Node, str]]) -> bytes:
    """The bytes with each body in its place; funding that was there is replaced."""
    encoding = encoding_of(data)
    for place, body in sorted(changes, key=lambda change: -change[0].start):
        body = _prefixed(body, place, data, encoding) if name == "jats" else body
        told = body.encode(encoding, "xmlcharrefreplace")
        old = _old(name, place)
        if old:
            for node in reversed(old[1:]):
                data = data[: node.start] + data[node.end :]
            data = data[: old[0].start] + told + data[old[0].end :]
        else:
            at = _insertion(name, place)
            data = data[:at] + told + data[at:]
    return data


def _old(name: str, place: Node) -> list[Node]:
    if name == "jats":
        return [child for child in place.children if child.name == "funding-group"]
    marked = [
        *place.children,
        *(c for m in place.children if m.name == "crossmark" for c in m.walk()),
    ]
    return [n for n in marked if n.name == "program" and n.namespace == FUNDREF][:1]


def _insertion(name: str, place: Node) -> int:
    """Behind the last child that the schema sets before funding, else before the first child."""
    before = [child for child in place.children if child.name in BEFORE[name]]
    if before:
        return before[-1].end
    if not place.children:
        raise Unreadable(f"The {place.name} of the file is empty.", "Funding needs its place.")
    return place.children[0].start


def _prefixed(body: str, place: Node, data: bytes, encoding: str) -> str:
    """The body with the namespace prefix that the article's own elements have, if any."""
    tag = data[place.start : place.start + 200].decode(encoding, "replace")
    found = re.match(r"<([\w.-]+):", tag)
    return re.sub(r"(</?)(?=[a-z])", rf"\1{found[1]}:", body) if found else body


def encoding_of(data: bytes) -> str:
    """The encoding that a document says it has."""
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if data.startswith(mark):
            return name
    for name in ("utf-16-le", "utf-16-be"):
        if data.startswith("<?xml".encode(name)):
            return name
    found = re.match(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)", data)
    return found[1].decode("ascii") if found else "utf-8"


def parse(data: bytes) -> Node:
    """The elements of a document with their places. Raises `Unreadable`.

    Nothing is fetched, and entities that a document declares are not followed: it is refused if
    they nest, for that is what an attack looks like.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    builder = _Builder(parser, len(data))
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unreadable(f"The file is not sound XML: {error}.", "Check the file.") from error
    return builder.root


class _Builder:
    def __init__(self, parser: Any, size: int) -> None:
        self._parser, self._size = parser, size
        self.root = Node("", 0)
        self._open = [self.root]
        self._ended: Node | None = None
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._entity
        parser.DefaultHandler = self._other
        parser.CommentHandler = self._other
        parser.ProcessingInstructionHandler = self._other
        parser.StartCdataSectionHandler = self._other

    def _entity(self, name: str, is_parameter: bool, value: str | None, *_: Any) -> None:
        if value is not None and "&" in value:
            raise Unreadable("The file declares entities within entities.", "Resolve them first.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._close()
        if len(self._open) > DEEPEST:
            raise Unreadable("The XML nests too deep.", "Check where the file comes from.")
        namespace, _, bare = name.rpartition(" ")
        node = Node(bare, self._parser.CurrentByteIndex, namespace, attributes=attributes)
        self._open[-1].children.append(node)
        self._open.append(node)

    def _end(self, name: str) -> None:
        self._close()
        # Where an element ends is where the next thing begins: end tags have no end of their own.
        self._ended = self._open.pop()

    def _text(self, text: str) -> None:
        self._close()
        self._open[-1].text += text

    def _other(self, *_: Any) -> None:
        self._close()

    def _close(self) -> None:
        if self._ended is not None:
            self._ended.end = self._parser.CurrentByteIndex
            self._ended = None
