"""What other programs may call, through the clients that they use, on the running app."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from db import jobs
from db.engine import reading, writing
from models.errors import WorkbenchError
from tests.desks import SAMPLES, wait_for
from tests.stores import add, said, save
from workbench import asks
from workbench.context import Context, Settings
from workbench.people import Person

HAS_MCP = importlib.util.find_spec("mcp") is not None
STATEMENT = "This work was supported by the Leverhulme Trust (grant RPG-2022-9914)."


@contextmanager
def serving(home: Path, *options: str) -> Iterator[str]:
    """The app as a user starts it, with its workers; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "workbench", "serve", "--port", str(port), *options],
        env=os.environ | {"WORKBENCH_HOME": str(home), "WORKBENCH_ACTOR": "program"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: get(f"{url}/healthz")["ok"], 120)
        yield url
    finally:
        server.terminate()
        server.wait(15)


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as reply:
        return json.load(reply)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    ctx = Context(Settings(home=home))
    record = add(ctx.engine, "moss.pdf")
    with writing(ctx.engine) as session:
        save(session, record, "corrected", answer=said("Ünïon of Mosses", "Wellcome"))
    ctx.engine.dispose()
    with serving(home, *(["--mcp"] if HAS_MCP else [])) as running:
        yield running


@pytest.fixture(scope="module")
def client(url: str) -> Any:
    from gradio_client import Client

    return Client(url, verbose=False)


class TestEndpoints:
    def test_only_these_are_told(self, url: str) -> None:
        info = get(f"{url}/gradio_api/info")
        assert sorted(info["named_endpoints"]) == ["/export", "/extract", "/parse", "/search_gold"]
        assert info["unnamed_endpoints"] == {}

    def test_a_statement_is_parsed(self, client: Any) -> None:
        told = json.loads(client.predict(STATEMENT, api_name="/parse"))
        assert told["funders"][0]["funder_name"] == "Leverhulme Trust"
        assert told["funders"][0]["awards"][0]["award_ids"] == ["RPG-2022-9914"]

    def test_a_paper_is_extracted_as_on_the_command_line_and_not_kept(
        self, client: Any, url: str
    ) -> None:
        from gradio_client import handle_file

        paper = handle_file(SAMPLES / "swift-calls.pdf")
        told = json.loads(client.predict(paper, api_name="/extract"))
        assert told["path"] == "swift-calls.pdf"
        assert told["statements"][0]["boxes"]
        assert {"path", "value", "start", "end", "page", "boxes"} <= told["fields"][0].keys()
        assert [item["name"] for item in get(f"{url}/api/records")["items"]] == ["moss.pdf"]

    def test_gold_is_searched_whatever_the_case(self, client: Any) -> None:
        for query in ("wellcome", "ÜNÏON mosses", "Moss.PDF"):
            (row,) = json.loads(client.predict(query, api_name="/search_gold"))
            assert row["document"] == "moss.pdf"
        assert json.loads(client.predict("funder_name", api_name="/search_gold")) == []

    def test_an_export_comes_in_parts(self, client: Any) -> None:
        ask = {"format": "gold", "api_name": "/export"}
        assert len(json.loads(client.predict(**ask))) == 1
        assert json.loads(client.predict(**ask, offset=1)) == []
        assert json.loads(client.predict(**ask, project="none")) == []

    @pytest.mark.parametrize(
        ("endpoint", "given", "told"),
        [
            ("/parse", {"statement": "  "}, "empty"),
            ("/parse", {"statement": "x" * 30_000}, "30000 characters"),
            ("/search_gold", {"query": "x", "limit": 0}, "from 1 to 100"),
            ("/export", {"format": "nonsense"}, "no export"),
        ],
    )
    def test_a_refusal_says_why(
        self, client: Any, endpoint: str, given: dict[str, Any], told: str
    ) -> None:
        with pytest.raises(Exception, match=told):
            client.predict(**given, api_name=endpoint)

    def test_a_file_that_is_no_paper_is_told(self, client: Any, tmp_path: Path) -> None:
        from gradio_client import handle_file

        bad = tmp_path / "x.pdf"
        bad.write_bytes(b"<!doctype html><html>Please log in</html>")
        with pytest.raises(Exception, match="web page"):
            client.predict(handle_file(bad), api_name="/extract")


@pytest.mark.skipif(not HAS_MCP, reason="the extra mcp is not installed")
class TestTools:
    def test_exactly_three_are_offered_and_they_work(self, url: str) -> None:
        tools, answers = asyncio.run(_talk(f"{url}/gradio_api/mcp/"))
        assert sorted(tool.name for tool in tools) == ["extract", "parse", "search_gold"]
        assert all(len(tool.description) > 80 for tool in tools)
        parsed, extracted, found, refused = answers
        assert json.loads(parsed.content[0].text)["funders"][0]["funder_name"] == "Leverhulme Trust"
        assert json.loads(extracted.content[0].text)["statements"]
        assert json.loads(found.content[0].text)[0]["document"] == "moss.pdf"
        assert refused.isError and "empty" in refused.content[0].text


async def _talk(url: str) -> tuple[list[Any], list[Any]]:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    paper = base64.b64encode((SAMPLES / "swift-calls.pdf").read_bytes()).decode()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("parse", {"statement": STATEMENT}),
        ("extract", {"file": f"data:application/pdf;base64,{paper}"}),
        ("search_gold", {"query": "wellcome"}),
        ("parse", {"statement": " "}),
    ]
    async with (
        streamablehttp_client(url) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = (await session.list_tools()).tools
        return tools, [await session.call_tool(name, given) for name, given in calls]


class TestQuestions:
    @pytest.fixture
    def ctx(self, tmp_path: Path) -> Context:
        return Context(Settings(home=tmp_path / "home", answer_seconds=1))

    def test_without_a_worker_the_time_is_up_with_the_reason(self, ctx: Context) -> None:
        with pytest.raises(asks.NoAnswer, match=r"within 1 seconds.*does not run"):
            asks.parse(ctx, STATEMENT)
        with reading(ctx.engine) as session:
            assert jobs.waiting(session, "ask") == 0
        assert list((ctx.home / "asks").iterdir()) == []

    def test_too_many_are_refused_at_once(self, ctx: Context) -> None:
        with writing(ctx.engine) as session:
            for _ in range(asks.MOST_WAITING):
                jobs.enqueue(session, "ask", "a statement")
        with pytest.raises(asks.Busy, match="Try again"):
            asks.parse(ctx, STATEMENT)

    def test_questions_are_no_papers(self, ctx: Context) -> None:
        with writing(ctx.engine) as session:
            jobs.enqueue(session, "ask", "a statement")
            assert jobs.recent_jobs(session) == []

    def test_a_question_that_was_withdrawn_leaves_nothing(self, ctx: Context) -> None:
        from workbench.worker import Worker

        with writing(ctx.engine) as session:
            job = jobs.enqueue(session, "ask", "a statement", path=str(ctx.home / "none.json"))
        worker = Worker(ctx, "propose")
        with writing(ctx.engine) as session:
            jobs.withdraw(session, job.id)
        assert not worker.step()


def test_a_program_needs_the_role(tmp_path: Path) -> None:
    import gradio as gr

    from workbench.pages import programs

    ctx = Context(Settings(home=tmp_path / "home"))

    def request(person: Person | None) -> Any:
        return SimpleNamespace(scope={"state": {"person": person}}, headers={})

    viewer = request(Person("vera", "viewer"))
    with pytest.raises(gr.Error, match="role curator"):
        programs._parse(ctx)(STATEMENT, viewer)
    with pytest.raises(gr.Error, match="role curator"):
        programs._extract(ctx)({"path": str(SAMPLES / "swift-calls.pdf")}, viewer)
    assert programs._search_gold(ctx)("x", viewer) == "[]"
    for make in (programs._parse, programs._search_gold, programs._export):
        with pytest.raises(gr.Error, match="signed out"):
            make(ctx)("x", request(None))
    assert issubclass(asks.Busy, WorkbenchError)
