"""Edits that turn an answer into the right one, counted by hand."""

from __future__ import annotations

import pytest

from models.schemas import Funder
from models.scoring import count_edits
from tests.funders import DFG, NSF, funder


@pytest.mark.parametrize(
    ("pred", "gold", "edits"),
    [
        ([NSF, DFG], [DFG, NSF], 0),
        ([], [], 0),
        # the DFG's name and its id
        ([NSF], [NSF, DFG], 2),
        ([NSF, DFG], [NSF], 2),
        # nothing could be read: two names, two ids
        (None, [NSF, DFG], 4),
        # a lone name added, a scheme missed
        ([funder("NSF"), funder("Kavli")], [funder("NSF", scheme="CAREER")], 2),
        # no partner for an id that differs in a digit: one to delete, one to type
        ([funder("DFG", "123457")], [funder("DFG", "123456")], 2),
        # a partner that is spelt otherwise, and one that is not
        ([funder("DFG", "BO-1234")], [funder("DFG", "BO 1234")], 1),
        ([funder("Wellcome  TRUST")], [funder("Wellcome Trust")], 0),
        ([funder("Wellcome Trusts")], [funder("Wellcome Trust")], 1),
        # cut short, matched by the scorer or not: one edit
        ([funder("Swedish Foundation")], [funder("Swedish Foundation for Strategic Research")], 1),
        ([funder("Wellcome")], [funder("Wellcome Trust")], 1),
        # both ids under the other funder: two moves
        ([funder("DFG", "1"), funder("NIH", "2")], [funder("DFG", "2"), funder("NIH", "1")], 2),
        # three pieces of one id; two ids in one
        ([funder("DFG", "SFB", "123", "A4")], [funder("DFG", "SFB 123/A4")], 3),
        ([funder("DFG", "123456 and 789012")], [funder("DFG", "123456", "789012")], 2),
        # a title under the wrong field: gone there, missing here
        ([funder("EU", title="Horizon 2020")], [funder("EU", scheme="Horizon 2020")], 2),
        # the funder of a programme was made up, and the programme moves
        ([funder("Nobody", scheme="111 Project")], [funder(None, scheme="111 Project")], 2),
    ],
)  # fmt: skip
def test_edits_are_those_counted_by_hand(
    pred: list[Funder] | None, gold: list[Funder], edits: int
) -> None:
    assert count_edits(pred, gold) == edits


def test_how_awards_are_grouped_is_no_edit() -> None:
    one = funder("NSF", "1", "2")
    apart = one.model_copy(update={"awards": funder("NSF", "1").awards + funder("NSF", "2").awards})
    assert count_edits([apart], [one]) == 0
