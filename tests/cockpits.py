"""What a curator's hands do in the cockpit. For the tests of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.desks import SHOTS, Desk, running_desk, wait_for
from tests.prepared import GOLD, MADE_UP, Flaw, prepare

SWIFT = GOLD["swift-calls.pdf"]
STATEMENT = SWIFT["statements"][0]
FUNDER, AWARD = "Leverhulme Trust", "RPG-2022-9914"


@contextmanager
def cockpit(
    home: Path, papers: Sequence[tuple[str, str, Flaw]]
) -> Iterator[tuple[Desk, dict[str, int]]]:
    """A running desk with these papers prepared, and their records by name."""
    SHOTS.mkdir(exist_ok=True)
    records = prepare(home, papers)
    with running_desk(home) as desk:
        yield desk, records


def begin(page: Page, record: int) -> None:
    """Open a paper from the queue with the Enter key."""
    page.locator(f"#wb-queue tr[data-record='{record}'] a").first.focus(timeout=20_000)
    page.keyboard.press("Enter")
    shows(page, record)


def shows(page: Page, record: int) -> None:
    page.wait_for_selector(f".wb-cockpit[data-record='{record}']", timeout=30_000)
    page.wait_for_selector(".wb-page canvas", timeout=30_000)


def told(desk: Desk, record: int) -> Any:
    return desk.get(f"/api/records/{record}")


def status(desk: Desk, record: int, wanted: str, page: Page) -> None:
    wait_for(lambda: told(desk, record)["status"] == wanted, 20, page)


def selected(page: Page) -> Any:
    return page.locator(".wb-field.wb-selected")


def to_kind(page: Page, kind: str) -> None:
    """Go down the form to the first field of a kind."""
    for _ in range(12):
        if selected(page).get_attribute("data-kind") == kind:
            return
        page.keyboard.press("j")
    raise AssertionError(f"no {kind} below")


def begin_again(page: Page, record: int) -> None:
    page.get_by_role("tab", name="Papers").click()
    begin(page, record)


def find(page: Page, words: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_selector(".wb-menu:not([hidden])")


class Keys:
    """What a curator's hands do on each of the twenty papers."""

    def __init__(self, page: Page, sample: dict[str, Any]) -> None:
        self.page, self.sample = page, sample

    def accept(self) -> None:
        self.page.keyboard.press("A")

    def correct(self) -> None:
        to_kind(self.page, "funder_name")
        self.page.keyboard.press("e")
        self.page.keyboard.type(" " + self.sample["funders"][0]["funder_name"].rsplit(" ", 1)[1])
        self.page.keyboard.press("Escape")
        self.accept()

    def reject(self) -> None:
        self.page.keyboard.press("!")
        assert selected(self.page).locator("textarea").input_value() == MADE_UP
        self.page.keyboard.press("x")
        self.accept()

    def explain(self) -> None:
        self.accept()
        expect(self.page.locator("dialog.wb-reasons")).to_be_visible()
        self.page.keyboard.press("1")
        self.page.keyboard.press("Enter")

    def nothing(self) -> None:
        self.page.keyboard.press("N")

    def flag(self) -> None:
        self.page.keyboard.press("f")
        self.page.keyboard.type("two versions of this paper")
        self.page.keyboard.press("Enter")

    def skip(self) -> None:
        self.page.keyboard.press("s")
