"""Webhooks against a real server: signed, tried again, paused, and never sent where none should."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from db import adapters, hooks, jobs, runs
from db.columns import utc_now
from db.engine import reading, writing
from db.runs import Ending
from tests.desks import wait_for
from tests.stores import add, save, undo
from workbench.addresses import NotAllowedAddress, target
from workbench.context import Context, Settings
from workbench.gate import SignedIn
from workbench.hooks import Sender
from workbench.routes import router
from workbench.routes.errors import explain_errors


class Receiver(HTTPServer):
    """Keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/told?x=1"
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.codes: list[int] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        code = self.server.codes.pop(0) if self.server.codes else 204
        self.send_response(code)
        if code == 302:
            self.send_header("location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(Settings(home=tmp_path / "home", actor="admin", hooks_private=True))


@pytest.fixture
def client(ctx: Context) -> Iterator[TestClient]:
    with desk(ctx) as client:
        yield client


def desk(ctx: Context) -> TestClient:
    app = FastAPI()
    app.add_middleware(SignedIn, ctx=ctx)
    explain_errors(app)
    app.include_router(router(ctx))
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def sender(ctx: Context) -> Iterator[Sender]:
    running = Sender(ctx)
    running.start()
    yield running
    running.stop()


def create(client: TestClient, url: str, *events: str) -> dict[str, Any]:
    body = {"url": url} | ({"events": events} if events else {})
    reply = client.post("/api/hooks", json=body)
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


def sent(client: TestClient, hook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/hooks/{hook['id']}/deliveries").json()[
        "deliveries"
    ]
    return found


def hurry(ctx: Context) -> None:
    """The time of all that waits has come."""
    with writing(ctx.engine) as session:
        for hook in hooks.every(session):
            for delivery in hooks.deliveries(session, hook.id):
                delivery.next_at = utc_now() - timedelta(seconds=1)


class TestSending:
    def test_a_decision_is_told_and_signed(
        self, ctx: Context, client: TestClient, receiver: Receiver, sender: Sender
    ) -> None:
        hook = create(client, receiver.url, "revision.saved")
        record = add(ctx.engine, "a.pdf")
        with writing(ctx.engine) as session:
            save(session, record)
        wait_for(lambda: receiver.got, 15)
        path, headers, body = receiver.got[0]
        assert path == "/told?x=1"
        assert headers["host"] == f"127.0.0.1:{receiver.server_port}"
        told = json.loads(body)
        assert told["type"] == "revision.saved"
        assert (told["data"]["record"], told["data"]["verdict"]) == (record, "accepted")
        assert "Wellcome" not in body.decode()
        key = base64.b64decode(hook["secret"].removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        proof = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{proof}"
        wait_for(lambda: sent(client, hook)[0]["state"] == "done", 15)
        assert sent(client, hook)[0]["status_code"] == 204

    def test_a_refusal_is_tried_again_later_until_it_is_given_up(
        self, ctx: Context, client: TestClient, receiver: Receiver, sender: Sender
    ) -> None:
        receiver.codes = [500] * 6
        hook = create(client, receiver.url)
        client.post(f"/api/hooks/{hook['id']}/test", json={})
        for attempt in range(1, 7):
            wait_for(lambda n=attempt: sent(client, hook)[0]["attempts"] == n, 15)
            told = sent(client, hook)[0]
            assert told["status_code"] == 500
            assert told["state"] == ("queued" if attempt < 6 else "failed")
            if attempt < 6:
                with reading(ctx.engine) as session:
                    (row,) = hooks.deliveries(session, hook["id"])
                    away = (row.next_at - utc_now()).total_seconds()
                assert 0.2 * hooks.WAITS[attempt - 1] < away <= hooks.WAITS[attempt - 1]
                hurry(ctx)
        again = client.post(f"/api/deliveries/{told['id']}/again", json={})
        assert again.status_code == 202
        wait_for(lambda: sent(client, hook)[0]["state"] == "done", 15)

    def test_a_redirect_is_not_followed(
        self, client: TestClient, receiver: Receiver, sender: Sender
    ) -> None:
        receiver.codes = [302]
        hook = create(client, receiver.url)
        client.post(f"/api/hooks/{hook['id']}/test", json={})
        wait_for(lambda: sent(client, hook)[0]["attempts"], 15)
        assert "redirect" in sent(client, hook)[0]["error"]
        assert [path for path, _, _ in receiver.got] == ["/told?x=1"]

    def test_a_paused_webhook_hears_nothing_and_goes_on_with_what_it_is_owed(
        self, ctx: Context, client: TestClient, receiver: Receiver
    ) -> None:
        hook = create(client, receiver.url, "revision.saved")
        record = add(ctx.engine, "a.pdf")
        with writing(ctx.engine) as session:
            save(session, record)
        client.post(f"/api/hooks/{hook['id']}/active", json={"active": False})
        with writing(ctx.engine) as session:
            undo(session, record)
        with reading(ctx.engine) as session:
            assert hooks.due(session, 10) == []
        client.post(f"/api/hooks/{hook['id']}/active", json={"active": True})
        with reading(ctx.engine) as session:
            assert [one.delivery.body["data"]["kind"] for one in hooks.due(session, 10)] == ["save"]
        assert client.delete(f"/api/hooks/{hook['id']}").status_code == 200
        with reading(ctx.engine) as session:
            assert hooks.due(session, 10) == []
        assert client.get(f"/api/hooks/{hook['id']}/deliveries").status_code == 404


class TestEvents:
    def test_each_event_is_queued_with_what_made_it_so(self, engine: Engine) -> None:
        with writing(engine) as session:
            hook = hooks.add(session, "https://example.org", hooks.EVENTS, "ada")
        record = add(engine, "a.pdf")
        with writing(engine) as session:
            save(session, record)
            job = jobs.enqueue(session, "read", "b.pdf")
            jobs.fail(session, job.id, "It is damaged.", "Leave it out.")
            question = jobs.enqueue(session, "ask", "a statement")
            jobs.fail(session, question.id, "Too long.")
            run = runs.queue_run(session, "auto", "tiny", "/runs/1", "0" * 64)
            runs.note_ended(session, run.id, Ending("failed", "No memory."))
            adapters.register(session, "one", "tiny", "/one", "0" * 64)
            adapters.promote(session, "one", "ada", "better")
            adapters.promote(session, "one", "ada", "better")
        with reading(engine) as session:
            told = [row.body for row in reversed(hooks.deliveries(session, hook.id))]
        assert [row["type"] for row in told] == [
            "revision.saved",
            "paper.failed",
            "run.finished",
            "adapter.promoted",
        ]
        assert told[1]["data"]["error"] == "It is damaged."
        assert told[2]["data"]["state"] == "failed"
        assert told[3]["data"]["adapter"] == "one"

    def test_what_is_rolled_back_is_not_told(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            hook = hooks.add(session, "https://example.org", hooks.EVENTS, "ada")
        with pytest.raises(RuntimeError), writing(engine) as session:
            save(session, record_id)
            raise RuntimeError
        with reading(engine) as session:
            assert hooks.deliveries(session, hook.id) == []

    def test_old_deliveries_are_forgotten_and_waiting_ones_stay(self, engine: Engine) -> None:
        with writing(engine) as session:
            hook = hooks.add(session, "https://example.org", hooks.EVENTS, "ada")
            done, waiting = hooks.ping(session, hook.id), hooks.ping(session, hook.id)
            hooks.note(session, done.id, 200, None, False)
            hooks.prune(session, utc_now() + timedelta(seconds=1))
        with reading(engine) as session:
            assert [row.id for row in hooks.deliveries(session, hook.id)] == [waiting.id]


class TestRoutes:
    def test_the_secret_is_told_once(self, client: TestClient, receiver: Receiver) -> None:
        secret = create(client, receiver.url)["secret"]
        assert secret not in client.get("/api/hooks").text
        assert "secret" not in client.get("/api/hooks").json()["hooks"][0]

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"url": "ftp://example.org"}, "http"),
            ({"url": "https://user:pw@example.org"}, "password"),
            ({"url": "http://169.254.169.254/latest"}, "never"),
            ({"url": "http://127.0.0.1", "events": ["paper.eaten"]}, "paper.eaten"),
            ({"url": "http://127.0.0.1", "events": []}, "No event"),
            ({"url": "http://127.0.0.1:99999"}, "not a URL"),
            ({"url": "nonsense"}, "http"),
        ],
    )
    def test_what_cannot_be_sent_to_is_refused(
        self, client: TestClient, body: dict[str, Any], told: str
    ) -> None:
        reply = client.post("/api/hooks", json=body)
        assert reply.status_code in (422, 503)
        assert told in reply.json()["error"]
        assert client.get("/api/hooks").json()["hooks"] == []

    def test_private_networks_are_refused_unless_the_app_s_owner_allows_them(
        self, tmp_path: Path, receiver: Receiver
    ) -> None:
        with desk(Context(Settings(home=tmp_path / "other", actor="admin"))) as client:
            reply = client.post("/api/hooks", json={"url": receiver.url})
        assert reply.status_code == 422
        assert "WORKBENCH_HOOKS_PRIVATE" in reply.json()["error"]


@pytest.mark.parametrize(
    ("address", "inside", "allowed"),
    [
        ("93.184.216.34", False, True),
        ("[2606:2800:220:1::1]", False, True),
        ("127.0.0.1", False, False),
        ("127.0.0.1", True, True),
        ("10.1.2.3", False, False),
        ("10.1.2.3", True, True),
        ("[fd12::1]", True, True),
        ("[fd12::1]", False, False),
        ("169.254.169.254", True, False),
        ("[fd00:ec2::254]", True, False),
        ("[::ffff:169.254.169.254]", True, False),
        ("[64:ff9b::a9fe:a9fe]", True, False),
        ("[2002:a9fe:a9fe::]", True, False),
        ("[fe80::1]", True, False),
        ("0.0.0.0", True, False),
        ("224.0.0.1", True, False),
        ("100.100.100.200", True, False),
        ("2852039166", True, False),  # 169.254.169.254 as one number
        ("0x7f.1", False, False),
    ],
)
def test_an_address_is_judged_by_what_it_stands_for(
    address: str, inside: bool, allowed: bool
) -> None:
    if allowed:
        assert target(f"http://{address}/x", inside).address in address
    else:
        with pytest.raises(NotAllowedAddress):
            target(f"http://{address}/x", inside)
