"""Every recipe from decided papers to an adapter, with the real trainers on a tiny random Llama."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.schemas import Answer, Funder, Message, PreferencePair, Statement
from models.tasks import task
from tests.tiny_run import PAYERS, tiny_base
from training import phases, planning, presets, run
from training.corpora import LabelledStatement
from training.curated import Decided, RunData, collect
from training.run import GateSpec, RunSpec
from training.stacking import merge, stack

pytestmark = pytest.mark.slow

SHORT = ("funding_statements_lines", "funding_parse_lines")
SMALL: dict[str, dict[str, Any]] = {
    "sft": {"precision": "fp32", "warmup_steps": 1, "learning_rate": 2e-3},
    "dpo": {"precision": "fp32", "batch": 2, "accumulate": 1},
    "grpo": {"precision": "fp32", "group": 2, "max_completion": 6, "learning_rate": 2e-3},
}


def decided() -> list[Decided]:
    """Papers whose acknowledgements name a funder and an award, the last one nobody."""
    made = []
    for number in range(14):
        payer = PAYERS[number % 5]
        said = f"This work {number} was financially supported by the {payer}."
        text = f"On moss {number}\n\nMoss is green.\n\nAcknowledgements\n\nWe thank Ann. {said}\n"
        statement = Statement(text=said, alignment="exact")
        answer = Answer(statements=(statement,), funders=(Funder(funder_name=payer),))
        made.append(Decided(f"paper {number}", text, answer))
    return [*made, Decided("paper 99", "On moss\n\nMoss is green.\n", Answer())]


def data(recipe: presets.Preset) -> tuple[RunData, tuple[str, str]]:
    tasks = recipe.tasks or SHORT
    return collect(decided(), *tasks), tasks


def make(folder: Path, base: Path, name: str, steps: int = 2, **changes: Any) -> RunSpec:
    """The run of a recipe over the papers above, frozen in a folder."""
    recipe = presets.load(name)
    curated, tasks = data(recipe)
    if name == "auto":
        curated = with_pairs(curated, tasks[1])
    small = {kind: given | changes for kind, given in SMALL.items()}
    if name == "mimic-r2grpo":  # one prompt a step, so a group of four shares it
        small["grpo"] |= {"group": 4}
    planned = planning.plan(curated, recipe, tasks=tasks, max_steps=steps)
    frozen = tuple(
        phase.model_copy(
            update={
                "parameters": phase.parameters | small[phase.kind],
                "sha256": run.write_rows(folder, phase.data, rows),
            }
        )
        for phase, rows in planned.phases
    )
    gold = run.write_rows(folder, "held_out.jsonl", planning.held_out_rows(curated.held_out))
    gate = GateSpec(live="nobody", models=folder, data="held_out.jsonl", sha256=gold)
    spec = RunSpec(
        id=name, recipe=name, base=base, base_name="tiny-llama", phases=frozen, tasks=tasks,
        threads=1, gate=gate, made=run.made("0" * 64),
    )  # fmt: skip
    run.save_spec(folder, spec)
    return spec


def with_pairs(curated: RunData, asked: str) -> RunData:
    def pair(record: LabelledStatement) -> PreferencePair:
        prompt = planning.chat(task(asked), record.statement)
        return PreferencePair(
            prompt=tuple(Message.model_validate(turn) for turn in prompt),
            chosen=(Message(role="assistant", content="F A"),),
            rejected=(Message(role="assistant", content="0"),),
            task=asked,
            error_type="missed",
            source={},
        )

    return replace(curated, pairs=tuple(map(pair, curated.learned)))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base"))


def events(folder: Path, spec: RunSpec, number: int) -> list[dict[str, Any]]:
    lines = run.phase_dir(folder, spec, number).joinpath("metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", presets.names())
def test_a_recipe_runs_from_papers_to_an_adapter(name: str, base: Path, tmp_path: Path) -> None:
    spec = make(tmp_path, base, name)
    kinds = [phase.kind for phase in spec.phases]
    assert kinds == [phase.kind for phase in presets.load(name).phases if not phase.rows.gpu]
    adapter = phases.run(spec, tmp_path, lambda number, phase: ())
    told = json.loads((adapter / "training.json").read_text())
    assert told["recipe"] == name
    assert tuple(told["tasks"]) == (presets.load(name).tasks or SHORT)
    assert changes_something(adapter)
    for number, kind in enumerate(kinds, start=1):
        logged = {key for event in events(tmp_path, spec, number) for key in event}
        assert {"sft": "eval_loss", "dpo": "rewards/margins", "grpo": "reward"}[kind] in logged
    assert not list(tmp_path.glob("*/base"))


def test_what_goes_on_from_an_adapter_inherits_how_sure_it_is(base: Path, tmp_path: Path) -> None:
    first = make(tmp_path / "first", base, "auto", steps=1)
    adapter = phases.run(first, tmp_path / "first", lambda number, phase: ())
    assert not (adapter / "calibration.json").exists()
    curves = '{"funder_name": {"bias": 1.0, "mean": 2.0, "least": 0.5}}'
    (adapter / "calibration.json").write_text(curves)
    second = make(tmp_path / "second", base, "auto", steps=1)
    sha256 = run.sha256_of(adapter / "adapter_model.safetensors")
    second = second.model_copy(
        update={"adapter": adapter, "parent": "auto-1", "parent_sha256": sha256}
    )
    made = phases.run(second, tmp_path / "second", lambda number, phase: ())
    assert (made / "calibration.json").read_text() == curves
    card = json.loads((made / "training.json").read_text())
    assert card["parent"] == {"name": "auto-1", "sha256": sha256}
    assert json.loads((adapter / "training.json").read_text())["parent"] is None


def changes_something(adapter: Path) -> bool:
    from safetensors.torch import load_file

    weights = load_file(adapter / "adapter_model.safetensors")
    return any(float(w.abs().max()) > 0 for key, w in weights.items() if "lora_B" in key)


def test_an_adapter_made_in_two_stages_is_one_that_says_the_same(
    base: Path, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    spec = make(tmp_path, base, "llama-dapo")
    rows = run.read_rows(tmp_path, spec.phases[0])
    first = phases._sft(phases.Job(base, rows, spec.phases[0], tmp_path / "1", None))
    merged = merge(base, first, tmp_path / "merged")
    second = phases._sft(phases.Job(merged, rows, spec.phases[0], tmp_path / "2", None))
    whole = stack([first, second], tmp_path / "whole")
    config = json.loads((whole / "adapter_config.json").read_text())
    assert config["r"] == 128 and config["lora_alpha"] == 128
    ids = torch.tensor([[1, 5, 9, 200, 31]])

    def logits(folder: Path, adapter: Path) -> torch.Tensor:
        plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        with torch.no_grad():
            return PeftModel.from_pretrained(plain, str(adapter)).eval()(ids).logits

    together = logits(base, whole)
    assert torch.allclose(together, logits(merged, second), atol=1e-4)
    assert not torch.allclose(together, logits(base, first), atol=1e-4)


def test_adapters_of_different_layers_cannot_be_one(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    folders = []
    for name in ("q_proj", "k_proj"):
        folder = tmp_path / name
        folder.mkdir()
        save_file(
            {f"x.{name}.lora_A.weight": torch.ones(2, 2)}, folder / "adapter_model.safetensors"
        )
        (folder / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 4}')
        folders.append(folder)
    with pytest.raises(ValueError, match="different layers"):
        stack(folders, tmp_path / "one")
