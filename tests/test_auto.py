"""What the button would train: sized to the data, told before it starts."""

from __future__ import annotations

import json

import pytest

from models import compact
from models.schemas import Message, PreferencePair
from training.auto import LEAST_PAIRS, LEAST_REPLAY, PASSES, TooLittle, plan, replay
from training.corpora import LabelledStatement
from training.curated import RunData
from training.examples import Example

EXAMPLE = Example("funding_parse_lines", "Paid by the Moss Fund.", "F Moss Fund", "curated")
GOLD = LabelledStatement(id="1", source="curated", license="", statement="By A.", funders=())


def pair(number: int) -> PreferencePair:
    return PreferencePair(
        prompt=(Message(role="user", content=f"Paid by Fund {number}."),),
        chosen=(Message(role="assistant", content=f"F Fund {number}"),),
        rejected=(Message(role="assistant", content="0"),),
        task="funding_parse_lines",
        error_type="missed",
        source={},
    )


def data(examples: int = 10, pairs: int = 0, held_out: int = 3) -> RunData:
    return RunData(
        examples=(EXAMPLE,) * examples,
        pairs=tuple(map(pair, range(pairs))),
        held_out=(GOLD,) * held_out,
        trained_on=examples,
        dropped=0,
    )


def test_new_examples_are_repeated_and_mixed_with_as_many_synthetic_ones() -> None:
    made = plan(data(examples=40))
    ((phase, rows),) = made.phases
    assert phase.kind == "sft"
    assert sum(row["source"] == "curated" for row in rows) == 40 * PASSES
    assert made.replayed == 40 * PASSES
    assert plan(data(examples=1)).replayed == LEAST_REPLAY


def test_enough_pairs_make_a_second_phase() -> None:
    assert len(plan(data(pairs=LEAST_PAIRS - 1)).phases) == 1
    made = plan(data(pairs=LEAST_PAIRS))
    assert [phase.kind for phase, _ in made.phases] == ["sft", "dpo"]
    assert made.pairs == LEAST_PAIRS
    assert set(made.phases[1][1][0]) == {"prompt", "chosen", "rejected"}
    json.dumps(made.phases[1][1])


def test_the_estimate_grows_with_the_data_and_shrinks_with_the_machine() -> None:
    small, large = plan(data(examples=10)), plan(data(examples=1000))
    assert small.seconds < large.seconds
    assert plan(data(examples=1000), cuda=True).seconds < large.seconds
    assert plan(data(examples=1000), tokens_per_second=1.0).seconds > large.tokens


def test_nothing_to_learn_or_to_compare_on_is_said_plainly() -> None:
    with pytest.raises(TooLittle, match="No decided paper to learn"):
        plan(data(examples=0))
    with pytest.raises(TooLittle, match="held out"):
        plan(data(held_out=0))


def test_replayed_examples_are_right_and_the_same_for_a_seed() -> None:
    made = list(replay(50, seed=3))
    assert made == list(replay(50, seed=3))
    parses = [example for example in made if example.task == "funding_parse_lines"]
    assert len(parses) == 40
    for example in parses:
        for item in compact.locate(example.reply):
            assert item.value in example.text
