import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.marks import Mark, Marked, apply, locate
from training.noise import KINDS, noisy, noisy_row

STATEMENT = (
    "This work was financially supported by the Ministério da Ciência, Tecnologia e Inovação & "
    "the Office of Naval Research (grant No. N00014-19-1-2345), through the Young "
    "Investigator Program, project “Efficient flow of 5 liquids”; "
    "M. Müller thanks R. C. for official affirmation."
)
FUNDERS = [
    {"funder_name": "Ministério da Ciência, Tecnologia e Inovação", "awards": []},
    {
        "funder_name": "Office of Naval Research",
        "awards": [
            {
                "award_ids": ["N00014-19-1-2345"],
                "funding_scheme": ["Young Investigator Program"],
                "award_title": ["Efficient flow of 5 liquids"],
            }
        ],
    },
]
ROW = {"id": "a", "statement": STATEMENT, "funders": FUNDERS}


def values(funders):
    for funder in funders:
        if funder["funder_name"]:
            yield funder["funder_name"]
        for award in funder["awards"]:
            for field in award.values():
                yield from field


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_the_text_and_keeps_the_gold_as_printed(kind):
    changed = [noisy_row(ROW, random.Random(seed), [kind]) for seed in range(20)]
    assert any(row["statement"] != STATEMENT for row in changed)
    for row in changed:
        assert all(value in row["statement"] for value in values(row["funders"]))
        assert row["noise"] == ([kind] if row["statement"] != STATEMENT else [])


@given(st.integers())
def test_a_value_is_one_line_and_a_name_stays_on_word_boundaries(seed):
    row = noisy_row(ROW, random.Random(seed))
    assert all("\n" not in value for value in values(row["funders"]))
    assert locate(row["statement"], row["funders"]) is not None


@given(st.integers())
def test_an_award_id_differs_in_one_character_at_most_from_ocr(seed):
    row = noisy_row(ROW, random.Random(seed), ["ocr", "case", "hyphens"])
    (award_id,) = row["funders"][1]["awards"][0]["award_ids"]
    assert len(award_id) == len("N00014-19-1-2345")
    assert sum(a != b for a, b in zip(award_id, "N00014-19-1-2345", strict=True)) <= 1


@given(st.integers())
def test_a_noisy_statement_stays_legible(seed):
    row = noisy_row(ROW, random.Random(seed), ["ocr"])
    same = sum(a == b for a, b in zip(row["statement"].split(), STATEMENT.split(), strict=True))
    assert same >= len(STATEMENT.split()) - 3


@given(st.integers())
def test_the_same_seed_damages_alike(seed):
    assert noisy_row(ROW, random.Random(seed)) == noisy_row(ROW, random.Random(seed))


def test_a_row_with_a_value_that_is_not_printed_comes_back_as_it_is():
    row = {"statement": "Supported by NSFC.", "funders": [{"funder_name": "NSF", "awards": []}]}
    assert noisy_row(row, random.Random(0)) is row


def test_markup_stands_outside_of_the_values_and_entities_inside():
    marked = Marked("by A & B.", (Mark(3, 8, "name"),))
    found = {noisy(marked, random.Random(seed), ["markup"])[0] for seed in range(40)}
    assert {text.value(text.marks[0]) for text in found} == {"A &amp; B"}
    assert any("<funding-source>A &amp; B</funding-source>" in text.text for text in found)


def test_edits_across_the_edge_of_a_mark_are_dropped():
    marked = Marked("the NSF.", (Mark(4, 7, "name"),))
    assert apply(marked, [(2, 5, "x")]) == marked
    moved = apply(marked, [(0, 4, ""), (4, 4, "<b>"), (5, 6, "ss"), (7, 7, "</b>")])
    assert (moved.text, moved.value(moved.marks[0])) == ("<b>NssF</b>.", "NssF")


def test_overlapping_marks_move_together():
    marked = Marked("grant FP7-283496", (Mark(6, 16, "id"), Mark(6, 9, "scheme")))
    moved = apply(marked, [(0, 0, "EU "), (9, 10, "–")])
    assert [moved.value(mark) for mark in moved.marks] == ["FP7–283496", "FP7"]


def test_an_unknown_kind_is_told():
    with pytest.raises(ValueError, match=r"unknown noise 'rain'; known: ocr"):
        noisy(Marked("text"), random.Random(0), ["rain"])
