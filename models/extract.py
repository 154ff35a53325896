"""Text in, facts out: the whole inference pipeline, with no store and no screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

from pydantic import ValidationError

from models.backends import Backend, Completion
from models.decoding import close_json
from models.documents import Document
from models.errors import ModelUnavailable
from models.finder import find
from models.grounding import ground_fields, ground_statement, value_confidences
from models.normalise import squeeze
from models.schemas import (
    Extraction,
    Funder,
    FunderList,
    GroundedField,
    ModelCard,
    Proposal,
    Statement,
    Usage,
)
from models.tasks import Task, task

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

    @classmethod
    def funding(cls, backend: Backend, route: Route = "passages") -> Pipeline:
        """The pipeline for funding, with the tasks that ship."""
        return cls(backend, task("funding_statements"), task("funding_parse"), route)

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
        fields = _with_confidence(
            ground_fields(parsed.funders or (), found, document), parse_reply, parsed
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
        return [read_funders(reply) for reply in self._ask(self.funders, statements)]

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
            reply = self._ask(self.statements, [document.text[start:end]])[0]
            replies.append(reply)
            for text, score in read_statements(reply):
                statement = ground_statement(text, document, [(start, end)])
                if not self._is_echo(statement):
                    found.append(statement.model_copy(update={"confidence": score}))
            progress(0.7 * (index + 1) / len(windows))
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
        return read_funders(reply), [reply]

    def _ask(self, task: Task, texts: Sequence[str]) -> list[Completion]:
        prompts = [task.prompt(text) for text in texts]
        return self.backend.generate(prompts, schema=task.schema, max_tokens=task.max_tokens)


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


def read_statements(reply: Completion) -> list[tuple[str, float | None]]:
    """The statements of a stage-1 reply, each with the model's own score."""
    text = complete(reply)
    try:
        listed = json.loads(text)["statements"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return []
    if not isinstance(listed, list):
        return []
    scores = value_confidences(reply, text)
    return [
        (" ".join(_sound(statement).split()), scores.get(f"/statements/{index}"))
        for index, statement in enumerate(listed)
        if isinstance(statement, str) and statement.strip()
    ]


def _sound(text: str) -> str:
    """JSON can spell half a character; no store or file takes that."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_funders(reply: Completion) -> Extraction:
    """The funders of a stage-2 reply; what was cut off is left out and said so."""
    text = complete(reply)
    try:
        funders = tidy(json.loads(text))
    except (json.JSONDecodeError, ValidationError, TypeError, AttributeError):
        return Extraction(raw=reply.text, funders=None, error="The reply is not valid JSON.")
    return Extraction(raw=reply.text, funders=funders, error=_CUT.get(reply.finish))


_CUT = {
    "length": "The reply was cut at the token limit; what stands complete is shown.",
    "loop": "The model repeated itself and was stopped; what stands complete is shown.",
}


def complete(reply: Completion) -> str:
    """The reply's JSON, closed where it was cut. Its characters keep their offsets."""
    return reply.text if reply.finish == "stop" else close_json(reply.text)


def tidy(data: Any) -> tuple[Funder, ...]:
    """Parsed JSON as funders: blank values and empty awards dropped, equal funders once.

    Raises pydantic's `ValidationError` when the shape is another.
    """
    funders = []
    for item in data:
        awards = [
            award for award in map(_tidy_award, item.get("awards") or []) if any(award.values())
        ]
        name = _sound(item.get("funder_name") or "").strip() or None
        if name or awards:
            funders.append({"funder_name": name, "awards": awards})
    return tuple(dict.fromkeys(FunderList.validate_python(funders)))


def _tidy_award(award: dict[str, Any]) -> dict[str, list[str]]:
    keys = ("award_ids", "funding_scheme", "award_title")
    return {key: [_sound(v).strip() for v in award.get(key) or [] if v.strip()] for key in keys}


def _with_confidence(
    fields: Sequence[GroundedField], replies: Sequence[Completion], parsed: Extraction
) -> tuple[GroundedField, ...]:
    """Scores by value: dropping blanks moves the pointers, not the values."""
    scores: dict[str, float] = {}
    for reply in replies:
        text = complete(reply)
        by_path = value_confidences(reply, text) if parsed.funders is not None else {}
        for path, score in by_path.items():
            value = _resolve(json.loads(text), path)
            scores[value.strip()] = min(score, scores.get(value.strip(), 1.0))
    return tuple(f.model_copy(update={"confidence": scores.get(f.value)}) for f in fields)


def _resolve(data: Any, pointer: str) -> str:
    for key in pointer.split("/")[1:]:
        data = data[int(key)] if isinstance(data, list) else data[key]
    return str(data)


def _usage(replies: Sequence[Completion], seconds: float) -> Usage:
    return Usage(
        prompt_tokens=sum(reply.prompt_tokens for reply in replies),
        cached_tokens=sum(reply.cached_tokens for reply in replies),
        generated_tokens=sum(len(reply.tokens) for reply in replies),
        seconds=seconds,
    )
