"""How often a value is right that the model is so sure of: curves fitted on labelled answers.

Right and wrong are the scorer's: a funder is right when it is paired with a gold funder, an award
value when it is matched inside the pair (balanced mode).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.backends import Completion
from models.calibration import Calibration, Curve, Evidence
from models.replies import field_of, value_evidence
from models.schemas import Funder
from models.scoring.funders import VALUE_FIELDS, match_level, pair_funders
from models.scoring.matching import criteria
from models.tasks import Task

LEAST_OUTCOMES = 30
"""A kind of value with fewer outcomes, or with one kind of outcome only, gets no curve."""
_RIDGE = 1e-2


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value that was said, what its tokens told, and whether it was right."""

    kind: str
    evidence: Evidence
    right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Outcomes of like probability: how many, what was said on average, and how often right."""

    count: int
    said: float
    right: float


def outcomes(
    reply: Completion, asked: Task, said: Sequence[Funder], gold: Sequence[Funder]
) -> Iterator[Outcome]:
    """Each value of one reply with its verdict. `said` are the funders of the reply."""
    right = Counter(right_values(said, gold))
    for item, told in value_evidence(reply, asked):
        key = field_of(item.path), item.value.strip()
        if told is not None:
            yield Outcome(key[0], told, right[key] > 0)
            right[key] -= 1


def right_values(said: Sequence[Funder], gold: Sequence[Funder]) -> Iterator[tuple[str, str]]:
    """Field and value of all that was said and is right."""
    how = criteria("balanced")
    for pair in pair_funders(said, gold, how):
        if pair.gold is None or pair.pred is None:
            continue
        if pair.pred.name:
            yield "funder_name", pair.pred.name
        for level, field in VALUE_FIELDS.items():
            wanted, given = pair.sides(level)
            for _, index, _ in match_level(wanted, given, level, how):
                yield field, given[index]


def fit(found: Sequence[Outcome]) -> Calibration:
    """A logistic curve for each kind of value with enough outcomes."""
    kinds = {outcome.kind for outcome in found}
    curves = {kind: _fit_one([o for o in found if o.kind == kind]) for kind in sorted(kinds)}
    return Calibration({kind: curve for kind, curve in curves.items() if curve is not None})


def _fit_one(found: Sequence[Outcome]) -> Curve | None:
    """Ridge-penalised maximum likelihood; the slopes are kept from pointing the wrong way."""
    import numpy as np
    from scipy.optimize import minimize

    right = np.array([outcome.right for outcome in found], dtype=float)
    if len(found) < LEAST_OUTCOMES or right.min() == right.max():
        return None
    x = np.array([[1.0, o.evidence.mean, o.evidence.least] for o in found])

    def loss(weights: np.ndarray) -> float:
        odds = x @ weights
        misfit = np.logaddexp(0.0, odds) - right * odds
        return float(misfit.sum() + _RIDGE * (weights[1:] ** 2).sum())

    bounds = [(None, None), (0.0, None), (0.0, None)]
    best = minimize(loss, np.array([1.0, 1.0, 1.0]), method="L-BFGS-B", bounds=bounds)
    return Curve(*(float(value) for value in best.x))


def cross_fitted(
    documents: Sequence[Sequence[Outcome]], folds: int = 5
) -> list[tuple[float, Outcome]]:
    """Each outcome with the probability that curves fitted on other documents give it."""
    judged: list[tuple[float, Outcome]] = []
    for fold in range(folds):
        rest = [o for i, d in enumerate(documents) if i % folds != fold for o in d]
        curves = fit(rest)
        for outcome in (o for i, d in enumerate(documents) if i % folds == fold for o in d):
            probability = curves.probability(outcome.kind, outcome.evidence)
            judged.append((probability or 0.0, outcome))
    return judged


def reliability(judged: Sequence[tuple[float, Outcome]], bins: int = 10) -> list[Bin]:
    """Outcomes in bins of equal width over [0, 1], empty bins left out."""
    held: list[list[tuple[float, Outcome]]] = [[] for _ in range(bins)]
    for probability, outcome in judged:
        held[min(bins - 1, int(probability * bins))].append((probability, outcome))
    return [
        Bin(
            len(inside),
            math.fsum(p for p, _ in inside) / len(inside),
            sum(o.right for _, o in inside) / len(inside),
        )
        for inside in held
        if inside
    ]


def expected_error(judged: Sequence[tuple[float, Outcome]], bins: int = 10) -> float:
    """Expected calibration error: mean distance of said and right, weighted by the bins' counts."""
    return error_of(reliability(judged, bins))


def error_of(bins: Sequence[Bin]) -> float:
    """Expected calibration error of outcomes that are in bins already."""
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.said - b.right) for b in bins) / max(1, total)
