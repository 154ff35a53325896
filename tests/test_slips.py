"""Slips: wrong in one fact, always of the text, never the right answer."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from models.schemas import Award, Funder, FunderList
from training.planning import replay
from training.slips import KINDS, slip

TEXT = (
    "Ann Archer thanks Bo Birch of Moss University. Supported by the Swiss Moss Fund (grants M-1, "
    "M-2; Green Plan) and by Basalt Trust under contract 77-B, report 2019-44."
)
FUNDERS = (
    Funder(
        funder_name="Swiss Moss Fund",
        awards=(Award(award_ids=("M-1", "M-2"), funding_scheme=("Green Plan",)),),
    ),
    Funder(funder_name="Basalt Trust", awards=(Award(award_ids=("77-B",)),)),
)


def values(funders: tuple[Funder, ...]) -> Counter[str]:
    return Counter(
        value
        for funder in funders
        for value in (
            funder.funder_name,
            *(v for a in funder.awards for v in (*a.award_ids, *a.funding_scheme, *a.award_title)),
        )
        if value
    )


def test_every_kind_happens_and_is_wrong_and_of_the_text() -> None:
    made = [slip(FUNDERS, TEXT, random.Random(seed)) for seed in range(400)]
    kinds = {one.kind for one in made if one}
    assert kinds == set(KINDS)
    for one in made:
        assert one is not None and one.funders != FUNDERS
        assert all(value in TEXT for value in values(one.funders))


@pytest.mark.parametrize("kind", ["surplus_scheme", "surplus_id", "surplus_funder"])
def test_what_is_added_was_said_to_be_nothing(kind: str) -> None:
    data = FunderList.dump_python(FUNDERS, mode="json")
    assert KINDS[kind](data, TEXT, random.Random(2))
    (added,) = values(FunderList.validate_python(data)) - values(FUNDERS)
    assert added in {"Ann Archer", "Bo Birch", "Moss University", "2019-44"}


def test_moving_and_renaming_lose_nothing() -> None:
    for kind in ("other_field", "other_funder", "name_as_scheme", "scheme_as_name"):
        data = FunderList.dump_python(FUNDERS, mode="json")
        assert KINDS[kind](data, TEXT, random.Random(1))
        assert values(FunderList.validate_python(data)) == values(FUNDERS)


def test_where_nobody_paid_only_a_name_of_the_text_can_be_wrong() -> None:
    assert slip((), "No funding was received.", random.Random(1)) is None
    made = slip((), "We thank Ann Archer.", random.Random(1))
    assert made is not None and made.kind == "surplus_funder"


def test_synthetic_statements_of_all_kinds_can_be_slipped() -> None:
    from models import compact
    from models.tasks import task

    first, second = task("funding_statements_lines"), task("funding_parse_lines")
    for example in replay(60, 5, first, second):
        if example.task == second.name:
            right = compact.read_funders(example.reply) or ()
            made = slip(right, example.text, random.Random(3))
            assert made is None or made.funders != right
