"""The main job in a real browser, on the real server with its workers and the embedded model."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.desks import SAMPLES, SHOTS, Desk, open_paper, running_desk, save, upload, wait_for

pytestmark = pytest.mark.browser

TABS = [
    "Papers",
    "Review",
    "Adjudicate",
    "Quality",
    "Train",
    "Export",
    "Doctor",
    "About",
    "People",
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_desk(tmp_path_factory.mktemp("home")) as running:
        yield running


PLACE = """(wanted) => {
  const spans = [...document.querySelectorAll('.wb-words [data-start]')];
  const words = wanted.split(' ');
  const said = (span) => (span?.textContent ?? '').trim();
  const at = spans.findIndex((_, i) => words.every((word, k) => said(spans[i + k]) === word));
  if (at < 0) return null;
  const [first, last] = [spans[at], spans[at + words.length - 1]];
  first.scrollIntoView({ block: 'center', behavior: 'instant' });
  const [a, b] = [first, last].map((span) => span.getBoundingClientRect());
  return [a.left + 0.5, a.top + a.height / 2, b.right + 1, b.top + b.height / 2];
}"""


def select_words(page: Page, text: str) -> None:
    """Drag the mouse over these words on the page, as a curator does."""
    page.wait_for_function(PLACE, arg=text, timeout=15_000)
    page.wait_for_timeout(400)  # the scrolling comes to rest
    x0, y0, x1, y1 = page.evaluate(PLACE, text)
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=8)
    page.mouse.up()
    page.wait_for_selector(".wb-menu:not([hidden])")


def value(page: Page, path: str) -> str:
    return page.locator(f".wb-field[data-path='{path}'] textarea").input_value()


SWIFT = {row["file"]: row for row in map(json.loads, (SAMPLES / "gold.jsonl").open("rb"))}[
    "swift-calls.pdf"
]


def test_a_paper_goes_from_upload_to_a_correction_to_a_preference_pair(desk: Desk) -> None:
    page = desk.open()
    record = upload(desk, page, SAMPLES / "swift-calls.pdf")["swift-calls.pdf"]
    open_paper(page, record)
    clear_proposal(page)
    select_words(page, "This research was supported by the Leverhulme Trust (grant RPG-2022-9914).")
    page.keyboard.press("1")
    select_words(page, "Leverhulme Trust")
    page.keyboard.press("2")
    select_words(page, "RPG-2022-9914).")
    page.keyboard.press("3")
    award = page.locator(".wb-field.wb-kind-award_ids textarea").first
    expect(award).to_have_value("RPG-2022-9914).")
    award.fill("RPG-2022-9914")
    page.keyboard.press("Escape")
    expect(page.locator(".wb-kind-award_ids[data-alignment=exact]")).to_be_visible()
    assert page.locator(".wb-mark").count() >= 3
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / "correction.png")
    page.locator("[data-action=accept]").click()
    wait_for(lambda: desk.get(f"/api/records/{record}")["status"] == "corrected", 15, page)
    (gold,) = desk.rows("gold")
    assert gold["funders"] == SWIFT["funders"][:1]
    assert gold["statements"][0]["span"]["boxes"]
    pairs = desk.rows("pairs")
    assert pairs
    asked = pairs[0]["prompt"][1]["content"].splitlines()  # the passage's sentences, numbered
    (number,) = pairs[0]["chosen"][0]["content"].split()
    assert gold["statements"][0]["text"] in asked[int(number) - 1]
    assert pairs[0]["rejected"][0]["content"] != pairs[0]["chosen"][0]["content"]
    page.close()


PAPERS = [
    Path(path) for path in os.environ.get("WORKBENCH_TEST_PAPERS", "").split(os.pathsep) if path
]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.stem)
def test_a_paper_of_one_s_own_makes_the_whole_way(desk: Desk, paper: Path) -> None:
    """For real papers, named in WORKBENCH_TEST_PAPERS: the first words of what the model read."""
    page = desk.open()
    record = upload(desk, page, paper)[paper.name]
    open_paper(page, record)
    clear_proposal(page)
    payload = desk.get(f"/api/records/{record}")
    passage = payload["proposal"]["passages"][-1]
    sheet = desk.get(f"/api/documents/{payload['document']['sha256']}/pages/{passage['page']}")
    text = sheet["text"][passage["start"] - sheet["start"] : passage["end"] - sheet["start"]]
    words = " ".join(text.split()[:6])
    page.locator(".wb-pageno").fill(str(passage["page"]))
    page.keyboard.press("Enter")
    select_words(page, words)
    page.keyboard.press("1")
    expect(page.locator(".wb-kind-statement[data-alignment=exact]")).to_be_visible()
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"own-{paper.stem}.png")
    page.locator("[data-action=accept]").click()
    wait_for(lambda: desk.get(f"/api/records/{record}")["status"] == "corrected", 15, page)
    (pair, *_) = [row for row in desk.rows("pairs") if row["source"]["record"] == record][-1:]
    (said,) = json.loads(pair["chosen"][0]["content"])["statements"]
    assert said.split() == words.split()
    page.close()


def clear_proposal(page: Page) -> None:
    """Remove whatever the model proposed, row by row."""
    for row in (".wb-statement", ".wb-funder"):
        while page.locator(row).count():
            page.locator(f"{row} [data-action=drop]").first.click()


def test_value_and_page_lead_to_each_other(desk: Desk) -> None:
    page = desk.open()
    record = upload(desk, page, SAMPLES / "swift-calls.pdf")["swift-calls.pdf"]
    save(desk, record, SWIFT)
    open_paper(page, record)
    name = page.locator(".wb-field[data-path='/1/funder_name']")
    name.click(position={"x": 4, "y": 4})
    active = page.locator(".wb-mark.wb-active").first
    expect(active).to_be_visible()
    other = page.locator(".wb-mark-award_ids").first
    box = other.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    key = other.get_attribute("data-key")
    expect(page.locator(f".wb-field.wb-selected[data-key='{key}']")).to_be_visible()
    page.close()


def test_a_second_tab_on_the_same_paper_meets_the_first_s_version(desk: Desk) -> None:
    page = desk.open()
    record = upload(desk, page, SAMPLES / "swift-calls.pdf")["swift-calls.pdf"]
    open_paper(page, record)
    save(desk, record, SWIFT)
    page.locator("[data-action=add-funder]").click()
    page.keyboard.type("Bank of Mars")
    page.keyboard.press("Escape")
    page.keyboard.press("A")
    expect(page.locator("dialog.wb-reasons")).to_be_visible(timeout=15_000)
    page.keyboard.press("Shift+Digit1")
    page.keyboard.press("Enter")
    dialog = page.locator(".wb-conflict")
    expect(dialog).to_be_visible(timeout=15_000)
    assert "Marlowe Natural History Society" in dialog.inner_text()
    assert "Bank of Mars" in dialog.inner_text()
    page.screenshot(path=SHOTS / "conflict.png")
    dialog.locator("[data-action=save-mine]").click()
    wait_for(
        lambda: (
            "Bank of Mars" in json.dumps(desk.get(f"/api/records/{record}")["answer"]["funders"])
        ),
        15,
        page,
    )
    page.close()


def test_the_keyboard_alone_decides_paper_after_paper(desk: Desk) -> None:
    page = desk.open()
    names = ("entropy-game.pdf", "abelhas-telhado.pdf")
    records = upload(desk, page, *(SAMPLES / name for name in names))
    open_paper(page, records[names[0]])
    page.keyboard.press("N")
    decided = f"/api/records/{records[names[0]]}"
    wait_for(lambda: desk.get(decided)["status"] == "no_funding", 15, page)
    expect(page.locator(".wb-toast")).to_contain_text("Undo")
    page.keyboard.press("u")
    wait_for(lambda: desk.get(decided)["status"] == "proposed", 15, page)
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    page.close()


def test_a_bad_file_is_told_on_the_page_and_nothing_of_it_is_kept(
    desk: Desk, tmp_path: Path
) -> None:
    before = desk.get("/api/records")["total"]
    bad = tmp_path / "login.pdf"
    bad.write_bytes(b"<!doctype html><html>Please log in</html>")
    page = desk.open()
    page.set_input_files("#wb-upload input[type=file]", str(bad))
    expect(page.locator("#wb-jobs")).to_contain_text("web page", timeout=30_000)
    assert desk.get("/api/records")["total"] == before
    page.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_fit_the_screen_in_light_and_dark(
    desk: Desk, theme: str, width: int, height: int
) -> None:
    """Leaves pictures of the pages in screenshots/, to be looked at."""
    page = desk.open(theme, width, height)
    record = upload(desk, page, SAMPLES / "eelgrass-sound.pdf")["eelgrass-sound.pdf"]
    page.wait_for_timeout(2_000)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"papers-{theme}-{width}.png")
    open_paper(page, record)
    page.wait_for_timeout(1_000)
    page.screenshot(path=SHOTS / f"review-{theme}-{width}.png")
    labels = page.locator("#wb-tabs [role=tab][data-tab-id]").all_inner_texts()
    assert labels == TABS
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    assert page.evaluate("document.documentElement.scrollHeight - window.innerHeight") <= 0
    assert page.locator("[data-action=accept]").is_visible()
    page.close()
