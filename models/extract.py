"""Text in, facts out: the whole inference pipeline, with no store and no screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

from models.backends import Backend, Completion
from models.calibration import Calibration
from models.documents import Document
from models.errors import ModelUnavailable
from models.finder import find
from models.finder import probability as probability_of
from models.grounding import ground_fields, ground_statement
from models.normalise import squeeze
from models.replies import (
    field_of,
    read_funders,
    read_statements,
    rule_for,
    value_evidence,
    without_doubtful,
)
from models.schemas import (
    Extraction,
    GroundedField,
    ModelCard,
    Proposal,
    Statement,
    Usage,
)
from models.tasks import Task, task
from models.votes import elect

Route = Literal["passages", "document"]
ROUTES: tuple[Route, ...] = ("passages", "document")
Progress = Callable[[float], None]
CHUNK_TOKENS, OVERLAP_TOKENS = 7_500, 1_024
"""The full-document route of the two-stage Llama-3.1-8B card."""
LEAST_ROOM = 128
"""Tokens of text below which asking a model makes no sense."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A backend and the two tasks of funding: find the statements, parse them."""

    backend: Backend
    statements: Task
    funders: Task
    route: Route = "passages"
    copy: bool = True
    """Whether values may only be copied from the text."""

    @classmethod
    def funding(cls, backend: Backend, route: Route = "passages", copy: bool = True) -> Pipeline:
        """The pipeline for funding, with the tasks that the backend's model was trained on."""
        statements, funders = map(task, backend.tasks)
        return cls(backend, statements, funders, route, copy)

    def propose(self, document: Document, progress: Progress = lambda share: None) -> Proposal:
        """What the model says about one document.

        `progress` is told the share done, from 0 to 1, as the work goes on.
        """
        started = perf_counter()
        windows = self._windows(document)
        found, replies = self._find_statements(document, windows, progress)
        parsed_text = join_statements(found)
        parsed, parse_reply = self._parse_joined(parsed_text)
        progress(0.95)
        fields = self._with_confidence(
            ground_fields(parsed.funders or (), found, document), parse_reply
        )
        replies = [*replies, *parse_reply]
        return Proposal(
            windows=tuple(windows),
            parsed_text=parsed_text,
            statements=tuple(found),
            statements_raw=tuple(reply.text for reply in replies[: len(windows)]),
            extraction=parsed,
            fields=fields,
            card=self.card(),
            usage=_usage(replies, perf_counter() - started),
        )

    def card(self) -> ModelCard:
        """Who answers: the model and the hashes of what it is asked."""
        both = (self.statements, self.funders)
        return ModelCard(
            model=self.backend.name,
            adapter=self.backend.adapter,
            prompt_sha256="+".join(task.prompt_sha256[:16] for task in both),
            schema_sha256="+".join(task.schema_sha256[:16] for task in both),
        )

    def parse(self, statements: Sequence[str]) -> list[Extraction]:
        """Funders of each statement, in the order given."""
        return [self.read(reply) for reply in self.replies(statements)]

    def read(self, reply: Completion, curves: Calibration | None = None) -> Extraction:
        """What a stage-2 reply says, without lone names that are hardly right.

        `curves` take the place of the backend's own.
        """
        said = read_funders(reply, self.funders)
        known = curves or self.backend.calibration
        if "funder_name" not in known.curves:
            return said
        return without_doubtful(said, self._probabilities([reply], known))

    def replies(self, statements: Sequence[str]) -> list[Completion]:
        """What the model literally says about each statement, in the order given."""
        return self._ask(self.funders, statements)

    def _windows(self, document: Document) -> list[tuple[int, int]]:
        if self.route == "document":
            return list(chunks(document.text, self.backend, self._chunk_tokens()))
        passages = [(passage.start, passage.end) for passage in find(document)]
        room = self._chunk_tokens()
        return [
            part for window in passages for part in _fit(document.text, window, self.backend, room)
        ]

    def _chunk_tokens(self) -> int:
        """The card's chunk, or what the model's context leaves for the text."""
        room = self._room(self.statements)
        return min(CHUNK_TOKENS, room)

    def _room(self, task: Task) -> int:
        """Tokens that the context leaves for the text beside prompt and reply.

        Raises `ModelUnavailable` when that is next to nothing.
        """
        prompt = len(self.backend.token_ends(task.system + task.user)) + 64
        room = self.backend.context - prompt - task.max_tokens
        if room < LEAST_ROOM:
            raise ModelUnavailable(
                f"The context of {self.backend.name} is too small for {task.name}.",
                "Choose another model.",
            )
        return room

    def _find_statements(
        self, document: Document, windows: Sequence[tuple[int, int]], progress: Progress
    ) -> tuple[list[Statement], list[Completion]]:
        found: list[Statement] = []
        replies: list[Completion] = []
        for index, (start, end) in enumerate(windows):
            passage = document.text[start:end]
            reply = self._ask(self.statements, [passage])[0]
            replies.append(reply)
            for text, told in read_statements(reply, self.statements, passage):
                statement = ground_statement(text, document, [(start, end)])
                sure = self.backend.calibration.probability("statement", told)
                if not self._is_echo(statement):
                    found.append(statement.model_copy(update={"confidence": sure}))
            progress(0.7 * (index + 1) / len(windows))
        if self.route == "passages" and self.statements.reply == "lines":
            found = _elected(document, found, windows)
        return distinct(found), replies

    def _is_echo(self, statement: Statement) -> bool:
        """Whether it is no finding but a piece of the prompt, as an untrained model returns it.

        Such a model counts on from the prompt's examples: "statement3", "statement4", ...
        """
        said, prompt = (
            re.sub(r"\d", "", squeeze(text)[0]) for text in (statement.text, self.statements.system)
        )
        return statement.alignment == "absent" and said in prompt

    def _parse_joined(self, text: str) -> tuple[Extraction, list[Completion]]:
        """All statements parsed at once, as the card does; none need no model."""
        if not text:
            return Extraction(raw="[]", funders=()), []
        if len(self.backend.token_ends(text)) > self._room(self.funders):
            told = "The statements together are too long for the model; parse them one by one."
            return Extraction(raw="", funders=None, error=told), []
        reply = self._ask(self.funders, [text])[0]
        return self.read(reply), [reply]

    def _with_confidence(
        self, fields: Sequence[GroundedField], replies: Sequence[Completion]
    ) -> tuple[GroundedField, ...]:
        sure = self._probabilities(replies)
        return tuple(
            field.model_copy(update={"confidence": sure.get((field_of(field.path), field.value))})
            for field in fields
        )

    def _probabilities(
        self, replies: Sequence[Completion], curves: Calibration | None = None
    ) -> dict[tuple[str, str], float]:
        """By field and value: dropping blanks and merging names move the pointers only."""
        known = curves or self.backend.calibration
        sure: dict[tuple[str, str], float] = {}
        for item, told in (pair for r in replies for pair in value_evidence(r, self.funders)):
            key = field_of(item.path), item.value.strip()
            probability = known.probability(key[0], told)
            if probability is not None:
                sure[key] = min(probability, sure.get(key, 1.0))
        return sure

    def _ask(self, task: Task, texts: Sequence[str]) -> list[Completion]:
        return self.backend.generate(
            [task.prompt(text) for text in texts],
            schema=task.schema if task.reply == "json" else None,
            max_tokens=task.max_tokens,
            rules=[rule_for(task, text, self.copy) for text in texts],
        )


def _elected(
    document: Document, found: Sequence[Statement], windows: Sequence[tuple[int, int]]
) -> list[Statement]:
    """What the model found, after the finder's judge had its vote."""
    chosen = [
        (s.span.start, s.span.end, 1.0 if s.confidence is None else s.confidence)
        for s in found
        if s.span is not None
    ]
    return [
        Statement(
            text=document.text[start:end],
            span=document.span(start, end),
            alignment="exact",
            confidence=probability,
        )
        for start, end, probability in elect(probability_of(document), chosen, windows)
    ]


def chunks(
    text: str, backend: Backend, size: int = CHUNK_TOKENS, overlap: int = OVERLAP_TOKENS
) -> Iterator[tuple[int, int]]:
    """Overlapping windows of at most `size` tokens that together cover the text."""
    yield from _fit(text, (0, len(text)), backend, size, min(overlap, size // 4))


def _fit(
    text: str, window: tuple[int, int], backend: Backend, size: int, overlap: int = 64
) -> Iterator[tuple[int, int]]:
    start, end = window
    overlap = min(overlap, size // 4)
    ends = backend.token_ends(text[start:end])
    first = 0
    while True:
        last = min(first + size, len(ends))
        begin = start + (ends[first - 1] if first else 0)
        yield begin, end if last == len(ends) else start + ends[last - 1]
        if last == len(ends):
            return
        first = last - overlap


def join_statements(statements: Sequence[Statement]) -> str:
    """What stage 2 reads: the statements of a document, one a line."""
    return "\n".join(statement.text for statement in statements)


def distinct(statements: Sequence[Statement]) -> list[Statement]:
    """Each statement once, in the order of the text: overlapping chunks find them twice.

    Of two statements where one holds the other the longer stays.
    """
    keys = [squeeze(statement.text)[0] for statement in statements]
    kept: list[int] = []
    for index in sorted(range(len(keys)), key=lambda i: -len(keys[i])):
        if keys[index] and not any(keys[index] in keys[other] for other in kept):
            kept.append(index)

    def place(index: int) -> tuple[float, int]:
        span = statements[index].span
        return (span.start if span else float("inf"), index)

    return [statements[index] for index in sorted(kept, key=place)]


def _usage(replies: Sequence[Completion], seconds: float) -> Usage:
    return Usage(
        prompt_tokens=sum(reply.prompt_tokens for reply in replies),
        cached_tokens=sum(reply.cached_tokens for reply in replies),
        generated_tokens=sum(len(reply.tokens) for reply in replies),
        seconds=seconds,
    )
