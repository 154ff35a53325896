"""The gate: nothing worse goes live, and it says why."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.schemas import Award, Funder
from models.scoring.funders import Counts
from models.scoring.paired import f1_difference, mean_difference
from training.corpora import LabelledStatement
from training.gate import Decision, Reading, decide, regression

NAMES = ("Amber Trust", "Basalt Fund", "Cedar Council", "Delta Agency", "Ember Foundation")


def gold(count: int = 60) -> list[LabelledStatement]:
    made = []
    for number in range(count):
        name, award = NAMES[number % 5], f"N-{number:04}"
        awards = [{"award_ids": [award], "funding_scheme": [f"Plan {number % 3}"]}]
        told = {"id": str(number), "source": "tests", "license": "CC0-1.0"}
        told |= {"statement": f"Plan {number % 3} of the {name} ({award})."}
        told |= {"funders": [{"funder_name": name, "awards": awards}]}
        made.append(LabelledStatement.model_validate(told))
    return made


def said(
    right: Sequence[LabelledStatement],
    wrong: float = 0.0,
    *,
    schemes: bool = True,
    seconds: float = 1.0,
    seed: int = 1,
) -> list[Reading]:
    """Readings that are right but for a share of award ids."""
    rng = random.Random(seed)
    readings = []
    for record in right:
        (funder,) = record.funders
        (award,) = funder.awards
        ids = ("X-1",) if rng.random() < wrong else award.award_ids
        kept = award.funding_scheme if schemes else ()
        one = Funder(
            funder_name=funder.funder_name, awards=(Award(award_ids=ids, funding_scheme=kept),)
        )
        readings.append(Reading((one,), True, seconds))
    return readings


def verdict(live: list[Reading], candidate: list[Reading]) -> Decision:
    return decide(live, candidate, gold())


def test_a_better_adapter_passes() -> None:
    decision = verdict(said(gold(), 0.5), said(gold(), 0.1))
    assert decision.passes
    assert decision.reward.low > 0
    assert decision.statements == 60


def test_the_same_adapter_does_not_pass() -> None:
    decision = verdict(said(gold(), 0.3), said(gold(), 0.3))
    assert not decision.passes
    assert "no gain" in decision.reasons[-1]
    assert decision.reward.gain == decision.reward.low == decision.reward.high == 0.0


def test_a_gain_within_chance_does_not_pass() -> None:
    decision = verdict(said(gold(), 0.30, seed=3), said(gold(), 0.28, seed=4))
    assert not decision.passes


def test_a_damaged_adapter_is_refused() -> None:
    decision = verdict(said(gold(), 0.1), said(gold(), 0.8))
    assert not decision.passes
    assert decision.reward.high < 0
    assert decision.reasons[-1].startswith("The reward falls to")


def test_an_adapter_that_says_nothing_is_refused_as_such() -> None:
    decision = verdict(said(gold(), 0.5), [Reading((), True, 1.0)] * 60)
    assert not decision.passes
    assert "say nothing" in decision.reasons[0]


def test_replies_that_cannot_be_read_are_not_taken_for_silence() -> None:
    decision = verdict(said(gold(), 0.5), [Reading(None, False, 1.0)] * 60)
    assert not decision.passes
    assert decision.reasons[0].startswith("60 of 60 replies")
    assert not any("say nothing" in reason for reason in decision.reasons)


def test_one_unreadable_reply_is_enough_to_refuse() -> None:
    better = said(gold(), 0.0)
    for broken in (Reading(None, False, 1.0), Reading(better[0].funders, False, 1.0)):
        decision = verdict(said(gold(), 0.6), [broken, *better[1:]])
        assert not decision.passes
        assert decision.reasons[0].startswith("1 of 60 replies")
        assert "rises" in decision.reasons[-1]


def test_a_slower_adapter_is_refused() -> None:
    decision = verdict(said(gold(), 0.6), said(gold(), 0.0, seconds=1.2))
    assert not decision.passes
    assert "20% more CPU time; 10% is allowed" in decision.reasons[0]


def test_schemes_may_decide_where_the_reward_holds() -> None:
    live, candidate = said(gold(), 0.2, schemes=False), said(gold(), 0.2)
    assert verdict(live, candidate).passes
    assert not verdict(candidate, live).passes


def test_without_held_out_gold_nothing_goes_live() -> None:
    with pytest.raises(ValueError, match="no held-out gold"):
        decide([], [], [])


def test_the_regression_set_is_whole_and_prints_its_gold() -> None:
    records = regression()
    assert len(records) == 80
    assert sum(not record.funders for record in records) > 3
    for record in records:
        for funder in record.funders:
            assert funder.funder_name is None or funder.funder_name in record.statement


counts = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(
    lambda pair: Counts(pair[0], pair[1], min(pair))
)


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=20))
def test_differences_turn_their_sign_when_the_models_change_places(
    pairs: list[tuple[Counts, Counts]],
) -> None:
    first, second = ([pair[n] for pair in pairs] for n in (0, 1))
    there, back = f1_difference(first, second), f1_difference(second, first)
    assert there.gain == pytest.approx(-back.gain)
    assert there.low == pytest.approx(-back.high)
    assert there.low - 1e-9 <= there.gain <= there.high + 1e-9 or len(pairs) < 3


def test_the_interval_of_a_constant_gain_is_that_gain() -> None:
    told = mean_difference([0.1, 0.5, 0.9], [0.2, 0.6, 1.0])
    assert told.low == pytest.approx(0.1) == told.high
    with pytest.raises(ValueError, match="documents"):
        mean_difference([0.1], [])
