"""The cockpit in a real browser, on prepared papers: decided, explained, gone back upon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.desks import SHOTS, Desk, running_desk, wait_for
from tests.prepared import GOLD, MADE_UP, Flaw, prepare
from tests.test_browser import select_words

pytestmark = pytest.mark.browser
SWIFT = GOLD["swift-calls.pdf"]
STATEMENT = SWIFT["statements"][0]
FUNDER, AWARD = "Leverhulme Trust", "RPG-2022-9914"
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
OTHERS: list[tuple[str, str, Flaw]] = [
    ("by-keys.pdf", "swift-calls.pdf", "blank"),
    ("by-mouse.pdf", "swift-calls.pdf", "blank"),
    ("to-explain.pdf", "swift-calls.pdf", "extra"),
    ("to-restore.pdf", "swift-calls.pdf", "none"),
    ("to-discuss.pdf", "swift-calls.pdf", "none"),
    ("to-reject.pdf", "swift-calls.pdf", "extra"),
    ("to-hover.pdf", "eelgrass-sound.pdf", "none"),
    ("to-lose.pdf", "swift-calls.pdf", "none"),
    ("to-look-at.pdf", "swift-calls.pdf", "extra"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def papers(home: Path) -> dict[str, int]:
    return prepare(home, [*TWENTY, *OTHERS])


@pytest.fixture(scope="module")
def desk(home: Path, papers: dict[str, int]) -> Iterator[Desk]:
    SHOTS.mkdir(exist_ok=True)
    with running_desk(home) as running:
        yield running


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
    done: set[int] = set()
    way = "next"
    while len(done) < len(TWENTY):
        record = int(page.locator(".wb-cockpit").get_attribute("data-record") or 0)
        deed = names[record][3:-4]
        going = told(desk, record)["position"]["next" if way == "next" else "previous"]
        if names[record] in samples and record not in done:
            going = told(desk, record)["position"]["next"]
            getattr(Keys(page, samples[names[record]]), deed)()
            status(desk, record, STATUS[deed], page)
            if not done:
                page.keyboard.press("u")
                status(desk, record, "proposed", page)
                shows(page, record)
                page.wait_for_timeout(450)
                getattr(Keys(page, samples[names[record]]), deed)()
                status(desk, record, STATUS[deed], page)
            done.add(record)
        elif going:
            page.keyboard.press("n" if way == "next" else "p")
        else:
            way = "previous"  # the first one stood in the middle of the list
            continue
        if going:
            page.wait_for_selector(f".wb-cockpit:not([data-record='{record}'])", timeout=20_000)
        page.wait_for_timeout(450)  # what follows sooner counts as a slip
    assert len(done) == len(TWENTY)
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


def find(page: Page, words: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_selector(".wb-menu:not([hidden])")


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


def test_in_found_places_n_goes_on_and_never_to_the_next_paper(
    desk: Desk, papers: dict[str, int]
) -> None:
    page = desk.open()
    begin(page, papers["to-look-at.pdf"])
    find(page, "swift")
    counted = page.locator(".wb-find-count")
    expect(counted).to_contain_text("1 of")
    page.keyboard.press("n")
    expect(counted).to_contain_text("2 of")
    page.keyboard.press("N")
    expect(counted).to_contain_text("1 of")
    page.wait_for_timeout(600)
    assert page.evaluate("document.getSelection().toString()").lower() == "swift"
    page.keyboard.press("Escape")
    expect(page.locator(".wb-find")).to_be_hidden()
    assert told(desk, papers["to-look-at.pdf"])["head"] == 0
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


def begin_again(page: Page, record: int) -> None:
    page.get_by_role("tab", name="Papers").click()
    begin(page, record)


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


def test_resting_on_a_field_shows_its_place_but_never_against_the_curator_s_scrolling(
    desk: Desk, papers: dict[str, int]
) -> None:
    page = desk.open()
    begin(page, papers["to-hover.pdf"])
    field = page.locator(".wb-field.wb-kind-funder_name").first
    scroll = "document.querySelector('.wb-scroll').scrollTop"
    page.evaluate(f"{scroll} = 0")
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    start = page.evaluate(scroll)
    field.hover()
    expect(page.locator(".wb-mark.wb-warm").first).to_be_attached()
    page.wait_for_function(f"{scroll} > {start} + 50", timeout=5_000)
    page.wait_for_timeout(800)
    here = page.locator(".wb-scroll").bounding_box()
    assert here is not None
    page.mouse.move(here["x"] + 200, here["y"] + 200)
    page.mouse.wheel(0, -6_000)
    page.wait_for_timeout(300)
    top = page.evaluate(scroll)
    field.hover()
    page.wait_for_timeout(700)
    assert abs(page.evaluate(scroll) - top) < 5
    page.close()


def test_a_funder_and_the_statement_around_it_are_both_reached_by_a_click(
    desk: Desk, papers: dict[str, int]
) -> None:
    page = desk.open()
    begin(page, papers["to-look-at.pdf"])
    mark = page.locator(".wb-mark-funder_name").first
    mark.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    kinds = []
    for _ in range(3):
        box = mark.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(350)
        kinds.append(page.evaluate("document.activeElement.closest('.wb-field')?.dataset.kind"))
    assert sorted(kinds[:2]) == ["funder_name", "statement"]
    assert kinds[0] == kinds[2]
    page.close()


COMPOSED = """(init) => document.activeElement.dispatchEvent(
  new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }))"""


def test_keys_leave_inputs_composition_and_modifiers_alone(
    desk: Desk, papers: dict[str, int]
) -> None:
    page = desk.open()
    record = papers["to-look-at.pdf"]
    begin(page, record)
    for event in (
        {"key": "N", "isComposing": True},
        {"key": "Process", "keyCode": 229},
        {"key": "N", "ctrlKey": True},
        {"key": "s", "metaKey": True},
        {"key": "s", "altKey": True},
    ):
        page.evaluate(COMPOSED, event)
    assert selected(page).get_attribute("data-kind") == "funder_name"
    page.keyboard.press("e")
    page.keyboard.press("End")
    page.keyboard.type(" sNAx/")
    field = selected(page).locator("textarea")
    expect(field).to_have_value(f"{MADE_UP} sNAx/")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(field).to_have_value(MADE_UP)
    page.evaluate(COMPOSED, {"key": "ф", "code": "KeyA"})
    expect(page.locator(".wb-field.wb-accepted")).to_have_count(1)
    page.wait_for_timeout(300)
    assert told(desk, record)["head"] == 0
    page.keyboard.press("u")
    page.close()


def test_the_help_lists_every_key_and_every_key_does_something(
    desk: Desk, papers: dict[str, int]
) -> None:
    page = desk.open()
    begin(page, papers["to-look-at.pdf"])
    page.keyboard.press("?")
    shown = page.locator("dialog[open] dd").all_inner_texts()
    table: Callable[[str], Any] = lambda name: page.evaluate(  # noqa: E731
        "(name) => import('/desk/cockpit/keys.js').then((m) => m[name])", name
    )
    keys, more = table("KEYS"), table("MORE")
    assert sorted(shown) == sorted(line[1] for line in [*keys, *more])
    names = [key for line in keys for key in line[0]]
    assert len(names) == len(set(names))
    missing = """(keys) => import('/desk/cockpit/keyboard.js').then((m) => {
      try { m.createKeyboard(document.createElement('div'), { known: keys }); return ''; }
      catch (error) { return error.message; }
    })"""
    actions = sorted({line[3] for line in keys})
    assert page.evaluate(missing, actions) == ""
    assert "accept" in page.evaluate(missing, [name for name in actions if name != "accept"])
    page.screenshot(path=SHOTS / "help.png")
    page.locator("[data-action=single-keys]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("N")
    page.wait_for_timeout(400)
    assert told(desk, papers["to-look-at.pdf"])["head"] == 0
    page.locator("[data-action=help]").click()
    page.locator("[data-action=single-keys]").check()
    page.close()


def test_tabs_and_pages_are_reached_by_key(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.open()
    begin(page, papers["to-look-at.pdf"])
    for key, name in (("h", "history"), ("M", "reply"), ("t", "raw")):
        page.keyboard.press(key)
        expect(page.locator(f"[data-tab={name}]")).to_have_attribute("aria-selected", "true")
        page.keyboard.press("Escape" if name == "raw" else key)
        expect(page.locator("[data-tab=form]")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("z")
    page.keyboard.press("G")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-pageno")).to_have_value("2")
    assert page.evaluate("document.activeElement.className").startswith("wb-scroll")
    page.keyboard.press("w")
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


def test_german_is_spoken_to_who_asks_for_it(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.browser.new_page(locale="de-DE", viewport={"width": 1280, "height": 800})
    page.goto(f"{desk.url}/?__theme=light")
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    begin(page, papers["to-look-at.pdf"])
    page.keyboard.press("A")
    expect(page.locator("dialog.wb-reasons")).to_contain_text("Warum bleibt dieser Wert?")
    page.keyboard.press("Escape")
    page.close()


@pytest.mark.parametrize(("width", "height"), [(820, 1180), (1280, 800)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_works_on_a_tablet(
    desk: Desk, papers: dict[str, int], theme: str, width: int, height: int
) -> None:
    """Leaves pictures in screenshots/, to be looked at."""
    page = desk.open(theme, width, height)
    begin(page, papers["to-look-at.pdf"])
    page.keyboard.press("!")
    page.keyboard.press("x")
    page.wait_for_timeout(800)
    page.screenshot(path=SHOTS / f"cockpit-{theme}-{width}.png")
    small = page.evaluate(
        """() => [...document.querySelectorAll('.wb-cockpit :is(button, select, input)')]
          .filter((e) => e.offsetParent && !e.matches('.wb-mark'))
          .filter((e) => getComputedStyle(e).opacity > 0)
          .map((e) => [e.getBoundingClientRect(), e.dataset.action ?? e.className])
          .filter(([box]) => box.width < 23.5 || box.height < 23.5)
          .map(([box, name]) => `${name} ${box.width.toFixed(0)}x${box.height.toFixed(0)}`)"""
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    for part in (".wb-scroll", ".wb-panel-scroll", "[data-action=accept]"):
        box = page.locator(part).first.bounding_box()
        assert box is not None and box["y"] + box["height"] <= height + 1
        assert box["x"] + box["width"] <= width + 1
    page.keyboard.press("u")
    page.close()
