"""Retraining by one click, in a real browser with the real trainer and the embedded model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.desks import SHOTS, Desk, running_desk, save, upload, wait_for

pytestmark = pytest.mark.browser

NAMES = ("Amber", "Basalt", "Cedar", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Ivory")
TEXT = """On the growth of moss, part {n}

Moss grows where it is wet. We measured it {n} times and found it to be green.

Acknowledgements

We thank the gardeners. This work was supported by the {name} Foundation (Moss Plan, grant {award}).
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("home")
    with running_desk(home, WORKBENCH_TRAIN_STEPS="4") as running:
        yield running


def papers(folder: Path) -> dict[str, dict[str, Any]]:
    """Twelve papers as text files, by name, with what is right about them."""
    made = {}
    for n in range(12):
        name, award = f"{NAMES[n % 9]} {NAMES[(n + 4) % 9]}", f"MF-{1000 + 37 * n}"
        path = folder / f"moss-{n}.txt"
        path.write_text(TEXT.format(n=n, name=name, award=award))
        statement = f"This work was supported by the {name} Foundation (Moss Plan, grant {award})."
        awards = [{"award_ids": [award], "funding_scheme": ["Moss Plan"], "award_title": []}]
        made[path.name] = {
            "statements": [statement],
            "funders": [{"funder_name": f"{name} Foundation", "awards": awards}],
        }
    return made


def show_train(page: Page) -> None:
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#wb-outlook")).not_to_be_empty(timeout=30_000)


def test_corrections_become_an_adapter_that_goes_live_without_a_restart(
    desk: Desk, tmp_path: Path
) -> None:
    right = papers(tmp_path)
    page = desk.open()
    show_train(page)
    expect(page.locator("#wb-outlook")).to_contain_text("No decided paper")
    records = upload(desk, page, *(tmp_path / name for name in right))
    for name, record in list(records.items())[:-1]:
        save(desk, record, right[name])
    last = list(records)[-1]
    page.locator("[id=wb-queue] .wb-note").first.wait_for()
    open_paper_text(page, records[last])
    page.keyboard.press("A")
    wait_for(lambda: desk.get(f"/api/records/{records[last]}")["status"] != "proposed", 20, page)

    show_train(page)
    expect(page.locator("#wb-outlook")).to_contain_text("12 decided papers")
    page.locator("#wb-retrain").click()
    bar = page.locator("#wb-run progress")
    wait_for(lambda: bar.count() and float(bar.get_attribute("value") or 0) > 0, 240, page)
    page.screenshot(path=SHOTS / "training.png")

    page.reload()
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    show_train(page)
    expect(page.locator("#wb-run h3")).to_contain_text("Run 1", timeout=30_000)
    expect(page.locator("#wb-run .wb-chip.wb-finished")).to_be_visible(timeout=900_000)
    expect(page.locator("#wb-run .wb-chart").first).to_be_visible()
    row = page.locator("#wb-history .wb-adapters tbody tr").first
    expect(row).to_contain_text("auto-1")
    page.screenshot(path=SHOTS / "trained.png", full_page=True)

    waiting = tmp_path / "moss-13.txt"
    waiting.write_text(TEXT.format(n=13, name="Juniper", award="MF-9"))
    record = upload(desk, page, waiting)[waiting.name]
    show_train(page)
    before = newest_adapter(desk, record)
    if "live" not in row.inner_text().split():
        assert not before.startswith("auto-1@")
        overrule(page)
    expect(row.locator(".wb-chip.wb-live")).to_be_visible(timeout=15_000)
    page.locator("#wb-propose-anew").click()
    wait_for(lambda: newest_adapter(desk, record).startswith("auto-1@"), 120, page)
    page.screenshot(path=SHOTS / "promoted.png", full_page=True)
    page.close()


def open_paper_text(page: Page, record: int) -> None:
    page.get_by_role("tab", name="Papers").click()
    page.locator(f"#wb-queue tr[data-record='{record}']").click(timeout=15_000)
    page.wait_for_selector("[data-action=accept]", timeout=30_000)


def overrule(page: Page) -> None:
    """Make the adapter live by hand, with a reason."""
    page.reload()
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    show_train(page)
    page.locator("#wb-adapter input").click()
    page.get_by_role("option", name="auto-1").click()
    page.get_by_placeholder("why, for the record").fill("a trial")
    page.locator("#wb-promote").click()


def newest_adapter(desk: Desk, record: int) -> str:
    """The adapter that the record's proposal came of."""
    return str(desk.get(f"/api/records/{record}")["proposal"]["adapter"])
