"""The whole app over a store with an account for every role, asked with raw requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient

from db import people, sign_ins
from db.columns import utc_now
from db.engine import writing
from db.tables import ROLES, PersonRow, Role
from workbench import passwords
from workbench.context import Context, Settings
from workbench.gate import COOKIE

PASSWORD = "correct horse battery"
ORIGIN = "http://testserver"
PLACES = {
    "record_id": "999999",
    "sha256": "0" * 64,
    "number": "1",
    "name": "gold",
    "job_id": "9",
    "token_id": "0" * 12,
}


def accounts(home: Path, **settings: Any) -> Context:
    """A store in which Admin, Adjudicator, Curator and Viewer have accounts."""
    ctx = Context(Settings(home=home, actor="tester", **settings))
    hashed = passwords.hashed(PASSWORD)
    with writing(ctx.engine) as session:
        people.add_first(session, "Admin", hashed)
        for role in ROLES[:-1]:
            people.add(session, role.title(), role, by="Admin", password_hash=hashed)
    return ctx


@dataclass
class Raw:
    """Requests as a browser of somebody sends them, or as a program of theirs does."""

    ctx: Context
    client: TestClient

    def row(self, name: str) -> PersonRow:
        with writing(self.ctx.engine) as session:
            return people.known(session, name)

    def token(self, name: str, kind: Any = "browser") -> str:
        with writing(self.ctx.engine) as session:
            return sign_ins.begin(session, people.known(session, name).id, utc_now(), kind)

    def __call__(
        self, who: str | None, method: str, path: str, token: str = "", **more: Any
    ) -> Any:
        """Ask as somebody; None is nobody. `headers` replace those of a browser's own page."""
        headers = {"origin": ORIGIN} | more.pop("headers", {})
        token = token or (self.token(who) if who else "")
        if token:
            headers["cookie"] = f"{COOKIE}={token}"
        self.client.cookies.clear()
        answer = self.client.request(method, path, headers=headers, follow_redirects=False, **more)
        self.client.cookies.clear()
        return answer

    def handler(self, who: str, number: int, data: list[Any]) -> dict[str, Any]:
        """What comes of a page's event, sent past the page."""
        token, session = self.token(who), uuid4().hex
        body = {"fn_index": number, "data": data, "session_hash": session, "event_data": None}
        joined = self(who, "POST", "/gradio_api/queue/join", token, json=body)
        assert joined.status_code == 200, joined.text
        stream = self(who, "GET", f"/gradio_api/queue/data?session_hash={session}", token)
        events = [json.loads(line[6:]) for line in stream.text.splitlines() if line[:5] == "data:"]
        (done,) = [event for event in events if event["msg"] == "process_completed"]
        found: dict[str, Any] = done
        return found


def routes(app: FastAPI) -> tuple[set[str], set[str]]:
    """Every `METHOD /path` of ours and of Gradio's."""
    *ours, gradio = app.routes
    assert gradio.path == "", "Gradio is mounted last"
    return set(_walk(ours)), set(_walk(gradio.app.routes))


def filled(path: str) -> str:
    """A path with something in its places."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda place: PLACES.get(place[1], "1"), path)


def less_than(role: Role) -> tuple[Role, ...]:
    return ROLES[: ROLES.index(role)]


def _walk(found: Any, before: str = "") -> Iterator[str]:
    for route in found:
        router = getattr(route, "original_router", None)
        if router is not None:
            yield from _walk(router.routes, before + route.include_context.prefix)
        elif methods := getattr(route, "methods", None):
            yield from (f"{method} {before}{route.path}" for method in methods)
        elif inner := getattr(route, "routes", None):
            yield from _walk(inner, before + route.path)
        else:
            yield f"ANY {before}{route.path}"
