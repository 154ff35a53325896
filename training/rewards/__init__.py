"""What a reply is worth to reinforcement learning: plain functions in TRL's shape, by name.

A reward takes the completions of a batch and the columns of its rows and returns a number for each
completion: 0.0 for a reply that cannot be read, None where the row asks for nothing. It raises on
bugs only. To add one, write a function in a module of this package, put `@reward("name")` over it
and import it here.

Every reward comes with its loopholes closed; `loopholes=True` gives the published formula. Handed
TRL's `log_metric`, it logs the means of its parts.
"""

from __future__ import annotations

from training.rewards.funding import (
    BETA,
    BINARY,
    SHAPED,
    funding_binary,
    funding_dapo,
    funding_metrics,
    funding_shaped,
    weighted,
)
from training.rewards.registry import REWARDS, Completion, Read, Reward, reply_text, reward
from training.rewards.relevance import r2grpo
from training.rewards.semantic import extract0

__all__ = [
    "BETA",
    "BINARY",
    "REWARDS",
    "SHAPED",
    "Completion",
    "Read",
    "Reward",
    "extract0",
    "funding_binary",
    "funding_dapo",
    "funding_metrics",
    "funding_shaped",
    "r2grpo",
    "reply_text",
    "reward",
    "weighted",
]
