"""The way back in the cockpit, in a real browser: to papers that were decided a moment ago."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.cockpits import begin, cockpit, shows, status, told
from tests.desks import Desk
from tests.prepared import GOLD, Flaw

pytestmark = pytest.mark.browser
SAMPLES = sorted(name for name, gold in GOLD.items() if gold["funders"])
PAPERS: list[tuple[str, str, Flaw]] = [
    (f"{number}.pdf", SAMPLES[number % len(SAMPLES)], "none") for number in range(5)
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with cockpit(tmp_path_factory.mktemp("home"), PAPERS) as (running, _):
        yield running


def press(page: Page, key: str) -> None:
    page.wait_for_timeout(450)  # what follows sooner counts as a slip
    page.keyboard.press(key)


def test_previous_goes_back_along_the_way_and_next_returns(desk: Desk) -> None:
    page = desk.open()
    queue = [item["id"] for item in desk.get("/api/records")["items"]]
    first, second, third, fourth = queue[:4]
    begin(page, first)
    for here, following in ((first, second), (second, third)):
        press(page, "A")
        status(desk, here, "accepted", page)
        shows(page, following)

    # The decided papers have left their places: in the queue, another stands before the third.
    assert told(desk, third)["position"]["previous"] != second
    press(page, "p")
    shows(page, second)
    expect(page.locator(".wb-header .wb-status")).to_have_text("accepted")
    press(page, "p")
    shows(page, first)
    press(page, "n")
    shows(page, second)
    press(page, "p")
    shows(page, first)

    # A second thought about the first leads on to what is still open, past the second.
    press(page, "N")
    status(desk, first, "no_funding", page)
    shows(page, third)
    press(page, "u")
    status(desk, first, "accepted", page)
    shows(page, first)
    press(page, "n")
    shows(page, second)
    press(page, "n")
    shows(page, third)

    page.reload()
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    begin(page, fourth)
    press(page, "p")
    shows(page, third)
    press(page, "p")
    shows(page, second)
    page.close()


def test_another_tab_has_a_way_of_its_own(desk: Desk) -> None:
    page = desk.open()
    last = desk.get("/api/records?status=proposed")["items"][-1]["id"]
    before = told(desk, last)["position"]["previous"]
    begin(page, last)
    press(page, "p")
    shows(page, before)
    press(page, "n")
    shows(page, last)
    page.close()
