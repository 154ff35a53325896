"""Who asks, and what they may do: the same for routes, pages and commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request

from db.tables import ROLES, Role
from models.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.context import Context


class NotAllowed(WorkbenchError):
    """The person's role does not reach."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the desk."""

    name: str
    role: Role

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

    `SignedIn` has put the person there; a request that did not pass it has none.
    """
    scope = getattr(getattr(request, "request", request), "scope", {})
    found: Person | None = scope.get("state", {}).get("person")
    return found


def needs(role: Role) -> Callable[[Request], Person]:
    """A dependency of a route: the person who asks, if they have that role; else 401 or 403."""

    def check(request: Request) -> Person:
        person = person_of(request)
        if person is None:
            raise HTTPException(401, "Sign in first.")
        if not person.may(role):
            raise HTTPException(403, f"This needs the role {role}; yours is {person.role}.")
        return person

    return check


def asked(request: Any, role: Role) -> Person:
    """The person behind an event of a page, if they have that role; else raises `NotAllowed`."""
    person = person_of(request)
    if person is None:
        raise NotAllowed("You are not signed in any more.", "Sign in again.")
    return person.require(role)


class SignedIn:
    """Middleware that says who asks, before anything else hears of the request."""

    def __init__(self, app: Any, ctx: Context) -> None:
        self.app, self.ctx = app, ctx

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope.setdefault("state", {})["person"] = self.find(scope)
        await self.app(scope, receive, send)

    def find(self, scope: Any) -> Person | None:
        """One person works alone on their own machine, and may do everything."""
        return Person(self.ctx.settings.actor, "admin")
