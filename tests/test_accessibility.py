"""Every page judged by axe-core, in light and dark: no serious or critical violation of WCAG."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.axe import axe
from tests.desks import SAMPLES, Desk, open_paper, running_desk, upload

pytestmark = pytest.mark.browser

TABS = "#wb-tabs [role=tab][data-tab-id]"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_desk(tmp_path_factory.mktemp("home")) as running:
        yield running


def judge_every_tab(page: Page) -> dict[str, Any]:
    """The violations of each tab that the page has, whichever those are."""
    found = {}
    names = page.locator(TABS).evaluate_all("(tabs) => tabs.map((tab) => tab.dataset.tabId)")
    assert {"papers", "review", "train", "export", "doctor", "about"} <= set(names)
    for name in names:
        page.locator(f"{TABS}[data-tab-id='{name}']").click()
        page.wait_for_timeout(1_500)  # what the tab asks for comes in, and colours settle
        if violations := axe(page):
            found[name] = violations
    return found


class TestAccessibility:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_an_empty_desk(self, desk: Desk, theme: str) -> None:
        if theme == "light":
            assert desk.get("/api/records")["total"] == 0
        page = desk.open(theme)
        found = judge_every_tab(page)
        assert found == {}, json.dumps(found, indent=1)
        page.close()

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_a_desk_with_a_paper_open(self, desk: Desk, theme: str) -> None:
        page = desk.open(theme)
        record = upload(desk, page, SAMPLES / "swift-calls.pdf")["swift-calls.pdf"]
        open_paper(page, record)
        found = judge_every_tab(page)
        assert found == {}, json.dumps(found, indent=1)
        page.close()

    def test_the_tour(self, desk: Desk) -> None:
        page = desk.open()
        page.locator(f"{TABS}[data-tab-id='about']").click()
        page.locator("[data-action=tour]").click()
        page.wait_for_selector("dialog.wb-tour[open]")
        page.wait_for_timeout(1_000)
        assert axe(page) == []
        page.close()
