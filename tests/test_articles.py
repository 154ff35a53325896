"""Rollouts over articles: who gets whose reward, and that the credit reaches the finding reply."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models.schemas import Funder
from models.tasks import task
from tests.test_grpo import logs, talker  # noqa: F401
from training.articles import REPLY, Article, parse_of, rollout, rows, slots
from training.grpo import GrpoPhase, train
from training.sft import LoraShape

FIRST, SECOND = task("funding_statements_lines"), task("funding_parse_lines")
MOSS = (Funder(funder_name="Moss Fund"),)
ARTICLES = [
    Article(("We thank Ann. Paid by the Moss Fund.", "The Moss Fund paid."), MOSS),
    Article(("Nobody paid.",), ()),
]


def test_each_article_has_as_many_rows_and_the_last_is_the_parse() -> None:
    made = rows(ARTICLES, FIRST, SECOND, seed=1)
    assert slots(made) == 3
    by_article = [[row["part"] for row in made if row["article"] == n] for n in (0, 1)]
    assert sorted(by_article) == [["find", "find", "parse"], ["find", "none", "parse"]]
    assert all(row["funders"] is None for row in made if row["part"] == "none")


def test_the_replies_of_a_trajectory_share_the_place_of_its_parse() -> None:
    group, size = 4, 3
    places = [parse_of(index, group, size) for index in range(group * size * 2)]
    assert places[:4] == places[4:8] == places[8:12] == [8, 9, 10, 11]
    assert places[12:16] == places[20:24] == [20, 21, 22, 23]


@pytest.fixture
def rolled(talker: Callable[..., Path]) -> Callable[..., dict[str, Any]]:  # noqa: F811
    """What the rollout gives with a model that says one of the words."""

    def roll(*words: str) -> dict[str, Any]:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder = talker(*words)
        made = rows(ARTICLES[:1], FIRST, SECOND, seed=1)
        trainer = SimpleNamespace(
            num_generations=2,
            processing_class=AutoTokenizer.from_pretrained(folder),
            model=AutoModelForCausalLM.from_pretrained(folder),
            accelerator=SimpleNamespace(unwrap_model=lambda model: model),
        )
        asked = [row["prompt"] for row in made for _ in range(2)]
        act = rollout(made, FIRST, SECOND, max_tokens=3, temperature=1.0, top_p=1.0)
        return act(asked, trainer)

    return roll


@pytest.mark.slow
def test_what_the_passages_gave_is_parsed(rolled: Callable[..., dict[str, Any]]) -> None:
    told = rolled("1")
    assert told[REPLY] == ["1"] * 6
    assert all(all(mask) for mask in told["env_mask"])
    lengths = [len(ids) for ids in told["prompt_ids"]]
    assert lengths[4] == lengths[5] != lengths[0]


@pytest.mark.slow
def test_where_nothing_is_found_nothing_is_asked(rolled: Callable[..., dict[str, Any]]) -> None:
    told = rolled("0")
    assert told[REPLY] == ["0"] * 6
    assert [any(mask) for mask in told["env_mask"]] == [True] * 4 + [False] * 2


@pytest.mark.slow
def test_the_credit_of_the_parse_reaches_the_replies_that_find(
    talker: Callable[..., Path],  # noqa: F811
    tmp_path: Path,
) -> None:
    """Of the words "0" and "1" only "0" is right, as the finding as well as the parse."""
    base = talker("0", "1")
    nobody = [Article((f"Moss {n} is green.", "We thank Ann."), ()) for n in range(12)]
    made = rows(nobody, FIRST, SECOND, seed=1)
    phase = GrpoPhase(
        reward="funding_dapo", reply="lines", group=4, batch=slots(made), temperature=1.0,
        max_completion=3, learning_rate=0.01, beta=0.0, precision="fp32", max_steps=10,
        articles=(FIRST.name, SECOND.name), lora=LoraShape(4, 8),
    )  # fmt: skip
    train(base, json.loads(json.dumps(made)), phase, tmp_path)
    rewards = [event["reward"] for event in logs(tmp_path)]
    assert sum(rewards[-3:]) > sum(rewards[:3])
    assert rewards[-1] > 0.9
