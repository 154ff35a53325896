"""From a model's own log-probabilities to the probability that a value is right.

A language model is too sure of itself, and differently so for names and for titles. For each kind
of value a logistic curve over two numbers is fitted on labelled statements (Platt scaling): the
mean log-probability of the value's tokens, and the lowest one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from models.backends import Token

FILE = "calibration.json"
"""Where the curves lie, beside the adapter that they are fitted for."""


class Evidence(NamedTuple):
    """Natural log-probabilities of a value's tokens: their mean and their least."""

    mean: float
    least: float


class Curve(NamedTuple):
    """Log-odds of being right: bias + mean x its weight + least x its weight."""

    bias: float
    mean: float
    least: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """One curve for each kind of value; without one the geometric mean probability is taken."""

    curves: Mapping[str, Curve]

    def probability(self, kind: str, evidence: Evidence | None) -> float | None:
        """Probability that a value of this kind is right, None without evidence."""
        if evidence is None:
            return None
        curve = self.curves.get(kind)
        if curve is None:
            return min(1.0, math.exp(evidence.mean))
        odds = curve.bias + curve.mean * evidence.mean + curve.least * evidence.least
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))

    def to_dict(self) -> dict[str, dict[str, float]]:
        """The curves as JSON."""
        return {kind: curve._asdict() for kind, curve in self.curves.items()}

    def dump(self, path: Path) -> None:
        """Write the curves as JSON."""
        path.write_text(json.dumps(self.to_dict(), indent=2) + "\n", "utf-8")


UNCALIBRATED = Calibration({})


def load(path: Path) -> Calibration:
    """The curves of a file, `UNCALIBRATED` where there is none.

    Raises `ValueError` for a file that holds something else.
    """
    if not path.is_file():
        return UNCALIBRATED
    try:
        table = json.loads(path.read_text("utf-8"))
        return Calibration({kind: Curve(**curve) for kind, curve in table.items()})
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds no calibration: {error}") from error


def evidence(tokens: Sequence[Token], start: int, end: int) -> Evidence | None:
    """What the tokens that spell the characters `[start, end)` of a reply tell."""
    found = [token.logprob for token in tokens if token.start < end and token.end > start]
    return Evidence(sum(found) / len(found), min(found)) if found else None
