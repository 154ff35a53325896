"""The cockpit in a real browser, on prepared papers: decided, explained, gone back upon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.cockpits import (
    AWARD,
    FUNDER,
    STATEMENT,
    SWIFT,
    Keys,
    begin,
    begin_again,
    cockpit,
    find,
    shows,
    status,
    to_kind,
    told,
)
from tests.desks import SHOTS, Desk
from tests.prepared import GOLD, MADE_UP, Flaw
from tests.test_browser import select_words

pytestmark = pytest.mark.browser
SAMPLES = sorted(name for name, gold in GOLD.items() if gold["funders"])
DEEDS: list[tuple[str, Flaw]] = [
    *[("accept", "none")] * 8,
    *[("correct", "typo")] * 3,
    *[("reject", "extra")] * 3,
    *[("explain", "extra")] * 2,
    *[("nothing", "none")] * 2,
    ("flag", "none"),
    ("skip", "none"),
]
TWENTY = [
    (f"{number:02d}-{deed}.pdf", SAMPLES[number % len(SAMPLES)], flaw)
    for number, (deed, flaw) in enumerate(DEEDS)
]
PAPERS: list[tuple[str, str, Flaw]] = [
    *TWENTY,
    ("by-keys.pdf", "swift-calls.pdf", "blank"),
    ("by-mouse.pdf", "swift-calls.pdf", "blank"),
    ("to-explain.pdf", "swift-calls.pdf", "extra"),
    ("to-restore.pdf", "swift-calls.pdf", "none"),
    ("to-discuss.pdf", "swift-calls.pdf", "none"),
    ("to-reject.pdf", "swift-calls.pdf", "extra"),
    ("to-lose.pdf", "swift-calls.pdf", "none"),
]


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Desk, dict[str, int]]]:
    with cockpit(tmp_path_factory.mktemp("home"), PAPERS) as made:
        yield made


@pytest.fixture
def desk(place: tuple[Desk, dict[str, int]]) -> Desk:
    return place[0]


@pytest.fixture
def papers(place: tuple[Desk, dict[str, int]]) -> dict[str, int]:
    return place[1]


STATUS = {
    "accept": "accepted",
    "correct": "corrected",
    "reject": "corrected",
    "explain": "accepted",
    "nothing": "no_funding",
    "flag": "flagged",
    "skip": "skipped",
}


def test_twenty_papers_are_reviewed_by_keyboard_only(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.open()
    samples = {name: GOLD[sample] for name, sample, _ in TWENTY}
    names = {record: name for name, record in papers.items()}
    begin(page, papers[TWENTY[0][0]])
    done: list[int] = []
    while len(done) < len(TWENTY):
        record = int(page.locator(".wb-cockpit").get_attribute("data-record") or 0)
        assert record not in done, "a decided paper came again"
        if names[record] in samples:
            deed = names[record][3:-4]
            getattr(Keys(page, samples[names[record]]), deed)()
            status(desk, record, STATUS[deed], page)
            if not done:
                page.keyboard.press("u")
                status(desk, record, "proposed", page)
                shows(page, record)
                page.wait_for_timeout(450)
                getattr(Keys(page, samples[names[record]]), deed)()
                status(desk, record, STATUS[deed], page)
            done.append(record)
        else:
            page.keyboard.press("n")  # of another test
        page.wait_for_selector(f".wb-cockpit:not([data-record='{record}'])", timeout=20_000)
        page.wait_for_timeout(450)  # what follows sooner counts as a slip
    further = int(page.locator(".wb-cockpit").get_attribute("data-record") or 0)
    page.keyboard.press("p")
    shows(page, done[-1])
    page.wait_for_timeout(450)
    page.keyboard.press("n")
    shows(page, further)
    for name, record in papers.items():
        if name in samples:
            _as_decided(told(desk, record), name[3:-4], samples[name])
    expect(page.locator(".wb-pace")).to_contain_text("20 today")
    expect(page.locator(".wb-save")).to_contain_text("Saved")
    page.close()


def _as_decided(paper: Any, deed: str, gold: dict[str, Any]) -> None:
    said = paper["answer"]["funders"]
    newest = paper["revisions"][-1]
    if deed in ("accept", "correct", "reject"):
        assert said == gold["funders"]
    elif deed == "explain":
        assert said[:-1] == gold["funders"] and said[-1]["funder_name"] == MADE_UP
        assert list(newest["reasons"].values()) == ["abbreviated in the text"]
    elif deed == "nothing":
        assert said == []
    elif deed == "flag":
        assert newest["note"] == "two versions of this paper"
    if deed == "accept":
        assert {revision["kind"] for revision in paper["revisions"]} <= {"save", "undo"}


def test_words_of_the_page_get_into_fields_by_keyboard(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.open()
    record = papers["by-keys.pdf"]
    begin(page, record)
    find(page, "this research  WAS supported")
    page.keyboard.press(".")
    page.keyboard.press(".")
    expect(page.locator(".wb-menu-hint")).to_contain_text(f"{len(STATEMENT)} characters")
    page.screenshot(path=SHOTS / "find.png")
    page.keyboard.press("1")
    expect(page.locator(".wb-kind-statement textarea")).to_have_value(STATEMENT)
    find(page, "the Leverhulme")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Escape")
    find(page, "Leverhulme")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("2")
    expect(page.locator(".wb-kind-funder_name textarea")).to_have_value(FUNDER)
    find(page, AWARD)
    page.keyboard.press("3")
    expect(page.locator(".wb-kind-award_ids textarea")).to_have_value(AWARD)
    expect(page.locator(".wb-find")).to_be_hidden()
    page.keyboard.press("A")
    status(desk, record, "corrected", page)
    assert told(desk, record)["answer"]["funders"] == SWIFT["funders"][:1]
    page.close()


def test_words_of_the_page_get_into_fields_by_mouse(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.open()
    record = papers["by-mouse.pdf"]
    begin(page, record)
    for words, key in ((STATEMENT[: STATEMENT.index(" Callum")], "1"), (FUNDER, "2")):
        select_words(page, words)
        page.keyboard.press(key)
    expect(page.locator(".wb-kind-funder_name textarea")).to_have_value(FUNDER)
    page.keyboard.press("A")
    status(desk, record, "corrected", page)
    answer = told(desk, record)["answer"]
    assert answer["funders"] == [{"funder_name": FUNDER, "awards": []}]
    assert answer["statements"][0]["alignment"] == "exact"
    page.close()


def test_what_is_not_in_the_text_asks_for_a_reason_and_shows_it(
    desk: Desk, papers: dict[str, int]
) -> None:
    page = desk.open()
    record = papers["to-explain.pdf"]
    begin(page, record)
    page.keyboard.press("A")
    dialog = page.locator("dialog.wb-reasons")
    expect(dialog).to_contain_text(MADE_UP)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert told(desk, record)["head"] == 0
    page.keyboard.press("A")
    page.keyboard.type("no")
    page.keyboard.press("Enter")
    expect(dialog.locator("[role=alert]")).to_contain_text("at least 3 characters")
    page.screenshot(path=SHOTS / "reasons.png")
    page.keyboard.type("ted on the funder's own page")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    status(desk, record, "accepted", page)
    why = "noted on the funder's own page"
    assert list(told(desk, record)["revisions"][-1]["reasons"].values()) == [why]
    begin_again(page, record)
    expect(page.locator(".wb-reason").filter(has_text=why)).to_be_visible()
    page.keyboard.press("h")
    expect(page.locator(".wb-explained")).to_contain_text(why)
    page.close()


def test_a_rejected_value_stays_in_sight_and_comes_back(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.open()
    record = papers["to-reject.pdf"]
    begin(page, record)
    page.keyboard.press("!")
    page.keyboard.press("Delete")
    struck = page.locator(".wb-field.wb-rejected")
    expect(struck).to_have_count(1)
    expect(struck.locator(".wb-sure")).to_have_text("30 %")
    page.keyboard.press("k")
    page.screenshot(path=SHOTS / "rejected.png")
    page.reload()
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    begin(page, record)
    expect(struck).to_have_count(1)
    struck.click(position={"x": 3, "y": 3})
    page.keyboard.press("x")
    expect(struck).to_have_count(0)
    expect(page.locator("[data-action=accept]")).to_contain_text("Accept")
    to_first = page.locator(".wb-field[data-path='/0/funder_name'] textarea")
    to_first.fill("Leverhulme Foundation")
    page.keyboard.press("Escape")
    said = page.locator(".wb-said:visible")
    expect(said.locator("del")).to_have_text("Trust")
    expect(said.locator("ins")).to_have_text("Foundation")
    page.keyboard.press("m")
    expect(to_first).to_have_value(FUNDER)
    assert told(desk, record)["head"] == 0
    page.close()


def test_any_revision_is_restored_and_that_is_undone(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.open()
    record = papers["to-restore.pdf"]
    begin(page, record)
    page.keyboard.press("A")
    status(desk, record, "accepted", page)
    begin_again(page, record)
    page.wait_for_timeout(450)
    page.keyboard.press("N")
    status(desk, record, "no_funding", page)
    begin_again(page, record)
    page.keyboard.press("h")
    second = page.locator(".wb-revision[data-seq='2']")
    expect(second.locator("del").first).to_be_visible()
    expect(page.locator(".wb-entry-model")).to_contain_text("prepared")
    page.screenshot(path=SHOTS / "history.png")
    page.locator(".wb-revision[data-seq='1'] [data-action=restore]").press("Enter")
    status(desk, record, "accepted", page)
    assert told(desk, record)["answer"]["funders"] == SWIFT["funders"]
    page.wait_for_selector(".wb-toast")
    page.keyboard.press("u")
    status(desk, record, "no_funding", page)
    kinds = [each["kind"] for each in told(desk, record)["revisions"]]
    assert kinds == ["save", "save", "restore", "undo"]
    page.locator("[data-tab=history]").click()
    page.locator("[data-action=history-comments]").click()
    expect(page.locator(".wb-revision")).to_have_count(0)
    expect(page.locator(".wb-history-state")).to_contain_text("Nothing of this kind")
    page.close()


def test_comments_stand_at_their_value_and_a_flag_says_why(
    desk: Desk, papers: dict[str, int]
) -> None:
    page = desk.open()
    record = papers["to-discuss.pdf"]
    begin(page, record)
    to_kind(page, "funder_name")
    page.keyboard.press("c")
    page.keyboard.type("Is this the Trust or the Foundation?")
    page.keyboard.press("Enter")
    mark = page.locator(".wb-field.wb-selected [data-action=talk]")
    expect(mark).to_be_visible()
    (said,) = desk.get(f"/api/records/{record}/comments")
    assert (said["value"], said["path"]) == (FUNDER, "/funders/0/funder_name")
    mark.click()
    expect(page.locator(".wb-comment-body")).to_have_text("Is this the Trust or the Foundation?")
    page.keyboard.press("h")
    Keys(page, SWIFT).flag()
    status(desk, record, "flagged", page)
    begin_again(page, record)
    notice = page.locator(".wb-notice").filter(has_text="two versions of this paper")
    expect(notice).to_contain_text("Flagged by curator")
    page.close()


def test_the_head_says_how_saving_goes(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.open()
    record = papers["to-lose.pdf"]
    begin(page, record)
    cut: Callable[[Route], None] = lambda route: route.abort()  # noqa: E731
    page.route("**/revisions*", cut)
    page.keyboard.press("s")
    state = page.locator(".wb-save")
    expect(state).to_contain_text("Not saved yet, retrying: to-lose.pdf")
    assert state.get_attribute("aria-live") == "polite"
    page.screenshot(path=SHOTS / "unsaved.png")
    page.unroute("**/revisions*", cut)
    expect(state).to_contain_text("Saved: to-lose.pdf", timeout=15_000)
    status(desk, record, "skipped", page)
    page.close()
