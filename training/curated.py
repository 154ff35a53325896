"""What curators decided, as the data of a training run: examples, preference pairs, held-out gold.

A document is held out for good by the hash of its identity, so that no run ever trains on what a
later one is measured on, and a document that comes in twice falls on the same side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from models import compact
from models.extract import join_statements
from models.finder import find_in
from models.schemas import Answer, PreferencePair, Proposal
from models.tasks import Task, task
from training import rows
from training.articles import Article
from training.contamination import shared_wording
from training.corpora import LabelledStatement
from training.examples import Example
from training.mixture import SET_PHRASE

HELD_OUT = 0.2
"""Share of the decided documents that no run trains on."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A document with a curator's answer, and what the model had proposed, if it had.

    `identity` is the sha256 of its bytes, which never changes as a `doi` may.
    """

    identity: str
    text: str
    answer: Answer
    proposal: Proposal | None = None
    doi: str | None = None
    source: dict[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunData:
    """The data of one run; `dropped` documents share wording or the DOI with held-out ones.

    `examples` are both stages of the decided papers, `learned` their statements with the funders,
    `articles` the passages of each.
    """

    examples: tuple[Example, ...]
    learned: tuple[LabelledStatement, ...]
    articles: tuple[Article, ...]
    pairs: tuple[PreferencePair, ...]
    held_out: tuple[LabelledStatement, ...]
    trained_on: int
    dropped: int


def is_held_out(identity: str, share: float = HELD_OUT) -> bool:
    """Whether a document is only measured on: the same answer for ever."""
    digest = hashlib.sha256(identity.strip().lower().encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def collect(
    decided: Iterable[Decided],
    statements: str = "funding_statements_lines",
    funders: str = "funding_parse_lines",
) -> RunData:
    """Examples and pairs of the documents to train on, gold of the others.

    `statements` and `funders` name the tasks, stage 1 and 2, that the adapter to train answers.
    """
    to_learn: list[Decided] = []
    held_out: list[LabelledStatement] = []
    papers: set[str] = set()  # DOIs of what is held out: another file of it is no other paper
    for document in decided:
        if is_held_out(document.identity):
            held_out += _as_gold(document)
            papers |= _paper(document)
        else:
            to_learn.append(document)
    leaks = shared_wording(
        [join_statements(it.answer.statements) for it in to_learn],
        [record.statement for record in held_out],
        common=SET_PHRASE,
    ) | {number for number, document in enumerate(to_learn) if papers & _paper(document)}
    kept = [document for number, document in enumerate(to_learn) if number not in leaks]
    return RunData(
        examples=tuple(e for it in kept for e in examples(it, task(statements), task(funders))),
        learned=tuple(record for it in kept for record in learned(it)),
        articles=tuple(map(_as_article, kept)),
        pairs=tuple(pair for it in kept for pair in _pairs(it)),
        held_out=tuple(held_out),
        trained_on=len(kept),
        dropped=len(leaks),
    )


def _paper(document: Decided) -> set[str]:
    """The document's DOI, if it has one; DOIs know no case."""
    return {document.doi.strip().lower()} if document.doi else set()


def examples(document: Decided, first: Task, second: Task) -> Iterator[Example]:
    """Both stages of one document; what cannot be read from its prompt is not taught."""
    for start, end in _windows(document):
        if not rows.is_cut(document.answer.statements, start, end):
            inside = rows.statements_in(document.answer.statements, document.text, start, end)
            window = document.text[start:end]
            yield Example(
                first.name, window, rows.write_statements(first, window, inside, start), "curated"
            )
    read = join_statements(document.answer.statements)
    if read and _is_readable(document):
        reply = rows.write_funders(second, read, document.answer.funders)
        yield Example(second.name, compact.fold(read), reply, "curated")


def learned(document: Decided) -> Iterator[LabelledStatement]:
    """What stage 2 reads of a document, with its funders, where they can be read from it."""
    if _is_readable(document):
        yield from _as_gold(document)


def _is_readable(document: Decided) -> bool:
    read = join_statements(document.answer.statements)
    return rows.readable_from(document.answer.funders, read)


def _as_article(document: Decided) -> Article:
    passages = tuple(document.text[start:end] for start, end in _windows(document))
    return Article(passages, document.answer.funders)


def _windows(document: Decided) -> Sequence[tuple[int, int]]:
    if document.proposal is not None and document.proposal.windows:
        return document.proposal.windows
    return [(passage.start, passage.end) for passage in find_in(document.text)]


def _pairs(document: Decided) -> Iterator[PreferencePair]:
    if document.proposal is not None:
        yield from rows.pairs(document.text, document.proposal, document.answer, document.source)


def _as_gold(document: Decided) -> Iterator[LabelledStatement]:
    read = join_statements(document.answer.statements)
    if read:
        yield LabelledStatement(
            id=document.identity,
            source="curated",
            license="",
            statement=read,
            funders=document.answer.funders,
            split="dev",
        )
