"""Funding statements found in a document against the right ones.

Many to many: one paragraph that holds three statements finds all three, and a statement is right
where any right one resembles it. The published measures differ only in the resemblance asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from models.scoring.funders import f_beta
from models.scoring.text import Similarity, similarity, widest


@dataclass(frozen=True, slots=True)
class StatementCounts:
    """Right and said statements, and how many of each found one that resembles them.

    `documents_matched` counts documents all of whose statements did, those without any included.
    """

    gold: int = 0
    pred: int = 0
    gold_matched: int = 0
    pred_matched: int = 0
    documents: int = 0
    documents_matched: int = 0

    def __add__(self, other: StatementCounts) -> StatementCounts:
        return StatementCounts(
            self.gold + other.gold,
            self.pred + other.pred,
            self.gold_matched + other.gold_matched,
            self.pred_matched + other.pred_matched,
            self.documents + other.documents,
            self.documents_matched + other.documents_matched,
        )

    @property
    def precision(self) -> float:
        """Share of what was said that resembles something right."""
        return self.pred_matched / self.pred if self.pred else 0.0

    @property
    def recall(self) -> float:
        """Share of what is right that something said resembles."""
        return self.gold_matched / self.gold if self.gold else 0.0

    def f(self, beta: float = 1.0) -> float:
        """Weighted harmonic mean of precision and recall."""
        return f_beta(self.precision, self.recall, beta)

    def to_dict(self) -> dict[str, float]:
        """Counts and shares under the keys of the published evaluation."""
        return {
            "gold_statements": self.gold,
            "predicted_statements": self.pred,
            "gold_statements_matched": self.gold_matched,
            "predicted_statements_matched": self.pred_matched,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f(),
            "f0_5": self.f(0.5),
            "f1_5": self.f(1.5),
            "documents": self.documents,
            "documents_matched": self.documents_matched,
        }


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A measure of two statements in [0, 1] and the least that counts."""

    measure: Similarity
    threshold: float


def _best(a: str, b: str) -> float:
    return widest(a.lower(), b.lower())


def _sorted_tokens(a: str, b: str) -> float:
    from rapidfuzz import fuzz

    return float(fuzz.token_sort_ratio(a, b)) / 100


def _permissive(a: str, b: str) -> float:
    return similarity(a, b, "permissive")


RESEMBLANCES: dict[str, Resemblance] = {
    "best@0.85": Resemblance(_best, 0.85),
    "strict": Resemblance(_sorted_tokens, 0.95),
}
"""The two measures of cometadata's cascade (add-funding-cascade-training, 2825eda)."""


def score_statements(
    pred: Sequence[str], gold: Sequence[str], resemblance: Resemblance
) -> StatementCounts:
    """Counts of one document."""
    measure, least = resemblance.measure, resemblance.threshold
    found = sum(1 for g in gold if any(measure(g, p) >= least for p in pred))
    right = sum(1 for p in pred if any(measure(g, p) >= least for g in gold))
    all_matched = found == len(gold) and right == len(pred)
    return StatementCounts(len(gold), len(pred), found, right, 1, int(all_matched))


def evaluate_statements(
    gold: Mapping[str, Sequence[str]], pred: Mapping[str, Sequence[str]], threshold: float
) -> StatementCounts:
    """Counts over files by name, as cometadata's evaluation of found statements gives them.

    Statements of a file that `gold` does not name are left out.
    """
    said = {canonicalize_filename(name): statements for name, statements in pred.items()}
    resemblance = Resemblance(_permissive, threshold)
    scores = (
        score_statements(said.get(canonicalize_filename(name), ()), statements, resemblance)
        for name, statements in gold.items()
    )
    return sum(scores, StatementCounts())


def canonicalize_filename(name: str) -> str:
    """The key of a paper's file: no folder, the first hyphen of its stem a dot, ending in .md."""
    stem = PurePosixPath(name).name.removesuffix(".md")
    return stem.replace("-", ".", 1) + ".md"
