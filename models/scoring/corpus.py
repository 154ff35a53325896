"""Many documents: summed and averaged scores, and how far chance moves them.

Micro sums counts over documents, as published figures do; macro averages the documents' F1. The
interval comes of drawing whole documents anew: awards of one document are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.schemas import Funder
from models.scoring.funders import LEVELS, Counts, Level, score_document
from models.scoring.matching import FIELD_MODES, Criteria, Mode

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

Answered = tuple[Sequence[Funder] | None, Sequence[Funder]]
"""What was said of a document, None where there is no answer, and what is right."""

ROUNDS = 1000
"""Draws of the bootstrap: the ends of a 95 % interval then stand on 25 draws each."""
_BLOCK = 4_000_000
"""Weights held in memory at once, 32 MB."""


@dataclass(frozen=True, slots=True)
class LevelScore:
    """One level of one mode over all documents; low and high bound micro F1 at 95 %."""

    counts: Counts
    macro_f1: float
    f1_low: float
    f1_high: float

    def to_dict(self) -> dict[str, float]:
        """The keys that published results use, and what is added to them."""
        return counts_dict(self.counts) | {
            "macro_f1": self.macro_f1,
            "f1_low": self.f1_low,
            "f1_high": self.f1_high,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Scores by mode and level. Documents without an answer are in them, as missed."""

    documents: int
    unanswered: int
    modes: dict[Mode, dict[Level, LevelScore]]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON, `meta` beside the modes."""
        meta = {"documents": self.documents, "unanswered": self.unanswered}
        scores: dict[str, Any] = {
            mode: {level: score.to_dict() for level, score in levels.items()}
            for mode, levels in self.modes.items()
        }
        return scores | {"meta": meta}


def counts_dict(counts: Counts) -> dict[str, float]:
    """Counts with their precision, recall and F scores."""
    whole = float(counts.matched).is_integer()
    return {
        "gold_count": counts.gold,
        "pred_count": counts.pred,
        "matched": int(counts.matched) if whole else counts.matched,
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f(),
        "f0_5": counts.f(0.5),
        "f1_5": counts.f(1.5),
    }


def score_corpus(
    answers: Sequence[Answered],
    modes: Sequence[Mode | Criteria] = FIELD_MODES,
    *,
    seed: int = 0,
    rounds: int = ROUNDS,
) -> Report:
    """Scores of many documents. The same seed draws the same documents for all modes."""
    scored = {
        how.mode if isinstance(how, Criteria) else how: [
            score_document(pred or (), gold, how) for pred, gold in answers
        ]
        for how in modes
    }
    columns = {
        (mode, level): [document[level] for document in documents]
        for mode, documents in scored.items()
        for level in LEVELS
    }
    bounds = _intervals(list(columns.values()), seed, rounds)
    scores: dict[Mode, dict[Level, LevelScore]] = {mode: {} for mode in scored}
    for ((mode, level), counts), (low, high) in zip(columns.items(), bounds, strict=True):
        total = sum(counts, Counts())
        scores[mode][level] = LevelScore(total, macro_f1(counts), low, high)
    return Report(len(answers), sum(pred is None for pred, _ in answers), scores)


def macro_f1(documents: Sequence[Counts]) -> float:
    """Mean F1 of the documents with something to say or said; 0 where there are none."""
    scores = [counts.f() for counts in documents if not counts.is_empty]
    return sum(scores) / len(scores) if scores else 0.0


def bootstrap_f1(
    documents: Sequence[Counts], seed: int = 0, rounds: int = ROUNDS
) -> tuple[float, float]:
    """Ends of the 95 % percentile interval of micro F1."""
    return _intervals([documents], seed, rounds)[0]


def _intervals(
    columns: Sequence[Sequence[Counts]], seed: int, rounds: int
) -> list[tuple[float, float]]:
    """The interval of each column; all columns see the same draws of documents."""
    import numpy as np

    if not columns or not columns[0]:
        return [(0.0, 0.0) for _ in columns]
    table = np.array([[(c.gold, c.pred, c.matched) for c in column] for column in columns], float)
    draws = _f1_draws(table, np.random.default_rng(seed), rounds)
    low, high = np.percentile(draws, (2.5, 97.5), axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def _f1_draws(table: Array, rng: np.random.Generator, rounds: int) -> Array:
    """Micro F1 of each draw, (rounds, columns), of counts (columns, documents, 3)."""
    import numpy as np

    columns, documents, _ = table.shape
    flat = table.transpose(1, 0, 2).reshape(documents, columns * 3)
    sums: list[Array] = []
    block = max(1, _BLOCK // documents)
    for start in range(0, rounds, block):
        size = min(block, rounds - start)
        times = rng.multinomial(documents, np.full(documents, 1 / documents), size)
        sums.append((times.astype(float) @ flat).reshape(size, columns, 3))
    gold, pred, matched = np.moveaxis(np.concatenate(sums), 2, 0)
    said = gold + pred
    # 2 matched / (gold + pred) is F1, and is defined where one side is empty
    f1: Array = np.divide(2 * matched, said, out=np.zeros_like(said), where=said > 0)
    return f1
