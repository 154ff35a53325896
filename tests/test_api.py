"""The desk over HTTP: what the cockpit and other programs may do, on a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from db import store
from db.engine import writing
from db.files import store_file
from models.documents import read
from models.grounding import ground_fields, ground_statement
from models.schemas import Extraction, Funder, ModelCard, Proposal
from workbench.context import Context
from workbench.desk import document_row
from workbench.exports import rows
from workbench.gate import SignedIn
from workbench.routes import router
from workbench.routes.errors import explain_errors

SAMPLES = Path(__file__).parent.parent / "workbench" / "samples"
GOLD = {
    row["file"]: row
    for row in map(json.loads, (SAMPLES / "gold.jsonl").read_text("utf-8").splitlines())
}


@pytest.fixture
def client(ctx: Context) -> Iterator[TestClient]:
    app = FastAPI()
    app.add_middleware(SignedIn, ctx=ctx)
    explain_errors(app)
    app.include_router(router(ctx))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def record(ctx: Context) -> int:
    """A sample paper about which the model found the statement and half a funder's name."""
    return add(ctx, "eelgrass-sound.pdf")


def add(ctx: Context, name: str) -> int:
    document = read(SAMPLES / name)
    store_file(ctx.files, SAMPLES / name)
    statement = ground_statement(GOLD[name]["statements"][0], document)
    funders = (Funder(funder_name="Science Foundation"), Funder(funder_name="Bank of Mars"))
    proposal = Proposal(
        windows=((0, len(document.text)),),
        statements_raw=(json.dumps({"statements": [statement.text]}),),
        parsed_text=statement.text,
        statements=(statement,),
        extraction=Extraction(raw='[{"funder_name": "Science Foundation"}]', funders=funders),
        fields=ground_fields(funders, [statement], document),
        card=ModelCard(model="m", prompt_sha256="p", schema_sha256="s"),
    )
    with writing(ctx.engine) as session:
        row = store.add_document(session, document_row(document))
        store.add_proposal(session, row.id, proposal)
        return row.id


def decision(base: int, action: str = "save", **more: Any) -> dict[str, Any]:
    return {"base_seq": base, "action": action, "client_event_id": uuid4().hex, **more}


def corrected() -> dict[str, Any]:
    gold = GOLD["eelgrass-sound.pdf"]
    return {
        "statements": [{"text": text} for text in gold["statements"]],
        "funders": gold["funders"],
        "row_ids": {
            "statements": ["s0"],
            "funders": [
                {"id": f"f{i}", "awards": [f"f{i}a{j}" for j in range(len(f["awards"]))]}
                for i, f in enumerate(gold["funders"])
            ],
        },
    }


def test_the_cockpit_sees_the_proposal_with_its_places(client: TestClient, record: int) -> None:
    payload = client.get(f"/api/records/{record}").json()
    assert payload["head"] == 0
    assert payload["status"] == "proposed"
    assert payload["answer"]["statements"][0]["span"]["boxes"]
    assert [f["alignment"] for f in payload["fields"]] == ["exact", "absent"]
    alone = {"index": 1, "total": 1, "left": 0, "next": None, "previous": None}
    assert payload["position"] == alone


def test_a_correction_becomes_gold_and_pairs(client: TestClient, ctx: Context, record: int) -> None:
    url = f"/api/records/{record}/revisions"
    reply = client.post(url, json=decision(0, answer=corrected(), lead_ms=1200))
    assert reply.status_code == 201
    assert reply.json() == {"seq": 1, "status": "corrected", "next": None}
    (gold,) = rows(ctx, "gold")
    assert gold["funders"] == GOLD["eelgrass-sound.pdf"]["funders"]
    assert gold["statements"][0]["span"]["boxes"]
    (pair,) = rows(ctx, "pairs")
    assert pair["task"] == "funding_parse"
    assert pair["rejected"][0]["content"] == '[{"funder_name": "Science Foundation"}]'
    assert json.loads(pair["chosen"][0]["content"]) == gold["funders"]
    payload = client.get(f"/api/records/{record}").json()
    assert payload["answer"]["row_ids"] == corrected()["row_ids"]


def test_saving_what_the_model_said_accepts_it_and_makes_no_pair(
    client: TestClient, ctx: Context, record: int
) -> None:
    answer = client.get(f"/api/records/{record}").json()["answer"]
    body = decision(0, answer=answer, reasons={"/funders/1/funder_name": "in a footnote"})
    reply = client.post(f"/api/records/{record}/revisions", json=body)
    assert reply.json()["status"] == "accepted"
    assert list(rows(ctx, "pairs")) == []


def test_the_second_of_two_saves_gets_the_first_s_version(client: TestClient, record: int) -> None:
    url = f"/api/records/{record}/revisions"
    assert client.post(url, json=decision(0, answer=corrected())).status_code == 201
    second = client.post(url, json=decision(0, "no_funding"))
    assert second.status_code == 409
    body = second.json()
    assert body["head"] == 1
    assert body["revision"]["actor"] == "tester"
    assert body["answer"]["funders"] == corrected()["funders"]
    assert client.post(url, json=decision(body["head"], "no_funding")).status_code == 201
    assert client.get(f"/api/records/{record}").json()["answer"]["funders"] == []


def test_sending_a_save_twice_saves_once(client: TestClient, record: int) -> None:
    body = decision(0, answer=corrected())
    url = f"/api/records/{record}/revisions"
    assert client.post(url, json=body).json() == client.post(url, json=body).json()
    assert client.get(f"/api/records/{record}").json()["head"] == 1


def test_undo_goes_back_step_by_step(client: TestClient, ctx: Context, record: int) -> None:
    url = f"/api/records/{record}"
    client.post(f"{url}/revisions", json=decision(0, answer=corrected()))
    client.post(f"{url}/revisions", json=decision(1, "flag", note="check the grant"))
    states = []
    for base in (2, 3):
        body = {"base_seq": base, "client_event_id": uuid4().hex}
        states.append(client.post(f"{url}/undo", json=body).json()["status"])
    assert states == ["corrected", "proposed"]
    assert list(rows(ctx, "gold")) == []
    again = client.post(f"{url}/undo", json={"base_seq": 4, "client_event_id": uuid4().hex})
    assert again.status_code == 422
    assert "undo" in again.json()["error"]


def test_a_draft_is_grounded_without_being_saved(client: TestClient, record: int) -> None:
    answer = {"statements": [], "funders": [{"funder_name": "eelgrass", "awards": []}]}
    reply = client.post(f"/api/records/{record}/ground", json={"answer": answer}).json()
    assert reply["fields"][0]["alignment"] == "exact"
    assert client.get(f"/api/records/{record}").json()["head"] == 0


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({"funders": [{"funder_name": 3}]}, "/funders/0/funder_name"),
        ({"funders": [{"name": "x"}]}, "/funders/0/name"),
        ({"funders": [{"funder_name": "x", "awards": [{"award_ids": "1"}]}]}, "award_ids"),
        ({"funders": "none"}, "/funders"),
    ],
)
def test_malformed_answers_are_told_by_path(
    client: TestClient, record: int, answer: object, path: str
) -> None:
    reply = client.post(f"/api/records/{record}/ground", json={"answer": answer})
    assert reply.status_code == 422
    assert any(path in error["path"] for error in reply.json()["errors"])


def test_malformed_json_and_plain_forms_are_refused(client: TestClient, record: int) -> None:
    url = f"/api/records/{record}/revisions"
    bad = client.post(url, content=b"{", headers={"content-type": "application/json"})
    assert bad.status_code == 422
    form = client.post(url, content=b"{}", headers={"content-type": "text/plain"})
    assert form.status_code == 415


def test_the_words_of_a_page_lie_on_its_text(client: TestClient, record: int) -> None:
    document = client.get(f"/api/records/{record}").json()["document"]
    page = client.get(f"/api/documents/{document['sha256']}/pages/1").json()
    start, end, x0, y0, x1, y1 = page["words"][0]
    assert page["text"][start - page["start"] : end - page["start"]].strip()
    assert 0 <= x0 < x1 <= 1
    assert 0 <= y0 < y1 <= 1
    assert client.get(f"/api/documents/{document['sha256']}/pages/99").status_code == 404


def test_the_file_is_served_in_ranges_and_never_sniffed(client: TestClient, record: int) -> None:
    sha = client.get(f"/api/records/{record}").json()["document"]["sha256"]
    reply = client.get(f"/files/{sha}", headers={"range": "bytes=0-4"})
    assert (reply.status_code, reply.content) == (206, b"%PDF-")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert client.get("/files/" + "0" * 64).status_code == 404
    assert client.get("/files/..%2F..%2Fetc%2Fpasswd").status_code == 404


def test_the_queue_filters_searches_and_walks(client: TestClient, ctx: Context) -> None:
    first, second = add(ctx, "eelgrass-sound.pdf"), add(ctx, "swift-calls.pdf")
    client.post(f"/api/records/{first}/revisions", json=decision(0, "skip"))
    found = client.get("/api/records", params={"status": "proposed"}).json()
    assert [item["id"] for item in found["items"]] == [second]
    assert found["counts"]["skipped"] == 1
    found = client.get("/api/records", params={"q": "eelgrass"}).json()
    assert [item["id"] for item in found["items"]] == [first]
    payload = client.get(f"/api/records/{first}", params={"sort": "oldest"}).json()
    assert payload["position"]["next"] == second


def test_exports_come_as_files(client: TestClient, record: int) -> None:
    client.post(f"/api/records/{record}/revisions", json=decision(0, answer=corrected()))
    reply = client.get("/api/export/gold.jsonl")
    assert "attachment" in reply.headers["content-disposition"]
    assert json.loads(reply.text)["verdict"] == "corrected"
    assert client.get("/api/export/nonsense.jsonl").status_code == 422


def test_health_says_what_is_wrong(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"ok": True, "problems": {}}


@pytest.mark.parametrize(
    "body",
    [
        {"base_seq": 0, "action": "save", "client_event_id": "a" * 32},
        {"base_seq": 0, "action": "skip", "client_event_id": " " * 9},
        {"base_seq": 0, "action": "skip", "client_event_id": "a" * 32, "lead_ms": 10**30},
        {"base_seq": -1, "action": "skip", "client_event_id": "a" * 32},
    ],
)
def test_decisions_that_make_no_sense_are_refused(
    client: TestClient, record: int, body: dict[str, Any]
) -> None:
    assert client.post(f"/api/records/{record}/revisions", json=body).status_code == 422
    assert client.get(f"/api/records/{record}").json()["head"] == 0
    assert client.get("/api/records/99999999999999999999999").status_code == 422
