"""What the button would train: sized to the data, told before it starts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models import compact
from models.schemas import Funder, Message, PreferencePair
from models.tasks import task
from training.articles import Article
from training.corpora import LabelledStatement
from training.curated import RunData
from training.examples import parse_example
from training.planning import Plan, TooLittle, replay
from training.planning import plan as plan_by
from training.presets import AUTO, InvalidRecipe, load, names

SHORT = ("funding_statements_lines", "funding_parse_lines")
LEARNED = LabelledStatement(
    id="2",
    source="curated",
    license="",
    statement="We thank Ann. This work was financially supported by the Moss Fund of Norway.",
    funders=(Funder(funder_name="Moss Fund of Norway"),),
)
EXAMPLE = parse_example(LEARNED)
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
        learned=(LEARNED,) * examples,
        articles=(Article((LEARNED.statement,), LEARNED.funders),) * examples,
        pairs=tuple(map(pair, range(pairs))),
        held_out=(GOLD,) * held_out,
        trained_on=examples,
        dropped=0,
    )


def plan(given: RunData, recipe: str = AUTO, **sizes: Any) -> Plan:
    chosen = load(recipe)
    return plan_by(given, chosen, tasks=chosen.tasks or SHORT, **sizes)


def test_new_examples_are_repeated_and_mixed_with_as_many_synthetic_ones() -> None:
    made = plan(data(examples=40))
    ((phase, rows),) = made.phases
    assert phase.kind == "sft"
    assert sum(row["source"] == "curated" for row in rows) == 40 * 3
    assert made.replayed == 40 * 3
    assert plan(data(examples=1)).replayed == 60


def test_enough_pairs_make_a_second_phase() -> None:
    assert len(plan(data(pairs=7)).phases) == 1
    made = plan(data(pairs=8))
    assert [phase.kind for phase, _ in made.phases] == ["sft", "dpo"]
    assert made.pairs == 16  # beside each correction a slip
    assert set(made.phases[1][1][0]) == {"prompt", "chosen", "rejected"}
    json.dumps(made.phases[1][1])


def test_corrections_of_another_model_s_prompts_make_no_second_phase() -> None:
    told = data()
    others = tuple(pair(n).model_copy(update={"task": "funding_parse"}) for n in range(9))
    assert [p.kind for p, _ in plan(replace(told, pairs=others)).phases] == ["sft"]


def test_a_gpu_and_enough_gold_make_a_third_phase() -> None:
    assert [p.kind for p, _ in plan(data(200, 8)).phases] == ["sft", "dpo"]
    made = plan(data(200, 8), cuda=True)
    assert [p.kind for p, _ in made.phases] == ["sft", "dpo", "grpo"]
    assert made.prompts == 200
    assert made.memory > plan(data(200, 8)).memory


def test_the_estimate_grows_with_the_data_and_shrinks_with_the_machine() -> None:
    small, large = plan(data(examples=10)), plan(data(examples=1000))
    assert small.seconds < large.seconds
    assert plan(data(examples=1000), cuda=True).seconds < large.seconds
    assert plan(data(examples=1000), tokens_per_second=1.0).seconds > large.tokens
    assert plan(data(examples=1000), max_steps=2).seconds < large.seconds


def test_at_most_so_many_steps_bound_every_phase_and_keep_what_is_shorter() -> None:
    made = plan(data(pairs=8), "mextract", max_steps=500)
    assert [phase.parameters["max_steps"] for phase, _ in made.phases] == [500, 300]


@pytest.mark.parametrize("recipe", names())
def test_every_recipe_makes_a_run_of_what_is_decided(recipe: str) -> None:
    made = plan(data(examples=10, pairs=8), recipe, cuda=True)
    chosen = load(recipe)
    assert chosen.source and chosen.title
    assert next(p.kind for p, _ in made.phases) == "sft"
    assert all(rows for _, rows in made.phases)
    json.dumps([[phase.model_dump(mode="json"), list(rows)] for phase, rows in made.phases])


def test_the_recipes_say_what_their_sources_publish() -> None:
    phases = {name: [p.parameters for p in load(name).phases] for name in names()}
    sft, dpo = phases["mextract"]
    assert sft["lora"] == {"r": 8, "alpha": 16}
    assert (dpo["learning_rate"], dpo["batch"] * dpo["accumulate"]) == (5e-6, 16)
    sft, rl = phases["qwen-grpo"]
    assert sft["lora"]["r"] == 128
    assert (rl["group"], rl["temperature"], rl["beta"], rl["learning_rate"]) == (8, 0.8, 0.03, 3e-5)
    sft, rl = phases["llama-dapo"]
    assert (rl["epsilon"], rl["epsilon_high"], rl["loss"]) == (0.2, 0.28, "dapo")
    assert (rl["beta"], rl["entropy"], rl["group"], rl["warmup_steps"]) == (0.001, 0.01, 16, 20)
    assert load("llama-dapo").phases[1].merged
    sft, rl = phases["extract0"]
    assert sft["lora"] == {"r": 16, "alpha": 32, "dropout": 0.05}
    assert (rl["reward"], rl["group"], rl["beta"], rl["max_steps"]) == ("extract0", 4, 0.05, 248)
    sft, rl = phases["mimic-r2grpo"]
    assert (rl["reward"], rl["group"], rl["curriculum"]) == ("r2grpo", 16, True)


def test_mextract_rejects_as_many_wrong_forms_as_there_are_statements() -> None:
    made = plan(data(examples=10, pairs=0), "mextract")
    (_, examples), (_, pairs) = made.phases
    assert len(pairs) == 10
    assert all(row["chosen"] != row["rejected"] for row in pairs)
    assert "answer_type" in pairs[0]["prompt"][1]["content"]
    tasks = {"funding_statements_mextract", "funding_parse_mextract"}
    assert {row["task"] for row in examples} == tasks
    assert all("funders" in json.loads(row["chosen"][0]["content"]) for row in pairs)


def test_noise_damages_half_of_the_statements_and_their_gold_with_them() -> None:
    _, rows = plan(data(examples=200), "qwen-grpo").phases[0]
    told = [row for row in rows if row["source"] == "curated"]
    damaged = [row for row in told if row["text"] != LEARNED.statement]
    assert 0.3 < len(damaged) / len(told) < 0.7
    for row in damaged:
        assert row["reply"].removeprefix("F ").splitlines()[0] in row["text"]


def test_an_articles_rows_are_a_step() -> None:
    made = plan(data(examples=10), "llama-dapo")
    phase, rows = made.phases[1]
    assert phase.merged and phase.parameters["batch"] == 2
    assert [row["part"] for row in rows[:4]] == ["find", "parse", "find", "parse"]


def test_an_unknown_or_broken_recipe_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecipe, match="Known: auto, extract0"):
        load("nothing")
    broken = tmp_path / "broken.toml"
    broken.write_text('name = "x"\ntitle = ""\nsource = ""\nstart = "live"\n[[phases]]\nkind = "x"')
    with pytest.raises(InvalidRecipe, match=r"phases\.0\.kind"):
        load(str(broken))


def test_nothing_to_learn_or_to_compare_on_is_said_plainly() -> None:
    with pytest.raises(TooLittle, match="No decided paper to learn"):
        plan(data(examples=0))
    with pytest.raises(TooLittle, match="held out"):
        plan(data(held_out=0))


def test_replayed_examples_are_right_and_the_same_for_a_seed() -> None:
    first, second = map(task, SHORT)
    made = list(replay(50, 3, first, second))
    assert made == list(replay(50, 3, first, second))
    parses = [example for example in made if example.task == "funding_parse_lines"]
    assert len(parses) == 40
    for example in parses:
        for item in compact.locate(example.reply):
            assert item.value in example.text


@pytest.mark.parametrize(("package", "used"), [("carries", "minilm"), ("absent", "lexical")])
def test_the_run_names_the_likeness_of_texts_that_can_be_had_here(
    package: str, used: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("__init__.py", "model/config.json"):
        (tmp_path / "carries_a_model" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "carries_a_model" / name).touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("training.rewards.semantic.PACKAGE", f"{package}_a_model")
    made = plan(data(), "extract0")
    assert made.phases[-1][0].parameters["options"] == {"text": used}
