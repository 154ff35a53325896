"""Who asks, and what they may do: the same for routes, pages and commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request

from db.tables import ROLES, Role
from models.errors import WorkbenchError
from workbench import texts


class NotAllowed(WorkbenchError):
    """The person's role does not reach."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the desk."""

    name: str
    role: Role
    id: int | None = None
    """The number of their account; None for who works alone, without accounts."""

    def may(self, role: Role) -> bool:
        """Whether the person's role is this one or more."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def require(self, role: Role) -> Person:
        """The person; raises `NotAllowed` where their role is less."""
        if not self.may(role):
            raise NotAllowed(
                f"This needs the role {role}; {self.name} has {self.role}.",
                "Ask an administrator for it.",
            )
        return self


def person_of(request: Any) -> Person | None:
    """Who sent a request (of Starlette or Gradio), None where nobody is signed in.

    The gate has put the person there; a request that did not pass it has none.
    """
    scope = getattr(getattr(request, "request", request), "scope", {})
    found: Person | None = scope.get("state", {}).get("person")
    return found


def needs(role: Role) -> Callable[[Request], Person]:
    """A dependency of a route: the person who asks, if they have that role; else 401 or 403."""

    def check(request: Request) -> Person:
        person = person_of(request)
        if person is None:
            raise HTTPException(401, texts.say("people.signed_out", texts.language_of(request)))
        if not person.may(role):
            raise HTTPException(403, _not_allowed(request, role))
        return person

    return check


def asked(request: Any, role: Role) -> Person:
    """The person behind an event of a page, if they have that role; else raises `NotAllowed`."""
    person = person_of(request)
    if person is None:
        raise NotAllowed(texts.say("people.signed_out", texts.language_of(request)))
    if not person.may(role):
        raise NotAllowed(_not_allowed(request, role))
    return person


def _not_allowed(request: Any, role: Role) -> str:
    language = texts.language_of(request)
    name = texts.say(f"people.roles.{role}", language)
    return texts.say("people.not_allowed", language, role=name)
