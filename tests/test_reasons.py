"""A value that is not in the text is only saved with a typed reason."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from db import store
from db.engine import reading
from db.gold import gold
from models.schemas import Answer, Funder, GroundedField, Statement
from tests.test_api import add, client, decision
from workbench.context import Context
from workbench.desk.reasons import ReasonMissing, absent, reasons_for, value_at
from workbench.imports import Wish, load

__all__ = ["client"]
WHY = "abbreviated in the text"
MARS, SEA = "/funders/1/funder_name", "/funders/0/funder_name"


@pytest.fixture
def record(ctx: Context) -> Iterator[int]:
    """Half a funder's name, which is in the text, and the Bank of Mars, which is not."""
    yield add(ctx, "eelgrass-sound.pdf")


def send(client: TestClient, record: int, answer: Any, **more: Any) -> Any:
    url = f"/api/records/{record}"
    head = client.get(url).json()["head"]
    return client.post(f"{url}/revisions", json=decision(head, answer=answer, **more))


def proposed(client: TestClient, record: int) -> Any:
    return client.get(f"/api/records/{record}").json()["answer"]


def kept(ctx: Context, record: int) -> dict[str, str]:
    with reading(ctx.engine) as session:
        return store.revisions(session, record)[-1].reasons


def test_without_a_reason_nothing_is_saved_and_every_such_value_is_told(
    client: TestClient, record: int
) -> None:
    answer = proposed(client, record)
    answer["statements"].append({"text": "Somebody paid for all of this."})
    answer["row_ids"] = None
    reply = send(client, record, answer)
    assert reply.status_code == 422
    assert [error["path"] for error in reply.json()["errors"]] == ["/statements/1", MARS]
    assert "2 values are not in the text" in reply.json()["error"]
    assert client.get(f"/api/records/{record}").json()["head"] == 0


def test_a_reason_is_kept_with_its_value_and_shown(
    client: TestClient, ctx: Context, record: int
) -> None:
    reply = send(client, record, proposed(client, record), reasons={MARS: f"  {WHY} "})
    assert reply.status_code == 201
    assert kept(ctx, record) == {MARS: WHY}
    revision = client.get(f"/api/records/{record}").json()["revisions"][-1]
    assert revision["reasons"] == {MARS: WHY}


def test_an_earlier_reason_stays_while_its_value_does(
    client: TestClient, ctx: Context, record: int
) -> None:
    answer = proposed(client, record)
    send(client, record, answer, reasons={MARS: WHY})
    answer["funders"][0]["funder_name"] = "National Science Foundation"
    assert send(client, record, answer).status_code == 201
    assert kept(ctx, record) == {MARS: WHY}
    answer["funders"][1]["funder_name"] = "Bank of Venus"
    assert send(client, record, answer).status_code == 422


def test_a_value_that_moved_needs_its_reason_under_its_new_pointer(
    client: TestClient, ctx: Context, record: int
) -> None:
    answer = proposed(client, record)
    send(client, record, answer, reasons={MARS: WHY})
    answer["funders"].reverse()
    reply = send(client, record, answer)
    assert [error["path"] for error in reply.json()["errors"]] == [SEA]
    assert send(client, record, answer, reasons={SEA: WHY}).status_code == 201
    assert kept(ctx, record) == {SEA: WHY}


def test_a_skip_keeps_the_reasons_of_the_answer_that_it_leaves(
    client: TestClient, ctx: Context, record: int
) -> None:
    send(client, record, proposed(client, record), reasons={MARS: WHY})
    client.post(f"/api/records/{record}/revisions", json=decision(1, "skip"))
    assert kept(ctx, record) == {MARS: WHY}
    assert send(client, record, proposed(client, record)).status_code == 201
    client.post(f"/api/records/{record}/revisions", json=decision(3, "no_funding"))
    assert kept(ctx, record) == {}


def test_an_undo_brings_the_reasons_back(client: TestClient, ctx: Context, record: int) -> None:
    send(client, record, proposed(client, record), reasons={MARS: WHY})
    client.post(f"/api/records/{record}/revisions", json=decision(1, "no_funding"))
    body = {"base_seq": 2, "client_event_id": uuid4().hex}
    client.post(f"/api/records/{record}/undo", json=body)
    assert kept(ctx, record) == {MARS: WHY}


@pytest.mark.parametrize(
    "reasons",
    [
        {MARS: "no"},
        {MARS: "   x  "},
        {MARS: "x" * 501},
        {MARS: None},
        {"/1/funder_name": WHY},
        {MARS: WHY, "/funders/7/funder_name": WHY},
        {MARS: WHY, "/funders/1/awards": WHY},
    ],
    ids=["short", "blank", "long", "none", "another pointer", "no such value", "not a value"],
)
def test_reasons_that_say_nothing_or_lead_nowhere_are_refused(
    client: TestClient, record: int, reasons: dict[str, Any]
) -> None:
    reply = send(client, record, proposed(client, record), reasons=reasons)
    assert reply.status_code == 422
    assert reply.json()["error"]
    assert client.get(f"/api/records/{record}").json()["head"] == 0


def test_an_import_needs_no_reasons(ctx: Context, tmp_path: Path) -> None:
    line = '{"statement": "Paid by the NSF.", "funders": [{"funder_name": "Bank of Mars"}]}\n'
    (tmp_path / "gold.jsonl").write_text(line, "utf-8")
    load(ctx, tmp_path / "gold.jsonl", Wish(project="labels"))
    with reading(ctx.engine) as session:
        known = gold(session, 1)
        assert known is not None and known.reasons == {}


def test_a_pointer_leads_to_the_text_of_a_value_or_to_nothing() -> None:
    answer = Answer(statements=(Statement(text="Paid."),), funders=(Funder(funder_name="NSF"),))
    assert value_at(answer, "/statements/0") == "Paid."
    assert value_at(answer, "/funders/0/funder_name") == "NSF"
    for path in ("/funders/1/funder_name", "/funders/0", "/funders/x", "/statements/-1", "/", ""):
        assert value_at(answer, path) is None
    assert value_at(None, "/statements/0") is None


def test_a_reason_for_a_value_in_the_text_is_kept_too_but_not_asked_for() -> None:
    answer = Answer(funders=(Funder(funder_name="NSF"),))
    field = GroundedField(path="/0/funder_name", value="NSF", span=None, alignment="fuzzy")
    assert absent(answer, [field]) == []
    given = {"/funders/0/funder_name": "spelt otherwise"}
    assert reasons_for(answer, [field], given, None) == given


def test_the_error_survives_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(ReasonMissing([MARS])))
    assert error.paths == (MARS,)
    assert "has no reason" in str(error)
