"""Files to documents: good ones whole, bad ones refused with a sentence and the next step."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from models.documents import Limits, read
from models.errors import UnreadableDocument
from models.normalise import squeeze
from models.pdf import join_surrogates, read_pdf
from models.words import Words
from tests.broken_files import BROKEN, READABLE, STATEMENT

SAMPLES = Path(__file__).parent.parent / "workbench" / "samples"

# Each kind of broken file, and a word that its message must have: the curator is told which it is.
MESSAGES = {
    "empty_pdf": "is empty",
    "empty_text": "is empty",
    "blank_text": "is empty",
    "invisible_text": "holds no text",
    "png_as_pdf": "PNG picture",
    "docx_as_pdf": "Office file",
    "html_as_pdf": "web page",
    "random_as_pdf": "is no PDF",
    "truncated_pdf": "is cut off",
    "header_only_pdf": "is cut off",
    "no_objects_pdf": "is damaged",
    "garbage_inside_pdf": "is damaged",
    "locked_pdf": "locked with a password",
    "scanned_pdf": "Run OCR",
    "long_pdf": "2,000 pages; the limit is 1,500",
    "blank_strings_pdf": "no text that can be read",
    "unmapped_glyphs_pdf": "no text that can be read",
    "no_pages_pdf": "has no pages",
    "binary_as_text": "binary data",
    "utf16_without_mark": "binary data",
    "docx": "not read",
    "unknown_extension": "not read",
    "huge_text": "the limit is 20 MB",
    "folder_as_pdf": "is a folder",
    "dangling_link": "There is no file",
}


@pytest.mark.parametrize("kind", sorted(BROKEN))
def test_a_broken_file_is_refused_with_its_own_message(kind: str, tmp_path: Path) -> None:
    path = BROKEN[kind](tmp_path)
    with pytest.raises(UnreadableDocument) as refused:
        read(path)
    assert MESSAGES[kind] in str(refused.value)
    assert path.name in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("kind", sorted(READABLE))
def test_an_odd_but_sound_file_is_read(kind: str, tmp_path: Path) -> None:
    assert STATEMENT in read(READABLE[kind](tmp_path)).text


def test_no_pages_is_not_called_locked_after_a_locked_file(tmp_path: Path) -> None:
    for kind in ("locked_pdf", "no_pages_pdf"):
        with pytest.raises(UnreadableDocument) as refused:
            read(BROKEN[kind](tmp_path))
    assert "locked" not in str(refused.value)


def test_columns_that_pdfium_glues_are_read_again(tmp_path: Path) -> None:
    document = read(READABLE["interleaved_columns_pdf"](tmp_path))
    assert "pdfplumber" in {page.reader for page in document.pages}
    start = document.text.index(STATEMENT)
    boxes = document.span(start, start + len(STATEMENT)).boxes
    assert {box.x0 > 0.5 for box in boxes} == {True, False}


def test_a_long_pdf_is_read_where_the_limit_allows(tmp_path: Path) -> None:
    document = read(BROKEN["long_pdf"](tmp_path), Limits(max_pages=2_000))
    assert len(document.pages) == 2_000


@pytest.mark.parametrize("name", ["eelgrass-sound", "cherry-chill", "swift-calls"])
def test_the_boxes_of_a_span_hold_its_characters(name: str) -> None:
    """What PDFium reads inside the boxes is the text of the span, and of nothing else."""
    path = SAMPLES / f"{name}.pdf"
    document = read(path)
    pdf = pdfium.PdfDocument(path)
    for start in range(0, len(document.text) - 60, 997):
        words = list(document.words.between(start, start + 60))
        first, last = words[0].start, words[-1].end
        seen = "".join(text_inside(pdf, document.span(first, last).boxes))
        wanted = squeeze(document.text[first:last])[0].replace("-", "")
        assert squeeze(seen)[0].replace("-", "") == wanted


def text_inside(pdf: pdfium.PdfDocument, boxes: tuple) -> list[str]:  # type: ignore[type-arg]
    found = []
    for box in boxes:
        page = pdf[box.page - 1]
        width, height = page.get_size()
        found.append(
            page.get_textpage().get_text_bounded(
                box.x0 * width - 0.5,
                height - box.y1 * height + 2,
                box.x1 * width + 0.5,
                height - box.y0 * height - 2,
            )
        )
    return [text.replace("\ufffe", "").replace("\x02", "") for text in found]


def test_a_statement_over_a_page_break_has_boxes_on_both_pages() -> None:
    document = read(SAMPLES / "cherry-chill.pdf")
    start = document.text.index("KAKENHI")
    paragraph_end = document.text.index("\n", start)
    begin = document.text.rindex("\n", 0, start)
    span = document.span(begin + 1, paragraph_end)
    assert {box.page for box in span.boxes} == {2, 3}


def test_raw_offsets_lead_back_to_the_file_s_own_characters() -> None:
    document = read(SAMPLES / "abelhas-telhado.pdf")
    start = document.text.index("FAPESP")
    raw_start, raw_end = document.raw_span(start, start + 6)
    assert document.raw[raw_start:raw_end] == "FAPESP"
    assert document.text_offset(raw_start) == start


def test_running_heads_and_page_numbers_are_not_in_the_text() -> None:
    document = read(SAMPLES / "cherry-chill.pdf")
    raw_lines = [line.strip() for line in document.raw.splitlines() if line.strip()]
    repeated = {line for line in raw_lines if raw_lines.count(line) > 1 and len(line) > 15}
    assert repeated
    assert all(line not in document.text for line in repeated)


def test_words_survive_packing() -> None:
    words = read(SAMPLES / "entropy-game.pdf").words
    assert list(Words.unpack(words.pack())) == list(words)
    assert len(Words.unpack(b"")) == 0


def test_the_same_bytes_are_the_same_document_whatever_the_name(tmp_path: Path) -> None:
    data = (SAMPLES / "entropy-game.pdf").read_bytes()
    a, b = tmp_path / "a.pdf", tmp_path / "b.pdf"
    a.write_bytes(data), b.write_bytes(data)
    assert read(a).sha256 == read(b).sha256
    assert read_pdf("c.pdf", data, "0" * 64, 10).text == read(a).text


def test_characters_beyond_the_basic_plane_are_one_character_at_one_place() -> None:
    """PDFium gives the mathematical italic x of many papers as two halves."""
    text = join_surrogates([0x61, 0xD835, 0xDC65, 0x62, 0xD835, 0x63])
    assert text == "a\U0001d465\u200bb\ufffdc"
    assert len(text) == 6
    text.encode("utf-8")
