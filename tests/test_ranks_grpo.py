"""GRPO on two devices: groups, whole articles, order and guard hold with two processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.test_articles import FIRST, SECOND
from tests.test_grpo import NOBODY, PAID, logs, talker  # noqa: F401
from tests.test_runs import log, message, state
from tests.tiny_run import make_run, wait
from training import process
from training import run as runs
from training.articles import Article, rows, slots
from training.run import PhaseSpec

SMALL: dict[str, Any] = {
    "reply": "lines", "group": 4, "batch": 2, "temperature": 1.0, "max_completion": 3,
    "learning_rate": 0.003, "precision": "fp32", "max_steps": 8, "lora": {"r": 4, "alpha": 8},
}  # fmt: skip


def phase(folder: Path, name: str, prompts: Any, **changes: Any) -> PhaseSpec:
    sha256 = runs.write_rows(folder, f"{name}.jsonl", prompts)
    return PhaseSpec(
        kind="grpo", name=name, parameters=SMALL | changes, data=f"{name}.jsonl", sha256=sha256
    )


@pytest.mark.slow
def test_two_processes_learn_from_rewards_and_stop_where_there_are_none(
    talker: Callable[..., Path],  # noqa: F811
    tmp_path: Path,
) -> None:
    """Only "0" is right of what the model says; of a paid study neither reply is."""
    folder = tmp_path / "run"
    nobody = [Article((f"Moss {n} is green.", "We thank Ann."), ()) for n in range(8)]
    whole = rows(nobody, FIRST, SECOND, seed=1)
    together = {"reward": "funding_dapo", "articles": [FIRST.name, SECOND.name], "beta": 0.0}
    phases = (
        phase(folder, "ordered", NOBODY, curriculum=True, accumulate=2),
        phase(folder, "whole", whole, batch=2 * slots(whole), max_steps=2, **together),
        phase(folder, "hopeless", PAID, guard={"still": 2}),
    )
    make_run(folder, talker("0", "F"), phases=phases, devices=2)
    process.start(folder)
    wait(lambda: not process.is_alive(folder), "the end of the run", 1800)
    assert state(folder) == "failed" and message(folder).startswith("No learning signal"), log(
        folder
    )
    used = [json.loads((folder / name / "devices.json").read_text())
            for name in ("1-ordered", "2-whole", "3-hopeless")]  # fmt: skip
    assert used == [[2], [2], [2]]
    told = logs(folder / "1-ordered")
    assert [event["step"] for event in told] == list(range(1, 9))
    rewards = [event["reward"] for event in told]
    assert sum(rewards[-2:]) > sum(rewards[:2])
    assert len(json.loads((folder / "1-ordered" / "difficulty.json").read_text())) == len(NOBODY)
    assert [event["step"] for event in logs(folder / "2-whole")] == [1, 2]
    assert [event["reward"] for event in logs(folder / "3-hopeless")] == [0, 0]
