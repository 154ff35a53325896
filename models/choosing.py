"""Greedy choice of the next tokens of several replies, each inside its own rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from models.decoding import repetition
from models.pieces import Pieces
from models.rules import Rule

if TYPE_CHECKING:
    import torch


@dataclass(slots=True)
class Reply:
    """One reply in the making; `logprobs` are natural logarithms, before any rule."""

    rules: tuple[Rule, ...]
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Literal["stop", "length", "loop"] | None = None


class Chooser:
    """A logits processor of transformers that leaves one token to choose for each reply.

    A reply that no token may continue ends as if it were cut, as one that goes round is ended.
    """

    def __init__(
        self, replies: Sequence[Reply], ends: Sequence[int], pieces: Pieces, most: int
    ) -> None:
        self._replies = replies
        self._ends = ends
        self._pieces = pieces
        self._most = most

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (replies, vocabulary) in which all but the chosen token are impossible."""
        import torch

        forced = torch.full_like(scores, float("-inf"))
        for row, reply in enumerate(self._replies):
            token = self._next(reply, scores[row].float())
            forced[row, self._ends[0] if token is None else token] = 0.0
        return forced

    def _next(self, reply: Reply, scores: torch.Tensor) -> int | None:
        """Go on with the reply by the token returned; None when it has ended."""
        if reply.finish is not None:
            return None
        best = int(scores.argmax())
        token = best if self._allows(reply, best) else self._second(reply, scores)
        if token is None:
            reply.finish = "length"
        elif token in self._ends:
            reply.finish = "stop"
        else:
            self._append(reply, token, scores)
        return token if reply.finish is None else None

    def _second(self, reply: Reply, scores: torch.Tensor) -> int | None:
        """The likeliest token that the rules allow: sought where its first byte is allowed."""
        import numpy as np

        first = self._pieces.first_bytes(scores.shape[0])
        begins = np.zeros(257, bool)  # 256 is no byte: a special token
        for byte in range(256):
            begins[byte] = all(rule.allows(bytes([byte])) for rule in reply.rules)
        fits = begins[first]
        fits[[end for end in self._ends if end < len(fits)]] = True
        tokens = np.flatnonzero(fits)
        likely = tokens[np.argsort(-scores.cpu().numpy()[tokens], kind="stable")]
        return next((t for t in likely.tolist() if self._allows(reply, t)), None)

    def _append(self, reply: Reply, token: int, scores: torch.Tensor) -> None:
        for rule in reply.rules:
            rule.accept(self._pieces.piece(token))
        reply.tokens.append(token)
        reply.logprobs.append(float(scores[token] - scores.logsumexp(0)))
        if repeated := repetition(reply.tokens):
            del reply.tokens[-repeated:], reply.logprobs[-repeated:]
            reply.finish = "loop"
        elif len(reply.tokens) >= self._most:
            reply.finish = "length"

    def _allows(self, reply: Reply, token: int) -> bool:
        if not reply.rules:
            return True
        if token in self._ends:
            return all(rule.may_end() for rule in reply.rules)
        piece = self._pieces.piece(token)
        return bool(piece) and all(rule.allows(piece) for rule in reply.rules)
