"""The funding rewards: as published where that is asked for, otherwise without the loopholes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import compact
from models.schemas import Award, Funder
from models.scoring.reading import read_funders
from training.rewards import BINARY, REWARDS, SHAPED, funding_metrics, reward, weighted

CASES = [
    case
    for line in (Path(__file__).parent / "data" / "eval_vectors.jsonl").read_text().splitlines()
    if (case := json.loads(line)).get("fn") == "evaluate_document"
    and "shaped_reward" in case["expected"]
]
NAMES = sorted(name for name in REWARDS if name.startswith("funding"))
NSF = [{"funder_name": "NSF", "awards": [{"award_ids": ["R01NS082338"]}]}]
NEAR = [{"funder_name": "NSF", "awards": [{"award_ids": ["R01NS082339"]}]}]
INVENTED = [{"funder_name": "Fake Foundation", "awards": []}]


def score(name: str, reply: Any, gold: Any, **options: Any) -> float | None:
    completion = reply if isinstance(reply, str) else json.dumps(reply)
    (value,) = REWARDS[name]([completion], funders=[gold], prompts=["?"], **options)
    return value


@pytest.mark.parametrize("case", CASES, ids=[f"{c['id']} {c['note']}" for c in CASES])
def test_the_published_formulas(case: dict[str, Any]) -> None:
    pred, gold = (read_funders(case["input"][side]) for side in ("pred", "gold"))
    expected = case["expected"]
    shaped = funding_metrics(pred, gold, soft_ids=True)
    binary = funding_metrics(pred, gold)
    exact: dict[str, Any] = {"abs": 1e-9, "rel": 0}
    assert shaped == pytest.approx(expected["shaped_metrics"], **exact)
    assert binary == pytest.approx(expected["binary_metrics"], **exact)
    assert weighted(shaped, SHAPED) == pytest.approx(expected["shaped_reward"], **exact)
    assert weighted(binary, BINARY) == pytest.approx(expected["binary_reward_50_50"], **exact)


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_the_published_rewards_are_the_formulas_but_for_an_empty_answer(
    case: dict[str, Any],
) -> None:
    pred, gold = case["input"]["pred"], case["input"]["gold"]
    empty = bool(gold) and not pred
    formulas = {"funding_shaped": "shaped_reward", "funding_binary": "binary_reward_50_50"}
    for name, formula in formulas.items():
        expected = 0.0 if empty else case["expected"][formula]
        assert score(name, pred, gold, loopholes=True) == pytest.approx(expected, abs=1e-9)


# reply, gold, closed, and with the loopholes of the published reward
LOOPHOLES = [
    ("I found nothing.", [], 0.0, 1.0),
    (INVENTED, [], 0.0, 0.5),
    ("[{}]", [], 0.0, 1.0),
    ("null", [], 0.0, 1.0),
    (NEAR, NSF, 0.5, 0.75),
]


@pytest.mark.parametrize("name", ["funding_shaped", "funding_dapo"])
@pytest.mark.parametrize(("reply", "gold", "closed", "published"), LOOPHOLES)
def test_loopholes_are_closed_unless_they_are_asked_for(
    name: str, reply: Any, gold: Any, closed: float, published: float
) -> None:
    assert score(name, reply, gold) == closed
    assert score(name, reply, gold, loopholes=True) == published


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("reply", "gold", "worth"),
    [(NSF, NSF, 1.0), ([], [], 1.0), ([], NSF, 0.0), ("```json\n[]\n```", [], 1.0)],
)
@pytest.mark.parametrize("loopholes", [False, True])
def test_what_all_rewards_agree_on(
    name: str, reply: Any, gold: Any, worth: float, loopholes: bool
) -> None:
    assert score(name, reply, gold, loopholes=loopholes) == worth


@pytest.mark.parametrize("name", NAMES)
def test_a_row_without_gold_asks_for_nothing(name: str) -> None:
    assert score(name, NSF, None) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_keeps_its_order_and_takes_chats_and_json_columns(name: str) -> None:
    chat = [{"role": "assistant", "content": json.dumps(NSF)}]
    worth = REWARDS[name](["no json", chat, "[]"], funders=[NSF, json.dumps(NSF), json.dumps(NSF)])
    assert worth == [0.0, 1.0, 0.0]


def test_bugs_raise() -> None:
    with pytest.raises(ValueError, match="shorter"):
        REWARDS["funding_shaped"](["[]", "[]"], funders=["[]"])
    with pytest.raises(json.JSONDecodeError):
        score("funding_shaped", NSF, "not JSON")
    with pytest.raises(ValueError, match="already"):
        reward("funding_shaped")(REWARDS["funding_shaped"])


def test_the_short_form_is_rewarded_by_its_own_reader() -> None:
    reply = "F NSF\nI R01NS082338"
    assert score("funding_shaped", reply, NSF) == 0.0
    assert score("funding_shaped", reply, NSF, read=compact.read_funders) == 1.0
    assert score("funding_shaped", "0", [], read=compact.read_funders) == 1.0


def test_the_parts_are_logged_as_means_over_the_replies() -> None:
    logged: dict[str, float] = {}
    score = REWARDS["funding_shaped"]
    score(["[]", json.dumps(NSF), "?"], funders=[[], NSF, None], log_metric=logged.__setitem__)
    assert logged["parts/funder_f0_5"] == 1
    score(["[]", json.dumps(NEAR)], funders=[NSF, NSF], log_metric=logged.__setitem__)
    assert logged["parts/funder_f0_5"] == 0.5
    assert logged["parts/award_id_f0_5"] == 0


def test_the_rewards_that_ship() -> None:
    assert sorted(REWARDS) == [
        "extract0",
        "funding_binary",
        "funding_dapo",
        "funding_shaped",
        "r2grpo",
    ]


funder_lists = st.lists(
    st.builds(
        lambda name, ids: Funder(funder_name=name, awards=(Award(award_ids=ids),) if ids else ()),
        st.sampled_from((None, "NSF", "Wellcome Trust", "DFG", "Kavli")),
        st.lists(st.sampled_from(("R01NS082338", "R01NS082339", "55")), max_size=2).map(tuple),
    ),
    max_size=3,
)


@given(funder_lists, funder_lists, st.sampled_from(NAMES), st.booleans())
def test_no_reward_leaves_its_bounds_and_gold_earns_all(
    pred: list[Funder], gold: list[Funder], name: str, loopholes: bool
) -> None:
    replies = [json.dumps([f.model_dump(mode="json") for f in side]) for side in (pred, gold)]
    mine, best = REWARDS[name](replies, funders=[replies[1]] * 2, loopholes=loopholes)
    assert mine is not None and 0 <= mine <= 1
    assert best == pytest.approx(1)
