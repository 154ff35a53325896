"""Files that arrive in real life, broken and odd: how to make each; knows no reader.

`BROKEN` are to be refused with a sentence, `READABLE` are to be read although they look wrong.
Each builder writes one file into a folder and returns its path. Every readable one holds
`STATEMENT`.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

Builder = Callable[[Path], Path]

STATEMENT = (
    "This work was supported by the Leverhulme Trust under grant RPG-2022-9914 and by the "
    "University of Marlowe."
)
_FILLER = "The birds were counted on every evening of the week, in rain and in sunshine alike."
_WIDTH, _HEIGHT = A4


def _write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, with no hyphens."""
    lines = [""]
    for word in text.split():
        fits = len(lines[-1]) + len(word) < width
        lines[-1:] = [f"{lines[-1]} {word}".strip()] if fits else [lines[-1], word]
    return lines


def _draw_lines(canvas: Canvas, lines: Sequence[str], x: float, top: float) -> None:
    for index, line in enumerate(lines):
        canvas.drawString(x, top - 14 * index, line)


def _draw_page(canvas: Canvas) -> None:
    """A heading, some prose and the statement, in one column."""
    canvas.setFont("Helvetica", 11)
    _draw_lines(canvas, ["Swifts of Marlowe", "", *_wrap(" ".join([_FILLER] * 6), 80)], 72, 760)
    _draw_lines(canvas, ["Acknowledgements", *_wrap(STATEMENT, 80)], 72, 600)
    canvas.showPage()


def _scan() -> ImageReader:
    """A grey picture with dark bars in place of lines, like a scanned page at low resolution."""
    width, height = 210, 297
    rows = [bytes([90 if 20 < y < 270 and y % 8 < 3 else 235]) * width for y in range(height)]
    return ImageReader(io.BytesIO(_png(width, height, rows)))


def _png(width: int, height: int, rows: Sequence[bytes]) -> bytes:
    """A greyscale PNG."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _draw_scan(canvas: Canvas) -> None:
    canvas.drawImage(_scan(), 0, 0, _WIDTH, _HEIGHT)
    canvas.showPage()


def _pdf(*pages: Callable[[Canvas], None], encrypt: StandardEncryption | None = None) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A4, invariant=1, encrypt=encrypt)
    for draw in pages:
        draw(canvas)
    canvas.save()
    return buffer.getvalue()


def _raw_pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF written by hand: object 1 is the catalogue, the cross-reference table is right."""
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), entries, content)


def _pages_pdf(count: int, content: bytes, font: bytes, *more: bytes) -> bytes:
    """`count` equal pages that share one content stream (object 3) and one font (object 4)."""
    first = 5 + len(more)
    kids = b" ".join(b"%d 0 R" % (first + index) for index in range(count))
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 3 0 R "
        b"/Resources << /Font << /F1 4 0 R >> >> >>"
    )
    tree = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (count, kids)
    catalogue = b"<< /Type /Catalog /Pages 2 0 R >>"
    return _raw_pdf([catalogue, tree, _stream(content), font, *more, *[page] * count])


_HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


# Broken


def empty_pdf(folder: Path) -> Path:
    """No bytes at all, as after a failed download."""
    return _write(folder, "empty.pdf", b"")


def empty_text(folder: Path) -> Path:
    """No bytes at all, called text."""
    return _write(folder, "empty.txt", b"")


def blank_text(folder: Path) -> Path:
    """Spaces and line ends."""
    return _write(folder, "blank.txt", b"  \r\n\t\n \n" * 40)


def invisible_text(folder: Path) -> Path:
    """Zero-width characters and no-break spaces: not empty, and nothing to read."""
    return _write(folder, "invisible.txt", "\u200b\u00a0\ufeff\u2060\n".encode() * 40)


def png_as_pdf(folder: Path) -> Path:
    """A picture whose name ends in .pdf."""
    return _write(folder, "picture.pdf", _png(2, 2, [b"\0\xff", b"\xff\0"]))


def docx_as_pdf(folder: Path) -> Path:
    """A Word file whose name was changed to .pdf."""
    return _write(folder, "manuscript.pdf", _docx())


def _docx() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:document>{STATEMENT}</w:document>")
    return buffer.getvalue()


def html_as_pdf(folder: Path) -> Path:
    """A publisher's "access denied" page that a download script saved as the paper."""
    page = "<!DOCTYPE html>\n<html><title>403</title><body>Access denied</body></html>\n"
    return _write(folder, "denied.pdf", page.encode())


def random_as_pdf(folder: Path) -> Path:
    """Noise."""
    return _write(folder, "noise.pdf", random.Random(1).randbytes(20_000))


def truncated_pdf(folder: Path) -> Path:
    """The first 60 % of a good file."""
    data = _pdf(_draw_page, _draw_scan, _draw_page)
    return _write(folder, "truncated.pdf", data[: len(data) * 6 // 10])


def header_only_pdf(folder: Path) -> Path:
    """One line that says PDF, and nothing else."""
    return _write(folder, "header.pdf", b"%PDF-1.7\n")


def no_objects_pdf(folder: Path) -> Path:
    """A cross-reference table that points at objects that are not there."""
    lines = (
        b"%PDF-1.7",
        b"xref\n0 3\n0000000000 65535 f \n0000000900 00000 n \n0000001800 00000 n ",
        b"trailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n9\n%%EOF\n",
    )
    return _write(folder, "no-objects.pdf", b"\n".join(lines))


def garbage_inside_pdf(folder: Path) -> Path:
    """A proper beginning and end with noise between them."""
    noise = random.Random(2).randbytes(9_000)
    return _write(folder, "garbage.pdf", b"%PDF-1.7\n" + noise + b"\nstartxref\n12\n%%EOF\n")


def locked_pdf(folder: Path) -> Path:
    """Opens with a password only."""
    lock = StandardEncryption("secret", ownerPassword="owner", strength=128)
    return _write(folder, "locked.pdf", _pdf(_draw_page, encrypt=lock))


def scanned_pdf(folder: Path) -> Path:
    """Pictures of pages, with no text layer."""
    return _write(folder, "scanned.pdf", _pdf(_draw_scan, _draw_scan))


def no_pages_pdf(folder: Path) -> Path:
    """A sound file whose page tree is empty."""
    tree = b"<< /Type /Pages /Count 0 /Kids [] >>"
    data = _raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", tree])
    return _write(folder, "no-pages.pdf", data)


def long_pdf(folder: Path) -> Path:
    """2,000 pages with text: a proceedings volume, over the limit of pages."""
    content = b"BT /F1 12 Tf 72 700 Td (One page among two thousand.) Tj ET"
    return _write(folder, "long.pdf", _pages_pdf(2_000, content, _HELVETICA))


def blank_strings_pdf(folder: Path) -> Path:
    """Text objects that hold nothing but spaces."""
    content = b"BT /F1 12 Tf 72 700 Td " + b"(        ) Tj 0 -14 Td " * 30 + b"ET"
    return _write(folder, "blank-strings.pdf", _pages_pdf(1, content, _HELVETICA))


def unmapped_glyphs_pdf(folder: Path) -> Path:
    """Glyphs that can be drawn but that no table maps to characters."""
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 700 700] /FontMatrix [.001 0 0 .001 0 0] "
        b"/FirstChar 1 /LastChar 3 /Widths [700 700 700] /CharProcs << /q1 5 0 R >> "
        b"/Encoding << /Type /Encoding /Differences [1 /q1 /q1 /q1] >> /Resources << >> >>"
    )
    glyph = _stream(b"700 0 0 0 600 600 d1 0 0 600 600 re f")
    content = b"BT /F1 12 Tf 72 700 Td " + b"<0102030102> Tj 0 -14 Td " * 30 + b"ET"
    return _write(folder, "unmapped.pdf", _pages_pdf(1, content, font, glyph))


def binary_as_text(folder: Path) -> Path:
    """Noise whose name ends in .txt."""
    return _write(folder, "noise.txt", random.Random(3).randbytes(20_000))


def utf16_without_mark(folder: Path) -> Path:
    """UTF-16 with no byte order mark: every second byte is zero, and no mark says why."""
    return _write(folder, "unmarked.txt", (STATEMENT + "\n").encode("utf-16-le") * 4)


def folder_as_pdf(folder: Path) -> Path:
    """A directory whose name ends in .pdf."""
    path = folder / "folder.pdf"
    path.mkdir()
    return path


def docx(folder: Path) -> Path:
    """A Word file under its own name."""
    return _write(folder, "manuscript.docx", _docx())


def unknown_extension(folder: Path) -> Path:
    """Text under a name that says nothing."""
    return _write(folder, "paper.xyz", STATEMENT.encode())


def huge_text(folder: Path) -> Path:
    """A text of 50 MB, over the limit of bytes; a hole in the file, so that it is quick to make."""
    path = _write(folder, "huge.txt", STATEMENT.encode() + b"\n")
    with path.open("r+b") as file:
        file.truncate(50 * 1024 * 1024)
    return path


def dangling_link(folder: Path) -> Path:
    """A symbolic link to a file that has been moved away."""
    path = folder / "link.pdf"
    path.symlink_to(folder / "moved-away.pdf")
    return path


BROKEN: dict[str, Builder] = {
    builder.__name__: builder
    for builder in (
        empty_pdf, empty_text, blank_text, invisible_text, png_as_pdf, docx_as_pdf, html_as_pdf,
        random_as_pdf, truncated_pdf, header_only_pdf, no_objects_pdf, garbage_inside_pdf,
        locked_pdf, scanned_pdf, no_pages_pdf, long_pdf, blank_strings_pdf, unmapped_glyphs_pdf,
        binary_as_text, utf16_without_mark, folder_as_pdf, docx, unknown_extension, huge_text,
        dangling_link,
    )
}  # fmt: skip


# Readable


def owner_password_pdf(folder: Path) -> Path:
    """Printing is forbidden, opening is not."""
    lock = StandardEncryption("", ownerPassword="owner", canPrint=0, strength=128)
    return _write(folder, "owner.pdf", _pdf(_draw_page, encrypt=lock))


def leading_junk_pdf(folder: Path) -> Path:
    """A web server's header stands before the file proper."""
    junk = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n"
    return _write(folder, "leading.pdf", junk + _pdf(_draw_page))


def trailing_junk_pdf(folder: Path) -> Path:
    """A proxy's line of HTML and some zeros stand after the file proper."""
    return _write(folder, "trailing.pdf", _pdf(_draw_page) + b"\0" * 2_000 + b"<!-- cached -->\n")


def pdf_without_extension(folder: Path) -> Path:
    """A sound PDF called .txt: what it holds counts, not its name."""
    return _write(folder, "really-a-pdf.txt", _pdf(_draw_page))


def rotated_pdf(folder: Path) -> Path:
    """The page is shown turned by 90 degrees, with its text upright."""

    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(90)  # ReportLab lays the sheet on its side for this
        canvas.translate(_HEIGHT, 0)
        canvas.rotate(90)
        _draw_page(canvas)

    return _write(folder, "rotated.pdf", _pdf(draw))


def cropped_pdf(folder: Path) -> Path:
    """Printer's margins are cut off: the shown page begins at (40, 60) of the sheet."""

    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((40, 60, _WIDTH - 30, _HEIGHT - 20))
        _draw_page(canvas)

    return _write(folder, "cropped.pdf", _pdf(draw))


def partly_scanned_pdf(folder: Path) -> Path:
    """A scanned cover and a scanned back around a page of text."""
    return _write(folder, "partly-scanned.pdf", _pdf(_draw_scan, _draw_page, _draw_scan))


def interleaved_columns_pdf(folder: Path) -> Path:
    """Two columns, drawn left line 1, right line 1, left line 2, ...

    The statement begins at the foot of the left column and ends at the head of the right one.
    """
    lines = _wrap(" ".join([_FILLER] * 16), 44)
    statement = _wrap(STATEMENT, 44)
    left, right = [*lines, *statement[:2]], [*statement[2:], *lines]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for index, (one, other) in enumerate(zip_longest(left, right, fillvalue="")):
            canvas.drawString(60, 760 - 13 * index, one)
            canvas.drawString(315, 760 - 13 * index, other)
        canvas.showPage()

    return _write(folder, "interleaved.pdf", _pdf(draw))


def utf8_with_mark(folder: Path) -> Path:
    """UTF-8 with a byte order mark, as Windows writes it."""
    return _write(folder, "marked.txt", (STATEMENT + "\r\n").encode("utf-8-sig"))


def utf16_with_mark(folder: Path) -> Path:
    """UTF-16 that says so."""
    return _write(folder, "utf16.txt", (STATEMENT + "\r\n").encode("utf-16"))


def latin1_text(folder: Path) -> Path:
    """Accented letters in one byte each, which is not valid UTF-8."""
    text = f"Danksagung. Wir danken Frau Müller und der Universität Köln.\n{STATEMENT}\n"
    return _write(folder, "latin1.txt", text.encode("latin-1"))


def zero_width_text(folder: Path) -> Path:
    """Zero-width spaces, soft hyphens and joiners inside the words of the statement."""
    text = STATEMENT.replace("supp", "sup\u00adp").replace("grant", "gr\u200bant")
    return _write(folder, "zero-width.md", text.replace("Trust", "\u2060Tr\ufeffust").encode())


def ligature_text(folder: Path) -> Path:
    """Ligatures in the text, as copied from a typeset page."""
    text = f"\ufb01nal o\ufb03ce, su\ufb03cient and e\ufb00ective, no con\ufb02ict. {STATEMENT}"
    return _write(folder, "ligatures.txt", text.encode())


READABLE: dict[str, Builder] = {
    builder.__name__: builder
    for builder in (
        owner_password_pdf, leading_junk_pdf, trailing_junk_pdf, pdf_without_extension,
        rotated_pdf, cropped_pdf, partly_scanned_pdf, interleaved_columns_pdf, utf8_with_mark,
        utf16_with_mark, latin1_text, zero_width_text, ligature_text,
    )
}  # fmt: skip
