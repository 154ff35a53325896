"""Replies from a list: for demonstrations and for tests of what stands around a model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.backends import DEFAULT_TASKS, Completion, Prompt, Token
from models.calibration import UNCALIBRATED
from models.errors import ModelUnavailable
from models.rules import Rule


def open_backend(path: Path | None = None, replies: Mapping[str, str] | None = None) -> Replay:
    """Replay `replies`, or those of a JSON Lines file of {"user": ..., "reply": ...}."""
    if path is not None:
        rows: Iterable[dict[str, str]] = map(json.loads, path.read_text("utf-8").splitlines())
        replies = {row["user"]: row["reply"] for row in rows}
    return Replay(replies or {})


class Replay:
    """A `Backend` that answers from a mapping of the user's message to the reply."""

    name = "replay"
    adapter: str | None = None
    context = 8192
    tasks = DEFAULT_TASKS
    calibration = UNCALIBRATED

    def __init__(self, replies: Mapping[str, str]) -> None:
        self._replies = replies

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        schema: Mapping[str, Any] | None,
        max_tokens: int,
        rules: Sequence[Rule | None] | None = None,
    ) -> list[Completion]:
        return [self._reply(prompt) for prompt in prompts]

    def token_ends(self, text: str) -> list[int]:
        return [match.end() for match in re.finditer(r"\S+\s*", text)]

    def attach(self, adapter: Path | None) -> None:
        self.adapter = adapter.stem if adapter else None

    def close(self) -> None:
        pass

    def _reply(self, prompt: Prompt) -> Completion:
        if prompt.user not in self._replies:
            raise ModelUnavailable(f"No reply is recorded for: {prompt.user[:80]!r}.")
        text = self._replies[prompt.user]
        tokens = tuple(Token(i, i + 1, 0.0) for i in range(len(text)))
        count = len(self.token_ends(prompt.system + prompt.user))
        return Completion(text, tokens, "stop", count, 0, 0.0)
