"""How sure a new adapter is: the curves of the one before it, fitted anew where that is better.

Training moves what a model's log-probabilities mean. The gate reads held-out gold anyway, so the
curves are fitted on those replies. A kind of value gets its new curve only where curves fitted on
other documents foretell right and wrong better than the one that it had; else that one stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from models.calibration import Calibration, Curve
from training.calibrate import LEAST_OUTCOMES, Outcome, fit

FOLDS = 5
SURE = 1e-6
"""Probabilities nearer to 0 or 1 count as this far from it: one surprise is no proof."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a kind of value: how many were said, the share that was right.

    `log_loss` is the mean over the values by the former curve and by the new one, the new one
    fitted on other documents; None where there are too few values to fit on.
    """

    values: int
    right: float
    refitted: bool
    log_loss: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Refit:
    """The curves that the adapter is used with, and for each fold those fitted on the others."""

    curves: Calibration
    folds: tuple[Calibration, ...]
    told: dict[str, Told]

    def others(self, number: int) -> Calibration:
        """The curves for the document with that number, fitted without it."""
        return self.folds[number % len(self.folds)]

    def to_dict(self) -> dict[str, object]:
        """As JSON, for the adapter's card."""
        return {"least_values": LEAST_OUTCOMES} | {k: asdict(t) for k, t in self.told.items()}


def refit(documents: Sequence[Sequence[Outcome]], former: Calibration) -> Refit:
    """Curves for the adapter that said the values of these documents, which it was not trained on.

    `former` are the curves of the adapter that it was made from.
    """
    rests = [
        fit([o for i, held in enumerate(documents) if i % FOLDS != fold for o in held])
        for fold in range(FOLDS)
    ]
    whole = fit([outcome for held in documents for outcome in held])
    kinds = sorted({outcome.kind for held in documents for outcome in held})
    told = {kind: _judge(kind, documents, former, rests) for kind in kinds}
    better = [kind for kind in kinds if told[kind].refitted]
    return Refit(
        curves=_put(former, whole, better),
        folds=tuple(_put(former, rest, better) for rest in rests),
        told=told,
    )


def _judge(
    kind: str,
    documents: Sequence[Sequence[Outcome]],
    former: Calibration,
    rests: Sequence[Calibration],
) -> Told:
    said = [
        (rests[number % FOLDS], outcome)
        for number, held in enumerate(documents)
        for outcome in held
        if outcome.kind == kind
    ]
    right = sum(outcome.right for _, outcome in said) / len(said)
    if any(kind not in rest.curves for rest in rests):
        return Told(len(said), right, refitted=False)
    before = _loss([(former, outcome) for _, outcome in said])
    after = _loss(said)
    return Told(len(said), right, after < before, (before, after))


def _loss(judged: Sequence[tuple[Calibration, Outcome]]) -> float:
    """The mean log loss of the probabilities that the curves give."""
    total = 0.0
    for curves, outcome in judged:
        sure = curves.probability(outcome.kind, outcome.evidence) or 0.0
        sure = min(1 - SURE, max(SURE, sure))
        total -= math.log(sure if outcome.right else 1 - sure)
    return total / len(judged)


def _put(former: Calibration, fitted: Calibration, kinds: Sequence[str]) -> Calibration:
    """The former curves with those of some kinds replaced."""
    new: dict[str, Curve] = {kind: fitted.curves[kind] for kind in kinds}
    return Calibration({**former.curves, **new})
