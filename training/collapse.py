"""When reinforcement learning has come to nothing: a guard that stops the run and says why."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import WorkbenchError


class Collapsed(WorkbenchError):
    """The policy answers "none" to everything, or nothing tells its replies apart."""


@dataclass(frozen=True, slots=True)
class CollapseGuard:
    """Stops a run that learns nothing any more.

    All-empty collapse (two-stage Llama-3.1-8B card): over the last `logs` log events more than the
    share `most_empty` of the answers to prompts with funders was "none". No signal: over the last
    `still` log events every group's replies had equal rewards. 0 switches a check off.
    """

    most_empty: float = 0.9
    logs: int = 10
    still: int = 50

    def watch(self) -> Watch:
        """A fresh count for one run."""
        return Watch(self)

    def callback(self) -> Any:
        """The trainer's callback that raises `Collapsed`."""
        from transformers import TrainerCallback

        watch = self.watch()

        class Guard(TrainerCallback):
            """Hands the logs of training to the count."""

            def on_log(
                self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any
            ) -> None:
                watch.observe(logs or {})

        return Guard()


class Watch:
    """What a guard has seen of one run."""

    def __init__(self, guard: CollapseGuard) -> None:
        self._guard = guard
        self._empty: deque[float] = deque(maxlen=max(1, guard.logs))
        self._equal: deque[float] = deque(maxlen=max(1, guard.still))
        self._reward = 0.0

    def observe(self, logs: Mapping[str, float]) -> None:
        """Take in one log event. Raises `Collapsed`."""
        if "answers/wrongly_empty" in logs:
            self._empty.append(logs["answers/wrongly_empty"])
        if "frac_reward_zero_std" in logs:
            self._equal.append(logs["frac_reward_zero_std"])
            self._reward = logs.get("reward", 0.0)
        self._check_empty()
        self._check_signal()

    def _check_empty(self) -> None:
        guard, seen = self._guard, self._empty
        if not guard.logs or len(seen) < guard.logs:
            return
        share = sum(seen) / len(seen)
        if share > guard.most_empty:
            raise Collapsed(
                f"All-empty collapse: {share:.0%} of the answers to prompts with funders were "
                f'"none" over the last {len(seen)} log events.',
                "Go back to the adapter it started from; raise the KL weight (beta) or the "
                "entropy bonus, or lower the learning rate.",
            )

    def _check_signal(self) -> None:
        guard, seen = self._guard, self._equal
        if not guard.still or len(seen) < guard.still or min(seen) < 1:
            return
        raise Collapsed(
            f"No learning signal: every group's replies had equal rewards (mean "
            f"{self._reward:.3f}) over the last {len(seen)} log events.",
            "Near 1 the prompts are too easy, near 0 too hard or the replies unreadable; "
            "take other prompts, or raise the temperature.",
        )
