"""Accounts in a real browser: the first one, signing out and in, what a viewer may not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db import sign_ins, store
from db.columns import utc_now
from db.engine import reading, writing
from tests.accounts import PASSWORD, accounts
from tests.axe import axe
from tests.desks import SAMPLES, SHOTS, Desk, running_desk, wait_for
from workbench.context import Context, Settings
from workbench.desk import receive

pytestmark = pytest.mark.browser


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Desk]:
    with running_desk(tmp_path) as running:
        yield running


def people_tab(page: Page) -> None:
    page.get_by_role("tab", name="People").click()


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"people_{name}.png")


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_team_from_the_first_account_to_a_viewer(alone: Desk, tmp_path: Path) -> None:
    page = alone.open()
    expect(page.locator(".wb-who")).to_be_hidden()
    people_tab(page)
    make = page.get_by_role("button", name="Make the first account")
    expect(make).to_be_visible()
    shot(page, "alone")
    form = page.locator("#wb-people form").first
    form.get_by_label("Name").fill("Ada")
    form.get_by_label("New password", exact=True).fill("short")
    form.get_by_label("New password again").fill("short")
    make.click()
    expect(form.get_by_role("alert")).to_contain_text("at least 12 characters")
    form.get_by_label("New password", exact=True).fill(PASSWORD)
    form.get_by_label("New password again").fill(PASSWORD)
    make.click()
    expect(page.locator(".wb-who")).to_contain_text("Ada")

    people_tab(page)
    adding = page.locator("#wb-people form").first
    adding.get_by_label("Name").fill("Vic")
    adding.get_by_label("Role", exact=True).select_option("viewer")
    adding.get_by_label("Password").fill(PASSWORD)
    adding.get_by_role("button", name="Add").click()
    expect(adding.get_by_role("status")).to_contain_text("Vic can sign in now")
    page.get_by_label("Role of Ada").select_option("viewer")
    expect(page.locator(".wb-people-problem")).to_contain_text("only active administrator")
    expect(page.get_by_label("Role of Ada")).to_have_value("admin")
    shot(page, "accounts")

    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in")
    shot(page, "sign_in")
    sign_in(page, "Vic", "not the password")
    expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
    expect(page.get_by_label("Name")).to_have_value("Vic")
    shot(page, "sign_in_wrong")
    sign_in(page, "Vic", PASSWORD)
    expect(page.locator(".wb-who")).to_contain_text("Vic")
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)

    page.get_by_role("tab", name="Train").click()
    page.locator("#wb-retrain").click()
    expect(page.locator(".toast-body").first).to_contain_text("This needs the role")
    shot(page, "viewer_refused")
    people_tab(page)
    expect(page.get_by_text("Your password")).to_be_visible()
    expect(page.locator(".wb-people-table")).to_have_count(0)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Desk]:
    ctx = accounts(tmp_path)
    receive(ctx, SAMPLES / "swift-calls.pdf", "swift-calls.pdf")
    with running_desk(tmp_path) as running:
        yield running


def signed_in(desk: Desk, name: str, theme: str = "light") -> Page:
    page = desk.browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("pageerror", lambda error: desk.errors.append(str(error)))
    page.goto(f"{desk.url}/?__theme={theme}")
    sign_in(page, name, PASSWORD)
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    return page


def open_paper(page: Page) -> None:
    row = page.locator("#wb-queue tr[data-record]")
    wait_for(lambda: row.count() and "failed" not in row.first.inner_text(), 180, page)
    row.first.click()
    page.wait_for_selector(".wb-page canvas", timeout=30_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_page_can_be_used_by_everybody(team: Desk, theme: str) -> None:
    page = team.browser.new_page(color_scheme=theme)  # type: ignore[arg-type]
    page.goto(f"{team.url}/sign-in")
    assert axe(page) == []
    sign_in(page, "Curator", "wrong wrong wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    assert axe(page) == []
    shot(page, f"sign_in_{theme}")
    page.close()


def status(ctx: Context) -> str:
    with reading(ctx.engine) as session:
        return store.status(session, 1)


def test_a_sign_in_that_ends_keeps_the_work(team: Desk, tmp_path: Path) -> None:
    page = signed_in(team, "Curator", "dark")
    open_paper(page)
    ctx = Context(Settings(home=tmp_path))
    with writing(ctx.engine) as session:
        from db import people

        sign_ins.end_all(session, people.known(session, "Curator").id)
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="You are signed out")
    expect(dialog).to_be_visible(timeout=15_000)
    shot(page, "signed_out_dark")
    expect(page.locator(".toast-body")).to_have_count(0)
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in").click()
    sign_in(opened.value, "Curator", PASSWORD)
    expect(opened.value.locator(".wb-who")).to_contain_text("Curator", timeout=30_000)
    opened.value.close()
    dialog.get_by_role("button", name="I am back").click()
    expect(dialog).to_have_count(0)
    wait_for(lambda: status(ctx) == "skipped", 90, page)  # what was decided is sent once more
    people_tab(page)
    expect(page.get_by_text("Other browsers and programs")).to_be_visible()
    shot(page, "own_dark")


def test_a_viewer_reads_why_there_is_nothing_to_decide(team: Desk, tmp_path: Path) -> None:
    page = signed_in(team, "Viewer")
    row = page.locator("#wb-queue tr[data-record]")
    wait_for(lambda: row.count() and "failed" not in row.first.inner_text(), 180, page)
    row.first.locator("input[type=checkbox]").check()
    for action in ("accept", "skip", "flag", "propose"):
        button = page.locator(f"[data-action=bulk-{action}]")
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", re.compile("needs the role curator"))
    for action in ("refresh", "save-view"):
        button = page.locator(f".wb-q [data-action={action}]")
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", re.compile("needs the role curator"))
    page.keyboard.press("Shift+A")
    expect(page.locator(".wb-q .wb-toast-warn")).to_contain_text("needs the role curator")
    shot(page, "viewer_queue")
    open_paper(page)
    for action in ("accept", "skip", "flag", "no-funding"):
        button = page.locator(f".wb-header [data-action={action}]")
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", re.compile("needs the role curator"))
    expect(page.locator(".wb-cockpit .wb-notice").first).to_contain_text("needs the role curator")
    for key in ("s", "A", "N", "f", "c", "C", "u"):
        page.keyboard.press(key)
        expect(page.locator(".wb-cockpit .wb-toast-warn")).to_contain_text("needs the role curator")
    expect(page.locator("dialog[open]")).to_have_count(0)
    shot(page, "viewer_cockpit")
    assert axe(page) == []
    now, ctx = utc_now(), Context(Settings(home=tmp_path))
    with writing(ctx.engine) as session:
        from db import people

        token = sign_ins.begin(session, people.known(session, "Viewer").id, now, "program")
    answer = page.request.get(
        f"{team.url}/api/records?limit=5", headers={"authorization": f"Bearer {token}"}
    )
    assert [item["status"] for item in json.loads(answer.text())["items"]] == ["proposed"]
