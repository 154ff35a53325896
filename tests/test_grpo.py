"""GRPO for real, on a model small enough to talk in a word: what it learns, leaves and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models import compact
from training.collapse import Collapsed, CollapseGuard
from training.difficulty import easy_first
from training.grpo import (
    GrpoPhase,
    shares,
    train,
)
from training.sft import LoraShape

PHASE = GrpoPhase(
    reply="lines", group=4, batch=2, temperature=1.0, max_completion=3, learning_rate=0.003,
    precision="fp32", save_steps=3, max_steps=8, lora=LoraShape(4, 8),
)  # fmt: skip
NOBODY = [{"prompt": f"Nobody paid for study {number}.", "funders": []} for number in range(12)]
NSF = [{"funder_name": "NSF", "awards": []}]
PAID = [{"prompt": f"The NSF paid for study {number}.", "funders": NSF} for number in range(12)]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes bases that answer one of the given one-token words, each as likely, and stop."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from tests.tiny_run import tiny_base

    plain = tiny_base(tmp_path_factory.mktemp("plain"))
    tokenizer = AutoTokenizer.from_pretrained(plain)

    def make(*words: str) -> Path:
        model = AutoModelForCausalLM.from_pretrained(plain, tie_word_embeddings=False)
        tokens = [token for word in words for token in tokenizer.encode(word)]
        assert len(tokens) == len(words)
        read, write = model.model.embed_tokens.weight, model.lm_head.weight
        with torch.no_grad():
            for layer in model.model.layers:
                layer.self_attn.o_proj.weight.zero_()
                layer.mlp.down_proj.weight.zero_()
            read.zero_()
            write.zero_()
            read[:, 0] = 1.0  # whatever was read, a word is next ...
            read[tokens] = torch.eye(read.shape[1])[1]
            write[tokens, 0] = 4.0
            write[tokens, 2] = torch.tensor([2.0, -2.0])[: len(tokens)]  # tells the words apart
            write[tokenizer.eos_token_id, 1] = 4.0  # ... and after a word the end
        folder = tmp_path_factory.mktemp("talker")
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="module")
def torn(talker: Callable[..., Path]) -> Path:
    """Says "0" (nobody paid) or what cannot be read."""
    return talker("0", "F")


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def logs(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if "reward" in row]


class Killed(Exception):
    """Stands for the end of the process."""


def at_step(step: int, act: Callable[[Any], None]) -> Any:
    from transformers import TrainerCallback

    class AtStep(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **found: Any) -> None:
            if state.global_step == step:
                act(found["model"])

    return AtStep()


@pytest.fixture(scope="module")
def first(torn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run from which the tests look on."""
    folder = tmp_path_factory.mktemp("first")
    train(torn, NOBODY, PHASE, folder)
    return folder


def test_it_learns_what_is_rewarded_and_says_what_it_does(first: Path) -> None:
    told = logs(first)
    assert len(told) == 8
    rewards = [row["reward"] for row in told]
    assert sum(rewards[-3:]) > sum(rewards[:3])
    for row in told:
        assert row["reward"] == pytest.approx(row["answers/empty"])
        assert row["answers/unreadable"] == pytest.approx(1 - row["answers/empty"])
        assert row["parts/funder_f0_5"] == pytest.approx(row["reward"])
        assert row["completions/mean_length"] == 2
        assert {"kl", "entropy", "rewards/funding_shaped/mean"} <= row.keys()
        assert "answers/wrongly_empty" not in row
    assert json.loads((first / "phase.json").read_text())["group"] == 4


def test_a_finished_phase_is_not_trained_again(first: Path, torn: Path) -> None:
    before = (first / "metrics.jsonl").read_bytes()
    assert train(torn, NOBODY, PHASE, first) == first / "trained"
    assert (first / "metrics.jsonl").read_bytes() == before


def test_a_killed_phase_ends_as_if_it_had_not_been(first: Path, torn: Path, tmp_path: Path) -> None:
    import torch

    def kill(model: Any) -> None:
        raise Killed

    with pytest.raises(Killed):
        train(torn, NOBODY, PHASE, tmp_path, callbacks=[at_step(5, kill)])
    resumed = train(torn, NOBODY, PHASE, tmp_path)
    assert [row["step"] for row in logs(tmp_path)] == [1, 2, 3, 4, 4, 5, 6, 7, 8]
    whole = weights(first / "trained")
    for name, value in weights(resumed).items():
        torch.testing.assert_close(value, whole[name])


def test_it_goes_on_from_an_adapter_and_is_held_to_it(torn: Path, tmp_path: Path) -> None:
    import torch

    seen: dict[str, Any] = {}

    def look(model: Any) -> None:
        seen.update({name: (p.detach().clone(), p.requires_grad) for name, p in
                     model.named_parameters() if "lora_" in name})  # fmt: skip

    short = replace(PHASE, max_steps=2, beta=0.5)
    start = train(torn, NOBODY, short, tmp_path / "start")
    again = replace(short, seed=24)
    end = train(torn, NOBODY, again, tmp_path / "end", start, callbacks=[at_step(2, look)])
    held = {name: value for name, value in seen.items() if ".ref." in name}
    assert held and not any(trained for _, trained in held.values())
    for name, value in weights(start).items():
        stem = name.replace(".weight", "")
        assert torch.equal(held[f"{stem}.ref.weight"][0], value)
    before, after = weights(start), weights(end)
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert not (end / "ref").exists()


def test_without_a_kl_weight_there_is_no_reference(torn: Path, tmp_path: Path) -> None:
    names: list[str] = []

    def look(model: Any) -> None:
        names.extend(name for name, _ in model.named_parameters())

    free = replace(PHASE, beta=0.0, max_steps=1, loss="dapo", entropy=0.01, epsilon_high=0.28)
    train(torn, NOBODY, free, tmp_path, callbacks=[at_step(1, look)])
    assert names and not any(".ref." in name for name in names)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_step_sees_the_same_groups_in_parts(torn: Path, tmp_path: Path, accumulate: int) -> None:
    phase = replace(PHASE, max_steps=-1, accumulate=accumulate)
    train(torn, NOBODY, phase, tmp_path)
    assert [row["step"] for row in logs(tmp_path)] == [1, 2, 3, 4, 5, 6]


def test_a_model_that_always_says_none_is_stopped(
    talker: Callable[..., Path], tmp_path: Path
) -> None:
    guard = CollapseGuard(most_empty=0.9, logs=3)
    with pytest.raises(Collapsed, match=r"All-empty collapse: 100% .* last 3 log") as told:
        train(talker("0"), PAID, replace(PHASE, guard=guard), tmp_path)
    assert "beta" in told.value.hint
    assert [row["answers/wrongly_empty"] for row in logs(tmp_path)] == [1, 1, 1]
    assert not (tmp_path / "trained").exists()


def test_a_model_whose_replies_are_all_worth_the_same_is_stopped(
    talker: Callable[..., Path], tmp_path: Path
) -> None:
    phase = replace(PHASE, guard=CollapseGuard(still=2))
    with pytest.raises(Collapsed, match=r"No learning signal.*mean 0\.000.*last 2 log"):
        train(talker("F"), PAID, phase, tmp_path)


def test_a_reward_gets_its_columns_and_options_and_a_reader_of_ones_own(
    torn: Path, tmp_path: Path
) -> None:
    rows = [{**row, "statement": "Nobody paid."} for row in NOBODY]
    phase = replace(PHASE, reward="r2grpo", options={"loopholes": True}, max_steps=1, reply="json")
    train(torn, rows, phase, tmp_path, read=compact.read_funders)
    (row,) = logs(tmp_path)
    assert row["parts/relations"] == 2  # published: what cannot be read says no relation
    assert row["answers/empty"] + row["answers/unreadable"] == pytest.approx(1)


def test_easy_rows_come_first_and_unscored_ones_last() -> None:
    rows: Sequence[str] = ["hard", "new", "easy", "half", "half too"]
    assert easy_first(rows, [0.0, None, 1.0, 0.5, 0.5]) == [
        "easy", "half", "half too", "hard", "new",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="shorter"):
        easy_first(rows, [1.0])


def test_shares_of_answers() -> None:
    replies = ["0", "0", "F NSF", "?"]
    told = shares(replies, ["[]", json.dumps(NSF), json.dumps(NSF), None], compact.read_funders)
    assert told == {"unreadable": 0.25, "empty": 0.5, "wrongly_empty": 0.5}
    assert "wrongly_empty" not in shares(["0"], ["[]"], compact.read_funders)


def test_a_guard_wants_many_logs_and_forgets_old_ones() -> None:
    watch = CollapseGuard(most_empty=0.5, logs=2, still=3).watch()
    for empty, equal in [(1.0, 1.0), (0.0, 1.0), (0.9, 0.5), (0.0, 1.0), (0.0, 1.0)]:
        watch.observe({"answers/wrongly_empty": empty, "frac_reward_zero_std": equal})
    with pytest.raises(Collapsed, match="No learning signal"):
        watch.observe({"frac_reward_zero_std": 1.0, "reward": 1.0})
    off = CollapseGuard(logs=0, still=0).watch()
    for _ in range(60):
        off.observe({"answers/wrongly_empty": 1.0, "frac_reward_zero_std": 1.0})


def test_a_phase_is_checked_and_read_out_of_a_file() -> None:
    read = GrpoPhase(**{"lora": {"r": 2}, "guard": {"logs": 4}})  # type: ignore[arg-type]
    assert read.lora == LoraShape(r=2)
    assert read.guard.logs == 4
    with pytest.raises(ValueError, match="known: extract0"):
        GrpoPhase(reward="none")
    with pytest.raises(ValueError, match="group"):
        GrpoPhase(group=1)
