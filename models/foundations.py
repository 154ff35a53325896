"""Bases that lie as transformers folders: found by name or path, to train on and to open.

A chain of the catalog stands for its base alone, without its adapters. Nothing is downloaded.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models import chains
from models.backends import DEFAULT_TASKS
from models.chains import WHOLE, Chain
from models.errors import ModelUnavailable

INDEX, SINGLE = "model.safetensors.index.json", "model.safetensors"
TEMPLATES = "chat_template.jinja", "chat_template.json", "additional_chat_templates"


@dataclass(frozen=True, slots=True)
class Foundation:
    """A base in a transformers folder; `name` is the chain's, or the folder's path.

    `tasks`, stage 1 and 2, are those of an adapter on it that names none; `context` is how many
    tokens it was trained to read and write, None where its own limit holds.
    """

    name: str
    path: Path
    tasks: tuple[str, str] = DEFAULT_TASKS
    context: int | None = None

    def with_adapter(self, tasks: tuple[str, str]) -> Chain:
        """The base with one adapter on it, asked as it was trained: by the base's own template."""
        return Chain(
            name=Path(self.name).name,
            title=self.name,
            base=str(self.path),
            architecture=chains.model_type(self.path),
            license="",
            adapters=(WHOLE,),
            tasks=tasks,
            context=self.context,
        )


def chain_of(name: str) -> Chain | None:
    """The chain of that name, or over the base with that id on the hub."""
    known = chains.chains()
    return known.get(name) or next((c for c in known.values() if name and name == c.base), None)


def find(name: str, folder: Path | None) -> Foundation:
    """A base by the name of a chain or by its path; `folder` is where files of chains lie.

    Raises `ModelUnavailable` saying where was looked.
    """
    if (chain := chain_of(name)) is not None:
        path = chains.locate_base(chain, folder)
        chains.refuse_foreign_base(chain, path)
        context = None if chain.adapters else chain.context
        return Foundation(chain.name, path, chain.tasks, context)
    path = Path(os.path.abspath(Path(name).expanduser()))
    if (path / "adapter_config.json").is_file():
        raise ModelUnavailable(f"{path} holds an adapter, no base.", "Name the base it is for.")
    if not chains.model_type(path):
        own = f" {folder}/NAME/base and in" if folder else ""
        raise ModelUnavailable(
            f"There is no base {name!r}: no chain has that name, and {path} holds no readable "
            "config.json of a model.",
            f"Give a folder in transformers' format, or a chain: {', '.join(chains.chains())}. "
            f"Files of chains are looked for in{own} the cache of the Hugging Face hub.",
        )
    return Foundation(str(path), path)


def refuse_unready(base: Foundation) -> None:
    """Raise `ModelUnavailable` for what a training would miss only after its start."""
    again = f"Put the whole model into {base.path}."
    missing = [path.name for path in _weights(base.path) if not path.is_file()]
    if missing or not (_weights(base.path) or list(base.path.glob("pytorch_model*.bin"))):
        which = ", ".join(missing) or SINGLE
        raise ModelUnavailable(f"The base {base.name} has no weights: no {which}.", again)
    if not any((base.path / name).is_file() for name in ("tokenizer.json", "tokenizer.model")):
        raise ModelUnavailable(f"The base {base.name} has no tokenizer.", again)
    told = _object(base.path / "tokenizer_config.json")
    if not (told.get("chat_template") or any((base.path / it).exists() for it in TEMPLATES)):
        raise ModelUnavailable(
            f"The tokenizer of {base.name} has no chat template, in which prompts are written.",
            "Take a model that was trained for chats (Instruct), or add chat_template.jinja.",
        )


def parameters(path: Path) -> int | None:
    """How many parameters a folder's weights have, by the heads of its safetensors files.

    None where there are none to read. Weights in other formats are not counted.
    """
    from safetensors import SafetensorError, safe_open

    total = 0
    try:
        for file in _weights(path):
            with safe_open(file, framework="numpy") as read:
                for key in read.keys():  # noqa: SIM118
                    total += math.prod(read.get_slice(key).get_shape())
    except (OSError, SafetensorError):
        return None
    return total or None


def _weights(path: Path) -> Sequence[Path]:
    """The safetensors files that make up the model, those that are missing among them."""
    named = _object(path / INDEX).get("weight_map")
    if isinstance(named, dict):
        return [path / name for name in sorted(set(map(str, named.values())))]
    return [path / SINGLE] if (path / SINGLE).is_file() else []


def _object(path: Path) -> dict[str, object]:
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
