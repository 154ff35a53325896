"""The queue over HTTP: filters, views, leases, assignment, many papers at once, and who may."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from db import jobs, store
from db.engine import reading, writing
from db.tables import DocumentRow, Role
from models.schemas import Extraction
from tests.stores import add, proposed, save
from tests.teams import team
from workbench.context import Context


@pytest.fixture
def client(ctx: Context) -> Iterator[TestClient]:
    with team(ctx) as client:
        client.headers["x-person"] = "ada curator"
        yield client


@pytest.fixture
def ids(ctx: Context) -> list[int]:
    """Three that may be accepted, one with an absent value, one without a proposal, one decided,
    one whose reply was broken."""
    sure = [add(ctx.engine, n, proposal=proposed("ERC", confidence=0.9)) for n in "abc"]
    absent = add(ctx.engine, "d", proposal=proposed("X", absent=1))
    unread = add(ctx.engine, "e")
    decided = add(ctx.engine, "f", proposal=proposed("ERC"))
    broken = Extraction(raw="[{", funders=None, error="cut off")
    failed = add(ctx.engine, "g", proposal=proposed().model_copy(update={"extraction": broken}))
    with writing(ctx.engine) as session:
        save(session, decided)
    return [*sure, absent, unread, decided, failed]


def asks(client: TestClient, name: str, role: Role) -> dict[str, str]:
    return {"x-person": f"{name} {role}"}


def bulk(client: TestClient, action: str, targets: Any, **more: Any) -> dict[str, Any]:
    body = {"action": action, "targets": targets, "batch": uuid4().hex} | more
    reply = client.post("/api/bulk", json=body)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def seen(client: TestClient) -> dict[int, dict[str, Any]]:
    items = client.get("/api/records?sort=oldest").json()["items"]
    return {item["id"]: item for item in items}


def targets(client: TestClient) -> list[dict[str, Any]]:
    lines = seen(client).values()
    return [{"id": i["id"], "head": i["head"], "proposal": i["proposal_id"]} for i in lines]


class TestManyAtOnce:
    def test_accept_takes_what_may_be_accepted_and_says_why_not_the_rest(
        self, client: TestClient, ctx: Context, ids: list[int]
    ) -> None:
        told = bulk(client, "accept", [*targets(client), {"id": 999, "head": 0}])
        assert told["done"] == ids[:3]
        why = {left["name"]: left["why"] for left in told["left"]}
        assert why == {"d": "absent", "e": "unread", "f": "decided", "g": "failed", "": "gone"}
        with reading(ctx.engine) as session:
            (revision,) = store.revisions(session, ids[0])
            assert (revision.verdict, revision.batch) == ("accepted", told["batch"])
            assert revision.actor == "ada" and revision.after
            assert revision.after.funders[0].funder_name == "ERC"

    def test_what_was_changed_since_it_was_seen_is_left(
        self, client: TestClient, ctx: Context, ids: list[int]
    ) -> None:
        shown = targets(client)[:3]
        with writing(ctx.engine) as session:
            save(session, ids[0], "skipped")
            store.add_proposal(session, ids[1], proposed("Other"))
        told = bulk(client, "accept", shown)
        assert told["done"] == [ids[2]]
        assert [left["why"] for left in told["left"]] == ["changed", "changed"]

    def test_a_correction_that_was_skipped_later_is_not_overwritten(
        self, client: TestClient, ctx: Context, ids: list[int]
    ) -> None:
        with writing(ctx.engine) as session:
            save(session, ids[0], "corrected")
            save(session, ids[0], "skipped")
        told = bulk(client, "accept", targets(client)[:1])
        assert told["left"][0]["why"] == "decided"

    def test_a_paper_of_several_readers_is_left_to_them(
        self, client: TestClient, ctx: Context, ids: list[int]
    ) -> None:
        with writing(ctx.engine) as session:
            store.record(session, ids[0]).readers = 2
        for action, note in (("accept", None), ("skip", None), ("flag", "why")):
            told = bulk(client, action, targets(client)[:1], note=note)
            assert told["left"][0]["why"] == "readers"

    def test_a_batch_that_is_sent_twice_is_done_once(
        self, client: TestClient, ctx: Context, ids: list[int]
    ) -> None:
        shown, batch = targets(client)[:2], uuid4().hex
        first = bulk(client, "accept", shown, batch=batch)
        assert bulk(client, "accept", shown, batch=batch) == first
        with reading(ctx.engine) as session:
            assert store.record(session, ids[0]).head == 1

    def test_undo_takes_the_whole_batch_back_but_for_what_went_on(
        self, client: TestClient, ctx: Context, ids: list[int]
    ) -> None:
        told = bulk(client, "accept", targets(client)[:3])
        with writing(ctx.engine) as session:
            save(session, ids[1], "corrected", actor="bea")
        for _ in range(2):  # a second time nothing more happens
            undone = client.post("/api/bulk/undo", json={"batch": told["batch"]}).json()
            assert undone["done"] == [ids[0], ids[2]]
            assert [left["why"] for left in undone["left"]] == ["changed"]
        with reading(ctx.engine) as session:
            assert [store.status(session, id) for id in ids[:3]] == [
                "proposed",
                "corrected",
                "proposed",
            ]
            assert [r.kind for r in store.revisions(session, ids[0])] == ["save", "undo"]
        nothing = client.post("/api/bulk/undo", json={"batch": "never-was"})
        assert nothing.status_code == 422

    def test_skip_flag_and_propose(self, client: TestClient, ctx: Context, ids: list[int]) -> None:
        shown = targets(client)
        assert bulk(client, "flag", shown[4:5], note="look")["done"] == ids[4:5]
        assert bulk(client, "skip", shown[:1])["done"] == ids[:1]
        assert bulk(client, "propose", shown[:2])["done"] == ids[:2]
        assert bulk(client, "propose", shown[:1])["left"][0]["why"] == "waiting"
        with reading(ctx.engine) as session:
            assert store.revisions(session, ids[4])[0].note == "look"
            assert jobs.waiting(session, "propose") == 2

    @pytest.mark.parametrize(
        "wrong",
        [
            {"action": "flag"},
            {"action": "flag", "note": "  "},
            {"action": "delete"},
            {"targets": []},
            {"targets": [{"id": 1, "head": 0}] * 201},
            {"targets": [{"id": 1}]},
            {"batch": "short"},
        ],
        ids=str,
    )
    def test_what_cannot_be_done_is_refused_whole(
        self, client: TestClient, ids: list[int], wrong: dict[str, Any]
    ) -> None:
        body = {"action": "skip", "targets": [{"id": ids[0], "head": 0}], "batch": uuid4().hex}
        assert client.post("/api/bulk", json=body | wrong).status_code == 422
        assert seen(client)[ids[0]]["status"] == "proposed"


class TestTheQueue:
    def test_me_is_who_asks(self, client: TestClient, ids: list[int]) -> None:
        eve = asks(client, "eve", "adjudicator")
        body = {"records": ids[:2], "people": ["ada"]}
        assert client.post("/api/assignments", json=body, headers=eve).json() == {"changed": 2}
        mine = client.get("/api/records?assigned=@me").json()
        assert mine["total"] == 2 and mine["items"][0]["assigned"] == ["ada"]
        assert client.get("/api/records?assigned=@me", headers=eve).json()["total"] == 0
        assert client.get("/api/records?assigned=@nobody").json()["total"] == 5
        assert client.get("/api/records?decided_by=@me").json()["total"] == 1
        back = {"records": ids, "take_back": True}
        assert client.post("/api/assignments", json=back, headers=eve).json() == {"changed": 2}

    def test_worth_and_reasons_are_told(self, client: TestClient, ids: list[int]) -> None:
        assert client.post("/api/queue/refresh", json={}).json() == {"papers": 5}
        first = client.get("/api/records").json()["items"][0]
        assert first["name"] == "g" and first["reasons"][0]["kind"] == "unread"
        assert 0 < first["worth"] <= 1
        found = client.get("/api/records?reason=absent").json()
        assert [item["name"] for item in found["items"]] == ["d"]

    @pytest.mark.parametrize(
        "query", ["least=2", "most=x", "reason='--", "since=soon", "sort=best", "absent=maybe"]
    )
    def test_filters_that_are_none_are_refused(self, client: TestClient, query: str) -> None:
        reply = client.get(f"/api/records?{query}")
        assert reply.status_code == 422 and reply.json()["error"]

    def test_options_and_pulse(self, client: TestClient, ctx: Context, ids: list[int]) -> None:
        options = client.get("/api/queue/options").json()
        assert (options["me"], options["role"]) == ("ada", "curator")
        assert options["projects"] == ["inbox"] and "audit" in options["reasons"]
        stamps = [client.get("/api/queue/pulse").json()["stamp"] for _ in range(2)]
        client.post(f"/api/records/{ids[0]}/lease", json={})
        stamps.append(client.get("/api/queue/pulse").json()["stamp"])
        bulk(client, "skip", targets(client)[:1])
        stamps.append(client.get("/api/queue/pulse").json()["stamp"])
        with writing(ctx.engine) as session:
            jobs.enqueue(session, "propose", "a", record_id=ids[0])
        stamps.append(client.get("/api/queue/pulse").json()["stamp"])
        assert stamps[0] == stamps[1] and len(set(stamps)) == 4

    def test_a_failed_job_is_tried_again_unless_its_file_is_gone(
        self, client: TestClient, ctx: Context, ids: list[int], tmp_path: Path
    ) -> None:
        with writing(ctx.engine) as session:
            asked = jobs.enqueue(session, "propose", "a", record_id=ids[0])
            read = jobs.enqueue(session, "read", "b", path=str(tmp_path / "gone"))
            for job in (asked, read):
                jobs.fail(session, job.id, "no")
        told = client.get("/api/queue/pulse").json()["jobs"]
        assert {job["name"]: job["can_retry"] for job in told} == {"a": True, "b": False}
        assert client.post(f"/api/jobs/{asked.id}/retry", json={}).status_code == 200
        again = client.post(f"/api/jobs/{asked.id}/retry", json={})
        gone = client.post(f"/api/jobs/{read.id}/retry", json={})
        assert again.status_code != 200 and gone.status_code != 200
        assert "Drop the file again" in gone.json()["error"]


class TestLeasesAndViews:
    def test_a_lease_is_told_to_others_and_next_passes_the_paper_over(
        self, client: TestClient, ctx: Context, ids: list[int]
    ) -> None:
        with writing(ctx.engine) as session:
            for row in session.exec(select(DocumentRow)):
                row.origin, row.words = zlib.compress(b""), b""
        bea = asks(client, "bea", "curator")
        path = f"/api/records/{ids[1]}/lease"
        assert client.post(path, json={}, headers=bea).json()["mine"]
        mine = client.post(path, json={}).json()
        assert (mine["person"], mine["mine"]) == ("bea", False)
        assert seen(client)[ids[1]]["opened_by"] == "bea"
        look = f"/api/records/{ids[0]}?sort=oldest"
        assert client.get(look).json()["position"]["next"] == ids[2]
        assert client.get(look, headers=bea).json()["position"]["next"] == ids[1]
        assert client.post(path, json={"over": True}).json()["mine"]
        assert client.post(f"{path}/release", json={}, headers=bea).json() == {"released": False}
        assert client.post(f"{path}/release", json={}).json() == {"released": True}

    def test_views(self, client: TestClient) -> None:
        bea = asks(client, "bea", "curator")
        body = {"name": " Mine ", "filters": {"assigned": "@me", "least": 0.5}}
        made = client.post("/api/views", json=body)
        assert made.status_code == 201 and made.json()["name"] == "Mine"
        assert made.json()["filters"] == {"assigned": "@me", "least": 0.5}
        assert client.post("/api/views", json=body).status_code == 422
        assert client.get("/api/views", headers=bea).json() == {"views": []}
        view = f"/api/views/{made.json()['id']}"
        assert client.post(view, json={"shared": True}).json()["shared"]
        (seen_by_bea,) = client.get("/api/views", headers=bea).json()["views"]
        assert not seen_by_bea["mine"]
        assert client.post(view, json={"name": "x"}, headers=bea).status_code == 404
        assert client.post(f"{view}/delete", json={}, headers=bea).status_code == 404
        assert client.post(f"{view}/delete", json={}).status_code == 200
        assert client.get("/api/views").json() == {"views": []}
        wrong = {"name": "x", "filters": {"page": 3}}
        assert client.post("/api/views", json=wrong).status_code == 422


SKIP = {"action": "skip", "targets": [{"id": 1, "head": 0}], "batch": "b" * 8}
ROUTES = [
    ("get", "/api/queue/options", "viewer", None),
    ("get", "/api/queue/pulse", "viewer", None),
    ("get", "/api/views", "viewer", None),
    ("post", "/api/queue/refresh", "curator", {}),
    ("post", "/api/jobs/1/retry", "curator", {}),
    ("post", "/api/views", "curator", {"name": "x", "filters": {}}),
    ("post", "/api/views/1", "curator", {}),
    ("post", "/api/views/1/delete", "curator", {}),
    ("post", "/api/records/1/lease", "curator", {}),
    ("post", "/api/records/1/lease/release", "curator", {}),
    ("post", "/api/bulk", "curator", SKIP),
    ("post", "/api/bulk/undo", "curator", {"batch": "b" * 8}),
    ("post", "/api/assignments", "adjudicator", {"records": [1], "people": ["x"]}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "least", "body"), ROUTES)
def test_who_may(
    client: TestClient, ids: list[int], method: str, path: str, least: Role, body: Any
) -> None:
    def status(said: str) -> int:
        more = {} if body is None else {"json": body}
        return client.request(method, path, headers={"x-person": said}, **more).status_code

    below = {"curator": "viewer", "adjudicator": "curator"}.get(least)
    assert status("") == 401
    assert below is None or status(f"zoe {below}") == 403
    assert status(f"zoe {least}") not in (401, 403, 500)
    if body is not None:
        plain = client.post(path, content="{}", headers={"content-type": "text/plain"})
        assert plain.status_code in (403, 415)
