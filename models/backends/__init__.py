"""What a model must be able to do, and how one is found: one file a backend, named as the file.

A backend is an object with `close()`, made once where the program is put together and passed in;
there is no global model.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

from models.errors import ModelUnavailable
from models.rules import Rule

if TYPE_CHECKING:
    from models.calibration import Calibration

DEFAULT_TASKS = ("funding_statements", "funding_parse")
"""The tasks, stage 1 and 2, that a model is asked when it was trained on no others."""


class Prompt(NamedTuple):
    """A chat of one turn."""

    system: str
    user: str


class Token(NamedTuple):
    """A generated token: its characters `[start, end)` of the completion's text."""

    start: int
    end: int
    logprob: float


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply. `finish` says why it ends: the model stopped, ran out of tokens, or went round.

    `seconds` is this prompt's share of the wall time of the call.
    """

    text: str
    tokens: tuple[Token, ...]
    finish: Literal["stop", "length", "loop"]
    prompt_tokens: int
    cached_tokens: int
    seconds: float


@runtime_checkable
class Backend(Protocol):
    """A language model behind one small seam."""

    @property
    def name(self) -> str:
        """Name for people and for the provenance of a proposal."""

    @property
    def adapter(self) -> str | None:
        """Name of the attached adapter, if any."""

    @property
    def tasks(self) -> tuple[str, str]:
        """The tasks, stage 1 and 2, whose prompts the model was trained on."""

    @property
    def calibration(self) -> Calibration:
        """How sure its log-probabilities really are."""

    @property
    def context(self) -> int:
        """How many tokens a prompt and its reply may have together."""

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        schema: Mapping[str, Any] | None,
        max_tokens: int,
        rules: Sequence[Rule | None] | None = None,
    ) -> list[Completion]:
        """Reply to each prompt, greedily, in the order of the prompts.

        Replies stay inside the JSON schema, where one is given, and each inside its rule, a fresh
        one for each prompt (`models.rules`).
        Raises `ModelUnavailable` when a prompt does not fit the context.
        """

    def token_ends(self, text: str) -> list[int]:
        """For each token of `text`, the offset of the character after it."""

    def attach(self, adapter: Path | None) -> None:
        """Put this adapter in force (None: the base alone), without reloading the base.

        Raises `ModelUnavailable` when the adapter does not load; the old one stays in force.
        """

    def close(self) -> None:
        """Give the memory back."""


def names() -> list[str]:
    """The backends that ship, by file name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def open_backend(kind: str, **options: Any) -> Backend:
    """Make a backend of the module `kind`. Raises `ModelUnavailable` for an unknown kind."""
    if kind not in names():
        raise ModelUnavailable(
            f"There is no backend {kind!r}.", f"Known backends: {', '.join(names())}."
        )
    backend: Backend = importlib.import_module(f"models.backends.{kind}").open_backend(**options)
    return backend
