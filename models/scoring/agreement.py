"""How far readers agree beyond chance: Krippendorff's alpha for nominal data, with its interval.

A unit is a row of values that stand for the same thing (`alignment`), a code the normalised value
that a reader gave there, `ABSENT` where they gave none. Coding each value as present or absent
would not do: what nobody saw is no unit, so no two readers could agree on "absent", and alpha
could never be above 0. The formula is that of Krippendorff, "Computing Krippendorff's
Alpha-Reliability" (2011), section D.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.schemas import Answer
from models.scoring.alignment import KINDS, Kind, align, key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from scipy.sparse import csr_array

    Array = npt.NDArray[np.float64]

ABSENT = "\0absent"
Unit = tuple[str, ...]
"""What each reader of a unit said."""
ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Alpha:
    """Alpha of some papers and the ends of its 95 % interval; None where chance explains all."""

    value: float | None
    low: float | None
    high: float | None
    units: int


def units(answers: Sequence[Answer]) -> dict[Kind, list[Unit]]:
    """The units of a paper that each of these readers has answered."""
    found: dict[Kind, list[Unit]] = {kind: [] for kind in KINDS}
    for kind, row in align(answers).rows():
        codes = tuple(ABSENT if c is None or c.value is None else key(kind, c.value) for c in row)
        if set(codes) != {ABSENT}:
            found[kind].append(codes)
    return found


def alpha(papers: Sequence[Sequence[Unit]], seed: int = 0, rounds: int = ROUNDS) -> Alpha:
    """Alpha over the units of all papers; the interval comes of drawing whole papers anew."""
    import numpy as np

    count = sum(map(len, papers))
    if not count:
        return Alpha(None, None, None, 0)
    codes, differing = _counts(papers)
    value = _alphas(np.ones((1, len(papers))), codes, differing)[0]
    draws = _drawn(codes, differing, seed, rounds)
    draws = draws[~np.isnan(draws)]
    if np.isnan(value) or not len(draws):
        return Alpha(None, None, None, count)
    low, high = np.percentile(draws, (2.5, 97.5))
    return Alpha(float(value), float(low), float(high), count)


def _counts(papers: Sequence[Sequence[Unit]]) -> tuple[csr_array, Array]:
    """How often each paper has each code (papers, codes), and its pairs that differ (papers)."""
    import numpy as np
    from scipy.sparse import csr_array

    numbers: dict[str, int] = {}
    cells: Counter[tuple[int, int]] = Counter()
    differing = np.zeros(len(papers))
    for paper, its in enumerate(papers):
        for unit in its:
            if len(unit) < 2:
                continue
            told = Counter(unit)
            size = len(unit)
            differing[paper] += (size**2 - sum(n**2 for n in told.values())) / (size - 1)
            for code, n in told.items():
                cells[paper, numbers.setdefault(code, len(numbers))] += n
    places = np.array(list(cells), dtype=int).reshape(-1, 2)
    table = csr_array(
        (np.array(list(cells.values()), dtype=float), (places[:, 0], places[:, 1])),
        shape=(len(papers), max(1, len(numbers))),
    )
    return table, differing


def _alphas(times: Array, codes: csr_array, differing: Array) -> Array:
    """Alpha of each draw; `times` (draws, papers) says how often a paper is in it."""
    import numpy as np

    totals = np.asarray(times @ codes)
    n = totals.sum(axis=1)
    expected = (n**2 - (totals**2).sum(axis=1)) / np.maximum(1.0, n - 1)
    observed = times @ differing
    found: Array = np.full(len(times), np.nan)
    np.divide(expected - observed, expected, out=found, where=expected > 0)
    return found


def _drawn(codes: csr_array, differing: Array, seed: int, rounds: int) -> Array:
    import numpy as np

    papers, width = codes.shape
    rng = np.random.default_rng(seed)
    # Draws held at once: their weights and their sums of codes, 32 MB.
    block = max(1, min(rounds, 4_000_000 // max(papers, width)))
    found: list[Array] = []
    for start in range(0, rounds, block):
        size = min(block, rounds - start)
        times = rng.multinomial(papers, np.full(papers, 1 / papers), size).astype(float)
        found.append(_alphas(times, codes, differing))
    return np.concatenate(found)
