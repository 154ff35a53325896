"""Adapters on top of each other: one merged into the base, or two as a single one.

A second adapter that was trained on a merged base adds its product B A to the first's. Written
beside each other, [s1 B1, s2 B2] and [A1; A2], both are one adapter over the plain base, of the sum
of their ranks, so that an adapter made in stages is used like any other.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.checkpoints import ADAPTER_FILES


def merge(base: Path, adapter: Path, target: Path) -> Path:
    """Write the base with the adapter's weights added in as a transformers folder, once."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if (target / "config.json").is_file():
        return target
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    merged = PeftModel.from_pretrained(plain, str(adapter)).merge_and_unload()
    merged.save_pretrained(part)
    AutoTokenizer.from_pretrained(base).save_pretrained(part)
    os.replace(part, target)
    return target


def stack(adapters: Sequence[Path], target: Path) -> Path:
    """One PEFT folder that adds what all of them add; they name the same layers.

    Raises `ValueError` where they do not.
    """
    from safetensors.torch import save_file

    if len(adapters) == 1:
        return adapters[0]
    loaded = [_load(folder) for folder in adapters]
    keys = set(loaded[0][1])
    if any(set(weights) != keys for _, weights in loaded):
        raise ValueError("the adapters change different layers and cannot be one")
    config = dict(loaded[-1][0])
    rank = sum(told["r"] for told, _ in loaded)
    config |= {"r": rank, "lora_alpha": rank, "use_rslora": False}
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file({key: _joined(key, loaded) for key in sorted(keys)}, part / ADAPTER_FILES[1])
    (part / ADAPTER_FILES[0]).write_text(json.dumps(config, indent=2, sort_keys=True), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(part, target)
    return target


def _load(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from safetensors.torch import load_file

    config, weights = (folder / name for name in ADAPTER_FILES)
    return json.loads(config.read_text("utf-8")), load_file(weights)


def _joined(key: str, loaded: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> Any:
    """A's below each other, (r1 + r2, in); B's side by side with their scales, (out, r1 + r2)."""
    import torch

    if "lora_A" in key:
        return torch.cat([weights[key].float() for _, weights in loaded], dim=0)
    return torch.cat([_scale(told) * weights[key].float() for told, weights in loaded], dim=1)


def _scale(told: dict[str, Any]) -> float:
    rank = float(told["r"])
    return float(told["lora_alpha"]) / (rank**0.5 if told.get("use_rslora") else rank)
