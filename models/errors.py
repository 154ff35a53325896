"""What can go wrong in front of a curator, as one small tree.

Every error carries a sentence that a curator understands and the next step. The app and the
command line each show it in one place; anything that is not a `WorkbenchError` is a bug.
"""

from __future__ import annotations


class WorkbenchError(Exception):
    """Something a person can act on: `message` says what happened, `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[type[WorkbenchError], tuple[str, str]]:
        return type(self), (self.message, self.hint)


class UnreadableDocument(WorkbenchError):
    """The file could not become a `Document`; nothing of it is kept."""


class InvalidTask(WorkbenchError):
    """A task file is malformed, or is not the one that an adapter was trained on."""


class ModelUnavailable(WorkbenchError):
    """The model's files are missing or damaged, or it cannot read a prompt of this length."""


class UnusableAdapter(ModelUnavailable):
    """The adapter itself is at fault: damaged, gone astray, or made for another base."""
