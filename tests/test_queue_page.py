"""The queue page in a real browser: filters, views, the keyboard, many papers at once and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db import jobs, store
from db.columns import utc_now
from db.engine import writing
from db.files import store_file
from db.tables import AssignmentRow, LeaseRow
from models.documents import read
from models.grounding import ground_fields, ground_statement
from models.schemas import Award, Extraction, Funder, ModelCard, Proposal
from tests.desks import SHOTS, Desk, running_desk, wait_for
from workbench.context import Context, Settings
from workbench.desk import document_row
from workbench.judging import refresh

pytestmark = pytest.mark.browser
PAPERS = 14
ROWS = "#wb-queue .wb-queue tbody tr"


def fill(home: Path, folder: Path) -> dict[str, int]:
    """Papers as a model left them; of paper 3 a value is not in the text, one job failed."""
    ctx = Context(Settings(home=home, actor="curator"))
    records = {}
    for number in range(PAPERS):
        path = folder / f"paper-{number:02}.txt"
        said = f"This work was supported by the Council of Aland (grant A-{1000 + number})."
        path.write_text(f"On lichens, part {number}\n\nMethods were applied.\n\n{said}\n", "utf-8")
        document = read(path)
        store_file(ctx.files, path)
        name = "Bank of Mars" if number == 3 else "Council of Aland"
        funders = (Funder(funder_name=name, awards=(Award(award_ids=(f"A-{1000 + number}",)),)),)
        statement = ground_statement(said, document)
        fields = ground_fields(funders, [statement], document)
        sure = [field.model_copy(update={"confidence": 0.5 + number / 30}) for field in fields]
        proposal = Proposal(
            windows=((0, len(document.text)),),
            parsed_text=said,
            statements=(statement,),
            extraction=Extraction(raw="[]", funders=funders),
            fields=tuple(sure),
            card=ModelCard(model="m", prompt_sha256="p", schema_sha256="s"),
        )
        with writing(ctx.engine) as session:
            project = "lichens" if number % 2 else "inbox"
            row = store.add_document(session, document_row(document), project=project)
            store.add_proposal(session, row.id, proposal)
            records[path.stem] = row.id
    with writing(ctx.engine) as session:
        failed = jobs.enqueue(session, "propose", "paper-05.txt", record_id=records["paper-05"])
        jobs.fail(session, failed.id, "The model could not be opened.", "Free some memory.")
        session.add(AssignmentRow(record_id=records["paper-01"], person="ada", assigned_by="x"))
    refresh(ctx)
    ctx.engine.dispose()
    return records


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def desk(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    fill(home, tmp_path_factory.mktemp("papers"))
    with running_desk(home) as running:
        yield running


def counts(desk: Desk) -> dict[str, int]:
    found: dict[str, int] = desk.get("/api/records")["counts"]
    return {status: count for status, count in found.items() if count}


def chip(page: Page, status: str) -> None:
    page.locator(f".wb-q-chip[data-status={status}]").click()


def test_the_worthiest_paper_comes_first_and_says_why(desk: Desk) -> None:
    page = desk.open()
    first = page.locator(ROWS).first
    expect(first).to_contain_text("paper-03.txt")
    expect(first.locator(".wb-q-reason").first).to_have_text(re.compile("Bank of Mars"))
    assert first.locator(".wb-q-reason").count() <= 4
    expect(first.locator(".wb-q-why")).to_have_attribute("title", re.compile(r"^Worth \d+ of 100"))
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / "queue-light.png")
    page.close()


def test_filters_stand_in_the_address_and_a_view_keeps_them(desk: Desk) -> None:
    page = desk.open()
    page.locator("[data-action=more]").click()
    page.locator("[data-filter=project]").select_option("lichens")
    expect(page.locator(ROWS)).to_have_count(PAPERS // 2)
    page.locator("[data-filter=assigned]").select_option("@nobody")
    expect(page.locator(ROWS)).to_have_count(PAPERS // 2 - 1)
    page.reload()
    expect(page.locator(ROWS)).to_have_count(PAPERS // 2 - 1, timeout=60_000)
    page.locator("[data-action=save-view]").click()
    page.locator(".wb-q-dialog input[type=text]").fill("Free lichens")
    page.screenshot(path=SHOTS / "queue-view.png")
    page.keyboard.press("Enter")
    expect(page.locator("[data-action=views] option", has_text="Free lichens")).to_have_count(1)
    page.locator("[data-action=clear]").click()
    expect(page.locator(ROWS)).to_have_count(PAPERS)
    page.locator("[data-action=views]").select_option(label="Free lichens")
    expect(page.locator(ROWS)).to_have_count(PAPERS // 2 - 1)
    page.locator("[data-action=edit-view]").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("[data-action=views]")).to_be_disabled()
    page.locator("[data-action=clear]").click()
    page.locator(".wb-q-search").fill("nowhere to be found")
    expect(page.locator(".wb-q-empty")).to_contain_text("No paper matches")
    page.screenshot(path=SHOTS / "queue-empty.png")
    page.close()


def test_the_keyboard_selects_accepts_and_takes_back(desk: Desk) -> None:
    page = desk.open("dark")
    expect(page.locator(ROWS)).to_have_count(PAPERS)
    page.keyboard.press("/")
    page.keyboard.type("council")
    expect(page.locator(ROWS)).to_have_count(PAPERS)  # the text of each has it
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("j")
    for _ in range(4):
        page.keyboard.press("x")
        page.keyboard.press("j")
    expect(page.locator(".wb-q-count")).to_have_text("4 selected")
    page.screenshot(path=SHOTS / "queue-dark.png")
    page.keyboard.press("Shift+A")
    expect(page.locator(".wb-q .wb-toast")).to_contain_text("3 papers accepted")
    expect(page.locator(".wb-q-left")).to_contain_text("paper-03.txt")
    expect(page.locator(".wb-q-left")).to_contain_text("not in the text")
    expect(page.locator(".wb-q-count")).to_have_text("1 selected")
    assert counts(desk) == {"proposed": PAPERS - 3, "accepted": 3}
    page.screenshot(path=SHOTS / "queue-accepted.png")
    page.locator(".wb-q .wb-toast").get_by_role("button", name="Undo").click()
    wait_for(lambda: counts(desk) == {"proposed": PAPERS}, 15, page)
    expect(page.locator(".wb-q .wb-toast")).to_contain_text("3 papers are as they were")
    page.keyboard.press("Escape")
    page.close()


def test_all_of_a_page_are_selected_and_a_flag_needs_a_note(desk: Desk) -> None:
    page = desk.open(width=820, height=1180)
    boxes = page.locator(f"{ROWS} input")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator(".wb-q-count")).to_have_text("4 selected")
    page.locator(".wb-queue thead input").click()
    expect(page.locator(".wb-q-count")).to_have_text(f"{PAPERS} selected")
    page.locator("[data-action=bulk-flag]").click()
    page.locator(".wb-q-dialog textarea").fill("Is Aland a country?")
    page.screenshot(path=SHOTS / "queue-tablet.png")
    page.locator(".wb-q-dialog [type=submit]").click()
    wait_for(lambda: counts(desk) == {"flagged": PAPERS}, 15, page)
    chip(page, "proposed")
    expect(page.locator(".wb-q-empty")).to_contain_text("Nothing left to review")
    page.locator("[data-action=bulk-undo]").click()
    wait_for(lambda: counts(desk) == {"proposed": PAPERS}, 15, page)
    expect(page.locator(ROWS)).to_have_count(PAPERS)
    page.close()


def test_a_failed_job_is_tried_again_and_a_paper_that_is_open_elsewhere_says_so(
    desk: Desk, home: Path
) -> None:
    page = desk.open()
    again = page.locator("#wb-jobs [data-retry]")
    expect(again).to_be_visible()
    again.click()
    expect(page.locator("#wb-jobs .wb-failed")).to_have_count(0, timeout=30_000)
    record = page.locator(ROWS).nth(2)
    number = int(record.get_attribute("data-record") or 0)
    ctx = Context(Settings(home=home, actor="bea"))
    with writing(ctx.engine) as session:
        until = utc_now() + timedelta(minutes=2)
        session.merge(LeaseRow(record_id=number, person="bea", until=until))
    ctx.engine.dispose()
    row = page.locator(f"#wb-queue tr[data-record='{number}']")
    expect(row).to_contain_text("open: bea", timeout=10_000)
    row.click()
    toast = page.locator(".wb-cockpit .wb-toast")
    expect(toast).to_contain_text("bea has this paper open", timeout=30_000)
    page.screenshot(path=SHOTS / "queue-lease.png")
    toast.get_by_role("button", name="Take over").click()
    expect(toast).to_contain_text("yours now")
    page.close()
