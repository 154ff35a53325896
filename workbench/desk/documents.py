"""Documents between the store and the readers, and where the values of an answer stand in them."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlmodel import Session

from db import cards, store
from db.engine import reading, writing
from db.tables import DocumentRow
from models.documents import Document
from models.dois import find_doi
from models.grounding import ground_fields, ground_statement
from models.schemas import Answer, GroundedField, Page, Statement
from models.words import Words
from workbench.context import Context

TITLE_PAGES = 2
TITLE_CHARACTERS = 12_000
"""Where a paper says its own DOI; further on it cites those of others."""
AT_ONCE = 100
"""Documents of one transaction."""


class Filled(NamedTuple):
    """Documents that were looked at for a DOI, and those that have one now."""

    looked: int
    found: int


def document_row(document: Document) -> DocumentRow:
    """A document as the store keeps it."""
    return DocumentRow(
        sha256=document.sha256,
        name=document.name,
        media_type=document.media_type,
        size=document.size,
        doi=find_doi(document.name, _first_pages(document.pages, document.text)),
        text=document.text,
        raw=document.raw,
        origin=zlib.compress(document.origin.tobytes()),
        words=document.words.pack(),
        pages=document.pages,
        warnings=document.warnings,
    )


def _first_pages(pages: Sequence[Page], text: str) -> str:
    """The text of two pages; a file without pages is as long as two."""
    ends = [page.end for page in pages if page.number <= TITLE_PAGES]
    return text[: min(max(ends, default=TITLE_CHARACTERS), TITLE_CHARACTERS)]


def fill_dois(ctx: Context, advance: Callable[[], None] = lambda: None) -> Filled:
    """Look for the DOI of documents that came in without; `advance` hears of each.

    A short transaction for each hundred: who stops it loses nothing, and a second run goes on.
    What a person said, also that there is none, stays.
    """
    looked = found = 0
    after = ""
    while True:
        with reading(ctx.engine) as session:
            some = cards.without_doi(session, after, AT_ONCE, TITLE_CHARACTERS)
        if not some:
            return Filled(looked, found)
        after = some[-1][0]
        dois = {sha: find_doi(name, _first_pages(pages, text)) for sha, name, pages, text in some}
        with writing(ctx.engine) as session:
            found += sum(cards.put_doi(session, sha, doi) for sha, doi in dois.items() if doi)
        for _ in some:
            looked += 1
            advance()


def document_of(row: DocumentRow) -> Document:
    """A document as it was read, from the store."""
    origin = array("i")
    origin.frombytes(zlib.decompress(row.origin))
    return Document(
        name=row.name,
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,  # type: ignore[arg-type]
        text=row.text,
        raw=row.raw,
        origin=origin,
        pages=tuple(row.pages),
        words=Words.unpack(row.words),
        warnings=tuple(row.warnings),
    )


def read_document(session: Session, record_id: int) -> Document:
    """The document of a record, ready to be grounded in."""
    row = store.document(session, store.record(session, record_id).document_sha256)
    return document_of(row)


def ground(document: Document, answer: Answer) -> tuple[Answer, tuple[GroundedField, ...]]:
    """The answer with each statement's place, and each value's place."""
    statements = tuple(_place(statement, document) for statement in answer.statements)
    placed = answer.model_copy(update={"statements": statements})
    return placed, ground_fields(answer.funders, statements, document)


def _place(statement: Statement, document: Document) -> Statement:
    """A statement whose place is given and right keeps it; any other is looked for."""
    span = statement.span
    if span is not None and document.text[span.start : span.end] == statement.text:
        place = document.span(span.start, span.end)
        return statement.model_copy(update={"span": place, "alignment": "exact"})
    found = ground_statement(statement.text, document)
    return found.model_copy(update={"text": statement.text, "confidence": statement.confidence})
