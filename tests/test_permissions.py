"""Who may do what, asked with raw requests of the whole app: each route, handler and role.

A route or handler that the tables here do not name makes a test fail.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import gradio as gr
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from db import jobs, store
from db.engine import reading, writing
from db.files import store_file
from db.tables import ROLES, Role, TrainingRunRow
from tests.accounts import Raw, accounts, filled, less_than, routes
from tests.stores import document
from workbench.app import create_app
from workbench.context import Context, Settings

OPEN: Any = None
ROUTES: dict[str, Role | None] = {
    "GET /openapi.json": "viewer",
    "HEAD /openapi.json": "viewer",
    "ANY /desk": OPEN,
    "ANY /pdfjs": OPEN,
    "GET /healthz": OPEN,
    "GET /texts.js": OPEN,
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "POST /sign-out": "viewer",
    "GET /api/me": "viewer",
    "POST /api/me/password": "viewer",
    "POST /api/me/sign-out-everywhere": "viewer",
    "GET /api/tokens": "viewer",
    "DELETE /api/tokens/{token_id}": "viewer",
    "GET /api/people": "admin",
    "POST /api/people": "admin",
    "PATCH /api/people/{person_id}": "admin",
    "GET /api/records": "viewer",
    "GET /api/records/{record_id}": "viewer",
    "GET /api/documents/{sha256}/pages/{number}": "viewer",
    "GET /files/{sha256}": "viewer",
    "GET /api/export/{name}.{suffix}": "viewer",
    "POST /api/records/{record_id}/revisions": "curator",
    "POST /api/records/{record_id}/undo": "curator",
    "POST /api/records/{record_id}/ground": "viewer",
    "POST /api/records/{record_id}/propose": "curator",
    "GET /api/adjudicate": "adjudicator",
    "GET /api/adjudicate/{record_id}": "adjudicator",
    "POST /api/adjudicate/{record_id}": "adjudicator",
    "POST /api/assignments": "adjudicator",
    "POST /api/bulk": "curator",
    "POST /api/bulk/undo": "curator",
    "POST /api/deliveries/{delivery_id}/again": "admin",
    "GET /api/doctor": "viewer",
    "POST /api/doctor/full": "curator",
    "GET /api/hooks": "admin",
    "POST /api/hooks": "admin",
    "GET /api/exports": "viewer",
    "POST /api/exports": "curator",
    "DELETE /api/exports/{job}": "curator",
    "POST /api/exports/{job}/cancel": "curator",
    "POST /api/exports/{job}/resume": "curator",
    "GET /api/exports/{job}/file": "viewer",
    "GET /api/exports/{job}/unfit": "viewer",
    "PATCH /api/documents/{sha256}": "curator",
    "GET /api/funders": "viewer",
    "GET /api/funders/{ror}": "viewer",
    "DELETE /api/hooks/{hook_id}": "admin",
    "POST /api/hooks/{hook_id}/active": "admin",
    "GET /api/hooks/{hook_id}/deliveries": "admin",
    "POST /api/hooks/{hook_id}/test": "admin",
    "POST /api/jobs/{job_id}/retry": "curator",
    "GET /api/me/pace": "curator",
    "GET /api/quality.json": "viewer",
    "GET /api/quality/share": "viewer",
    "POST /api/quality/share": "admin",
    "GET /api/quality/{section}.csv": "viewer",
    "GET /api/queue/options": "viewer",
    "GET /api/queue/pulse": "viewer",
    "POST /api/queue/refresh": "curator",
    "GET /api/records/{record_id}/comments": "viewer",
    "POST /api/records/{record_id}/comments": "curator",
    "GET /api/records/{record_id}/history": "viewer",
    "POST /api/records/{record_id}/lease": "curator",
    "POST /api/records/{record_id}/lease/release": "curator",
    "POST /api/records/{record_id}/restore": "curator",
    "POST /api/samples": "curator",
    "GET /api/views": "viewer",
    "POST /api/views": "curator",
    "POST /api/views/{view_id}": "curator",
    "POST /api/views/{view_id}/delete": "curator",
}
CLOSED = {route: role for route, role in ROUTES.items() if role}
HANDLERS: dict[str, Role] = {
    "papers.open_record": "viewer",
    "papers.receive": "curator",
    "train.look": "viewer",
    "train.choices": "viewer",
    "train.refresh": "viewer",
    "train.start": "adjudicator",
    "train.stop": "adjudicator",
    "train.resume": "adjudicator",
    "train.make_live": "adjudicator",
    "train.roll_back": "adjudicator",
    "train.propose_anew": "adjudicator",
    "exports.look": "viewer",
    "exports.about_formats": "viewer",
    "exports.begin": "curator",
    "exports.do": "curator",
    "hub.compare": "admin",
    "hub.send": "admin",
    "hub.verify": "admin",
    "quality.render": "viewer",
    "quality.choose_share": "admin",
    "programs.extract": "curator",
    "programs.parse": "curator",
    "programs.search_gold": "viewer",
    "programs.export": "viewer",
}
PAIRS = [(role, route) for route in sorted(CLOSED) for role in ROLES]


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return accounts(tmp_path_factory.mktemp("home"), answer_seconds=1)


@pytest.fixture(scope="module")
def ask(ctx: Context) -> Iterator[Raw]:
    with TestClient(create_app(ctx, workers=False), raise_server_exceptions=False) as client:
        yield Raw(ctx, client)


@pytest.fixture
def alone(tmp_path: Path) -> Raw:
    """The app without accounts."""
    ctx = Context(Settings(home=tmp_path / "home", actor="tester"))
    return Raw(ctx, TestClient(create_app(ctx, workers=False), raise_server_exceptions=False))


class TestRoutes:
    def test_every_route_of_ours_is_in_the_table(self, ask: Raw) -> None:
        assert routes(ask.client.app)[0] == set(ROUTES)

    @pytest.mark.parametrize("route", sorted(CLOSED))
    def test_nobody_gets_nowhere(self, ask: Raw, route: str) -> None:
        method, path = route.split()
        answer = ask(None, method, filled(path), json={})
        assert answer.status_code == 401
        assert method == "HEAD" or "signed out" in answer.json()["error"]

    @pytest.mark.parametrize(("role", "route"), PAIRS)
    def test_a_role_reaches_as_far_as_the_table_says(
        self, ask: Raw, role: Role, route: str
    ) -> None:
        method, path = route.split()
        answer = ask(role.title(), method, filled(path), json={})
        if role in less_than(CLOSED[route]):
            assert answer.status_code == 403
            assert "role" in answer.json()["error"]
        else:
            assert answer.status_code in (200, 202, 404, 422)

    def test_nobody_reaches_any_path_of_gradio(self, ask: Raw) -> None:
        found = routes(ask.client.app)[1]
        assert {"GET /config", "POST /gradio_api/queue/join", "GET /"} <= found
        assert len(found) > 50
        for method, path in map(str.split, sorted(found)):
            assert ask(None, method, filled(path), json={}).status_code == 401, (method, path)

    def test_a_path_that_no_route_has_is_closed_too(self, ask: Raw) -> None:
        for path in ("/nothing", "/desk", "/deskx", "//desk/app.css", "/sign-in/", "/texts.jsx"):
            assert ask(None, "GET", path).status_code == 401

    def test_what_the_sign_in_page_needs_is_open(self, ask: Raw) -> None:
        for path in ("/sign-in", "/desk/people/sign-in.css", "/texts.js", "/desk/icon.svg"):
            assert ask(None, "GET", path).status_code == 200
        for path in ("/desk/../app.py", "/desk/%2e%2e/app.py", "/desk/..%2fapp.py"):
            assert "import" not in ask(None, "GET", path).text
        assert ask(None, "POST", "/desk/app.css").status_code == 401

    def test_the_health_check_tells_nobody_more_than_yes_or_no(self, ask: Raw) -> None:
        assert ask(None, "GET", "/healthz").json() == {"ok": True}

    def test_a_paper_is_for_those_who_are_signed_in(self, ask: Raw, tmp_path: Path) -> None:
        pdf = tmp_path / "a.pdf"
        pdf.write_bytes(b"%PDF-1.7 secret")
        sha = store_file(ask.ctx.files, pdf)
        row = document("a.pdf")
        row.sha256, row.media_type = sha, "application/pdf"
        with writing(ask.ctx.engine) as session:
            store.add_document(session, row)
        assert ask("Viewer", "GET", f"/files/{sha}").content == b"%PDF-1.7 secret"
        refused = ask(None, "GET", f"/files/{sha}", headers={"range": "bytes=0-4"})
        assert refused.status_code == 401
        assert b"PDF" not in refused.content

    def test_websockets_are_closed_too(self, ask: Raw) -> None:
        from starlette.websockets import WebSocketDisconnect

        with (
            pytest.raises(WebSocketDisconnect),
            ask.client.websocket_connect("/gradio_api/queue/join"),
        ):
            pass


class TestHandlers:
    @pytest.fixture
    def handlers(self, ask: Raw) -> dict[int, str]:
        """The name of each handler by its number, as a raw request names it."""
        blocks = ask.client.app.routes[-1].app.get_blocks()
        return {
            number: f"{made.fn.__module__.rpartition('.')[2]}.{made.fn.__name__}"
            for number, made in blocks.fns.items()
            if made.fn is not None
        }

    def test_every_handler_is_in_the_table_and_hears_who_asks(
        self, ask: Raw, handlers: dict[int, str]
    ) -> None:
        assert set(handlers.values()) == set(HANDLERS)
        for number, name in handlers.items():
            made = ask.client.app.routes[-1].app.get_blocks().fns[number].fn
            hints = get_type_hints(made)
            hears = [hints.get(one) for one in inspect.signature(made).parameters]
            assert gr.Request in hears, name

    def test_a_role_that_does_not_reach_is_told_and_nothing_happens(
        self, ask: Raw, handlers: dict[int, str]
    ) -> None:
        before = self.traces(ask)
        for number, name in handlers.items():
            for role in less_than(HANDLERS[name]):
                done = ask.handler(role.title(), number, self.data(ask, number))
                assert not done["success"], (role, name)
                assert "role" in done["output"]["error"], (role, name)
        assert self.traces(ask) == before

    def test_the_way_past_the_queue_is_no_way_past_the_role(
        self, ask: Raw, handlers: dict[int, str]
    ) -> None:
        (number,) = [number for number, name in handlers.items() if name == "train.start"]
        body = {"fn_index": number, "data": [None], "session_hash": "s"}
        before = self.traces(ask)
        for path in ("/gradio_api/run/predict", "/gradio_api/api/predict", "/gradio_api/run/start"):
            assert ask("Viewer", "POST", path, json=body).status_code >= 400
        assert self.traces(ask) == before

    def test_a_role_that_reaches_is_served(self, ask: Raw, handlers: dict[int, str]) -> None:
        calm = {"exports.look", "papers.receive", "train.stop", "train.choices"}
        assert calm <= set(HANDLERS)
        for number, name in handlers.items():
            if name in calm:
                who = HANDLERS[name].title()
                assert ask.handler(who, number, self.data(ask, number))["success"], name

    def test_a_viewer_puts_no_file_on_the_server(self, ask: Raw) -> None:
        sent: Any = {"files": ("a.pdf", b"%PDF-1.7")}
        assert ask("Viewer", "POST", "/gradio_api/upload", files=sent).status_code == 403
        assert ask("Curator", "POST", "/gradio_api/upload", files=sent).status_code == 200

    def data(self, ask: Raw, number: int) -> list[Any]:
        blocks = ask.client.app.routes[-1].app.get_blocks()
        return [None for _ in blocks.fns[number].inputs]

    def traces(self, ask: Raw) -> tuple[int, int]:
        with reading(ask.ctx.engine) as session:
            runs = session.exec(select(TrainingRunRow.id)).all()
            return len(jobs.recent_jobs(session)), len(runs)
