"""A run's phases, one after the other, each through its trainer; the result with its card.

Finished phases are passed over and a begun one goes on from its newest checkpoint, so a run that
was killed is simply run again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from training import checkpoints
from training.run import ADAPTER, InvalidRun, PhaseSpec, RunSpec, made, phase_dir, read_rows

Row = TypeVar("Row")
Callbacks = Callable[[int, PhaseSpec], Sequence[Any]]
"""The trainer's callbacks for the phase with that number, from 1."""


def run(spec: RunSpec, run_dir: Path, callbacks: Callbacks) -> Path:
    """Train what is left of the run; return the folder of the adapter (float16, with its card)."""
    check(spec, run_dir)
    if spec.threads:
        import torch

        torch.set_num_threads(spec.threads)
    adapter = spec.adapter
    for number, phase in enumerate(spec.phases, start=1):
        folder = phase_dir(run_dir, spec, number)
        folder.mkdir(exist_ok=True)
        rows = read_rows(run_dir, phase)
        adapter = _TRAIN[phase.kind](
            spec.base, rows, phase, folder, adapter, callbacks(number, phase)
        )
    assert adapter is not None
    return _finish(spec, adapter, run_dir / ADAPTER)


def check(spec: RunSpec, run_dir: Path) -> None:
    """Raise `InvalidRun` for what would be missed only after the model is loaded."""
    if not (spec.base / "config.json").is_file():
        raise InvalidRun(f"The base model is missing: {spec.base}.", "Prepare the base again.")
    if spec.adapter is not None and not (spec.adapter / "adapter_config.json").is_file():
        raise InvalidRun(f"The adapter to go on from is missing: {spec.adapter}.", "Restore it.")
    for number, phase in enumerate(spec.phases, start=1):
        if phase.kind == "dpo" and number == 1 and spec.adapter is None:
            raise InvalidRun("DPO goes on from an adapter, and none is named.", "Train SFT first.")
        if not (run_dir / phase.data).is_file():
            raise InvalidRun(f"The data file {phase.data} is missing.", "Start a new run.")


def _sft(
    base: Path,
    rows: Sequence[Mapping[str, Any]],
    phase: PhaseSpec,
    folder: Path,
    adapter: Path | None,
    callbacks: Sequence[Any],
) -> Path:
    from transformers import AutoTokenizer

    from training.examples import Encoder, Example
    from training.sft import Phase, train

    wanted = _parameters(Phase, phase.name, phase.parameters)
    encoder = Encoder(AutoTokenizer.from_pretrained(base))
    encoded = [encoder.encode(row) for row in _typed(Example, rows, phase)]
    short = [row for row in encoded if len(row.input_ids) <= wanted.longest]
    if not short:
        raise InvalidRun(
            f"Every row of {phase.data} is longer than {wanted.longest} tokens.",
            "Allow longer rows in the recipe.",
        )
    return train(base, short, wanted, folder, adapter, callbacks=callbacks)


def _dpo(
    base: Path,
    rows: Sequence[Mapping[str, Any]],
    phase: PhaseSpec,
    folder: Path,
    adapter: Path | None,
    callbacks: Sequence[Any],
) -> Path:
    from training.dpo import DpoPhase, Preference, train

    assert adapter is not None
    wanted = _parameters(DpoPhase, phase.name, phase.parameters)
    rendered = _rendered(base, rows)
    return train(base, _typed(Preference, rendered, phase), wanted, folder, adapter, callbacks)


def _rendered(base: Path, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Preference pairs of the store, which are chats, as the texts that the model sees."""
    if all(isinstance(row.get("prompt"), str) for row in rows):
        return list(rows)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    end = tokenizer.eos_token
    return [
        {
            "prompt": tokenizer.apply_chat_template(
                list(row["prompt"]), tokenize=False, add_generation_prompt=True
            ),
            "chosen": row["chosen"][-1]["content"] + end,
            "rejected": row["rejected"][-1]["content"] + end,
        }
        for row in rows
    ]


def _grpo(
    base: Path,
    rows: Sequence[Mapping[str, Any]],
    phase: PhaseSpec,
    folder: Path,
    adapter: Path | None,
    callbacks: Sequence[Any],
) -> Path:
    from training.grpo import GrpoPhase, train

    wanted = _parameters(GrpoPhase, phase.name, phase.parameters)
    trained: Path = train(base, rows, wanted, folder, adapter=adapter, callbacks=callbacks)
    return trained


_TRAIN = {"sft": _sft, "dpo": _dpo, "grpo": _grpo}


def _parameters(kind: type[Row], name: str, given: Mapping[str, Any]) -> Row:
    from training.sft import LoraShape

    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    filled = ({"name": name} if "name" in known else {}) | dict(given)
    try:
        if isinstance(lora := filled.get("lora"), dict):
            filled["lora"] = LoraShape(**lora)
        return kind(**filled)
    except (TypeError, ValueError) as error:
        raise InvalidRun(
            f"The parameters of the phase {name} do not fit: {error}.", "Correct the recipe."
        ) from error


def _typed(kind: type[Row], rows: Sequence[Mapping[str, Any]], phase: PhaseSpec) -> list[Row]:
    """Rows as what the trainer takes. Raises `InvalidRun` with the first row that does not fit."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    for number, row in enumerate(rows, start=1):
        if set(row) != names or not all(isinstance(value, str) for value in row.values()):
            raise InvalidRun(
                f"Row {number} of the data file {phase.data} is broken: "
                f"it needs the texts {', '.join(sorted(names))}.",
                "Start a new run: it freezes the data anew.",
            )
    return [kind(**row) for row in rows]


def _finish(spec: RunSpec, adapter: Path, target: Path) -> Path:
    """The adapter as it is used: half precision, a plain configuration, how it was made."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    checkpoints.halve(adapter, part, spec.base_name)
    (part / "training.json").write_text(json.dumps(card(spec), indent=2) + "\n", "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(part, target)
    return target


def card(spec: RunSpec) -> dict[str, Any]:
    """Everything that made the adapter: data, code, base, parameters with their seeds, libraries.

    `finished_by` says which code and libraries ended the run, where it was resumed after an update.
    """
    told = spec.model_dump(
        mode="json", include={"id", "recipe", "base_name", "parent", "phases", "threads", "made"}
    )
    last = made(spec.made.snapshot_sha256).model_dump(mode="json", exclude={"snapshot_sha256"})
    return told | {"finished_by": last}
