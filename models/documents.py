"""Any file to a `Document`: its text, its pages and where each word stands; no model, no store.

PDFium reads every page (3 to 9 ms each, with exact boxes for its own characters); pdfplumber,
35 to 90 times slower, reads again only the pages whose columns PDFium mixes up.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from models.errors import UnreadableDocument
from models.normalise import normalise_lines
from models.schemas import Page, Span
from models.words import Words

MediaType = Literal["application/pdf", "text/plain", "text/markdown"]
SUFFIXES: dict[str, MediaType] = {
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be before it is refused: bytes, and pages of a PDF."""

    max_bytes: int = 200 * 1024 * 1024
    max_text_bytes: int = 20 * 1024 * 1024
    max_pages: int = 1_500


@dataclass(frozen=True, slots=True)
class Document:
    """A read file.

    `text` is the normalised text, into which every span points. `raw` is the text as the file
    gave it and `origin[i]` the offset in `raw` of `text[i]`.
    """

    name: str
    sha256: str
    size: int
    media_type: MediaType
    text: str
    raw: str
    origin: array[int]
    pages: tuple[Page, ...]
    words: Words = field(default_factory=Words)
    warnings: tuple[str, ...] = ()

    def span(self, start: int, end: int) -> Span:
        """The place of `text[start:end]`, with its boxes."""
        boxes = self.words.boxes(start, end)
        page = boxes[0].page if boxes else self.page_at(start)
        return Span(page=page, start=start, end=end, boxes=boxes)

    def page_at(self, offset: int) -> int:
        """The number of the page on which `text[offset]` stands."""
        holding = [page.number for page in self.pages if page.start <= offset < page.end]
        return holding[0] if holding else 1

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets `[start, end)` in `raw` of the characters from `text[start:end]`."""
        return self.origin[start], self.origin[end - 1] + 1

    def text_offset(self, raw_offset: int) -> int:
        """The offset in `text` of the first character that comes from `raw[raw_offset]` or later.

        Paragraphs that were carried over a page break are out of order, so this looks at all of
        them rather than bisecting.
        """
        best = min(
            (origin, offset) for offset, origin in enumerate(self.origin) if origin >= raw_offset
        )
        return best[1]


def read(path: Path, limits: Limits | None = None, name: str | None = None) -> Document:
    """Read a PDF, plain text or Markdown file; `name` is what it is called where that differs.

    Raises `UnreadableDocument` with what is wrong and what to do.
    """
    limits, name = limits or Limits(), name or path.name
    return read_bytes(name, _load(path, name, limits), limits)


def read_bytes(name: str, data: bytes, limits: Limits | None = None) -> Document:
    """Read the contents of a file; `name` tells the kind where the contents do not.

    Raises `UnreadableDocument`.
    """
    limits = limits or Limits()
    if not data.strip(b"\0 \t\r\n"):
        raise UnreadableDocument(f"{name} is empty.", "Download or export it again.")
    media_type = _media_type(name, data)
    if media_type == "application/pdf":
        from models.pdf import read_pdf

        return read_pdf(name, data, sha256(data), limits.max_pages)
    return _read_text(name, data, media_type, limits)


def sha256(data: bytes) -> str:
    """The identity of a file: the same bytes are the same document."""
    return hashlib.sha256(data).hexdigest()


def megabytes(size: int) -> str:
    """A size as a person reads it."""
    return f"{size / 1024 / 1024:,.0f} MB"


def _load(path: Path, name: str, limits: Limits) -> bytes:
    if not path.exists():
        raise UnreadableDocument(f"There is no file {name}.", "Check the path.")
    if not path.is_file():
        raise UnreadableDocument(f"{name} is a folder, not a file.", "Name the files in it.")
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise UnreadableDocument(
            f"{name} has {megabytes(size)}; the limit is {megabytes(limits.max_bytes)}.",
            "Split it, or raise WORKBENCH_MAX_BYTES.",
        )
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnreadableDocument(
            f"{name} cannot be read: {reason}.", "Check the file's permissions and the disk."
        ) from error


def _media_type(name: str, data: bytes) -> MediaType:
    if b"%PDF-" in data[:1024]:
        return "application/pdf"
    known = SUFFIXES.get(Path(name).suffix.lower())
    if known == "application/pdf":
        raise UnreadableDocument(
            f"{name} is no PDF: it is {_looks_like(data)}.",
            "Open it to see what it is, and download the PDF again.",
        )
    if known is None:
        raise UnreadableDocument(
            f"{name}: files of this kind are not read.",
            f"Use PDF, plain text or Markdown ({', '.join(SUFFIXES)}).",
        )
    return known


def _looks_like(data: bytes) -> str:
    start = data[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page, perhaps a login or error page of the publisher"
    signatures = {
        b"pk\x03\x04": "a ZIP or Office file",
        b"\x89png": "a PNG picture",
        b"\xff\xd8\xff": "a JPEG picture",
        b"%!ps": "a PostScript file",
        b"{\\rtf": "a rich-text file",
    }
    found = [kind for magic, kind in signatures.items() if start.startswith(magic)]
    return found[0] if found else "something else"


def _read_text(name: str, data: bytes, media_type: MediaType, limits: Limits) -> Document:
    if len(data) > limits.max_text_bytes:
        raise UnreadableDocument(
            f"{name} has {megabytes(len(data))} of text; "
            f"the limit is {megabytes(limits.max_text_bytes)}.",
            "Split it into one file a paper.",
        )
    raw, warnings = _decode(name, data)
    normalised = normalise_lines(raw)
    if not normalised.text.strip():
        raise UnreadableDocument(f"{name} holds no text.", "Check that it was saved as text.")
    page = Page(number=1, width=1.0, height=1.0, start=0, end=len(normalised.text), reader="text")
    return Document(
        name=name,
        sha256=sha256(data),
        size=len(data),
        media_type=media_type,
        text=normalised.text,
        raw=raw,
        origin=normalised.origin,
        pages=(page,),
        warnings=warnings,
    )


def _decode(name: str, data: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            return _refuse_binary(name, text), ()
    text = _refuse_binary(name, data.decode("cp1252", errors="replace"))
    return text, ("The file is not UTF-8; it was read as Windows-1252. Check accented letters.",)


def _refuse_binary(name: str, text: str) -> str:
    sample = text[:20_000]
    odd = sum(1 for char in sample if (char < " " and char not in "\t\r\n\f\v") or char == "\ufffd")
    if odd > 0.005 * len(sample):
        raise UnreadableDocument(
            f"{name} is not text: it holds binary data.", "Export the paper as PDF or plain text."
        )
    return text
