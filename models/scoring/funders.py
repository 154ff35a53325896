"""One document's funders against the right ones: duplicates merged, funders paired, values counted.

The way of cometadata's scorer: an award is looked for only inside the pair of its funder, so a
right id under a wrong funder is a miss and a false positive. How the awards of a funder are
grouped does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from models.schemas import Award, Funder
from models.scoring.matching import Criteria, Match, Mode, assign, criteria, match_ids, match_texts

Level = Literal["funder", "award_id", "scheme", "title"]
ValueLevel = Literal["award_id", "scheme", "title"]
LEVELS: tuple[Level, ...] = ("funder", "award_id", "scheme", "title")
VALUE_FIELDS: dict[ValueLevel, str] = {
    "award_id": "award_ids",
    "scheme": "funding_scheme",
    "title": "award_title",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many values are right, said and matched; `matched` is fractional for soft ids only."""

    gold: int = 0
    pred: int = 0
    matched: float = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.gold + other.gold, self.pred + other.pred, self.matched + other.matched)

    @property
    def precision(self) -> float:
        """Share of what was said that is right; 0 where nothing was said."""
        return self.matched / self.pred if self.pred else 0.0

    @property
    def recall(self) -> float:
        """Share of what is right that was said; 0 where there is nothing."""
        return self.matched / self.gold if self.gold else 0.0

    def f(self, beta: float = 1.0) -> float:
        """Weighted harmonic mean; a beta below 1 favours precision."""
        return f_beta(self.precision, self.recall, beta)

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to say and nothing was said."""
        return not (self.gold or self.pred)


def f_beta(precision: float, recall: float, beta: float = 1.0) -> float:
    """The F score of two shares, 0 where both are 0."""
    weighted = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / weighted if weighted else 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """A funder after merging. All funders without a name are one group, whose name is None."""

    name: str | None
    awards: tuple[Award, ...] = ()

    def values(self, level: ValueLevel) -> list[str]:
        """All values of its awards at a level, repeated ones as often as they stand there."""
        field = VALUE_FIELDS[level]
        return [value for award in self.awards for value in getattr(award, field)]


@dataclass(frozen=True, slots=True)
class Pair:
    """A right funder and what was said of it; either is None where the other has no partner."""

    gold: Group | None
    pred: Group | None

    def sides(self, level: ValueLevel) -> tuple[list[str], list[str]]:
        """The values at a level, right ones first."""
        return (
            self.gold.values(level) if self.gold else [],
            self.pred.values(level) if self.pred else [],
        )


def merge_funders(funders: Sequence[Funder], how: Criteria) -> tuple[list[Group], Group | None]:
    """Funders of like names joined, and the group of those without a name.

    Joined pair by pair until no pair is left; only the names that stay are compared, so the
    result of a chain of names depends on their order.
    """
    groups = [Group(f.funder_name, f.awards) for f in funders if f.funder_name]
    while (joined := _join(groups, how)) is not None:
        groups = joined
    unnamed = tuple(award for f in funders if not f.funder_name for award in f.awards)
    return groups, Group(None, unnamed) if unnamed else None


def _join(groups: list[Group], how: Criteria) -> list[Group] | None:
    """One round of joining, None where there is nothing to join."""
    size = len(groups)
    scores = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1, size):
            scores[i][j] = scores[j][i] = how.names(groups[i].name or "", groups[j].name or "")
    if max((max(row) for row in scores), default=0.0) < how.funder_threshold:
        return None
    used: set[int] = set()
    joined: list[Group] = []
    for i, j, _ in assign(scores, how.funder_threshold):
        if i < j and not used & {i, j}:
            used |= {i, j}
            joined.append(Group(groups[i].name, groups[i].awards + groups[j].awards))
    if not joined:
        return None
    return joined + [group for index, group in enumerate(groups) if index not in used]


def pair_funders(
    pred: Sequence[Funder], gold: Sequence[Funder], how: Mode | Criteria = "balanced"
) -> list[Pair]:
    """Every funder of both sides once: pairs first, then what has no partner.

    Funders without a name pair with each other only.
    """
    how = criteria(how)
    gold_named, gold_unnamed = merge_funders(gold, how)
    pred_named, pred_unnamed = merge_funders(pred, how)
    matches = match_texts(
        [group.name or "" for group in gold_named],
        [group.name or "" for group in pred_named],
        how.names,
        how.funder_threshold,
    )
    pairs = [Pair(gold_named[i], pred_named[j]) for i, j, _ in matches]
    paired_gold, paired_pred = {i for i, _, _ in matches}, {j for _, j, _ in matches}
    pairs += [Pair(g, None) for i, g in enumerate(gold_named) if i not in paired_gold]
    pairs += [Pair(None, p) for j, p in enumerate(pred_named) if j not in paired_pred]
    if gold_unnamed or pred_unnamed:
        pairs.append(Pair(gold_unnamed, pred_unnamed))
    return pairs


def match_level(
    gold: Sequence[str], pred: Sequence[str], level: ValueLevel, how: Criteria
) -> list[Match]:
    """Pairs of values at a level."""
    if level == "award_id":
        return match_ids(gold, pred, how)
    return match_texts(gold, pred, how.values, how.threshold)


def score_document(
    pred: Sequence[Funder], gold: Sequence[Funder], how: Mode | Criteria = "balanced"
) -> dict[Level, Counts]:
    """Counts of one document at each level. `how` is a mode, or criteria for more than that."""
    how = criteria(how)
    pairs = pair_funders(pred, gold, how)
    counts: dict[Level, Counts] = {"funder": _count_funders(pairs)}
    for level in VALUE_FIELDS:
        sides = [pair.sides(level) for pair in pairs]
        counts[level] = sum((count_values(g, p, level, how) for g, p in sides), Counts())
    return counts


def _count_funders(pairs: Sequence[Pair]) -> Counts:
    named = [((p.gold and p.gold.name), (p.pred and p.pred.name)) for p in pairs]
    return Counts(
        gold=sum(1 for gold, _ in named if gold),
        pred=sum(1 for _, pred in named if pred),
        matched=sum(1 for gold, pred in named if gold and pred),
    )


def count_values(
    gold: Sequence[str], pred: Sequence[str], level: ValueLevel, how: Criteria
) -> Counts:
    """Counts of two lists of values. A pair of texts counts in full, a pair of ids by its score."""
    matches = match_level(gold, pred, level, how)
    whole = level != "award_id"
    return Counts(len(gold), len(pred), sum(1 if whole else score for _, _, score in matches))
