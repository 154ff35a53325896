"""Whether a PEFT folder fits a model, looked at before anything is loaded.

PEFT itself passes over weights that it has no place for with a warning, so a foreign adapter could
load and change nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.errors import UnusableAdapter

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_KEY = re.compile(r"base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight")
_NESTED = "language_model."
"""Where a model of text and images keeps its text layers; the text model alone has no such part."""


def refuse_unfit(adapter: Path, modules: Mapping[str, Any]) -> None:
    """Raise `UnusableAdapter` where the adapter's matrices fit no linear layer of the model.

    `modules` are the model's by name; A is (rank, in), B is (out, rank).
    """
    shapes = _shapes(adapter)
    matched = [(key, match) for key in shapes if (match := _KEY.fullmatch(key))]
    if not matched:
        raise _unfit(adapter, "it holds no LoRA matrices")
    for key, match in matched:
        module = modules.get(_home(match.group(1), modules))
        weight = getattr(module, "weight", None)
        if weight is None or len(weight.shape) != 2:
            raise _unfit(adapter, f"the model has no layer {match.group(1)}")
        side = 1 if match.group(2) == "A" else 0
        if shapes[key][side] != weight.shape[side]:
            given, needed = shapes[key][side], weight.shape[side]
            raise _unfit(adapter, f"{match.group(1)} is {needed} wide there and {given} here")


def renaming(adapter: Path, modules: Mapping[str, Any]) -> dict[str, str] | None:
    """PEFT's `key_mapping` where adapter and model keep the text layers in another place.

    An adapter of a text-and-image model that changes its text layers fits the text model alone.
    """
    for key in _shapes(adapter):
        match = _KEY.fullmatch(key)
        if match and _home(match.group(1), modules) != match.group(1):
            return {rf"(^|\.){re.escape(_NESTED)}": r"\1"}
    return None


def _home(layer: str, modules: Mapping[str, Any]) -> str:
    if layer not in modules and _NESTED in layer:
        return layer.replace(_NESTED, "", 1)
    return layer


def _shapes(adapter: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the adapter's tensors, from the file's head alone."""
    from safetensors import SafetensorError, safe_open

    try:
        json.loads((adapter / CONFIG).read_text("utf-8"))
        with safe_open(adapter / WEIGHTS, framework="numpy") as file:
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise UnusableAdapter(
            f"The adapter {adapter} cannot be read: {error}.", "Fetch it again."
        ) from error


def _unfit(adapter: Path, why: str) -> UnusableAdapter:
    return UnusableAdapter(
        f"The adapter {adapter} is made for another model: {why}.",
        "Use the base that it was trained on.",
    )
