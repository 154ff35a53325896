"""A phase's checkpoints: the newest whole one, and going on from it to the finished adapter.

A killed trainer may leave half a checkpoint, or die between its last step and the saved adapter.
Neither may lose the phase or add a step to it.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

from training import together

STATE = "trainer_state.json"
"""The trainer writes it last: a checkpoint where it can be read is whole."""
ADAPTER_FILES = "adapter_config.json", "adapter_model.safetensors"


def state(checkpoint: Path) -> dict[str, Any] | None:
    """The trainer's state in a checkpoint, None where the checkpoint is not whole."""
    try:
        read = json.loads((checkpoint / STATE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(read, dict) and isinstance(read.get("global_step"), int)
    return read if whole else None


def newest(folder: Path) -> Path | None:
    """The whole checkpoint with the most steps, if there is one. Changes nothing."""
    steps = {path: read["global_step"] for path in _all(folder) if (read := state(path))}
    return max(steps, key=lambda path: steps[path], default=None)


def is_adapter(folder: Path) -> bool:
    """Whether a finished adapter lies there."""
    return (folder / ADAPTER_FILES[0]).is_file()


def finish(trainer: Any, folder: Path, done: Path) -> Path:
    """Train to the end from the newest checkpoint of `folder`; `done` appears whole or not at all.

    What a killed trainer left half written is removed. Only the adapter named "default" is kept:
    DPO trains beside a frozen copy of it. Of processes that train together the first one writes.
    """
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)  # who watches has a callback of their own
    part = done.with_name(done.name + ".part")
    if together.is_first():
        _remove_torn(folder, part)
    together.wait()
    last = newest(folder)
    at_the_end = last is not None and _at_the_end(last)
    if not at_the_end:  # resumed there, the trainer would take one step more
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    if together.is_first():
        if last is not None and at_the_end:
            part.mkdir()
            for name in ADAPTER_FILES:
                shutil.copyfile(last / name, part / name)
        else:
            trainer.model.save_pretrained(str(part), selected_adapters=["default"])
        shutil.rmtree(done, ignore_errors=True)
        os.replace(part, done)
    together.wait()
    return done


def _remove_torn(folder: Path, part: Path) -> None:
    """Remove half checkpoints, half an adapter, and what a rank had not written to its end."""
    for half in (path for path in _all(folder) if state(path) is None):
        shutil.rmtree(half)
    for dice in folder.glob("checkpoint-*/rng_state*.pth"):
        if not zipfile.is_zipfile(dice):
            dice.unlink()
    shutil.rmtree(part, ignore_errors=True)


def put_on(model: Any, adapter: Path, base: Path) -> Any:
    """An adapter on its base, to be trained on.

    `base` is the folder that the model came from: an adapter that names its base otherwise would
    have PEFT look for that on the network at each checkpoint.
    """
    from peft import PeftModel

    whole = PeftModel.from_pretrained(model, str(adapter), is_trainable=True)
    whole.peft_config["default"].base_model_name_or_path = str(base)
    return whole


def halve(adapter: Path, target: Path, base: str) -> Path:
    """Write a PEFT folder's weights as float16 to `target`, with `base` as its base's name."""
    from safetensors.torch import load_file, save_file

    target.mkdir(parents=True, exist_ok=True)
    config, weights = ADAPTER_FILES
    half = {name: w.half().contiguous() for name, w in load_file(adapter / weights).items()}
    save_file(half, target / weights)
    told = json.loads((adapter / config).read_text("utf-8"))
    told["base_model_name_or_path"] = base
    (target / config).write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", "utf-8")
    return target


def _at_the_end(checkpoint: Path) -> bool:
    read = state(checkpoint) or {}
    limit = read.get("max_steps")
    return isinstance(limit, int) and 0 < limit <= int(read["global_step"])


def _all(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoint-*") if path.is_dir()]
