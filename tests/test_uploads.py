"""What Gradio would fetch or copy on a caller's word, asked for with raw requests of the app."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import safehttpx
from fastapi.testclient import TestClient
from gradio import processing_utils, utils

from tests.accounts import Raw, accounts
from workbench.app import create_app
from workbench.uploads import is_upload, paths_in

KNOWN = ("extract", "parse", "search_gold", "export")


class Elsewhere:
    """A server that keeps what it is asked for."""

    def __init__(self) -> None:
        seen: list[str] = []

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"secret")

            def log_message(self, *given: Any) -> None:
                """Say nothing."""

        self.seen = seen
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/paper.txt"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """A server that Gradio takes for a public one."""
    monkeypatch.setattr(processing_utils, "PUBLIC_HOSTNAME_WHITELIST", ["127.0.0.1"])
    monkeypatch.setattr(safehttpx, "is_public_ip", lambda ip: True)
    made = Elsewhere()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
    ctx = accounts(tmp_path_factory.mktemp("home"), answer_seconds=1)
    with TestClient(create_app(ctx, workers=False), raise_server_exceptions=False) as client:
        yield Raw(ctx, client)
    patch.undo()


def file(path: str) -> dict[str, Any]:
    return {"path": path, "url": path, "meta": {"_type": "gradio.FileData"}}


def blocks(ask: Raw) -> Any:
    return ask.client.app.routes[-1].app.get_blocks()  # type: ignore[attr-defined]


def called(ask: Raw, who: str, name: str, data: list[Any]) -> str:
    """The answer of a documented endpoint, asked as its clients do."""
    token = ask.token(who)
    made = ask(who, "POST", f"/gradio_api/call/{name}", token, json={"data": data})
    assert made.status_code == 200, made.text
    place = f"/gradio_api/call/{name}/{made.json()['event_id']}"
    return str(ask(who, "GET", place, token).text)


def inputs(ask: Raw, number: int, first: Any) -> list[Any]:
    return [first, *(None for _ in blocks(ask).fns[number].inputs[1:])]


@pytest.mark.parametrize("name", KNOWN)
def test_an_endpoint_fetches_no_address(ask: Raw, elsewhere: Elsewhere, name: str) -> None:
    (number,) = [n for n, made in blocks(ask).fns.items() if made.api_name == name]
    told = called(ask, "Curator", name, inputs(ask, number, file(elsewhere.url)))
    assert "was not uploaded" in told
    assert elsewhere.seen == []


def test_no_handler_of_any_page_fetches_an_address(ask: Raw, elsewhere: Elsewhere) -> None:
    asked = 0
    for number, made in blocks(ask).fns.items():
        if not made.inputs or not made.queue:
            continue
        for given in (file(elsewhere.url), [file(elsewhere.url)], {"in": file(elsewhere.url)}):
            done = ask.handler("Viewer", number, inputs(ask, number, given))
            assert "was not uploaded" in done["output"]["error"], made.fn
            asked += 1
    assert asked > 10
    assert elsewhere.seen == []


@pytest.mark.parametrize("way", ["file=", "proxy=", "file=http:/"])
def test_no_path_of_gradio_leads_to_another_server(
    ask: Raw, elsewhere: Elsewhere, way: str
) -> None:
    for method in ("GET", "HEAD"):
        answer = ask("Admin", method, f"/gradio_api/{way}{elsewhere.url}")
        assert answer.status_code == 403
        assert method == "HEAD" or "other servers" in answer.json()["error"]
    assert elsewhere.seen == []


def test_a_file_of_the_server_is_neither_copied_nor_read(ask: Raw, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("The passwords of us all.", "utf-8")
    before = set(Path(utils.get_upload_folder()).rglob("*"))
    for path in (str(secret), f"{utils.get_upload_folder()}/../{secret.name}"):
        told = called(ask, "Curator", "extract", [file(path)])
        assert "was not uploaded" in told
    assert set(Path(utils.get_upload_folder()).rglob("*")) == before


def test_an_uploaded_file_is_taken(ask: Raw) -> None:
    sent: Any = {"files": ("a.txt", b"x")}
    (path,) = ask("Curator", "POST", "/gradio_api/upload", files=sent).json()
    told = called(ask, "Viewer", "extract", [file(path)])
    assert "This needs the role" in told  # it came as far as the handler, which asked who


def test_file_objects_are_found_however_deep() -> None:
    deep = {"a": [({"b": file("x")}, file("y"))], "c": {"path": "no file", "text": ""}}
    assert list(paths_in(deep)) == ["x", "y"]
    assert list(paths_in([None, "x", 3, {}])) == []


@pytest.mark.parametrize("path", ["http://a/b", "ftp://a/b", "HTTPS://a/b", "/etc/passwd", 3, None])
def test_what_is_no_upload(path: Any) -> None:
    assert not is_upload(path)
