"""Where values stand, and that what is not in the text is never passed off as if it were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.documents import Document, read_bytes
from models.grounding import find_value, ground_fields, ground_statement
from models.schemas import Award, Funder

TEXT = (
    "We thank all. This work was supported by the National Science Foundation (NSF) under grant "
    "DMS\u20131613002 and by the Deutsche Forschungs\u00adgemeinschaft (DFG), grant 12, in 2012. "
    "The National  Science\nFoundation had no role."
)


@pytest.fixture
def document() -> Document:
    return read_bytes("paper.txt", TEXT.encode())


@pytest.mark.parametrize(
    ("value", "alignment"),
    [
        ("National Science Foundation", "exact"),
        ("national science foundation", "normalised"),
        ("DMS-1613002", "normalised"),
        ("Deutsche Forschungsgemeinschaft", "exact"),
        ("Deutsche Forschungsgemeinscheft", "fuzzy"),
        ("National Institutes of Health", None),
        ("Wellcome", None),
    ],
)
def test_how_a_name_stands_in_the_text(
    document: Document, value: str, alignment: str | None
) -> None:
    found = find_value(value, document.text)
    assert (found and found.alignment) == alignment


def test_a_number_is_not_found_inside_another() -> None:
    found = find_value("12", "in 2012 and grant 12")
    assert found is not None
    assert (found.start, found.end) == (18, 20)


@given(st.text("0123456789", min_size=6, max_size=10), st.integers(0, 5))
def test_an_award_id_that_differs_in_a_digit_is_absent(digits: str, place: int) -> None:
    other = digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :]
    text = f"Supported by the Council under grant {other} of this year."
    document = read_bytes("paper.txt", text.encode())
    funders = (Funder(funder_name="Council", awards=(Award(award_ids=(digits,)),)),)
    fields = ground_fields(funders, (), document)
    assert [field.alignment for field in fields] == ["exact", "absent"]


def test_a_statement_found_but_for_case_and_spaces_takes_the_page_s_own_characters(
    document: Document,
) -> None:
    statement = ground_statement("the national science foundation had no role", document)
    assert statement.alignment == "normalised"
    assert statement.span is not None
    assert statement.text == document.text[statement.span.start : statement.span.end]
    assert statement.text.startswith("The National")


def test_an_invented_statement_is_kept_and_marked(document: Document) -> None:
    statement = ground_statement("Funded by the Bank of Mars, grant 77.", document)
    assert (statement.alignment, statement.span) == ("absent", None)


def test_each_grant_stands_behind_its_own_funder() -> None:
    text = "Supported by Alpha Council (grant 100) and Beta Council (grant 100)."
    document = read_bytes("paper.txt", text.encode())
    statement = ground_statement(text, document)
    funders = tuple(
        Funder(funder_name=name, awards=(Award(award_ids=("100",)),))
        for name in ("Alpha Council", "Beta Council")
    )
    fields = ground_fields(funders, [statement], document)
    places = [field.span.start for field in fields if field.span]
    assert places == sorted(places)
    assert len(set(places)) == 4


@given(st.text(max_size=80), st.text(min_size=1, max_size=20))
def test_what_is_found_is_in_the_text(text: str, value: str) -> None:
    found = find_value(value, text)
    if found is not None:
        assert 0 <= found.start < found.end <= len(text)
        if found.alignment == "exact":
            assert text[found.start : found.end] == value
    assert found is not None or value not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ARC", "This research was funded by nobody."),
        ("DOE", "It does not matter."),
        ("9876", "In 2019 876 patients were asked."),
        ("12", "In 2012 we began."),
    ],
)
def test_a_piece_of_a_word_or_number_is_not_a_value(value: str, text: str) -> None:
    assert find_value(value, text, fuzzy=False) is None
