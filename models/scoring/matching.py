"""Which value of one list is which of the other: the only matcher.

Names, schemes and titles are paired by the assignment of the greatest total similarity, award ids
by equality. A value is used once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from models.scoring.text import (
    IdMode,
    TextMode,
    normalize_award_id,
    similarity,
    soft_award_id_score,
)

Mode = Literal["permissive", "balanced", "strict", "id_aware"]
Resolver = Callable[[str], str | None]
"""From a funder's name to its ROR id, None where that is not known."""
Match = tuple[int, int, float]
"""Places in the first and in the second list, and the score in (0, 1]."""

FIELD_MODES: tuple[Mode, ...] = ("permissive", "balanced", "strict")
"""The modes that published figures are given in."""
MODES: tuple[Mode, ...] = (*FIELD_MODES, "id_aware")


@dataclass(frozen=True, slots=True)
class Criteria:
    """When two values count as the same. `threshold` is for schemes and titles.

    `soft_ids` gives an award id that is one edit away half a match (the published reward).
    """

    mode: Mode = "balanced"
    funder_threshold: float = 0.8
    threshold: float = 0.8
    id_mode: IdMode = "normalized"
    soft_ids: bool = False
    resolve: Resolver | None = None

    def names(self, a: str, b: str) -> float:
        """How alike two funders' names are; ids known for both decide in the mode "id_aware".

        Names alone cannot: "National Science Foundation" is 0.9 "Swiss National Science
        Foundation" in every mode, and "NSF" nothing like its own long form.
        """
        if self.mode == "id_aware" and self.resolve is not None:
            left, right = self.resolve(a), self.resolve(b)
            if left and right:
                return float(left == right)
        return self.values(a, b)

    def values(self, a: str, b: str) -> float:
        """How alike two schemes or titles are."""
        return similarity(a, b, self.text_mode)

    @property
    def text_mode(self) -> TextMode:
        """The way to compare text; names without an id are compared as "balanced"."""
        return "balanced" if self.mode == "id_aware" else self.mode


def criteria(how: Mode | Criteria) -> Criteria:
    """The criteria of a mode; criteria are passed through. Raises `ValueError` for another word."""
    if isinstance(how, Criteria):
        return how
    if how not in MODES:
        raise ValueError(f"unknown mode {how!r}; known: {', '.join(MODES)}")
    return Criteria(mode=how)


def assign(scores: Sequence[Sequence[float]], threshold: float) -> list[Match]:
    """The cells of the assignment of greatest total score; cells below the threshold are none.

    Which of several equally good assignments comes out is not defined, only its total.
    """
    if not scores or not scores[0]:
        return []
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    matrix = np.asarray(scores, dtype=float)
    rows, columns = linear_sum_assignment(-np.where(matrix >= threshold, matrix, 0.0))
    return [
        (int(i), int(j), float(matrix[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if matrix[i, j] >= threshold
    ]


def match_texts(
    gold: Sequence[str], pred: Sequence[str], alike: Callable[[str, str], float], threshold: float
) -> list[Match]:
    """Pairs of names, schemes or titles."""
    return assign([[alike(a, b) for b in pred] for a in gold], threshold)


def match_ids(gold: Sequence[str], pred: Sequence[str], how: Criteria) -> list[Match]:
    """Pairs of equal award ids, then with `soft_ids` pairs that are one edit apart at 0.5."""
    free: dict[str, list[int]] = {}
    for j, value in enumerate(pred):
        free.setdefault(normalize_award_id(value, how.id_mode), []).append(j)
    equal: list[Match] = []
    for i, value in enumerate(gold):
        if places := free.get(normalize_award_id(value, how.id_mode)):
            equal.append((i, places.pop(0), 1.0))
    return equal + (_near_ids(gold, pred, equal, how) if how.soft_ids else [])


def _near_ids(
    gold: Sequence[str], pred: Sequence[str], taken: Sequence[Match], how: Criteria
) -> list[Match]:
    rows = _left(len(gold), [i for i, _, _ in taken])
    columns = _left(len(pred), [j for _, j, _ in taken])
    scores = [[soft_award_id_score(gold[i], pred[j], how.id_mode) for j in columns] for i in rows]
    return [(rows[i], columns[j], score) for i, j, score in assign(scores, 0.5)]


def _left(size: int, taken: Sequence[int]) -> list[int]:
    return sorted(set(range(size)) - set(taken))
