"""GPUs to train on: what the system lists and the environment shows, never more than asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.tiny_run import SFT, examples
from training.phases import card
from training.run import PhaseSpec, load_spec
from workbench import runs
from workbench.context import Context, Settings
from workbench.devices import _visible, to_train_on

TWO = ["GPU 0: NVIDIA A10 (UUID: GPU-1a)", "GPU 1: NVIDIA A10 (UUID: GPU-2b)"]
PARTS = [TWO[0], "  MIG 1g.10gb     Device  0: (UUID: MIG-3c)", TWO[1]]


@pytest.mark.parametrize(
    ("listed", "shown", "count"),
    [
        (TWO, None, 2),
        (TWO, "1", 1),
        (TWO, "0, 1", 2),
        (TWO, "0,-1,1", 1),
        (TWO, "", 0),
        (TWO, "GPU-2b", 1),
        (TWO, "0,1,2", 2),
        (PARTS, None, 1),
        ([], None, 0),
    ],
)
def test_gpus_that_a_process_would_see(listed: list[str], shown: str | None, count: int) -> None:
    environment = {} if shown is None else {"CUDA_VISIBLE_DEVICES": shown}
    assert _visible(listed, environment) == count


def test_a_run_has_one_device_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert to_train_on() == to_train_on(4) == 1


def test_no_device_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_TRAIN_DEVICES", "0")
    with pytest.raises(ValidationError, match="train_devices"):
        Settings()


def test_a_planned_run_says_how_many_devices_it_takes(tmp_path: Path) -> None:
    ctx = Context(Settings(home=tmp_path))
    phase = PhaseSpec(kind="sft", name="only", parameters=SFT, data="sft.jsonl")
    planned = [(phase, examples(3))]
    row = runs.queue(ctx, "tiny", tmp_path, planned, "a" * 64, base_name="base", devices=2)
    spec = load_spec(Path(row.folder))
    assert spec.devices == 2
    assert card(spec, Path(row.folder))["trained_on"] == {"1-only": []}
