"""R2GRPO's reward, by hand, and what is closed of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.schemas import Award, Funder
from training.rewards import r2grpo
from training.rewards.relevance import (
    consistency,
    entity_score,
    evidence,
    f1,
    is_formatted,
    jaccard,
    symbolic,
    terms,
)

TEXT = "We thank the Alpha Fund (AB-1) and Beta Trust now."  # 50 characters
GOLD = (
    Funder(funder_name="Alpha Fund", awards=(Award(award_ids=("AB-1",)),)),
    Funder(funder_name="Beta Trust"),
)
RIGHT = json.dumps([f.model_dump(mode="json") for f in GOLD])


def reply(answer: str, think: str = "x") -> str:
    return f"<think>{think}</think>\n<answer>{answer}</answer>"


def funders(*names: str) -> tuple[Funder, ...]:
    return tuple(Funder(funder_name=name) for name in names)


def test_entities() -> None:
    assert jaccard("Alpha Fund", "Alpha Science Fund") == 2 / 3
    # F1 of 1 of 2 against 1 of 2 is 1/2; the covered words are 1 and 2/3
    said = funders("Alpha Fund", "Beta Science Trust")
    assert entity_score(said, GOLD) == pytest.approx(0.7 * 0.5 + 0.3 * (1 + 2 / 3) / 2)
    assert entity_score((), GOLD) == 0
    assert entity_score((), ()) == 1
    assert entity_score((), (), loopholes=True) == 0
    assert entity_score(said, ()) == 0


def test_relations() -> None:
    assert f1({1, 2}, {2, 3}) == 0.5
    assert f1((), ()) == 1
    assert f1({1}, ()) == f1((), {1}) == 0
    wrong = '[{"funder_name": "Beta Trust", "awards": [{"award_ids": ["AB-1"]}]}]'
    assert terms(reply(wrong), GOLD, TEXT)["relations"] == 0
    assert terms(reply(RIGHT.replace("AB-1", "ab 1")), GOLD, TEXT)["relations"] == 2


def test_evidence_is_cited_the_shorter_the_better() -> None:
    assert len(TEXT) == 50
    one = 'It says "alpha fund".'  # 10 of 50 characters: 0.1 + 0.1 x 0.8, of 3 scaled to 0.5
    assert evidence(one, TEXT) == evidence(one, TEXT, loopholes=True) == pytest.approx(0.18 / 6)
    assert evidence(f'"{TEXT}"', TEXT) == 0
    assert evidence('"Gamma Fund"', TEXT) == 0


def test_only_the_published_evidence_counts_letters_and_repetitions() -> None:
    letters = '"a" "b" "e" "f"'  # 4 x 0.198 is more than 0.6
    assert evidence(letters, TEXT, loopholes=True) == pytest.approx(0.1)
    assert evidence(letters, TEXT) == 0
    twice = '"alpha fund" "alpha fund"'
    assert evidence(twice, TEXT, loopholes=True) == pytest.approx(0.36 / 6)
    assert evidence(twice, TEXT) == pytest.approx(0.18 / 6)


@pytest.mark.parametrize(
    ("think", "points"),
    [
        ("I read it.", 0),
        ("because", 0.5),
        ("pattern: thanks means money", 0.5 + 0.3),
        ("step 2", 0.3),
        ("Step 1: the rule implies a relation here because they paid", 1.5),
    ],
)
def test_rules(think: str, points: float) -> None:
    assert symbolic(think) == pytest.approx(points / 6)


def test_consistency_is_the_share_of_relations_that_the_reasoning_names() -> None:
    think = "Alpha Fund gave ab-1."
    assert consistency(think, GOLD, loopholes=True) == pytest.approx(0.7 / 6)
    assert consistency(think, GOLD) == pytest.approx(0.35 / 6)  # Beta Trust is one of two
    assert consistency(think + " Beta Trust", GOLD) == pytest.approx(0.7 / 6)
    assert consistency("There is no relation.", ()) == pytest.approx(0.35 / 6)
    assert consistency("Nobody.", ()) == 0


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("<think>a</think> \n<answer>b</answer>", True),
        ("<think></think><answer></answer>", True),
        ("<answer>b</answer><think>a</think>", False),
        ("<think>a</think> so <answer>b</answer>", False),
        ("<think>a</think>", False),
    ],
)
def test_format(text: str, formatted: bool) -> None:
    assert is_formatted(text) == formatted


def worth(text: str, gold: Any = RIGHT, **options: Any) -> float | None:
    (value,) = r2grpo([text], funders=[gold], statement=[TEXT], **options)
    return value


def test_the_reward_is_the_sum() -> None:
    think = 'It says "alpha fund": because of that Alpha Fund, AB-1 and Beta Trust.'
    full = 1 + 2 + (0.18 + 0.5 + 0.7) / 6 + 0.5
    assert worth(reply(RIGHT, think)) == pytest.approx(full)
    assert worth(reply(RIGHT, think), loopholes=True) == pytest.approx(full)
    assert worth(reply(RIGHT), None) is None


def test_only_the_published_reward_pays_for_reasoning_without_an_answer() -> None:
    think = "because"
    assert worth(reply("not JSON", think), loopholes=True) == pytest.approx(0.5 / 6 + 0.5)
    assert worth(reply("not JSON", think)) == 0
    assert worth(reply("[]", think)) == 0
    # no relation said where there is none: published, also by what cannot be read
    assert worth(reply("not JSON"), "[]", loopholes=True) == 2.5
    assert worth(reply("not JSON"), "[]") == 0
    assert worth(reply("[]"), "[]") == 3.5
    assert worth(RIGHT) == 0  # no tags


def test_reasoning_is_paid_in_the_share_that_the_answer_earns() -> None:
    half = json.dumps([GOLD[0].model_dump(mode="json")])
    entities = 0.7 * 2 / 3 + 0.3 / 2
    told = terms(reply(half, "because"), GOLD, TEXT)
    assert told["entities"] == pytest.approx(entities)
    assert told["symbolic"] == pytest.approx((entities + 2) / 3 * 0.5 / 6)
    assert told["format"] == pytest.approx((entities + 2) / 3 * 0.5)


def test_the_terms_are_logged() -> None:
    logged: dict[str, float] = {}
    worth(reply(RIGHT), log_metric=logged.__setitem__)
    assert logged["parts/relations"] == 2
    assert set(logged) == {
        f"parts/{name}"
        for name in ("entities", "relations", "evidence", "symbolic", "consistency", "format")
    }
