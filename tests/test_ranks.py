"""A run on two devices, here two processes on the CPU: the same weights, and nobody left behind."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.test_runs import finish, log, message, reached, state
from tests.tiny_run import DPO, SFT, examples, make_run, preferences, tiny_base, wait
from training import process, together
from training import run as runs
from training.examples import Encoded
from training.phases import Job, most_devices
from training.run import PhaseSpec
from training.sft import shared

WEIGHTS = "adapter_model.safetensors"
FEW = SFT | {"batch_tokens": 150, "save_steps": 3, "warmup_steps": 1}
PAIRS = DPO | {"batch": 2, "accumulate": 2, "learning_rate": 1e-3, "warmup_steps": 1}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny"))


def make(folder: Path, base: Path, devices: int, **of_sft: Any) -> Path:
    """The folder of a run of SFT and DPO whose steps hold several rows each, sometimes one."""
    rows = [*examples(24), *long_ones(3)]
    sft = runs.write_rows(folder, "first.jsonl", rows)
    dpo = runs.write_rows(folder, "second.jsonl", preferences(24))
    phases = (
        PhaseSpec(
            kind="sft", name="first", parameters=FEW | of_sft, data="first.jsonl", sha256=sft
        ),
        PhaseSpec(kind="dpo", name="second", parameters=PAIRS, data="second.jsonl", sha256=dpo),
    )
    return make_run(folder, base, phases=phases, devices=devices)


def long_ones(count: int) -> Sequence[dict[str, str]]:
    return [row | {"text": row["text"] * 6} for row in examples(count)]


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / WEIGHTS)


def furthest(one: Path, other: Path) -> float:
    """The largest difference between two adapters' weights."""
    left, right = weights(one), weights(other)
    assert left.keys() == right.keys()
    return max(float((left[key].float() - right[key].float()).abs().max()) for key in left)


def of_run(run_dir: Path) -> list[psutil.Process]:
    """All processes that were told of the folder."""
    found = []
    for who in psutil.process_iter(["cmdline", "status"]):
        told = who.info["cmdline"] or []
        if str(run_dir) in told and who.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(who)
    return found


def gone(run_dir: Path) -> None:
    """Fail where a process of the run stays."""
    wait(lambda: not of_run(run_dir), "all processes of the run to be gone", 20)


@pytest.fixture(scope="module")
def alone(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = make(tmp_path_factory.mktemp("alone"), base, 1)
    finish(run_dir)
    return run_dir


@pytest.mark.slow
def test_two_devices_learn_what_one_learns_also_stopped_and_resumed(
    alone: Path, base: Path, tmp_path: Path
) -> None:
    run_dir = make(tmp_path / "two", base, 2)
    process.start(run_dir)
    wait(reached(run_dir, "first", 2), "step 2 of the first phase")
    ranks = [who for who in of_run(run_dir) if "training.ranks" in who.cmdline()]
    assert len(ranks) == 2, log(run_dir)
    assert process.stop(run_dir, 60) == "file", log(run_dir)
    assert state(run_dir) == "stopped", (message(run_dir), log(run_dir))
    gone(run_dir)
    finish(run_dir)
    for phase, folder in (("1-first", "adapter"), ("2-second", "trained")):
        assert furthest(alone / phase / folder, run_dir / phase / folder) < 1e-4
    card = json.loads((run_dir / "adapter" / "training.json").read_text())
    assert card["devices"] == 2
    assert card["trained_on"] == {"1-first": [2, 2], "2-second": [2]}
    told, _ = runs.metrics(run_dir)
    once = [(event["phase"], event["step"]) for event in told if "loss" in event]
    assert len(once) == len(set(once))  # the second rank writes no figures


@pytest.mark.slow
def test_a_killed_run_leaves_no_process_and_goes_on_with_one_device(
    alone: Path, base: Path, tmp_path: Path
) -> None:
    run_dir = make(tmp_path / "killed", base, 2)
    who = process.start(run_dir)
    wait(reached(run_dir, "first", 4), "step 4 of the first phase")
    os.kill(who.pid, signal.SIGKILL)  # the holder of the lock alone
    gone(run_dir)
    wait(lambda: not process.is_alive(run_dir), "the lock to be free", 20)
    spec = runs.load_spec(run_dir)
    runs.save_spec(run_dir, spec.model_copy(update={"devices": 1}))
    finish(run_dir)
    assert furthest(alone / "adapter", run_dir / "adapter") < 1e-3  # float16


@pytest.mark.slow
def test_what_a_rank_says_of_its_failure_is_what_the_run_says(base: Path, tmp_path: Path) -> None:
    run_dir = make(tmp_path / "failing", base, 2, longest=5)
    process.start(run_dir)
    wait(lambda: not process.is_alive(run_dir), "the end of the run")
    assert state(run_dir) == "failed"
    assert message(run_dir).startswith("Every row of first.jsonl is longer than 5 tokens.")
    gone(run_dir)


def test_a_batch_is_shared_by_rows_and_a_row_alone_is_learned_once() -> None:
    rows = [
        Encoded([5, 6, 7], [-100, 6, 7]),
        Encoded([5, 8], [-100, 8]),
        Encoded([9, 9], [-100, 9]),
    ]
    parts = shared([rows, rows[:1]], 2)
    assert parts == [[rows[0], rows[2]], [rows[1]], [rows[0]], [Encoded([5, 6, 7], [-100] * 3)]]


@pytest.mark.parametrize(
    ("batch", "accumulate", "devices", "each"),
    [
        (2, 4, 2, (2, 2)),
        (2, 4, 8, (1, 1)),
        (2, 1, 2, (1, 1)),
        (3, 2, 2, (3, 1)),
        (16, 1, 4, (4, 1)),
    ],
)
def test_a_step_stays_as_large_on_several_devices(
    batch: int, accumulate: int, devices: int, each: tuple[int, int]
) -> None:
    assert together.share(batch, accumulate, devices) == each
    assert each[0] * each[1] * devices == batch * accumulate


@pytest.mark.parametrize(
    ("kind", "parameters", "at_hand", "used"),
    [
        ("sft", {}, 7, 7),
        ("dpo", {"batch": 2, "accumulate": 4}, 8, 8),
        ("dpo", {"batch": 2, "accumulate": 4}, 6, 4),
        ("grpo", {"group": 8, "batch": 8}, 8, 8),
        ("grpo", {"group": 4, "batch": 3, "articles": ("a", "b")}, 8, 1),
        ("grpo", {"group": 4, "batch": 6, "articles": ("a", "b")}, 8, 2),
    ],
)
def test_as_many_devices_as_share_a_step_evenly(
    kind: Any, parameters: dict[str, Any], at_hand: int, used: int, tmp_path: Path
) -> None:
    phase = PhaseSpec(kind=kind, name=kind, parameters=parameters, data="rows.jsonl")
    rows = [{"article": number // 3} for number in range(12)]
    assert most_devices(Job(tmp_path, rows, phase, tmp_path, None), at_hand) == used
