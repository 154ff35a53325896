"""The errors behind a score, each with its name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.schemas import Funder
from models.scoring import LEVELS, Criteria, Finding, count_errors, find_errors
from tests.funders import DFG, NSF, funder


def kinds(pred: list[Funder], gold: list[Funder], statement: str | None = None) -> dict[Any, Any]:
    return count_errors(find_errors(pred, gold, "balanced", statement))


def test_a_right_answer_has_no_errors() -> None:
    assert find_errors([NSF, DFG], [DFG, NSF]) == []


@pytest.mark.parametrize(
    ("pred", "gold", "expected"),
    [
        ([NSF], [NSF, funder("Kavli")], {"funder": {"missed": 1}}),
        ([NSF, funder("Kavli")], [NSF], {"funder": {"spurious": 1}}),
        (
            [funder("DFG", "1"), funder("NIH", "2")],
            [funder("DFG", "2"), funder("NIH", "1")],
            {"award_id": {"wrong_funder": 2}},
        ),
        ([funder("DFG", "SFB 12", "A3")], [funder("DFG", "SFB-12/A3")], "split_id"),
        ([funder("DFG", "123456 and 789012")], [funder("DFG", "123456", "789012")], "merged_id"),
        ([funder("DFG", "123457")], [funder("DFG", "123456")], {"missed": 1, "spurious": 1}),
        (
            [funder("Swedish Foundation")],
            [funder("Swedish Foundation for International Cooperation in Research")],
            {"funder": {"truncated_name": 1}},
        ),
        (
            [funder("DFG", scheme="PhD bursary")],
            [funder("DFG", scheme="Starting Grant")],
            {"scheme": {"missed": 1, "spurious": 1}},
        ),
    ],
)
def test_an_error_is_named(pred: list[Funder], gold: list[Funder], expected: Any) -> None:
    if isinstance(expected, str):
        expected = {"award_id": {expected: 1}}
    elif not set(expected) & set(LEVELS):
        expected = {"award_id": expected}
    assert kinds(pred, gold) == expected


def test_a_value_that_the_statement_does_not_hold_is_hallucinated() -> None:
    statement = "Supported by the DFG (grants 123456, 55) and thanked by Kavli."
    pred = [funder("DFG", "123457", "55"), funder("Kavli")]
    found = kinds(pred, [funder("DFG", "123456")], statement)
    assert found["award_id"] == {"hallucinated": 1, "spurious": 1, "missed": 1}
    assert found["funder"] == {"spurious": 1}


def test_a_name_cut_short_is_told_although_it_matched() -> None:
    cut = find_errors([funder("Wellcome")], [funder("Wellcome Trust")])
    assert cut == [
        Finding(
            "truncated_name",
            "funder",
            ("Wellcome Trust",),
            ("Wellcome",),
            "Wellcome Trust",
            counted=False,
        )
    ]


def test_an_acronym_left_out_in_parentheses_is_not_missing() -> None:
    full = replace(Criteria(), mode="strict")
    gold = [funder("Deutsche Forschungsgemeinschaft (DFG)")]
    assert find_errors([funder("Deutsche Forschungsgemeinschaft")], gold, full) == []
