"""What is read as an answer: a reply that is none is never taken for "no funders"."""

from __future__ import annotations

import json

import pytest

from models.scoring import funders_from_text, parse_funders, read_funders
from tests.funders import funder


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I could not find any.",
        'Sure! [{"funder_name": "NSF"}]',
        '[{"funder_name": "NS',
        "null",
        "7",
        '"none"',
        "{}",
        '{"answer": []}',
        "[1, null]",
        "[{}]",
        '{"funders": null}',
        '<think>The NSF, so ```[{"funder_name": "NSF"}]``` or',
        "[" * 100_000,
    ],
)
def test_what_is_no_answer_is_not_read_as_none(text: str) -> None:
    assert funders_from_text(text) is None


@pytest.mark.parametrize("text", ["[]", "```json\n[]\n```", ' {"funders": []} '])
def test_none_is_an_answer(text: str) -> None:
    assert funders_from_text(text) == ()


def test_numbers_become_text_and_blanks_are_dropped() -> None:
    data = {"funder_name": " NSF ", "awards": [{"award_ids": [1613002, "", None, " "]}, 3]}
    assert read_funders(data) == (funder("NSF", "1613002"),)
    assert read_funders(json.dumps(data)) == read_funders(data)


def test_half_a_character_does_no_harm() -> None:
    found = funders_from_text('[{"funder_name": "N\\ud800SF", "awards": []}]')
    assert found is not None
    assert json.dumps(found[0].funder_name).encode()


def test_a_list_keeps_its_funders_beside_what_is_none() -> None:
    assert parse_funders([{"x": 1}, {"funder_name": "NSF"}]) == (funder("NSF"),)
