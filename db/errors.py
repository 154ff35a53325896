"""What can go wrong with the store, in words that a curator understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import WorkbenchError

if TYPE_CHECKING:
    from db.tables import RevisionRow


class StoreError(WorkbenchError):
    """The store, its files or a copy of them cannot be used."""


class NotFound(StoreError):
    """There is no such record, document or job."""


class NothingToUndo(StoreError):
    """Every decision about the record is undone already, or none was made."""


class NothingToRestore(StoreError):
    """The record stands as that revision left it."""


class EventReused(StoreError):
    """A client event id was sent for two different acts."""


class ReadBlind(StoreError):
    """Several people read the paper: what one of them says is a reading and no decision yet."""


class AccountRefused(StoreError):
    """What is asked for an account cannot be; its text is `people.refused.` and `reason`."""

    reason = ""


class BadName(AccountRefused):
    """A name that is empty, too long, or has characters that cannot be seen."""

    reason = "bad_name"


class NameTaken(AccountRefused):
    """Somebody has this name, perhaps in other letters."""

    reason = "name_taken"


class FirstIsAdmin(AccountRefused):
    """The first account could not make others."""

    reason = "first_is_admin"


class NotFirst(AccountRefused):
    """There are accounts already, so only an administrator makes more."""

    reason = "not_first"


class LastAdmin(AccountRefused):
    """Nobody could look after accounts any more."""

    reason = "last_admin"


class Conflict(StoreError):
    """Somebody else decided first; `current` is their revision.

    It is None where the caller knows of revisions that this store does not have.
    """

    def __init__(self, current: RevisionRow | None) -> None:
        who = current.actor if current else "Somebody else"
        super().__init__(
            f"{who} saved this record in the meantime.", "Compare both versions and save again."
        )
        self.current = current

    def __reduce__(self) -> tuple[type[Conflict], tuple[RevisionRow | None]]:  # type: ignore[override]
        return type(self), (self.current,)
