"""The app in a real browser: started, opened, given papers. For the tests of its pages."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, Page, Request, sync_playwright

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "workbench" / "samples"
SHOTS = ROOT / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Desk:
    """A running workbench and what its browser was caught at."""

    url: str
    browser: Browser
    strays: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, theme: str = "light", width: int = 1280, height: int = 800) -> Page:
        page = self.browser.new_page(viewport={"width": width, "height": height})
        page.on("request", self._watch)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{self.url}/?__theme={theme}")
        page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
        return page

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.strays.append(request.url)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=30) as reply:
            return json.loads(reply.read())

    def rows(self, name: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/api/export/{name}.jsonl", timeout=30) as reply:
            return [json.loads(line) for line in reply.read().decode().splitlines()]


@contextmanager
def running_desk(home: Path, **settings: str) -> Iterator[Desk]:
    """The app as a user starts it, with its workers, and a browser; nothing may go wrong there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "workbench", "serve", "--port", str(port)],
        env=os.environ | {"WORKBENCH_HOME": str(home), "WORKBENCH_ACTOR": "curator"} | settings,
    )
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            running = Desk(f"http://127.0.0.1:{port}", browser)
            wait_for(lambda: running.get("/healthz")["ok"], 120)
            yield running
            assert running.strays == []
            assert running.errors == []
            browser.close()
    finally:
        server.terminate()
        server.wait(15)


def wait_for(condition: Any, seconds: float, page: Page | None = None) -> Any:
    """Ask again and again; with a page, its browser is served meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except OSError:
            pass
        if page is None:
            time.sleep(0.2)
        else:
            page.wait_for_timeout(200)
    raise TimeoutError(f"nothing after {seconds} s")


def upload(desk: Desk, page: Page, *paths: Path) -> dict[str, int]:
    """Drop files on the page and wait until the model has read them; returns their records."""
    page.get_by_role("tab", name="Papers").click()
    page.set_input_files("#wb-upload input[type=file]", [str(path) for path in paths])
    names = {path.name for path in paths}

    def ready() -> dict[str, int]:
        items = desk.get("/api/records?limit=500")["items"]
        done = {i["name"]: i["id"] for i in items if i["job"] and i["job"]["state"] == "done"}
        return {name: done[name] for name in names} if names <= done.keys() else {}

    found: dict[str, int] = wait_for(ready, 180, page)
    return found


def open_paper(page: Page, record: int) -> None:
    page.locator(f"#wb-queue tr[data-record='{record}']").click(timeout=15_000)
    page.wait_for_selector(".wb-page canvas", timeout=30_000)


def save(desk: Desk, record: int, gold: dict[str, Any], actor: str = "x") -> None:
    """Save an answer behind the page's back, as a second curator does."""
    head = desk.get(f"/api/records/{record}")["head"]
    body = {
        "base_seq": head,
        "action": "save",
        "answer": {
            "statements": [{"text": text} for text in gold["statements"]],
            "funders": gold["funders"],
        },
        "client_event_id": uuid4().hex,
    }
    request = urllib.request.Request(
        f"{desk.url}/api/records/{record}/revisions",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        assert reply.status == 201
