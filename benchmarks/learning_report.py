"""The learning curve as a table and as a plot; see `benchmarks.learning_curve`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from benchmarks import plots
from benchmarks.extraction import Row, funders, with_interval
from models.scoring.corpus import LevelScore, score_corpus
from models.scoring.edits import count_edits
from models.scoring.funders import LEVELS, Level
from models.scoring.paired import Difference, mean_difference
from training.corpora import LabelledStatement
from training.rewards import funding_shaped
from training.rows import dump_funders

START = "start"
CUT = 0.3
"""The share of the edits that corrections are to save."""
PLOTTED: tuple[Level, ...] = ("funder", "award_id")


class Point(NamedTuple):
    """An adapter's figures on the held-out papers after so many corrections.

    `edits` are those of each held-out paper; `ahead` is their mean on the next batch, which is read
    before it is trained on.
    """

    arm: str
    corrections: int
    edits: tuple[int, ...]
    reward: float
    levels: dict[Level, LevelScore]
    ahead: float | None = None

    @property
    def mean(self) -> float:
        """Edits a held-out paper."""
        return sum(self.edits) / len(self.edits)

    def above(self, start: Point | None = None) -> Difference:
        """Edits a paper more than at the start, else than none, with the bootstrap interval."""
        first = [0] * len(self.edits) if start is None else start.edits
        return mean_difference(first, self.edits)


def point(
    arm: str, corrections: int, read: Sequence[Row], gold: Sequence[LabelledStatement]
) -> Point:
    """The figures of what was read."""
    answers = [(funders(row), record.funders) for row, record in zip(read, gold, strict=True)]
    rewards = funding_shaped(
        ["" if said is None else dump_funders(said) for said, _ in answers],
        funders=[dump_funders(right) for _, right in answers],
    )
    return Point(
        arm,
        corrections,
        edits(read, gold),
        sum(reward or 0.0 for reward in rewards) / len(rewards),
        score_corpus(answers, ["balanced"]).modes["balanced"],
    )


def edits(read: Sequence[Row], gold: Sequence[LabelledStatement]) -> tuple[int, ...]:
    """The edits of each paper."""
    pairs = zip(read, gold, strict=True)
    return tuple(count_edits(funders(row), record.funders) for row, record in pairs)


def curves(points: Iterable[Point]) -> dict[str, list[Point]]:
    """The points of each arm by corrections, the start the first of every one."""
    arms: dict[str, list[Point]] = {}
    start: list[Point] = []
    for found in sorted(points, key=lambda found: found.corrections):
        if found.arm == START:
            start.append(found)
        else:
            arms.setdefault(found.arm, [*start]).append(found)
    return arms


def corrections_until(measured: Sequence[tuple[float, float]], cut: float = CUT) -> float | None:
    """How many corrections it takes to save that share of the first point's edits.

    `measured` are corrections and edits in order. Between two points edits are taken to fall
    evenly; None where they never fall so far.
    """
    wanted = measured[0][1] * (1 - cut)
    for (x0, y0), (x1, y1) in pairwise(measured):
        if y1 <= wanted < y0:
            return x0 + (x1 - x0) * (y0 - wanted) / (y0 - y1)
    return None


def table(points: Sequence[Point]) -> str:
    """Markdown: the figures by corrections and arm, and what it takes to save edits."""
    start = next(found for found in points if found.arm == START)
    lines = [
        f"On {len(start.edits)} held-out papers (95 % bootstrap interval over papers; F1 balanced):"
        "\n",
        "| corrections | arm | edits a paper | against the start | edits a paper of the next batch "
        "| reward | " + " | ".join(LEVELS) + " |",
        "|---|---|---|---|---|---|" + "---|" * len(LEVELS),
        *(_line(found, start) for found in points),
        "",
    ]
    for arm, found in curves(points).items():
        needed = corrections_until([(p.corrections, p.mean) for p in found])
        told = "not reached" if needed is None else f"after {needed:.0f} corrections"
        lines.append(f"- {arm}: {CUT:.0%} fewer edits a paper {told}")
    return "\n".join(lines) + "\n"


def _line(found: Point, start: Point) -> str:
    own, gain = found.above(), found.above(start)
    cells = [
        str(found.corrections),
        found.arm,
        f"{found.mean:.2f} ({own.low:.2f}–{own.high:.2f})",
        "" if found is start else f"{gain.gain:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})",
        "" if found.ahead is None else f"{found.ahead:.2f}",
        f"{found.reward:.3f}",
        *(with_interval(found.levels[name]) for name in LEVELS),
    ]
    return "| " + " | ".join(cells) + " |"


def plot(points: Sequence[Point]) -> str:
    """SVG: edits a paper and F1 of names and award ids by the number of corrections."""
    arms = curves(points)
    shown = {
        "edits a paper": {
            arm: [
                plots.Measured(p.corrections, p.mean, p.above().low, p.above().high) for p in found
            ]
            for arm, found in arms.items()
        }
    }
    for level in PLOTTED:
        shown[f"F1 of {level}"] = {
            arm: [_score(p, p.levels[level]) for p in found] for arm, found in arms.items()
        }
    return plots.panels(shown, "corrections")


def _score(found: Point, score: LevelScore) -> plots.Measured:
    return plots.Measured(found.corrections, score.counts.f(), score.f1_low, score.f1_high)
