"""A quantized GGUF model on the CPU, through llama.cpp.

What makes it bearable on a laptop: fixed prompts stay in the KV cache, several replies are
decoded together, and the grammar looks only at the token that was chosen (checking the whole
vocabulary at each step costs half as much again).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from models.backends import DEFAULT_TASKS, Completion, Prompt, Token
from models.calibration import UNCALIBRATED, Calibration
from models.decoding import grammar, repetition
from models.errors import ModelUnavailable
from models.llama import Grammar, Llama, Refused
from models.rules import Rule

SLOTS = 8
"""Replies decoded together: at eight, each costs about 0.55 of one alone (two AVX2 cores)."""
CACHED_PROMPTS = 4
"""Fixed prompts kept in the KV cache."""


def open_backend(
    path: Path,
    name: str | None = None,
    threads: int | None = None,
    context: int | None = None,
    tasks: tuple[str, str] = DEFAULT_TASKS,
    adapter: str | None = None,
    calibration: Calibration = UNCALIBRATED,
) -> GgufBackend:
    """Load a GGUF file. Raises `ModelUnavailable` when it is missing or damaged.

    `tasks` are those that the model was trained on, `adapter` names the one merged into it
    and `calibration` tells how sure its probabilities are.
    """
    threads = threads or default_threads()
    backend = GgufBackend(path, name or path.stem, threads, context)
    backend.tasks, backend.calibration, backend._adapter = tasks, calibration, adapter
    return backend


def default_threads() -> int:
    """One thread a core that this process may use, at most eight."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(8, cores or 1))


@dataclass(slots=True)
class _Slot:
    """One reply in the making."""

    index: int
    sequence: int
    prompt: list[int]
    cached: int
    grammar: Grammar | None
    rule: Rule | None
    generated: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Literal["stop", "length", "loop"] | None = None

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.generated)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call of `generate`: its prompts with their tokens, and what binds the replies."""

    prompts: Sequence[Prompt]
    tokens: Sequence[list[int]]
    grammar: str | None
    rules: Sequence[Rule | None]
    max_tokens: int


class GgufBackend:
    """A `Backend` over one GGUF file."""

    def __init__(self, path: Path, name: str, threads: int, context: int | None) -> None:
        if not path.is_file():
            raise ModelUnavailable(
                f"The model file {path} is missing.", "Run `workbench doctor` to see which."
            )
        self._llama = Llama(path, threads, context, sequences=SLOTS + CACHED_PROMPTS)
        self._name = name
        self._adapter: str | None = None
        self.tasks = DEFAULT_TASKS
        self.calibration = UNCALIBRATED
        self._cached: dict[int, list[int]] = {}
        self._grammars: dict[str, str] = {}

    @property
    def name(self) -> str:
        return self._name

    @property
    def adapter(self) -> str | None:
        return self._adapter

    @property
    def context(self) -> int:
        return self._llama.context

    def token_ends(self, text: str) -> list[int]:
        return self._llama.token_ends(text)

    def attach(self, adapter: Path | None) -> None:
        self._llama.attach(adapter)
        self._adapter = adapter.stem if adapter else None
        self._cached.clear()

    def close(self) -> None:
        self._llama.close()

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        schema: Mapping[str, Any] | None,
        max_tokens: int,
        rules: Sequence[Rule | None] | None = None,
    ) -> list[Completion]:
        asked = _Asked(
            prompts,
            [self._tokens(prompt) for prompt in prompts],
            self._grammar(schema),
            rules or [None] * len(prompts),
            max_tokens,
        )
        for prompt_tokens in asked.tokens:
            self._refuse_long(prompt_tokens, max_tokens)
        completions: dict[int, Completion] = {}
        for batch in self._batches(asked.tokens, max_tokens):
            completions.update(self._run(batch, asked))
        return [completions[index] for index in range(len(prompts))]

    def _batches(self, tokens: Sequence[Sequence[int]], max_tokens: int) -> list[list[int]]:
        """Prompts that are decoded together: of like length, so that few slots idle."""
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        batches: list[list[int]] = [[]]
        for index in order:
            together = [*batches[-1], index]
            room = sum(len(tokens[i]) + max_tokens for i in together)
            if batches[-1] and (len(together) > SLOTS or room > self._llama.context):
                batches.append([index])
            else:
                batches[-1].append(index)
        return [batch for batch in batches if batch]

    def _run(self, batch: Sequence[int], asked: _Asked) -> dict[int, Completion]:
        started = perf_counter()
        slots: list[_Slot] = []
        try:
            for sequence, index in enumerate(batch):
                slots.append(self._start(index, sequence, asked))
            while active := [slot for slot in slots if slot.finish is None]:
                self._step(active, asked.max_tokens)
        finally:
            self._release(slots)
        seconds = (perf_counter() - started) / len(slots)
        return {slot.index: self._completion(slot, seconds) for slot in slots}

    def _release(self, slots: Sequence[_Slot]) -> None:
        """Leave nothing of these replies in the KV cache, whatever happened."""
        for sequence in range(SLOTS):
            self._llama.forget(sequence, 0)
        for slot in slots:
            if slot.grammar:
                slot.grammar.close()

    def _start(self, index: int, sequence: int, asked: _Asked) -> _Slot:
        """Read the prompt, taking its fixed part from the cache, and choose the first token."""
        tokens = asked.tokens[index]
        cached = self._reuse(sequence, asked.prompts[index], tokens)
        logits = self._llama.read(sequence, tokens[cached:], cached)
        grammar = self._llama.grammar(asked.grammar) if asked.grammar else None
        slot = _Slot(index, sequence, tokens, cached, grammar, asked.rules[index])
        self._choose(slot, logits)
        return slot

    def _step(self, active: Sequence[_Slot], max_tokens: int) -> None:
        """One more token for each slot, in one pass through the model."""
        inputs = [(slot.sequence, slot.generated[-1], slot.length - 1) for slot in active]
        for slot, logits in zip(active, self._llama.advance(inputs), strict=True):
            self._choose(slot, logits)
            if slot.finish is not None:
                continue
            if repeated := repetition(slot.generated):
                del slot.generated[-repeated:], slot.logprobs[-repeated:]
                slot.finish = "loop"
            elif len(slot.generated) >= max_tokens:
                slot.finish = "length"

    def _choose(self, slot: _Slot, logits: Any) -> None:
        """Append the most likely token that grammar and rule allow, or end the reply."""
        free = slot.grammar is None and slot.rule is None
        try:
            allowed = None if free else partial(self._allows, slot, set())
            token = self._llama.choose(logits, allowed)
        except Refused:
            slot.finish = "length"
            return
        if self._llama.ends(token):
            slot.finish = "stop"
            return
        if slot.grammar:
            slot.grammar.accept(token)
        if slot.rule:
            slot.rule.accept(self._llama.piece(token))
        slot.generated.append(token)
        slot.logprobs.append(self._llama.logprob(logits, token))

    def _allows(self, slot: _Slot, refused: set[bytes], token: int) -> bool:
        """Whether the reply may go on so. `refused`: first bytes that were refused at this place.

        They spare a model that has lost the thread a second a token: no word it likes is allowed.
        """
        if slot.rule:
            piece = self._llama.piece(token)
            if piece[:1] in refused:
                return False
            ends = self._llama.ends(token)
            if not (slot.rule.may_end() if ends else piece and slot.rule.allows(piece)):
                if piece and not slot.rule.allows(piece[:1]):
                    refused.add(piece[:1])
                return False
        return slot.grammar is None or slot.grammar.allows(token)

    def _reuse(self, sequence: int, prompt: Prompt, tokens: list[int]) -> int:
        """Copy the longest cached beginning of `tokens` into the sequence; return its length."""
        fixed = self._llama.fixed_part(prompt.system)
        home = next((s for s, held in self._cached.items() if held == fixed), None)
        if home is None:
            home = SLOTS + len(self._cached) % CACHED_PROMPTS
            self._cached.pop(home, None)
            self._llama.forget(home, 0)
            self._llama.read(home, fixed, 0)
            self._cached[home] = fixed
        self._llama.forget(sequence, 0)
        shared = _common_prefix(fixed, tokens)
        self._llama.copy(home, sequence, shared)
        return shared

    def _tokens(self, prompt: Prompt) -> list[int]:
        return self._llama.chat_tokens(prompt.system, prompt.user)

    def _refuse_long(self, tokens: Sequence[int], max_tokens: int) -> None:
        if len(tokens) + max_tokens > self._llama.context:
            raise ModelUnavailable(
                f"A text of {len(tokens):,} tokens and a reply of {max_tokens:,} do not fit the "
                f"model's {self._llama.context:,}.",
                "Split the text.",
            )

    def _grammar(self, schema: Mapping[str, Any] | None) -> str | None:
        if schema is None:
            return None
        key = repr(schema)
        if key not in self._grammars:
            self._grammars[key] = grammar(schema)
        return self._grammars[key]

    def _completion(self, slot: _Slot, seconds: float) -> Completion:
        text, ends = self._llama.text(slot.generated)
        starts = [0, *ends[:-1]]
        tokens = tuple(map(Token, starts, ends, slot.logprobs))
        finish = slot.finish or "stop"
        return Completion(text, tokens, finish, len(slot.prompt), slot.cached, seconds)


def _common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many leading tokens agree, leaving at least one of `b` to be read for its logits."""
    most = min(len(a), len(b) - 1)
    return next((i for i in range(most) if a[i] != b[i]), most)
