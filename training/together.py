"""What the processes of one training group need of each other; alone, a process is all of them.

It asks the group that torch was given, so nothing here starts one (`training.ranks` does).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PR_SET_PDEATHSIG = 1


def count() -> int:
    """How many processes train together."""
    group = _group()
    return int(group.get_world_size()) if group else 1


def is_first() -> bool:
    """Whether this process is the one that writes files."""
    group = _group()
    return group is None or group.get_rank() == 0


def wait() -> None:
    """Go on once every process is here."""
    if _group() is not None:
        any_of(False)  # on every backend a barrier, and on none a guess at the device


def any_of(flag: bool) -> bool:
    """Whether the flag is set in one process or more; all of them have to ask."""
    group = _group()
    if group is None:
        return flag
    import torch
    from accelerate import PartialState

    told = torch.tensor([int(flag)], device=PartialState().device)
    group.all_reduce(told, op=group.ReduceOp.MAX)
    return bool(told.item())


@contextmanager
def first_before_the_others() -> Iterator[None]:
    """The first process goes through alone; the others follow, and find what it left."""
    if not is_first():
        wait()
    yield
    if is_first():
        wait()


def share(batch: int, accumulate: int, devices: int) -> tuple[int, int]:
    """Rows at once and how often, for each of `devices`, so that a step has as many as on one.

    `devices` divide the `batch * accumulate` rows of a step; no more than `batch` are read at once.
    """
    each = batch * accumulate // devices
    at_once = max(n for n in range(1, batch + 1) if each % n == 0)
    return at_once, each // at_once


def dividing(rows: int, devices: int) -> int:
    """The most of `devices` that share `rows` out evenly."""
    return max(n for n in range(1, devices + 1) if rows % n == 0)


def end_with(parent: int) -> None:
    """Have the system kill this process when `parent`, which started it, is gone (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it went before it could be watched
        sys.exit(f"the process {parent} that started this one is gone")


def _group() -> Any:
    """torch.distributed where a group was joined, else None; torch is not imported to ask."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.distributed.is_available():
        return None
    return torch.distributed if torch.distributed.is_initialized() else None
