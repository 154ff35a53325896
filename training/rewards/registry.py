"""The rewards by name, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.schemas import Funder

Completion = str | Sequence[Mapping[str, Any]]
"""A reply as text, or as the turns of a chat."""
Read = Callable[[str], tuple[Funder, ...] | None]
"""From a reply to its funders, None where it cannot be read."""
Log = Callable[[str, float], None]
"""TRL's `log_metric`: a name and a number, averaged over the logged steps."""
Reward = Callable[..., list[float | None]]
"""TRL hands it `completions` and every column of the rows by name."""
REWARDS: dict[str, Reward] = {}


def reward(name: str) -> Callable[[Reward], Reward]:
    """Register a reward under a name. Raises `ValueError` for a name that is taken."""

    def register(function: Reward) -> Reward:
        if name in REWARDS:
            raise ValueError(f"there is a reward {name!r} already")
        REWARDS[name] = function
        return function

    return register


def reply_text(completion: Completion) -> str:
    """The text of a reply; of a chat, its last turn."""
    if isinstance(completion, str):
        return completion
    return str(completion[-1]["content"]) if completion else ""


def log_parts(parts: Sequence[Mapping[str, float]], log: Log | None) -> None:
    """Log the mean of each part over the replies that have it, as `parts/NAME`."""
    if log is None:
        return
    for name in dict.fromkeys(name for part in parts for name in part):
        values = [part[name] for part in parts if name in part]
        log(f"parts/{name}", sum(values) / len(values))
