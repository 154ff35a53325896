"""Which passages of a paper are worth the model's time: a small trained judge of sentences.

The judge is a logistic regression over the features of `models.cues`, trained by
`training.finder` and shipped as a file. It is tuned for recall, and the share of a paper that it
hands on is bounded, because on a laptop every token is time.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.cues import BUCKETS, Unit, is_heading, units
from models.documents import Document

WEIGHTS = Path(__file__).with_suffix(".json")
CONTEXT_CHARS = 400
"""A neighbour longer than this is not handed on as context."""
_STEEPNESS = 2.5
"""How fast votes become certain where no corpus could teach the judge."""
_ENOUGH_VOTES = 2.0


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters `[start, end)` of a document's text, and the probability of a statement there."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Judge:
    """Weights of a logistic regression: `scale` times a byte for each gram, a number a flag."""

    bias: float
    scale: float
    threshold: float
    """Least probability at which a sentence is handed on; recall on held-out folds decides it."""
    flags: Mapping[str, float]
    grams: Sequence[int]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Judge:
        """The judge in a file. Raises `ValueError` where it is for other features than these."""
        data = json.loads(path.read_text("utf-8"))
        grams = array("b", zlib.decompress(base64.b64decode(data["grams"])))
        if len(grams) != BUCKETS:
            raise ValueError(f"{path.name} has {len(grams)} weights of words, not {BUCKETS}.")
        return cls(data["bias"], data["scale"], data["threshold"], data["flags"], grams.tolist())

    def save(self, path: Path, about: Mapping[str, Any]) -> None:
        """Write the judge, with what is to be known about its making."""
        packed = zlib.compress(array("b", self.grams).tobytes(), 9)
        data = {
            "about": about,
            "bias": self.bias,
            "scale": self.scale,
            "threshold": self.threshold,
            "flags": dict(sorted(self.flags.items())),
            "grams": base64.b64encode(packed).decode(),
        }
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")

    def probability(self, unit: Unit) -> float:
        """How likely it is that the sentence is about who paid, from 0 to 1.

        The corpora are mostly English: a cue of another language counts by its votes at least.
        """
        heard = sum(map(self.grams.__getitem__, unit.grams)) * self.scale * unit.gram_weight
        logit = self.bias + heard + sum(self.flags.get(flag, 0.0) for flag in unit.flags)
        if unit.foreign and "section references" not in unit.flags:
            logit = max(logit, _STEEPNESS * (unit.votes - _ENOUGH_VOTES))
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit))))


@lru_cache(maxsize=1)
def judge() -> Judge:
    """The judge that is shipped."""
    return Judge.load()


def probability(document: Document) -> list[tuple[int, int, float]]:
    """Each sentence `[start, end)` and how likely it tells who paid."""
    shipped = judge()
    return [(unit.start, unit.end, shipped.probability(unit)) for unit in units(document.text)]


def find(document: Document, limit: float = 0.1, floor: int = 6_000) -> list[Passage]:
    """The promising passages, in the order of the text.

    `limit` is the share of the text's characters that the model may read, `floor` the characters
    that it may read in any case (a two-page note is not worth saving on). The best come first
    into the budget, each with its heading and a sentence on each side; neighbours become one
    passage, so that a statement over two is not cut.
    """
    return find_in(document.text, limit, floor)


def find_in(text: str, limit: float = 0.1, floor: int = 6_000) -> list[Passage]:
    """The promising passages of a normalised text; see `find`."""
    shipped = judge()
    scored = [Passage(unit.start, unit.end, shipped.probability(unit)) for unit in units(text)]
    return passages(text, scored, shipped.threshold, max(floor, int(limit * len(text))))


def statements(document: Document, least: float = 0.5) -> list[Passage]:
    """Statements as the judge alone sees them: likely sentences in a row, without context."""
    likely = [Passage(*sentence) for sentence in probability(document) if sentence[2] >= least]
    return merge(likely)


def passages(text: str, scored: Sequence[Passage], threshold: float, budget: int) -> list[Passage]:
    """The best sentences of a text with their context, at most about `budget` characters.

    The best sentence is handed on even where it is longer than the budget.
    """
    taken: dict[int, float] = {}
    best = sorted(
        (index for index, sentence in enumerate(scored) if sentence.score >= threshold),
        key=lambda index: -scored[index].score,
    )
    for index in best:
        wanted = [i for i in _with_context(text, scored, index) if i not in taken]
        cost = sum(scored[i].end - scored[i].start for i in wanted)
        if cost > budget and taken:
            wanted = [index] if index not in taken else []
            cost = sum(scored[i].end - scored[i].start for i in wanted)
        if cost <= budget or not taken:
            taken.update((i, scored[index].score) for i in wanted)
            budget -= cost
    chosen = [Passage(scored[i].start, scored[i].end, taken[i]) for i in sorted(taken)]
    return merge(chosen)


def _with_context(text: str, scored: Sequence[Passage], index: int) -> Iterator[int]:
    """The sentence, those beside it in its paragraph, and the heading above.

    A sentence that a line break seems to have cut is whole only with what is beyond the break.
    """
    yield index
    for step in (-1, 1):
        other = index + step
        if 0 <= other < len(scored) and _belongs(text, scored, min(index, other), step < 0):
            yield other


def _belongs(text: str, scored: Sequence[Passage], first: int, is_before: bool) -> bool:
    """Whether the sentences `first` and `first + 1` should be read together."""
    above, below = scored[first], scored[first + 1]
    neighbour = above if is_before else below
    if neighbour.end - neighbour.start > CONTEXT_CHARS:
        return False
    if "\n" not in text[above.end : below.start]:
        return True
    if is_before and is_heading(text[above.start : above.end]):
        return True
    return text[above.end - 1] not in ".!?:\u3002" and text[below.start].islower()


def merge(chosen: Sequence[Passage]) -> list[Passage]:
    """Neighbours as one passage, which is as likely as the likelier of them."""
    merged: list[Passage] = []
    for passage in chosen:
        if merged and passage.start - merged[-1].end <= 2:
            last = merged.pop()
            passage = Passage(last.start, passage.end, max(last.score, passage.score))
        merged.append(passage)
    return merged
