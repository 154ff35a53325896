"""The GPUs of this machine that a run can use, told without loading torch, which takes seconds."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

log = logging.getLogger(__name__)
SECONDS = 10.0


def has_cuda() -> bool:
    """Whether there is a GPU to train on."""
    return shutil.which("nvidia-smi") is not None


def to_train_on(most: int | None = None) -> int:
    """How many GPUs a run takes, `most` at most; 1 also where there is none."""
    found = _visible(_listed(), os.environ) if has_cuda() and _torch_knows_cuda() else 1
    return max(1, min(found, most or found))


def _listed() -> list[str]:
    """The lines of `nvidia-smi -L`, one a GPU and, indented, one a part of it."""
    try:
        said = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("nvidia-smi cannot tell the GPUs: %s", error)
        return []
    return said.stdout.splitlines()


def _visible(listed: list[str], environment: Mapping[str, str]) -> int:
    """GPUs of the list that `CUDA_VISIBLE_DEVICES` shows. A GPU in parts counts as one device:
    CUDA lets a process see a single part.
    """
    if any(line.lstrip().startswith("MIG") for line in listed):
        return 1
    there = sum(line.startswith("GPU ") for line in listed)
    shown = environment.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return there
    named = [name.strip() for name in shown.split(",")]
    until = next((at for at, name in enumerate(named) if name in ("", "-1")), len(named))
    return min(there, until)


def _torch_knows_cuda() -> bool:
    try:
        return "+cpu" not in version("torch")
    except PackageNotFoundError:
        return False
