"""Which examples a phase of a recipe is trained on: drawn from the corpora, the same every time.

Nothing that the adapter is measured on is ever drawn: records of the dev split, their documents and
texts that share wording with them are left out (`training.contamination`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from models.finder import find_in
from training import corpora, examples
from training.contamination import shared_wording
from training.corpora import LabelledStatement
from training.examples import Example
from training.variation import fresh_ids, joined

LONGEST_WINDOW = 1_800
"""Characters of a passage that is trained on; longer ones cost much and teach little more."""
SET_PHRASE = 3
"""Wording that so many texts of a corpus share tells nothing of a single one of them."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How much of what: `gold` in passes, `fresh_ids` and `noise` as shares, the rest in examples.

    `joined` are gold statements in pairs; `fresh_ids` and `noise` change parse examples.
    """

    gold: int = 0
    joined: int = 0
    fresh_ids: float = 0.0
    silver: int = 0
    silver_none: int = 0
    sentences: int = 0
    windows: int = 0
    synthetic: int = 0
    noise: float = 0.0


@dataclass(frozen=True)
class Corpora:
    """The files that a recipe names, in one folder."""

    folder: Path
    gold: str
    silver: Sequence[str] = ()
    documents: str | None = None
    papers: str | None = None
    names: str | None = None
    dropped: dict[str, int] = field(default_factory=dict, compare=False)

    @cached_property
    def held_out(self) -> list[LabelledStatement]:
        """The dev statements: never trained on."""
        return list(corpora.statements(self.folder / self.gold, "dev"))

    @cached_property
    def _held_out_texts(self) -> list[str]:
        papers = corpora.papers(self.folder / self.papers) if self.papers else ()
        return [
            *(record.statement for record in self.held_out),
            *(text for paper in papers for text in paper.statements),
        ]

    @cached_property
    def gold_records(self) -> list[LabelledStatement]:
        """The train statements, without those that share wording with held-out ones."""
        return self._clean(list(corpora.statements(self.folder / self.gold, "train")), "gold")

    @cached_property
    def silver_records(self) -> list[LabelledStatement]:
        """Statements of the other corpora that were not labelled by reading."""
        labelled = {r.id for r in corpora.statements(self.folder / self.gold)}
        dois = {(r.doi or "").lower() for r in self.held_out} - {""}
        records = [
            record
            for name in self.silver
            for record in corpora.statements(self.folder / name)
            if record.id not in labelled and (record.doi or "").lower() not in dois
        ]
        return self._clean(records, "silver")

    @cached_property
    def window_examples(self) -> list[Example]:
        """Stage 1 over passages of whole articles whose statement is labelled."""
        if self.documents is None:
            return []
        known = {record.id: record for record in self.gold_records}
        found: list[Example] = []
        for document in corpora.documents(self.folder / self.documents):
            if document.id in known:
                windows = [(p.start, p.end) for p in find_in(document.text)]
                windows = [(start, end) for start, end in windows if end - start < LONGEST_WINDOW]
                found += examples.window_examples(document, known[document.id], windows)
        return found

    def _clean(self, records: list[LabelledStatement], kind: str) -> list[LabelledStatement]:
        shared = shared_wording(
            [r.statement for r in records], self._held_out_texts, common=SET_PHRASE
        )
        self.dropped[kind] = len(shared)
        return [record for index, record in enumerate(records) if index not in shared]


def draw(corpus: Corpora, mix: Mix, seed: int) -> list[Example]:
    """The examples of one phase, the same for the same seed."""
    rng = random.Random(seed)
    funded = [r for r in corpus.silver_records if r.funders]
    none = [r for r in corpus.silver_records if not r.funders]
    records = [
        *corpus.gold_records * mix.gold,
        *_joined(corpus.gold_records, mix.joined, rng),
        *_some(funded, mix.silver, rng),
        *_some(none, mix.silver_none, rng),
        *_synthetic(corpus, mix.synthetic, seed),
    ]
    records = [fresh_ids(r, rng) if rng.random() < mix.fresh_ids else r for r in records]
    drawn = [examples.parse_example(_noised(r, mix.noise, rng)) for r in records]
    return [
        *drawn,
        *_some(_sentence_examples(corpus.gold_records, rng), mix.sentences, rng),
        *(_balanced(corpus.window_examples, mix.windows, rng) if mix.windows else ()),
    ]


def _joined(
    records: Sequence[LabelledStatement], count: int, rng: random.Random
) -> list[LabelledStatement]:
    """Pairs of short statements with funders in one text."""
    short = [r for r in records if r.funders and len(r.statement) < LONGEST_WINDOW // 3]
    made: list[LabelledStatement] = []
    while len(made) < count:
        both = joined(*rng.sample(short, 2))
        made += [both] if both else []
    return made


def _sentence_examples(records: Sequence[LabelledStatement], rng: random.Random) -> list[Example]:
    """Stage 1 over the labelled texts themselves; a lone funding sentence teaches little."""
    made = map(examples.sentences_example, records)
    return [example for example in made if example.reply != "1" or rng.random() < 0.2]


def _balanced(pool: Sequence[Example], count: int, rng: random.Random) -> list[Example]:
    """Windows with funding, and at most as many without."""
    some = [example for example in pool if example.reply != "0"]
    none = [example for example in pool if example.reply == "0"]
    return _some(some, count - count // 2, rng) + _some(none, count // 2, rng)


def _synthetic(corpus: Corpora, count: int, seed: int) -> Iterator[LabelledStatement]:
    if not count:
        return
    from training.synthesis import rows

    if corpus.names is None:
        raise ValueError("synthetic examples need a list of funder names in the recipe's corpora")
    for row in rows(names=corpus.folder / corpus.names, count=count, seed=seed, noise=0.0):
        yield LabelledStatement.model_validate(
            {key: row[key] for key in ("id", "source", "license", "statement", "funders")}
        )


def _noised(record: LabelledStatement, share: float, rng: random.Random) -> LabelledStatement:
    if not share or rng.random() >= share:
        return record
    from training.noise import noisy_row

    row: dict[str, Any] | None = noisy_row(record.model_dump(mode="json"), rng)
    return (
        record
        if row is None
        else LabelledStatement.model_validate(
            {key: row[key] for key in LabelledStatement.model_fields if key in row}
        )
    )


def _some(pool: Sequence[Any], count: int, rng: random.Random) -> list[Any]:
    return rng.sample(list(pool), min(count, len(pool)))
