"""Two models on the same documents: by how much the second is better, and how far chance moves it.

Documents are drawn anew for both models alike (paired bootstrap), so what makes a document hard for
both does not count as a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.scoring.corpus import ROUNDS
from models.scoring.funders import Counts


@dataclass(frozen=True, slots=True)
class Difference:
    """The second model's figure, how much it is above the first's, and 95 % of the draws."""

    value: float
    gain: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.gain:+.3f}, 95 % {self.low:+.3f} to {self.high:+.3f})"


def mean_difference(
    first: Sequence[float], second: Sequence[float], *, seed: int = 0, rounds: int = ROUNDS
) -> Difference:
    """The mean of a figure that each document has, e.g. a reward."""
    return _difference([(value, 1.0) for value in first], [(v, 1.0) for v in second], seed, rounds)


def f1_difference(
    first: Sequence[Counts], second: Sequence[Counts], *, seed: int = 0, rounds: int = ROUNDS
) -> Difference:
    """Micro F1 over documents."""
    return _difference(
        [(2 * c.matched, c.gold + c.pred) for c in first],
        [(2 * c.matched, c.gold + c.pred) for c in second],
        seed,
        rounds,
    )


def _difference(
    first: Sequence[tuple[float, float]],
    second: Sequence[tuple[float, float]],
    seed: int,
    rounds: int,
) -> Difference:
    """Of ratios of sums: each document adds (numerator, denominator)."""
    import numpy as np

    if len(first) != len(second):
        raise ValueError(f"{len(first)} documents of one model, {len(second)} of the other")
    if not first:
        return Difference(0.0, 0.0, 0.0, 0.0)
    both = np.array([first, second], float)  # (2 models, documents, 2)
    times = np.random.default_rng(seed).multinomial(
        len(first), np.full(len(first), 1 / len(first)), rounds
    )
    sums = np.einsum("rd,mdk->rmk", times, both)
    of, over = sums[..., 0], sums[..., 1]
    ratio = np.divide(of, over, out=np.zeros_like(of), where=over > 0)
    low, high = np.percentile(ratio[:, 1] - ratio[:, 0], (2.5, 97.5))
    whole = both.sum(axis=1)
    before, after = (float(a / b) if b else 0.0 for a, b in whole)
    return Difference(after, after - before, float(low), float(high))
