"""Exports in the background over HTTP, the card of a document, and the Export page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from db import store
from db.engine import connect, reading
from db.migrations import upgrade
from models.schemas import Answer
from tests.desks import SHOTS, running_desk, wait_for
from tests.formats import NSF, decide
from workbench.context import Context
from workbench.exchange import jobs
from workbench.gate import SignedIn
from workbench.routes import router
from workbench.routes.errors import explain_errors

AS_JSON = {"content-type": "application/json"}


@pytest.fixture
def client(ctx: Context) -> Iterator[TestClient]:
    app = FastAPI()
    app.add_middleware(SignedIn, ctx=ctx)
    explain_errors(app)
    app.include_router(router(ctx))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def ended(client: TestClient, id_: str) -> dict[str, Any]:
    def state() -> dict[str, Any] | None:
        job = next(j for j in client.get("/api/exports").json()["items"] if j["id"] == id_)
        return job if job["state"] not in ("starting", "running") else None

    found: dict[str, Any] = wait_for(state, 120)
    return found


def test_an_export_runs_is_fetched_and_removed(ctx: Context, client: TestClient) -> None:
    decide(ctx.engine, NSF, Answer())
    begun = client.post("/api/exports", json={"format": "crossref"})
    assert begun.status_code == 202
    job = ended(client, begun.json()["id"])
    assert (job["state"], job["person"]) == ("done", "tester")
    assert job["outcome"]["proof"]["lost"] == 0
    assert b"CNS-0615443" in client.get(f"/api/exports/{job['id']}/file").content
    (left_out,) = client.get(f"/api/exports/{job['id']}/unfit").text.splitlines()
    assert "no funder" in json.loads(left_out)["reason"]
    gone = client.request("DELETE", f"/api/exports/{job['id']}", headers=AS_JSON)
    assert gone.status_code == 204
    assert client.get("/api/exports").json() == {"items": []}
    assert client.get(f"/api/exports/{job['id']}/file").status_code == 404


def test_a_split_export_is_fetched_as_a_zip(ctx: Context, client: TestClient) -> None:
    import io
    import zipfile

    decide(ctx.engine, NSF, NSF)
    id_ = client.post("/api/exports", json={"format": "gold", "split": 1}).json()["id"]
    assert ended(client, id_)["state"] == "done"
    whole = zipfile.ZipFile(io.BytesIO(client.get(f"/api/exports/{id_}/file").content))
    assert whole.namelist() == ["gold-00001.jsonl", "gold-00002.jsonl"]


def test_a_cancelled_export_stops_and_goes_on(ctx: Context, client: TestClient) -> None:
    decide(ctx.engine, NSF)
    id_ = client.post("/api/exports", json={"format": "gold"}).json()["id"]
    client.post(f"/api/exports/{id_}/cancel", json={})
    job = ended(client, id_)
    assert job["state"] == "stopped"
    assert client.get(f"/api/exports/{id_}/file").status_code == 404
    assert client.post(f"/api/exports/{id_}/resume", json={}).status_code == 202
    assert ended(client, id_)["state"] == "done"


def test_a_killed_export_is_told_and_resumed(ctx: Context) -> None:
    decide(ctx.engine, NSF)
    id_ = jobs.start(ctx, jobs.Spec("gold"), "ada").id
    wait_for(lambda: not jobs.job(ctx, id_).is_active, 120)
    # As a kill leaves it: the status says running, and nobody holds the lock.
    status = jobs.folder(ctx) / id_ / jobs.STATUS
    status.write_text(json.dumps({"state": "running", "step": "writing"}))
    assert jobs.job(ctx, id_).state == "interrupted"
    jobs.resume(ctx, id_)
    wait_for(lambda: jobs.job(ctx, id_).state == "done", 120)


@pytest.mark.parametrize("id_", ["..", "nothing", "20260101-000000-gold-abcdef", "%2e%2e%2fstore"])
def test_no_name_leads_out_of_the_folder(client: TestClient, id_: str) -> None:
    assert client.get(f"/api/exports/{id_}/file").status_code == 404
    assert client.request("DELETE", f"/api/exports/{id_}", headers=AS_JSON).status_code in (
        404,
        405,
    )


def test_an_unknown_format_is_told(client: TestClient) -> None:
    answer = client.post("/api/exports", json={"format": "../gold"})
    assert (answer.status_code, "Known: argilla" in answer.json()["error"]) == (422, True)


def test_the_card_of_a_document_is_corrected(ctx: Context, client: TestClient) -> None:
    (record,) = decide(ctx.engine, NSF)
    with reading(ctx.engine) as session:
        sha = store.record(session, record).document_sha256
    done = client.patch(f"/api/documents/{sha}", json={"doi": "https://doi.org/10.5555/ABC"})
    assert done.json() == {"sha256": sha, "doi": "10.5555/abc", "license": "CC-BY-4.0"}
    assert client.patch(f"/api/documents/{sha}", json={"license": " "}).json()["license"] is None
    bad = client.patch(f"/api/documents/{sha}", json={"doi": "no doi"})
    assert (bad.status_code, "is no DOI" in bad.json()["error"]) == (422, True)
    assert client.patch(f"/api/documents/{'0' * 64}", json={"doi": None}).status_code == 404


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_exports_and_survives_a_reload(tmp_path: Path) -> None:
    home = tmp_path / "home"
    engine = connect(home / "store.sqlite3")
    upgrade(engine)
    decide(engine, NSF, Answer())
    engine.dispose()
    with running_desk(home) as desk:
        page = desk.open()
        page.get_by_role("tab", name="Export").click()
        page.get_by_role("combobox", name="Format").click()
        page.get_by_role("option", name="Crossref resource deposit").click()
        page.get_by_role("button", name="Start export").click()
        listed = page.locator("#wb-exports")
        expect(listed).to_contain_text("Download", timeout=90_000)
        expect(listed).to_contain_text("1 record left out")
        expect(listed).to_contain_text("0 fields lost")
        page.reload()
        page.get_by_role("tab", name="Export").click()
        expect(listed).to_contain_text("Download", timeout=30_000)
        with page.expect_download() as caught:
            listed.get_by_role("link", name="Download").click()
        assert "CNS-0615443" in Path(caught.value.path()).read_text("utf-8")
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / "exports.png", full_page=True)
        dark = desk.open("dark")
        dark.get_by_role("tab", name="Export").click()
        expect(dark.locator("#wb-exports")).to_contain_text("Download", timeout=30_000)
        dark.screenshot(path=SHOTS / "exports-dark.png", full_page=True)
        page.get_by_role("button", name="Remove").click()
        expect(listed).to_contain_text("No export yet.", timeout=30_000)
