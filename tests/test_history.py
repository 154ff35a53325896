"""What happened to a paper is told whole, any of it can be restored, and people talk about it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from db import comments, store
from db.checks import check
from db.engine import connect, reading, writing
from db.errors import EventReused
from db.gold import gold
from db.migrations import upgrade
from db.pace import Pace, pace
from tests.stores import add as add_record
from tests.stores import errors, proposed, said, save, undo
from tests.test_api import client, corrected, decision, record
from workbench.context import Context
from workbench.routes.pace import midnight

__all__ = ["client", "record"]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = connect(tmp_path / "store.sqlite3")
    upgrade(engine)
    return engine


def restore(client: TestClient, record: int, seq: int, base: int, **more: Any) -> Any:
    body = {"seq": seq, "base_seq": base, "client_event_id": uuid4().hex, **more}
    return client.post(f"/api/records/{record}/restore", json=body)


def decided(client: TestClient, record: int) -> None:
    """1 corrected, 2 no funding, 3 flagged with a note."""
    url = f"/api/records/{record}/revisions"
    client.post(url, json=decision(0, answer=corrected(), lead_ms=4200))
    client.post(url, json=decision(1, "no_funding"))
    client.post(url, json=decision(2, "flag", note="which Ministry?"))


def test_the_history_has_every_answer_and_what_it_stood_on(client: TestClient, record: int) -> None:
    decided(client, record)
    told = client.get(f"/api/records/{record}/history").json()
    first, second, third = told["revisions"]
    assert first["before"]["funders"][1]["funder_name"] == "Bank of Mars"
    assert first["after"]["funders"] == corrected()["funders"]
    assert (first["actor"], first["lead_ms"], first["kind"]) == ("tester", 4200, "save")
    assert first["proposal"] == {"id": 1, "model": "m", "adapter": None}
    assert second["after"]["funders"] == []
    assert (third["verdict"], third["note"]) == ("flagged", "which Ministry?")
    (model,) = told["proposals"]
    assert model["answer"]["funders"][0]["funder_name"] == "Science Foundation"
    assert told["head"] == 3
    assert client.get("/api/records/99/history").status_code == 404


def test_any_revision_is_restored_by_a_new_one(
    client: TestClient, ctx: Context, record: int
) -> None:
    decided(client, record)
    reply = restore(client, record, 1, 3, note="it was right")
    assert reply.json() == {"seq": 4, "status": "corrected"}
    payload = client.get(f"/api/records/{record}").json()
    assert payload["answer"]["funders"] == corrected()["funders"]
    newest = client.get(f"/api/records/{record}/history").json()["revisions"][-1]
    assert (newest["kind"], newest["restores"], newest["note"]) == ("restore", 1, "it was right")
    with reading(ctx.engine) as session:
        known = gold(session, record)
        assert known is not None and known.seq == 4
    assert [p for p in check(ctx.engine, ctx.files) if p.level == "error"] == []


def test_a_restore_is_undone_like_a_decision(client: TestClient, record: int) -> None:
    decided(client, record)
    restore(client, record, 1, 3)
    body = {"base_seq": 4, "client_event_id": uuid4().hex}
    assert client.post(f"/api/records/{record}/undo", json=body).json()["status"] == "flagged"
    body = {"base_seq": 5, "client_event_id": uuid4().hex}
    assert client.post(f"/api/records/{record}/undo", json=body).json()["status"] == "no_funding"


def test_a_restore_meets_a_save_that_came_first(client: TestClient, record: int) -> None:
    decided(client, record)
    reply = restore(client, record, 1, 2)
    assert reply.status_code == 409
    assert (reply.json()["head"], reply.json()["revision"]["note"]) == (3, "which Ministry?")


def test_a_restore_sent_twice_is_one(client: TestClient, record: int) -> None:
    decided(client, record)
    body = {"seq": 1, "base_seq": 3, "client_event_id": uuid4().hex}
    url = f"/api/records/{record}/restore"
    assert client.post(url, json=body).json() == client.post(url, json=body).json()
    body = decision(4, "skip") | {"client_event_id": body["client_event_id"]}
    assert client.post(f"/api/records/{record}/revisions", json=body).status_code == 422


@pytest.mark.parametrize(("seq", "status"), [(9, 404), (3, 422), (0, 422)])
def test_what_cannot_be_restored_is_told(
    client: TestClient, record: int, seq: int, status: int
) -> None:
    decided(client, record)
    reply = restore(client, record, seq, 3)
    assert reply.status_code == status
    assert reply.json()["error"]
    assert client.get(f"/api/records/{record}").json()["head"] == 3


class TestGold:
    """What is gold after a restore is what was gold then."""

    @pytest.fixture
    def record_id(self, engine: Engine) -> int:
        return add_record(engine, "paper.pdf", proposal=proposed("Wellcome"))

    def _restore(self, session: Any, record_id: int, seq: int) -> None:
        store.restore(
            session,
            record_id,
            seq=seq,
            base_seq=store.record(session, record_id).head,
            actor="ada",
            client_event_id=uuid4().hex,
        )

    def test_a_flag_from_before_a_later_correction(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            save(session, record_id, "corrected", answer=said("MRC"))
            save(session, record_id, "flagged")
            save(session, record_id, "corrected", answer=said("NIH"))
            self._restore(session, record_id, 2)
        with reading(engine) as session:
            known = gold(session, record_id)
            assert known is not None and known.after == said("MRC")
            assert store.answer(session, record_id) == said("MRC")

    def test_the_time_before_any_decision(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            save(session, record_id, "corrected", answer=said("MRC"))
            undo(session, record_id)
            save(session, record_id, "corrected", answer=said("NIH"))
            self._restore(session, record_id, 2)
        with reading(engine) as session:
            assert gold(session, record_id) is None
            assert store.status(session, record_id) == "proposed"
            assert store.answer(session, record_id) == said("Wellcome")
        with writing(engine) as session:
            undo(session, record_id)
            assert store.answer(session, record_id) == said("NIH")

    def test_the_store_s_check_knows_a_restore(
        self, engine: Engine, record_id: int, tmp_path: Path
    ) -> None:
        with writing(engine) as session:
            save(session, record_id)
            undo(session, record_id)
            self._restore(session, record_id, 1)
            self._restore(session, record_id, 2)
            self._restore(session, record_id, 3)
        found = check(engine, tmp_path / "files")
        assert "history" not in errors(found)


class TestComments:
    def test_they_are_told_with_the_value_that_they_are_about(
        self, client: TestClient, record: int
    ) -> None:
        url = f"/api/records/{record}/comments"
        about = {"body": " Is this one real? ", "path": "/funders/1/funder_name"}
        assert client.post(url, json=about | {"client_event_id": uuid4().hex}).status_code == 201
        body = {"body": "See page 3.", "client_event_id": uuid4().hex}
        assert client.post(url, json=body).status_code == 201
        told = client.get(url).json()
        assert [(c["body"], c["value"], c["person"]) for c in told] == [
            ("Is this one real?", "Bank of Mars", "tester"),
            ("See page 3.", None, "tester"),
        ]
        assert client.get(f"/api/records/{record}").json()["comments"] == told
        assert client.get(f"/api/records/{record}/history").json()["comments"] == told

    def test_a_value_that_is_not_saved_yet_comes_along(
        self, client: TestClient, record: int
    ) -> None:
        body = {"body": "New.", "path": "/funders/5/funder_name", "client_event_id": uuid4().hex}
        url = f"/api/records/{record}/comments"
        assert client.post(url, json=body).status_code == 422
        assert client.post(url, json=body | {"value": "NIH"}).json()["value"] == "NIH"

    def test_the_same_one_sent_twice_is_kept_once(self, client: TestClient, record: int) -> None:
        url = f"/api/records/{record}/comments"
        body = {"body": "Twice.", "client_event_id": uuid4().hex}
        assert client.post(url, json=body).json() == client.post(url, json=body).json()
        assert client.post(url, json=body | {"body": "Other."}).status_code == 422
        assert len(client.get(url).json()) == 1

    @pytest.mark.parametrize("body", ["", "  ", "x" * 4_001, None])
    def test_one_without_words_is_refused(
        self, client: TestClient, record: int, body: object
    ) -> None:
        said = {"body": body, "client_event_id": uuid4().hex}
        assert client.post(f"/api/records/{record}/comments", json=said).status_code == 422
        assert client.post("/api/records/77/comments", json=said).status_code in (404, 422)

    def test_there_is_no_way_to_change_or_remove_one(self, client: TestClient, record: int) -> None:
        url = f"/api/records/{record}/comments"
        for act in (client.put, client.patch, client.delete):
            assert act(url).status_code == 405

    def test_an_event_of_another_comment_is_an_error(self, engine: Engine) -> None:
        record_id = add_record(engine, "paper.pdf")
        facts = {"person": "ada", "client_event_id": "event-one"}
        with writing(engine) as session:
            comments.add(session, record_id, body="one", **facts)
            with pytest.raises(EventReused):
                comments.add(session, record_id, body="two", **facts)


class TestPace:
    NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)

    def test_it_counts_papers_of_the_day_and_without_a_pause(self, engine: Engine) -> None:
        self._decide(engine, [("a", 30 * 60, 9), ("b", 45, 20), ("c", 6, 30), ("d", 1, 40)])
        with reading(engine) as session:
            found = pace(session, "ada", self.NOW - timedelta(hours=12), self.NOW)
            assert found == Pace(since=3, last_hour=3, median_lead_ms=25, run=2)
            nobody = pace(session, "bob", self.NOW - timedelta(hours=12), self.NOW)
            assert nobody == Pace(since=0, last_hour=0, median_lead_ms=None, run=0)

    def test_a_paper_decided_twice_is_one_paper(self, engine: Engine) -> None:
        self._decide(engine, [("a", 5, 10), ("a", 4, 10), ("b", 3, 0)])
        with reading(engine) as session:
            found = pace(session, "ada", self.NOW - timedelta(hours=12), self.NOW)
            assert found == Pace(since=2, last_hour=2, median_lead_ms=10, run=2)

    def _decide(self, engine: Engine, decisions: list[tuple[str, float, int]]) -> None:
        """Decisions as (paper, minutes before now, lead time)."""
        with writing(engine) as session:
            session.connection().exec_driver_sql("DROP TRIGGER revisions_refuse_update")
        for name, minutes, lead in decisions:
            record_id = add_record(engine, name)
            with writing(engine) as session:
                row = save(session, record_id, lead_ms=lead)
                row.created_at = self.NOW - timedelta(minutes=minutes)
                session.add(row)

    def test_it_is_one_s_own_over_http(self, client: TestClient, record: int) -> None:
        empty = {"today": 0, "per_hour": 0, "median_lead_ms": None, "run": 0}
        assert client.get("/api/me/pace").json() == empty
        decided(client, record)
        told = client.get("/api/me/pace").json()
        assert told == {"today": 1, "per_hour": 1, "median_lead_ms": 4200, "run": 1}
        assert client.get("/api/me/pace", params={"offset": 9999}).status_code == 422

    def test_a_day_begins_where_the_curator_is(self) -> None:
        late = datetime(2026, 3, 4, 23, 30, tzinfo=timezone.utc)
        assert midnight(late, 0).isoformat() == "2026-03-04T00:00:00+00:00"
        assert midnight(late, 60).isoformat() == "2026-03-05T00:00:00+01:00"
