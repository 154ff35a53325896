"""Adjudication by keyboard and the figures of quality, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.desks import SHOTS, Desk, running_desk, wait_for
from tests.formats import RORS
from tests.teams import Member, add_paper, answer, fill, team, two_readers
from tests.test_api import GOLD
from tests.test_api import add as add_sample
from workbench.context import Context, Settings

pytestmark = pytest.mark.browser
PAPER = "eelgrass-sound.pdf"
TEXT = "Funded by the Wellcome Trust (WT-1) and the NSF (N-22)."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose store ana and ben have left, opened by dora."""
    home = tmp_path_factory.mktemp("home")
    ctx = Context(Settings(home=home, actor="dora"))
    fill(ctx, 60)
    two_readers(ctx)
    paper = add_sample(ctx, PAPER)
    text = add_paper(ctx, "thanks.txt", TEXT)
    with team(ctx) as client:
        ana, ben = Member(client, "ana", "curator"), Member(client, "ben", "curator")
        for member, change in ((ana, 0), (ben, 1)):
            assert member.decide(paper, answer=versions()[change]).status_code == 201
        first = {"statements": [{"text": TEXT}], "funders": [{"funder_name": "Wellcome Trust"}]}
        assert ana.decide(text, answer=first).status_code == 201
        assert ben.decide(text, "no_funding").status_code == 201
        linked = add_paper(ctx, "linked.txt", TEXT)
        for member, statement, ror in ((ana, TEXT, None), (ben, TEXT[:-1], RORS[1])):
            said = answer(("NSF", ""), statement=statement) | {"links": [{"ror": ror}]}
            assert member.decide(linked, answer=said).status_code == 201
    ctx.engine.dispose()
    with running_desk(home, WORKBENCH_ACTOR="dora") as running:
        yield running


def versions() -> tuple[dict[str, Any], dict[str, Any]]:
    """What is right, and a version with another name, another id and one award less."""
    gold = GOLD[PAPER]
    statements = [{"text": text} for text in gold["statements"]]
    right = {"statements": statements, "funders": gold["funders"]}
    first, *rest = gold["funders"]
    awards = [
        {**award, "award_ids": [f"{id}9" for id in award["award_ids"]]} for award in first["awards"]
    ]
    wrong = {**first, "funder_name": f"{first['funder_name']} of Norway", "awards": awards}
    return right, {"statements": statements, "funders": [wrong, *rest[:-1]]}


def papers(page: Page) -> Any:
    return page.locator(".wb-adj-paper")


def show(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()


def test_two_readers_are_judged_by_keyboard_alone(desk: Desk) -> None:
    page = desk.open()
    show(page, "Adjudicate")
    entry = page.get_by_role("button", name=f"Decide {PAPER}")
    expect(entry).to_be_visible(timeout=15_000)
    before = papers(page).count()
    record = int(entry.get_attribute("data-paper") or 0)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / "adjudicate-list.png")
    entry.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".wb-adjudicate .wb-page canvas", timeout=30_000)
    save = page.locator("[data-action=settle]")
    expect(save).to_be_disabled()
    shown = page.locator(".wb-adjudicate .wb-panel").inner_text().split()
    assert not {"ana", "ben"} & set(shown)
    page.wait_for_timeout(600)  # the page scrolls to the value
    page.screenshot(path=SHOTS / "adjudicate-light.png")
    right = right_side(page)
    while page.locator(".wb-adj-open").count():
        before_key = page.locator(".wb-adj-open").count()
        page.keyboard.press(right)
        expect(page.locator(".wb-adj-open")).not_to_have_count(before_key)
    expect(save).to_be_enabled()
    page.screenshot(path=SHOTS / "adjudicate-decided.png")
    page.keyboard.press("S")
    expect(page.locator(".wb-adjudicate .wb-toast")).to_contain_text("was ana")
    expect(papers(page)).to_have_count(before - 1)
    told = desk.get(f"/api/records/{record}")
    assert told["status"] == "corrected"
    assert told["revisions"][-1]["kind"] == "adjudicated"
    assert told["answer"]["funders"] == GOLD[PAPER]["funders"]
    page.close()


def right_side(page: Page) -> str:
    """The key of the reader who has the right name: who is A and who B is drawn by lot."""
    name = GOLD[PAPER]["funders"][0]["funder_name"]
    row = page.locator(".wb-adj-row[data-kind=funder]").filter(has_text=f"{name} of Norway").first
    norway = row.locator(".wb-adj-option").filter(has_text="of Norway")
    return "2" if norway.get_attribute("data-side") == "0" else "1"


def test_own_words_both_and_none(desk: Desk) -> None:
    page = desk.open(theme="dark")
    show(page, "Adjudicate")
    page.get_by_role("button", name="Decide thanks.txt").click(timeout=15_000)
    outcome = page.locator(".wb-adj-outcome")
    expect(page.locator(".wb-adj-row.wb-selected")).to_have_attribute("data-kind", "statement")
    page.keyboard.press("b")
    expect(outcome).to_contain_text(TEXT)
    page.keyboard.press("e")
    page.locator(".wb-ask").fill("The Wellcome Trust")
    page.keyboard.press("Enter")
    expect(outcome).to_contain_text("The Wellcome Trust")
    page.screenshot(path=SHOTS / "adjudicate-dark.png")
    page.keyboard.press("k")
    page.keyboard.press("0")
    expect(outcome).not_to_contain_text(TEXT)
    page.get_by_label("Note", exact=True).fill("not that")
    record = wait_for(lambda: page.locator(".wb-adj-row").count(), 5, page)
    assert record == 2
    page.locator("[data-action=settle]").click()
    expect(page.locator(".wb-adjudicate .wb-toast")).to_contain_text("Saved")
    page.close()


def test_between_two_organisations_of_one_name_a_version_is_chosen(desk: Desk) -> None:
    page = desk.open()
    show(page, "Adjudicate")
    entry = page.get_by_role("button", name="Decide linked.txt")
    entry.click(timeout=15_000)
    record = int(entry.get_attribute("data-paper") or 0)
    row = page.locator(".wb-adj-row[data-kind=funder]")
    expect(row).to_contain_text("different organisations")
    expect(page.locator("[data-action=settle]")).to_be_disabled()
    page.keyboard.press("1")
    none = page.get_by_role("button", name="NSF → None of these")
    expect(none).to_have_count(1)
    theirs = row.locator(".wb-adj-option").filter(has_text=RORS[1].removeprefix("https://"))
    expect(theirs).to_have_count(1)
    page.screenshot(path=SHOTS / "adjudicate-links.png")
    theirs.click()
    expect(page.locator(".wb-adj-outcome")).to_contain_text("NSF → ror.org/018mejw64")
    page.keyboard.press("S")
    expect(page.locator(".wb-adjudicate .wb-toast")).to_contain_text("Saved")
    (link,) = desk.get(f"/api/records/{record}")["answer"]["links"]
    assert (link["ror"], link["method"]) == (RORS[1], "curator")
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figures_are_shown_and_can_be_taken_along(
    desk: Desk, theme: str, tmp_path: Path
) -> None:
    page = desk.open(theme=theme)
    show(page, "Quality")
    rows = page.locator(".wb-agreement tbody tr")
    expect(rows).to_have_count(5, timeout=60_000)
    expect(page.locator(".wb-figures .wb-chart").first).to_be_visible()
    f1 = float(rows.nth(1).locator("td").nth(2).inner_text())
    told = desk.get("/api/quality.json")
    assert f1 == pytest.approx(told["sections"]["agreement"][1]["f1"], abs=0.001)
    assert 0 < f1 < 1
    page.screenshot(path=SHOTS / f"quality-{theme}.png", full_page=True)
    with page.expect_download() as caught:
        page.locator("[data-section=agreement] .wb-download").click()
    caught.value.save_as(tmp_path / "agreement.csv")
    assert (tmp_path / "agreement.csv").read_text().count("\n") == 6
    page.close()


def test_a_share_is_chosen_on_the_page(desk: Desk) -> None:
    page = desk.open()
    show(page, "Quality")
    page.get_by_role("button", name="Papers read by several people").click()
    page.get_by_label("Share of the papers (%)").fill("40")
    page.locator("#wb-share").get_by_role("button", name="Apply").click()
    expect(page.locator("#wb-share")).to_contain_text("40 % of inbox is read by 2 people")
    assert desk.get("/api/quality/share?project=inbox")["share"] == 40
    page.close()
