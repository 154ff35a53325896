"""Trains the finder: which sentences of a paper tell who paid for it.

    python -m training.finder DATA --out models/finder.json

DATA is a folder with `labelled.jsonl`, `pdf_labels.jsonl` and the segmented documents
`docs.jsonl.gz` and `jats_docs.jsonl.gz`. What is measured on takes no part: neither documents of
the labelled PDFs and the dev split, nor any document that shares twelve words in a row with one
of their statements. Regularisation and threshold are chosen on folds, document by document.
"""

from __future__ import annotations

import argparse
import json
import logging
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.cues import BUCKETS, units
from models.finder import WEIGHTS, Judge, Passage, merge, passages
from models.scoring.statements import RESEMBLANCES, StatementCounts, score_statements
from training import corpora
from training.contamination import GRAM, shared_wording
from training.corpora import LabelledStatement, SegmentedDocument
from training.finder_labels import Parts, label, parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
STRENGTHS = (0.3, 1.0, 3.0)
"""Inverse regularisation that is tried, as scikit-learn's `C`."""
THRESHOLDS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)
RECALL = 0.995
"""Share of the money sentences of held-out folds that the passages must hold."""
EASY_SHARE = 0.08
"""Share of the sentences without any cue that is trained on; they count the more."""
MAX_FLAGS = 1 << 10
"""Columns set aside for flags."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What may not be trained on: ids and DOIs of documents, and statements' wording."""

    names: frozenset[str]
    statements: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> HeldOut:
        """The labelled PDFs and the dev split."""
        papers = list(corpora.papers(folder / "pdf_labels.jsonl"))
        dev = list(corpora.statements(folder / "labelled.jsonl", "dev"))
        names = {name for paper in papers for name in _names(paper.id, paper.doi)}
        names |= {name for record in dev for name in _names(record.id, record.doi)}
        texts = [text for paper in papers for text in paper.statements]
        texts += [record.statement for record in dev]
        return cls(frozenset(names), tuple(texts))

    def without(self, documents: Iterable[SegmentedDocument]) -> list[SegmentedDocument]:
        """The documents that may be trained on."""
        others = [d for d in documents if self.names.isdisjoint(_names(d.id, d.doi))]
        # A statement shorter than a run of words ("None.") says nothing about where it is from.
        telling = [text for text in self.statements if len(text.split()) >= GRAM]
        shared = shared_wording([document.text for document in others], telling)
        return [document for index, document in enumerate(others) if index not in shared]


def _names(identifier: str, doi: str | None) -> set[str]:
    return {identifier.removeprefix("jats-").lower(), (doi or "").lower()} - {""}


@dataclass(frozen=True, slots=True)
class Sample:
    """A document's sentences as rows of a sparse matrix, with their labels."""

    id: str
    parts: Parts
    ranges: tuple[tuple[int, int], ...]
    rows: Any
    """`(sentences, BUCKETS + flags)`, scipy CSR."""
    labels: NDArray[Any]
    """1 about money, 0 not, -1 unsure; shape `(sentences,)`."""
    is_easy: NDArray[Any]
    """Sentences without cues outside the telling sections."""


@dataclass(slots=True)
class Vocabulary:
    """The column of each flag, in the order in which they were first seen."""

    columns: dict[str, int] = field(default_factory=dict)

    def column(self, flag: str) -> int:
        """The flag's column, a new one where it has none."""
        return BUCKETS + self.columns.setdefault(flag, len(self.columns))

    def without_cues(self) -> NDArray[Any]:
        """0 for the columns of a sentence's own cues, 1 for all others."""
        import numpy as np

        mask = np.ones(BUCKETS + MAX_FLAGS, np.float32)
        for flag, column in self.columns.items():
            if flag.startswith("cue ") or flag.endswith((" loud", " heard")):
                mask[BUCKETS + column] = 0.0
        return mask


def sample(identifier: str, marked: Parts, vocabulary: Vocabulary) -> Sample:
    """The rows and labels of one document."""
    import numpy as np
    from scipy.sparse import csr_matrix

    found = units(marked.text)
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for unit in found:
        columns += unit.grams
        values += [unit.gram_weight] * len(unit.grams)
        columns += map(vocabulary.column, unit.flags)
        values += [1.0] * len(unit.flags)
        ends.append(len(columns))
    shape = (len(found), BUCKETS + MAX_FLAGS)
    data = (np.array(values, np.float32), np.array(columns, np.int32), np.array(ends, np.int32))
    told = [label(unit, marked) for unit in found]
    return Sample(
        identifier,
        marked,
        tuple((unit.start, unit.end) for unit in found),
        csr_matrix(data, shape=shape),
        np.array([-1 if is_money is None else int(is_money) for is_money in told], np.int8),
        np.array([not unit.votes and "section none" in unit.flags for unit in found], bool),
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted regression: one weight a column, and the bias."""

    weights: NDArray[Any]
    bias: float

    def probabilities(self, sample: Sample) -> NDArray[Any]:
        """How likely each sentence tells who paid; shape `(sentences,)`."""
        from scipy.special import expit

        chances: NDArray[Any] = expit(sample.rows @ self.weights + self.bias)
        return chances

    def judge(self, vocabulary: Vocabulary, threshold: float) -> Judge:
        """The regression as it is shipped: the weights of words rounded to bytes."""
        import numpy as np

        words = self.weights[:BUCKETS]
        scale = float(np.abs(words).max()) / 127
        rounded = np.round(words / scale).astype(int).tolist()
        flags = {
            flag: round(float(self.weights[BUCKETS + column]), 4)
            for flag, column in vocabulary.columns.items()
        }
        return Judge(round(self.bias, 4), scale, threshold, flags, rounded)


def fit(samples: Sequence[Sample], strength: float, vocabulary: Vocabulary) -> Fit:
    """The regression over the sentences whose label is sure.

    Statements are learned a second time without their cues: who pays is told in other words too,
    and the labels, where cues helped to make them, must not teach that cues are all.
    """
    import numpy as np
    from scipy.sparse import diags, vstack
    from sklearn.linear_model import LogisticRegression

    chance = np.random.default_rng(0)
    cueless = diags(vocabulary.without_cues())
    rows, labels, weights = [], [], []
    for one in samples:
        is_drawn = ~one.is_easy | (chance.random(len(one.labels)) < EASY_SHARE)
        keep = (one.labels >= 0) & is_drawn
        again = one.rows[one.labels == 1] @ cueless
        rows += [one.rows[keep], again]
        labels += [one.labels[keep], np.ones(again.shape[0], np.int8)]
        weights += [np.where(one.is_easy[keep], 1 / EASY_SHARE, 1.0), np.ones(again.shape[0])]
    model = LogisticRegression(C=strength, solver="liblinear", random_state=0)
    model.fit(vstack(rows).tocsr(), np.concatenate(labels), np.concatenate(weights))
    return Fit(model.coef_[0].astype(np.float32), float(model.intercept_[0]))


def fold_of(identifier: str) -> int:
    """The fold on which a document is held out."""
    return zlib.crc32(identifier.encode()) % FOLDS


def held_out_chances(
    samples: Sequence[Sample], strength: float, vocabulary: Vocabulary
) -> list[NDArray[Any]]:
    """Each document's probabilities by a regression that did not see it."""
    fits = [
        fit([one for one in samples if fold_of(one.id) != fold], strength, vocabulary)
        for fold in range(FOLDS)
    ]
    return [fits[fold_of(one.id)].probabilities(one) for one in samples]


def ranking(samples: Sequence[Sample], chances: Sequence[NDArray[Any]]) -> float:
    """Average precision of the sentences whose label is sure."""
    import numpy as np
    from sklearn.metrics import average_precision_score

    sure = [one.labels >= 0 for one in samples]
    labels = np.concatenate([one.labels[keep] for one, keep in zip(samples, sure, strict=True)])
    scores = np.concatenate([some[keep] for some, keep in zip(chances, sure, strict=True)])
    return float(average_precision_score(labels, scores))


@dataclass(frozen=True, slots=True)
class Handed:
    """What passages above a threshold hold: shares of money sentences, statements and text."""

    threshold: float
    sentences: float
    statements: float
    text: float


def handed_on(
    samples: Sequence[Sample], chances: Sequence[NDArray[Any]], threshold: float
) -> Handed:
    """How much of what matters and of the text goes to the model at a threshold."""
    counts: Counter[str] = Counter()
    for one, some in zip(samples, chances, strict=True):
        text = one.parts.text
        scored = [Passage(*place, float(p)) for place, p in zip(one.ranges, some, strict=True)]
        found = passages(text, scored, threshold, max(6_000, len(text) // 10))
        money = [place for place, told in zip(one.ranges, one.labels, strict=True) if told == 1]
        counts["sentences"] += len(money)
        counts["sentences in"] += sum(_holds(found, place) for place in money)
        counts["statements"] += len(one.parts.statements)
        counts["statements in"] += sum(_holds(found, place) for place in one.parts.statements)
        counts["text"] += len(text)
        counts["text in"] += sum(passage.end - passage.start for passage in found)
    shares = (counts[f"{k} in"] / max(1, counts[k]) for k in ("sentences", "statements", "text"))
    return Handed(threshold, *(round(share, 4) for share in shares))


def _holds(found: Sequence[Passage], place: tuple[int, int]) -> bool:
    return any(p.start <= place[0] and place[1] <= p.end for p in found)


def score_alone(samples: Sequence[Sample], chances: Sequence[NDArray[Any]]) -> StatementCounts:
    """Likely sentences as statements (best@0.85), on documents whose statements are known."""
    counts = StatementCounts()
    for one, some in zip(samples, chances, strict=True):
        if not (one.parts.statements or one.parts.no_funding):
            continue
        scored = [Passage(*place, float(p)) for place, p in zip(one.ranges, some, strict=True)]
        said = [
            one.parts.text[p.start : p.end] for p in merge([s for s in scored if s.score >= 0.5])
        ]
        gold = [one.parts.text[start:end] for start, end in one.parts.statements]
        counts += score_statements(said, gold, RESEMBLANCES["best@0.85"])
    return counts


def train(folder: Path, out: Path) -> dict[str, Any]:
    """Train, choose by folds, write the judge; returns what is told of its making."""
    documents = _documents(folder)
    vocabulary = Vocabulary()
    known: dict[str, list[LabelledStatement]] = {}
    for record in corpora.statements(folder / "labelled.jsonl", "train"):
        known.setdefault(record.id, []).append(record)
    samples = [sample(d.id, parts(d, known.get(d.id, ())), vocabulary) for d in documents]
    tried = {strength: held_out_chances(samples, strength, vocabulary) for strength in STRENGTHS}
    ranks = {strength: ranking(samples, chances) for strength, chances in tried.items()}
    strength = max(ranks, key=lambda candidate: ranks[candidate])
    table = [handed_on(samples, tried[strength], threshold) for threshold in THRESHOLDS]
    enough = [row.threshold for row in table if row.sentences >= RECALL]
    threshold = max(enough, default=THRESHOLDS[0])
    alone = score_alone(samples, tried[strength])
    about = {
        "documents": len(documents),
        "licences": corpora.licences(documents),
        "sentences": {
            "money": sum(int((one.labels == 1).sum()) for one in samples),
            "other": sum(int((one.labels == 0).sum()) for one in samples),
        },
        "strength": strength,
        "average precision": {str(c): round(rank, 4) for c, rank in ranks.items()},
        "held out": [asdict(row) for row in table],
        "alone": {"precision": round(alone.precision, 4), "recall": round(alone.recall, 4)},
    }
    fit(samples, strength, vocabulary).judge(vocabulary, threshold).save(out, about)
    return about


def _documents(folder: Path) -> list[SegmentedDocument]:
    names = ("docs.jsonl.gz", "jats_docs.jsonl.gz")
    found = (document for name in names for document in corpora.documents(folder / name))
    return HeldOut.of(folder).without(found)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train the finder of funding statements.")
    parser.add_argument("data", type=Path, help="the folder of the corpora")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the file of weights")
    arguments = parser.parse_args()
    about = train(arguments.data, arguments.out)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger(__name__).info(json.dumps(about, indent=1))


if __name__ == "__main__":
    main()
