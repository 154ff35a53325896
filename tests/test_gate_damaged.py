"""Damaged adapters of the embedded model: none goes live, and each is told its own reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import catalog, compact
from models.backends import Backend
from models.catalog import bases
from models.llama import Refused
from models.merging import write_base
from tests.test_gate import gold
from tests.tiny_run import make_run
from training import __main__ as trainer
from training import examples, sft
from training import run as runs
from training.corpora import LabelledStatement
from training.gate import FIRST, compare, regression
from training.run import GateSpec

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
HELD_OUT = [*gold(8), *regression()[:16]]
SHIPPED = catalog.adapters()[catalog.default()].path
Change = Callable[[str, Any], Any]


def copy(folder: Path, change: Change | None = None) -> Path:
    """The shipped adapter in a folder, its matrices changed."""
    from safetensors.numpy import load_file, save_file

    shutil.copytree(SHIPPED, folder)
    if change is not None:
        weights = load_file(folder / WEIGHTS)
        changed = {key: change(key, w).astype(w.dtype) for key, w in weights.items()}
        save_file(changed, folder / WEIGHTS)
    return folder


def judged(candidate: Path, cache: Path) -> dict[str, Any]:
    """The gate's decision beside the adapter that ships; one thread, for the sake of a busy CI."""
    told = compare(catalog.default(), str(candidate), HELD_OUT, cache, threads=1)
    json.dumps(told)  # it becomes gate.json
    assert told["passes"] is False
    return told


def without(name: str, folder: Path) -> None:
    config = json.loads((folder / CONFIG).read_text())
    del config[name]
    (folder / CONFIG).write_text(json.dumps(config))


def renamed(folder: Path) -> None:
    config = json.loads((folder / CONFIG).read_text()) | {"base_model_name_or_path": "llama-3.1"}
    (folder / CONFIG).write_text(json.dumps(config))


def cut(name: str, folder: Path) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])


class TestWhatDoesNotOpen:
    @pytest.mark.parametrize(
        ("damage", "reason"),
        [
            (lambda f: cut(WEIGHTS, f), "damaged or cut short"),
            (lambda f: (f / WEIGHTS).write_bytes(b""), "damaged or cut short"),
            (lambda f: (f / WEIGHTS).unlink(), "damaged or missing"),
            (lambda f: cut(CONFIG, f), "damaged or missing"),
            (lambda f: without("r", f), "damaged or cut short"),
            (renamed, "made for 'llama-3.1', which is not in the catalog"),
        ],
        ids=["cut weights", "empty weights", "no weights", "cut config", "no rank", "other base"],
    )
    def test_is_refused_for_its_files(
        self, damage: Callable[[Path], None], reason: str, cache: Path, tmp_path: Path
    ) -> None:
        candidate = copy(tmp_path / "candidate")
        damage(candidate)
        told = judged(candidate, cache)
        assert told["opens"] is False
        assert reason in told["reasons"][0]

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda key, w: w * np.nan if "layers.3.mlp.up_proj" in key else w, "no numbers"),
            (lambda key, w: w * 1e5 if "layers.0." in key else w, "far too large"),
            (lambda key, w: w[:, :100] if key.endswith("q_proj.lora_A.weight") else w, "not fit"),
            (lambda key, w: w[:9] if "k_proj.lora_B" in key else w, "not fit"),
        ],
        ids=["NaN", "overflowing", "of a narrower model", "of a model with fewer heads"],
    )
    @pytest.mark.filterwarnings("ignore:overflow encountered in cast")
    def test_is_refused_for_its_weights(
        self, change: Change, reason: str, cache: Path, tmp_path: Path
    ) -> None:
        told = judged(copy(tmp_path / "candidate", change), cache)
        assert told["opens"] is False
        assert reason in told["reasons"][0]

    def test_ends_the_run_with_the_decision_and_no_error(self, cache: Path, tmp_path: Path) -> None:
        folder = tmp_path / "run"
        rows = [record.model_dump(mode="json") for record in HELD_OUT]
        sha256 = runs.write_rows(folder, "held_out.jsonl", rows)
        gate = GateSpec(live=catalog.default(), models=cache, sha256=sha256)
        make_run(folder, tmp_path, gate=gate, threads=1)
        candidate = copy(folder / runs.ADAPTER)
        cut(WEIGHTS, candidate)
        request, report = trainer.Request(folder), trainer.Reporter(folder)
        trainer._compare(runs.load_spec(folder), gate, folder, candidate, request, report)
        told = json.loads((folder / runs.GATE).read_text())
        assert not told["passes"]
        assert "cut short" in told["reasons"][0]


class TestWhatReadsWorse:
    @pytest.mark.slow
    def test_noise_on_the_weights_is_refused_for_the_lost_reward(
        self, cache: Path, tmp_path: Path
    ) -> None:
        rng = np.random.default_rng(1)

        def noisy(key: str, weights: Any) -> Any:
            return weights + 1.5 * weights.std() * rng.standard_normal(weights.shape)

        told = judged(copy(tmp_path / "noisy", noisy), cache)
        assert "The reward falls to" in told["reasons"][-1]
        assert told["reward"]["high"] < 0
        assert told["changes"]

    @pytest.mark.slow
    def test_one_that_has_learned_to_say_nothing_is_refused_as_such(
        self, weights: Path, cache: Path, tmp_path: Path
    ) -> None:
        silent = taught(weights, tmp_path, lambda record: compact.NONE)
        told = judged(silent, cache)
        assert "it has learned to say nothing" in " ".join(told["reasons"])
        assert "cannot be read" not in " ".join(told["reasons"])
        assert told["unreadable"] == 0

    @pytest.mark.slow
    def test_replies_that_never_end_are_refused_after_a_look(
        self, weights: Path, cache: Path, tmp_path: Path
    ) -> None:
        def again_and_again(record: LabelledStatement) -> str:
            return "\n\n".join([f"F {record.funders[0].funder_name}"] * 12)

        endless = taught(weights, tmp_path, again_and_again, ends=False)
        told = judged(endless, cache)
        said = " ".join(told["reasons"])
        assert "cannot be read or were cut, more than before" in said
        assert f"ended after {FIRST} of {len(HELD_OUT)} statements" in said
        assert told["statements"] == FIRST


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded base as a transformers folder."""
    package_file = bases()["smollm2-135m-instruct"].path
    assert package_file is not None
    return write_base(package_file, tmp_path_factory.mktemp("weights") / "base")


def taught(
    base: Path, folder: Path, reply: Callable[[LabelledStatement], str], ends: bool = True
) -> Path:
    """The shipped adapter after some steps of SFT on these replies, with or without their ends."""
    from transformers import AutoTokenizer

    encoder = examples.Encoder(AutoTokenizer.from_pretrained(base))
    named = [it for it in regression()[40:] if it.funders and it.funders[0].funder_name]
    rows = [
        encoder.encode(examples.Example("funding_parse_lines", it.statement, reply(it), "tests"))
        for it in [*gold(12), *named[:12]]
    ]
    if not ends:
        rows = [examples.Encoded(row.input_ids[:-1], row.labels[:-1]) for row in rows]
    phase = sft.Phase("taught", 1e-3, warmup_steps=1, batch_tokens=256, precision="fp32")
    made = sft.train(base, rows, phase, folder / "run", adapter=SHIPPED)
    config = json.loads((made / CONFIG).read_text())
    config["base_model_name_or_path"] = "smollm2-135m-instruct"
    (made / CONFIG).write_text(json.dumps(config))
    return made


@pytest.mark.parametrize("logits", [[np.nan] * 4, [0.0, np.nan, 1.0, 2.0]])
def test_logits_that_are_no_numbers_choose_no_token(model: Backend, logits: list[float]) -> None:
    llama = model._llama  # type: ignore[attr-defined]
    for allowed in (None, lambda token: True):
        with pytest.raises(Refused):
            llama.choose(np.array(logits), allowed)
