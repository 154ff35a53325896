"""Readable text and the way back to the raw characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.normalise import normalise_lines, private_ligatures, squeeze


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("sup\u200bported by\ufeff NSF", "supported by NSF"),
        ("scienti\ufb01c o\ufb03ce", "scientific office"),
        ("Ministe\u0301rio", "Minist\u00e9rio"),
        ("a\u00a0 \t b", "a b"),
        ("one\r\n\r\ntwo  \nthree", "one\ntwo\nthree"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\x07bell", "bell"),
    ],
)
def test_raw_text_becomes_readable(raw: str, text: str) -> None:
    assert normalise_lines(raw).text == text


def test_a_private_glyph_is_read_as_the_ligature_that_makes_words() -> None:
    raw = "scienti\ue103c and signi\ue103cant con\ue104icts"
    assert private_ligatures(raw) == {"\ue103": "fi", "\ue104": "fl"}
    assert normalise_lines(raw).text == "scientific and significant conflicts"


def test_a_private_glyph_that_makes_no_words_is_left_alone() -> None:
    assert private_ligatures("\ue103 bullet") == {}


def test_a_hard_wrapped_file_is_read_in_paragraphs() -> None:
    raw = (
        "This work was supported by the National Science Foundation and by\n"
        "the Department of Energy, Office of Science, under contract number\n"
        "DE-AC02-05CH11231.\n\nData are available.\n"
    )
    assert normalise_lines(raw).text.split("\n") == [
        "This work was supported by the National Science Foundation and by the Department of "
        "Energy, Office of Science, under contract number DE-AC02-05CH11231.",
        "Data are available.",
    ]


def test_markdown_headings_and_lists_stay_lines_of_their_own() -> None:
    raw = "# Funding\nNone of the authors received money for this particular study at all\n- a\n- b"
    assert normalise_lines(raw).text.split("\n")[0] == "# Funding"
    assert normalise_lines(raw).text.split("\n")[-2:] == ["- a", "- b"]


@given(st.text(max_size=200))
def test_each_character_points_at_where_it_came_from(raw: str) -> None:
    normalised = normalise_lines(raw)
    assert len(normalised.text) == len(normalised.origin)
    assert all(0 <= offset <= len(raw) for offset in normalised.origin)
    assert list(normalised.origin) == sorted(normalised.origin)
    for char, offset in zip(normalised.text, normalised.origin, strict=True):
        if char.isascii() and char.isalnum() and raw[offset].isascii():
            assert raw[offset] == char


@given(st.text(max_size=100))
def test_normalising_twice_changes_nothing(raw: str) -> None:
    once = normalise_lines(raw).text
    assert normalise_lines(once).text.split() == once.split()


@given(st.text(max_size=100))
def test_squeezed_text_has_no_space_and_keeps_its_offsets(text: str) -> None:
    folded, origin = squeeze(text)
    assert len(folded) == len(origin)
    assert not any(char.isspace() for char in folded)
    assert all(0 <= offset < len(text) for offset in origin)
