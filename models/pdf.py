"""A PDF to a `Document`: pages through PDFium, columns through pdfplumber where needed."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from models.columns import reread_mixed
from models.documents import Document
from models.errors import UnreadableDocument
from models.layout import HYPHEN, Block, Line, PageReading, blocks, hyphen_stays, vocabulary
from models.normalise import TextBuilder
from models.schemas import Page
from models.words import Word, Words

if TYPE_CHECKING:
    import pypdfium2 as pdfium

_DEVICE = 1_000_000  # PDFium maps points to whole device units; a page this wide loses nothing
_NON_SPACE = re.compile(r"\S+")


def read_pdf(name: str, data: bytes, sha256: str, max_pages: int) -> Document:
    """Read a PDF. Raises `UnreadableDocument` when it is damaged, locked, scanned or too long."""
    _refuse_truncated(name, data)
    pdf = _open(name, data)
    try:
        _refuse_length(name, len(pdf), max_pages)
        readings = [read_page(pdf, number) for number in range(1, len(pdf) + 1)]
    finally:
        pdf.close()
    readings = reread_mixed(data[data.index(b"%PDF-") :], readings)
    empty = [reading.number for reading in readings if not _has_text(reading.raw)]
    if len(empty) == len(readings):
        raise UnreadableDocument(
            f"{name} has no text that can be read: its pages are pictures, as from a scanner, "
            "or blank.",
            "Run OCR on it first (for instance ocrmypdf), then add the result.",
        )
    return _assemble(name, data, sha256, readings, _warnings(empty))


def _refuse_truncated(name: str, data: bytes) -> None:
    if b"%%EOF" not in data[-16_384:]:
        raise UnreadableDocument(
            f"{name} is cut off: the end of the PDF is missing.", "Download it again."
        )


def _open(name: str, data: bytes) -> pdfium.PdfDocument:
    import pypdfium2 as pdfium

    try:
        return pdfium.PdfDocument(data[data.index(b"%PDF-") :])
    except pdfium.PdfiumError as error:
        # PDFium reports the error of an earlier file where a file without pages sets none.
        if "password" in str(error).lower() and b"/Encrypt" in data:
            raise UnreadableDocument(
                f"{name} is locked with a password.", "Save an unlocked copy and add that."
            ) from error
        raise UnreadableDocument(
            f"{name} is damaged or has no pages: it cannot be opened.", "Download it again."
        ) from error


def _refuse_length(name: str, pages: int, max_pages: int) -> None:
    if pages == 0:
        raise UnreadableDocument(f"{name} has no pages.", "Export or download it again.")
    if pages > max_pages:
        raise UnreadableDocument(
            f"{name} has {pages:,} pages; the limit is {max_pages:,}.",
            "Split it, or raise WORKBENCH_MAX_PAGES.",
        )


def _has_text(raw: str, least: int = 10) -> bool:
    """Whether a page has letters: glyphs without a Unicode value come as control codes."""
    return sum(char.isalnum() for char in raw) >= least


def _warnings(empty: Sequence[int]) -> tuple[str, ...]:
    if not empty:
        return ()
    numbers = ", ".join(map(str, empty[:12])) + (" and more" if len(empty) > 12 else "")
    return (f"No text on page {numbers}: scanned or blank. Statements there are not found.",)


def read_page(pdf: pdfium.PdfDocument, number: int) -> PageReading:
    """The characters of one page and the boxes of its words, as PDFium gives them.

    A page that PDFium cannot load counts as empty, so that one bad page loses no paper.
    """
    import pypdfium2 as pdfium

    try:
        page = pdf[number - 1]
        textpage = page.get_textpage()
    except pdfium.PdfiumError:
        return PageReading(number, 1.0, 1.0, "", ())
    raw = _characters(textpage)
    locate = _locator(page, textpage)
    lines = tuple(_lines(number, raw, locate))
    width, height = page.get_size()
    textpage.close()
    page.close()
    return PageReading(number, width, height, raw, lines)


def _characters(textpage: pdfium.PdfTextPage) -> str:
    """The page's text, one character of the string for each character index of PDFium."""
    import pypdfium2.raw as raw

    codes = [raw.FPDFText_GetUnicode(textpage.raw, i) for i in range(textpage.count_chars())]
    return join_surrogates(codes)


def join_surrogates(codes: Sequence[int]) -> str:
    """One character a code: PDFium gives characters beyond U+FFFF as two halves.

    The whole character stands at the first half and a zero-width space, which reading drops, at
    the second, so that indexes still are PDFium's. A half alone is no text.
    """
    chars: list[str] = []
    high = 0
    for code in codes:
        if high and 0xDC00 <= code < 0xE000:
            chars[-1] = chr(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00))
            chars.append("\u200b")
        else:
            sound = code < 0xD800 or 0xE000 <= code <= 0x10FFFF
            chars.append(chr(code) if sound else "\ufffd")
        high = code if 0xD800 <= code < 0xDC00 else 0
    return "".join(chars)


def _locator(
    page: pdfium.PdfPage, textpage: pdfium.PdfTextPage
) -> Callable[[int], tuple[float, float, float, float] | None]:
    """A function from a character's index to its box in shares of the page as it is shown.

    The box is the loose one (the font's full height), so that highlights of a line are level;
    rotation and crop box are taken into account by PDFium itself.
    """
    import pypdfium2.raw as raw

    rect = raw.FS_RECTF()
    to_page = _device_transform(page)

    def locate(index: int) -> tuple[float, float, float, float] | None:
        if not raw.FPDFText_GetLooseCharBox(textpage.raw, index, rect):
            return None
        (ax, ay), (bx, by) = to_page(rect.left, rect.top), to_page(rect.right, rect.bottom)
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)

    return locate


def _device_transform(page: pdfium.PdfPage) -> Callable[[float, float], tuple[float, float]]:
    """The affine map from PDF points to shares of the shown page, asked of PDFium three times."""
    import pypdfium2.raw as raw

    x, y = ctypes.c_int(), ctypes.c_int()

    def device(px: float, py: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(page.raw, 0, 0, _DEVICE, _DEVICE, 0, px, py, x, y)
        return x.value / _DEVICE, y.value / _DEVICE

    step = 1000.0
    (ox, oy), (ax, ay), (bx, by) = device(0, 0), device(step, 0), device(0, step)
    ux, uy, vx, vy = (ax - ox) / step, (ay - oy) / step, (bx - ox) / step, (by - oy) / step
    return lambda px, py: (ox + ux * px + vx * py, oy + uy * px + vy * py)


def _lines(
    page: int, raw: str, locate: Callable[[int], tuple[float, float, float, float] | None]
) -> Iterator[Line]:
    start = 0
    for match in re.finditer(rf"\r\n|\n|\r|(?<=\w){HYPHEN}|\Z", raw):
        end = match.end() if match.group() == HYPHEN else match.start()
        words = [
            w
            for w in (_word(page, m, start, locate) for m in _NON_SPACE.finditer(raw[start:end]))
            if w
        ]
        if words:
            yield Line.of(page, start, end, raw[start:end], words)
        start = match.end()


def _word(
    page: int,
    match: re.Match[str],
    line_start: int,
    locate: Callable[[int], tuple[float, float, float, float] | None],
) -> Word | None:
    start, end = line_start + match.start(), line_start + match.end()
    # The corners of a word are those of its first, middle and last character: three look-ups
    # instead of one for each character.
    found = [box for i in {start, (start + end) // 2, end - 1} if (box := locate(i))]
    if not found:
        return None
    x0, y0, x1, y1 = zip(*found, strict=True)
    return Word(start, end, page, min(x0), min(y0), max(x1), max(y1))


def _assemble(
    name: str,
    data: bytes,
    sha256: str,
    readings: Sequence[PageReading],
    warnings: tuple[str, ...],
) -> Document:
    """Join the pages: one raw text, one normalised text, and the words placed in the latter."""
    raw, lines = "", []
    for reading in readings:
        lines += [_shift(line, len(raw)) for line in reading.lines]
        raw += reading.raw + "\n"
    builder = TextBuilder(raw)
    words = Words.of(_write(blocks(lines), raw, builder))
    normalised = builder.build()
    return Document(
        name=name,
        sha256=sha256,
        size=len(data),
        media_type="application/pdf",
        text=normalised.text,
        raw=raw,
        origin=normalised.origin,
        pages=tuple(_pages(readings, words)),
        words=words,
        warnings=warnings,
    )


def _shift(line: Line, by: int) -> Line:
    words = tuple(w._replace(start=w.start + by, end=w.end + by) for w in line.words)
    return Line.of(line.page, line.start + by, line.end + by, line.text, words)


def _write(parts: Sequence[Block], raw: str, builder: TextBuilder) -> Iterator[Word]:
    """Write the paragraphs into the builder; yield each word with its place in that text."""
    known = vocabulary([line.text for part in parts for line in part.lines])
    for part in parts:
        for index, line in enumerate(part.lines):
            following = part.lines[index + 1] if index + 1 < len(part.lines) else None
            yield from _write_line(line, following, raw, builder, known)
        builder.separate("\n", part.lines[-1].end - 1)


def _write_line(
    line: Line, following: Line | None, raw: str, builder: TextBuilder, known: Counter[str]
) -> Iterator[Word]:
    for word in line.words:
        start = len(builder)
        builder.add(word.start, word.end)
        if raw[word.end - 1] == HYPHEN and _keeps_hyphen(word, following, raw, known):
            builder.separate("-", word.end - 1)
        if len(builder) > start:
            yield word._replace(start=start, end=len(builder))
        if word is not line.words[-1]:
            builder.separate(" ", word.end)
    if following is not None and raw[line.end - 1] not in (HYPHEN, "-"):
        builder.separate(" ", line.end - 1)


def _keeps_hyphen(word: Word, following: Line | None, raw: str, known: Counter[str]) -> bool:
    if following is None:
        return True
    left = re.split(r"[^\w]", raw[word.start : word.end - 1])[-1]
    right = re.split(r"[^\w]", raw[following.words[0].start : following.words[0].end])[0]
    return hyphen_stays(left, right, known)


def _pages(readings: Sequence[PageReading], words: Words) -> Iterator[Page]:
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for word in words:
        first.setdefault(word.page, word.start)
        last[word.page] = max(last.get(word.page, 0), word.end)
    for reading in readings:
        yield Page(
            number=reading.number,
            width=reading.width,
            height=reading.height,
            start=first.get(reading.number, 0),
            end=last.get(reading.number, 0),
            reader=reading.reader,
        )
