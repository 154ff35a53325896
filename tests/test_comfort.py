"""The first minutes at the desk, in a browser: samples, tour, Doctor, webhooks, empty pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.desks import SHOTS, Desk, running_desk, wait_for

pytestmark = pytest.mark.browser

STEPS = 7
INSIDE = "() => document.activeElement.closest('dialog.wb-tour') !== null"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("home")
    with running_desk(home, WORKBENCH_HOOKS_PRIVATE="1") as running:
        SHOTS.mkdir(exist_ok=True)
        yield running


def show(page: Page, tab: str) -> None:
    page.locator(f"#wb-tabs [role=tab][data-tab-id='{tab}']").click()


def count(page: Page) -> str:
    return page.locator(".wb-tour-foot .wb-note").inner_text()


def all_read(desk: Desk) -> bool:
    items = desk.get("/api/records")["items"]
    return all(item["job"] and item["job"]["state"] == "done" for item in items)


def test_empty_pages_say_what_to_do_next(desk: Desk) -> None:
    page = desk.open()
    expect(page.locator("[data-action=samples]")).to_be_visible()
    page.screenshot(path=SHOTS / "comfort-empty.png")
    show(page, "review")
    expect(page.locator(".wb-nothing")).to_contain_text("No paper is open")
    page.locator(".wb-nothing [data-go=papers]").click()
    expect(page.locator("#wb-upload")).to_be_visible()
    show(page, "train")
    expect(page.locator("#wb-run [data-go=papers]")).to_be_visible(timeout=15_000)
    show(page, "export")
    expect(page.locator("#wb-exports [data-go=papers]")).to_be_visible(timeout=15_000)
    page.close()


def test_the_sample_project_opens_with_a_tour_by_keyboard(desk: Desk) -> None:
    page = desk.open()
    page.locator("[data-action=samples]").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.wb-tour[open]")
    expect(dialog).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        wait_for(lambda: page.evaluate(INSIDE) or page.evaluate("!document.hasFocus()"), 5, page)
    page.locator("#wb-tour-title").focus()
    wait_for(lambda: len(desk.get("/api/records")["items"]) == 5, 120, page)
    assert {item["project"] for item in desk.get("/api/records")["items"]} == {"samples"}
    for step in range(1, STEPS + 1):
        assert count(page) == f"{step} of {STEPS}"
        page.wait_for_selector(".wb-tour-ring:not([hidden])", timeout=20_000)
        page.wait_for_timeout(700)
        page.screenshot(path=SHOTS / f"tour-{step}.png")
        page.keyboard.press("ArrowRight" if step % 2 else "Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#wb-retrain")).to_be_visible()
    assert desk.get("/api/records")["counts"]["proposed"] == 5
    page.close()


def test_the_tour_is_remembered_and_can_be_taken_again(desk: Desk) -> None:
    context = desk.browser.new_context()
    page = context.new_page()
    page.goto(desk.url)
    page.wait_for_selector("#wb-queue table", timeout=60_000)
    show(page, "about")
    page.locator("[data-action=tour]").click()
    page.keyboard.press("ArrowRight")
    assert count(page) == f"2 of {STEPS}"
    page.keyboard.press("ArrowLeft")
    assert count(page) == f"1 of {STEPS}"
    page.keyboard.press("Escape")
    expect(page.locator("dialog.wb-tour")).to_have_count(0)
    assert page.evaluate("localStorage.getItem('wb-tour-seen')")
    page.evaluate("import('/desk/tour/tour.js').then((m) => m.offerTour())")
    expect(page.locator("dialog.wb-tour")).to_have_count(0)
    context.close()


def test_the_doctor_looks_and_its_report_can_be_copied(desk: Desk) -> None:
    for theme in ("light", "dark"):
        page = desk.open(theme)
        show(page, "doctor")
        expect(page.locator("[data-check='worker.propose']")).to_be_visible(timeout=15_000)
        expect(page.locator(".wb-overall")).not_to_be_empty()
        page.wait_for_timeout(500)
        page.screenshot(path=SHOTS / f"doctor-{theme}.png", full_page=True)
        page.close()
    page = desk.open()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show(page, "doctor")
    expect(page.locator("[data-check=model]")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Copy as text").click()
    expect(page.locator(".wb-notice")).to_contain_text("Copied")
    text = page.evaluate("navigator.clipboard.readText()")
    assert "Store: " in text and "gradio" in text
    assert "HOME" in text and "/home0" not in text
    wait_for(lambda: all_read(desk), 240, page)  # a question waits for the paper in work
    page.get_by_role("button", name="Check files and model too").click()
    expect(page.locator("[data-check=files]")).to_contain_text("whole", timeout=120_000)
    assert page.locator("[data-check=model]").first.inner_text().count("answers") == 1
    page.close()


def test_a_webhook_is_added_paused_and_removed_on_the_page(desk: Desk) -> None:
    page = desk.open()
    show(page, "export")
    page.get_by_label("Address").fill("http://127.0.0.1:9/hook")
    page.get_by_role("button", name="Add webhook").click()
    expect(page.locator(".wb-secret code")).to_contain_text("whsec_")
    hook = page.locator(".wb-hook")
    expect(hook).to_contain_text("127.0.0.1:9/hook")
    hook.get_by_role("button", name="Send a test").click()
    hook.get_by_role("button", name="Sent and waiting").click()
    expect(page.locator(".wb-delivery")).to_contain_text("1 attempt", timeout=20_000)
    page.screenshot(path=SHOTS / "webhooks.png", full_page=True)
    hook.get_by_role("button", name="Pause").click()
    expect(hook).to_contain_text("paused")
    hook.get_by_role("button", name="Remove").click()
    hook.get_by_role("button", name="Remove for good?").click()
    expect(page.locator(".wb-hooks")).to_contain_text("No webhook yet")
    page.close()


def test_the_helps_speak_german(desk: Desk) -> None:
    context = desk.browser.new_context(locale="de-DE")
    page = context.new_page()
    page.goto(desk.url)
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    show(page, "doctor")
    expect(page.locator("[data-check=disk]")).to_contain_text("frei unter", timeout=15_000)
    expect(page.locator("#wb-tabs [role=tab][data-tab-id=about]")).to_have_text("Über")
    context.close()
