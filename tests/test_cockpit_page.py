"""The cockpit's page in a real browser: places, keys, languages, and how it fits a tablet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.cockpits import begin, cockpit, find, selected, told
from tests.desks import SHOTS, Desk
from tests.prepared import MADE_UP, Flaw
from workbench import texts

pytestmark = pytest.mark.browser
PAPERS: list[tuple[str, str, Flaw]] = [
    ("to-hover.pdf", "eelgrass-sound.pdf", "none"),
    ("to-look-at.pdf", "swift-calls.pdf", "extra"),
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


def test_german_is_spoken_to_who_asks_for_it(desk: Desk, papers: dict[str, int]) -> None:
    page = desk.browser.new_page(locale="de-DE", viewport={"width": 1280, "height": 800})
    page.goto(f"{desk.url}/?__theme=light")
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    begin(page, papers["to-look-at.pdf"])
    page.keyboard.press("A")
    expect(page.locator("dialog.wb-reasons")).to_contain_text("Warum bleibt dieser Wert?")
    page.keyboard.press("Escape")
    page.close()


SAID = """(root) => {
  const found = [];
  for (const element of document.querySelectorAll(`${root}, ${root} *`)) {
    if (element.closest('.wb-words, .wb-name, textarea') || !element.checkVisibility()) continue;
    for (const node of element.childNodes) if (node.nodeType === 3) found.push(node.textContent);
    const names = ['title', 'aria-label', 'placeholder'];
    found.push(...names.map((name) => element.getAttribute(name)));
  }
  return [...new Set(found.map((text) => text?.trim()).filter(Boolean))];
}"""


def english_only() -> list[re.Pattern[str]]:
    """The cockpit's English texts that are others in German, with anything in their places."""
    english, german = texts.catalog("en"), texts.catalog("de")
    found = [
        form
        for key, text in english.items()
        if key.startswith(("cockpit.", "common.", "review."))
        for form in (text.values() if isinstance(text, dict) else [text])
        if text != german[key] and re.search("[A-Za-z]{3}", re.sub(r"\{\w+\}", "", form))
    ]
    return [re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(form))) for form in found]


def test_no_english_is_left_in_a_german_cockpit(desk: Desk, papers: dict[str, int]) -> None:
    """Leaves pictures in screenshots/, to be looked at."""
    page = desk.browser.new_page(locale="de-DE", viewport={"width": 1280, "height": 800})
    page.goto(f"{desk.url}/?__theme=light")
    page.wait_for_selector("#wb-queue .wb-note", state="attached", timeout=60_000)
    for name in ("Artikel", "Prüfen", "Trainieren"):
        expect(page.get_by_role("tab", name=name, exact=True)).to_be_attached()
    begin(page, papers["to-look-at.pdf"])
    assert page.evaluate("document.documentElement.lang") == "de"
    expect(page.locator("[data-action=accept]")).to_contain_text("Annehmen")
    expect(page.locator(".wb-status").first).to_have_text("zu prüfen")
    expect(page.locator("[data-tab=form]")).to_contain_text("Formular")
    page.wait_for_timeout(800)
    page.screenshot(path=SHOTS / "german-review.png")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    said = page.evaluate(SAID, ".wb-cockpit")
    for key in ("h", "t"):
        page.keyboard.press(key)
        said += page.evaluate(SAID, ".wb-panel")
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog.wb-help")).to_contain_text("Nächstes Feld")
    page.screenshot(path=SHOTS / "german-help.png")
    said += page.evaluate(SAID, "dialog.wb-help")
    assert "Annehmen" in said and "Nächstes Feld" in said
    left = [text for text in said if any(each.fullmatch(text) for each in english_only())]
    assert left == []
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
