"""A run's phases, one after the other, each through its trainer; the result with its card.

Finished phases are passed over and a begun one goes on from its newest checkpoint, so a run that
was killed is simply run again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from models import calibration
from training import articles, checkpoints, stacking, together
from training.checkpoints import ADAPTER_FILES
from training.corpora import LabelledStatement
from training.examples import Encoded, Example, parse_example
from training.rows import readable_from
from training.run import (
    ADAPTER,
    InvalidRun,
    PhaseSpec,
    RunSpec,
    made,
    phase_dir,
    read_rows,
    replace,
    sha256_of,
)

DEVICES = "devices.json"
IN_CARD = {"id", "recipe", "base_name", "tasks", "phases", "threads", "devices", "made"}
HELD_OUT = 60
"""Statements that the loss is measured on at most."""
Row = TypeVar("Row")
Callbacks = Callable[[int, PhaseSpec], Sequence[Any]]
"""The trainer's callbacks for the phase with that number, from 1."""


@dataclass(frozen=True, slots=True)
class Job:
    """A phase with its rows, to be trained in `folder` on `base`, from `adapter` on.

    `held_out` are examples that the loss is only measured on.
    """

    base: Path
    rows: Sequence[Mapping[str, Any]]
    phase: PhaseSpec
    folder: Path
    adapter: Path | None
    callbacks: Sequence[Any] = ()
    held_out: Sequence[Example] = ()
    number: int = 1


Train = Callable[[Job], Path]
"""Trains a phase and returns the folder of its adapter."""


def train(job: Job) -> Path:
    """Train a phase in this process; return the folder of its adapter."""
    return _TRAIN[job.phase.kind](job)


def run(spec: RunSpec, run_dir: Path, callbacks: Callbacks, train: Train = train) -> Path:
    """Train what is left of the run; return the folder of the adapter (float16, with its card)."""
    check(spec, run_dir)
    bound_threads(spec)
    base, adapter = spec.base, spec.adapter
    below: list[Path] = []  # adapters that are merged into the base of the one in training
    for number, phase in enumerate(spec.phases, start=1):
        folder = phase_dir(run_dir, spec, number)
        folder.mkdir(exist_ok=True)
        if phase.merged and adapter is not None:
            below.append(adapter)
            base, adapter = stacking.merge(base, adapter, folder / "base"), None
        told = callbacks(number, phase)
        adapter = train(job(spec, run_dir, number, base, adapter, told))
    assert adapter is not None
    whole = stacking.stack([*below, adapter], run_dir / "stacked")
    done = _finish(spec, run_dir, whole, run_dir / ADAPTER)
    for number in range(1, len(spec.phases) + 1):
        shutil.rmtree(phase_dir(run_dir, spec, number) / "base", ignore_errors=True)
    return done


def bound_threads(spec: RunSpec) -> None:
    """Have this process compute with as many threads as the run may."""
    if spec.threads:
        import torch

        torch.set_num_threads(spec.threads)


def job(
    spec: RunSpec,
    run_dir: Path,
    number: int,
    base: Path,
    adapter: Path | None,
    callbacks: Sequence[Any],
) -> Job:
    """The `number`th phase of a run, from 1, on `base` and from `adapter` on."""
    phase = spec.phases[number - 1]
    rows, folder = read_rows(run_dir, phase), phase_dir(run_dir, spec, number)
    held_out = _held_out(spec, run_dir)
    return Job(base, rows, phase, folder, adapter, callbacks, held_out, number)


def result(job: Job) -> Path:
    """Where a phase leaves its adapter."""
    return job.folder / ("adapter" if job.phase.kind == "sft" else "trained")


def most_devices(job: Job, devices: int) -> int:
    """As many of `devices` as share each step of the phase out evenly.

    SFT batches are split by rows, whatever their number; the pairs of a DPO step and the rollouts
    of a GRPO step go to all devices alike, those of one article to the same.
    """
    if job.phase.kind == "sft":
        return devices
    if job.phase.kind == "dpo":
        from training.dpo import DpoPhase

        pairs = _parameters(DpoPhase, job.phase.name, job.phase.parameters)
        return together.dividing(pairs.batch * pairs.accumulate, devices)
    from training.grpo import GrpoPhase

    wanted = _parameters(GrpoPhase, job.phase.name, job.phase.parameters)
    if wanted.articles:
        return together.dividing(wanted.batch // articles.slots(job.rows), devices)
    return together.dividing(wanted.group * wanted.batch, devices)


def note_devices(folder: Path, devices: int) -> None:
    """Write down on how many devices a phase is taken up, for the card."""
    replace(folder / DEVICES, json.dumps([*_devices(folder), devices]))


def _devices(folder: Path) -> list[int]:
    try:
        return list(json.loads((folder / DEVICES).read_text("utf-8")))
    except (OSError, ValueError):
        return []


def _held_out(spec: RunSpec, run_dir: Path) -> list[Example]:
    """Some of the gate's gold as examples of stage 2; the gate itself reads all of it."""
    if spec.gate is None or spec.tasks is None:
        return []
    gold = [LabelledStatement.model_validate(row) for row in read_rows(run_dir, spec.gate)]
    told = [record for record in gold if readable_from(record.funders, record.statement)]
    return [parse_example(record, spec.tasks[1]) for record in told[:HELD_OUT]]


def check(spec: RunSpec, run_dir: Path) -> None:
    """Raise `InvalidRun` for what would be missed only after the model is loaded."""
    if not (spec.base / "config.json").is_file():
        raise InvalidRun(f"The base model is missing: {spec.base}.", "Prepare the base again.")
    _check_parent(spec)
    for number, phase in enumerate(spec.phases, start=1):
        if phase.kind == "dpo" and number == 1 and spec.adapter is None:
            raise InvalidRun("DPO goes on from an adapter, and none is named.", "Train SFT first.")
        if not (run_dir / phase.data).is_file():
            raise InvalidRun(f"The data file {phase.data} is missing.", "Start a new run.")


def _check_parent(spec: RunSpec) -> None:
    """Raise `InvalidRun` where the adapter to go on from is gone or has other weights."""
    if spec.adapter is None:
        return
    config, weights = (spec.adapter / name for name in ADAPTER_FILES)
    if not (config.is_file() and weights.is_file()):
        raise InvalidRun(f"The adapter to go on from is missing: {spec.adapter}.", "Restore it.")
    if spec.parent_sha256 not in (None, sha256_of(weights)):
        raise InvalidRun(
            f"The adapter to go on from, {spec.parent}, was altered after the run was made.",
            "Restore its files, or start a new run.",
        )


def _sft(job: Job) -> Path:
    from transformers import AutoTokenizer

    from training.examples import Encoder
    from training.sft import Phase, train

    wanted = _parameters(Phase, job.phase.name, job.phase.parameters)
    encoder = Encoder(AutoTokenizer.from_pretrained(job.base))

    def short(examples: Iterable[Example]) -> list[Encoded]:
        encoded = map(encoder.encode, examples)
        return [row for row in encoded if len(row.input_ids) <= wanted.longest]

    rows = short(_typed(Example, job.rows, job.phase))
    if not rows:
        raise InvalidRun(
            f"Every row of {job.phase.data} is longer than {wanted.longest} tokens.",
            "Allow longer rows in the recipe.",
        )
    return train(
        job.base,
        rows,
        wanted,
        job.folder,
        job.adapter,
        callbacks=job.callbacks,
        held_out=short(job.held_out),
    )


def _dpo(job: Job) -> Path:
    from training.dpo import DpoPhase, Preference, train

    assert job.adapter is not None
    wanted = _parameters(DpoPhase, job.phase.name, job.phase.parameters)
    pairs = _typed(Preference, _rendered(job.base, job.rows), job.phase)
    return train(job.base, pairs, wanted, job.folder, job.adapter, job.callbacks)


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


def _grpo(job: Job) -> Path:
    from training.grpo import GrpoPhase, train

    wanted = _parameters(GrpoPhase, job.phase.name, job.phase.parameters)
    return train(job.base, job.rows, wanted, job.folder, job.adapter, job.callbacks)


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


def _finish(spec: RunSpec, run_dir: Path, adapter: Path, target: Path) -> Path:
    """The adapter as it is used: half precision, a plain configuration, how it was made."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    checkpoints.halve(adapter, part, spec.base_name)
    if spec.adapter is not None and (known := spec.adapter / calibration.FILE).is_file():
        shutil.copyfile(known, part / calibration.FILE)  # nearer the truth than none
    told = json.dumps(card(spec, run_dir), indent=2)
    (part / "training.json").write_text(told + "\n", "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(part, target)
    return target


def card(spec: RunSpec, run_dir: Path) -> dict[str, Any]:
    """Everything that made the adapter: data, code, base, parameters with their seeds, libraries.

    `finished_by` says which code and libraries ended the run, where it was resumed after an update;
    `trained_on`, of a run on several devices, how many each phase used whenever it was taken up.
    """
    told = spec.model_dump(mode="json", include=IN_CARD)
    parent = None
    if spec.adapter is not None:
        sha256 = spec.parent_sha256 or sha256_of(spec.adapter / ADAPTER_FILES[1])
        parent = {"name": spec.parent, "sha256": sha256}
    last = made(spec.made.snapshot_sha256).model_dump(mode="json", exclude={"snapshot_sha256"})
    folders = [phase_dir(run_dir, spec, number + 1) for number in range(len(spec.phases))]
    used = {folder.name: _devices(folder) for folder in folders}
    on = {"trained_on": used} if spec.devices > 1 else {}
    return told | {"parent": parent} | on | {"finished_by": last}


def note_curves(adapter: Path, curves: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Put curves that the gate fitted beside the adapter, and into its card what came of them."""
    path = adapter / "training.json"
    card = json.loads(path.read_text("utf-8")) | {"calibration": dict(told)}
    if curves:
        replace(adapter / calibration.FILE, json.dumps(curves, indent=2) + "\n")
    replace(path, json.dumps(card, indent=2) + "\n")
