"""A funder's organisation chosen in a real browser: seen, searched, saved, learned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from db import store
from db.engine import writing
from db.files import store_file
from models.documents import read
from models.schemas import Award, Extraction, Funder, ModelCard, Proposal
from tests import ror as w
from tests.axe import axe
from tests.desks import SHOTS, Desk, running_desk, wait_for
from workbench.context import Context, Settings
from workbench.desk import document_row

pytestmark = pytest.mark.browser
TEXT = "Funding. {}: paid by DFG (ANR-20-CE40-0001) and the Green Trust.\n"
FUNDERS = (
    Funder(funder_name="DFG", awards=(Award(award_ids=("ANR-20-CE40-0001",)),)),
    Funder(funder_name="Green Trust"),
)


def paper(ctx: Context, name: str, *funders: Funder) -> int:
    path = ctx.home / f"{name}.txt"
    path.write_text(TEXT.format(name))
    document = read(path)
    store_file(ctx.files, path)
    with writing(ctx.engine) as session:
        row = store.add_document(session, document_row(document))
        card = ModelCard(model="m", prompt_sha256="p", schema_sha256="s")
        said = Extraction(raw="[]", funders=funders)
        store.add_proposal(session, row.id, Proposal(statements=(), extraction=said, card=card))
        return row.id


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    home = tmp_path_factory.mktemp("home")
    ctx = Context(Settings(home=home))
    w.world_index(home)
    records = [paper(ctx, "one", *FUNDERS), paper(ctx, "two", Funder(funder_name="Green Trust"))]
    ctx.engine.dispose()
    return home, records


@pytest.fixture(scope="module")
def desk(papers: tuple[Path, list[int]]) -> Iterator[Desk]:
    with running_desk(papers[0]) as running:
        yield running


def opened(desk: Desk, record: int, theme: str = "light") -> Page:
    page = desk.open(theme)
    page.locator(f"#wb-queue tr[data-record='{record}']").click()
    page.wait_for_selector(".wb-funder")
    return page


def organisation(page: Page, index: int) -> Any:
    return page.locator(".wb-funder").nth(index).locator(".wb-org")


def select(page: Page, path: str) -> None:
    page.locator(f".wb-field[data-path='{path}'] .wb-badge").click()


def shot(page: Page, name: str) -> None:
    if os.environ.get("WORKBENCH_SHOTS"):
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png")


def test_an_organisation_is_seen_chosen_moved_and_learned(
    desk: Desk, papers: tuple[Path, list[int]]
) -> None:
    first, second = papers[1]
    page = opened(desk, first)
    dfg, green = organisation(page, 0), organisation(page, 1)
    expect(dfg).to_contain_text("Deutsche Forschungsgemeinschaft")
    expect(dfg.locator(".wb-org-how")).to_have_text("automatic")
    expect(dfg.locator(".wb-org-id")).to_have_text(w.DFG.removeprefix("https://"))
    hint = page.locator(".wb-hint-line[data-kind=other]")
    expect(hint).to_have_text("Looks like ANR, but the funder is DFG.")
    shot(page, "link-automatic")

    select(page, "/1/funder_name")
    page.keyboard.press("l")
    box = green.get_by_role("combobox")
    expect(box).to_be_focused()
    expect(green.get_by_role("option")).to_have_count(3)
    shot(page, "link-candidates")
    page.keyboard.type("deuts forsch")
    expect(green.get_by_role("option").first).to_contain_text("Deutsche Forschungsgemeinschaft")
    expect(box).to_have_attribute("aria-activedescendant", "wb-orgs-2-0")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(green.locator(".wb-org-shown .wb-org-name")).to_have_count(0)

    page.keyboard.press("Enter")
    page.keyboard.type("green trust")
    expect(green.get_by_role("option")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(green.locator(".wb-org-shown .wb-org-name")).to_have_text("Green Trust")
    chosen = green.locator(".wb-org-id").inner_text()
    assert chosen in {each.removeprefix("https://") for each in (w.TWIN_A, w.TWIN_B)}

    select(page, "/1/funder_name")
    page.keyboard.press("[")
    expect(organisation(page, 0).locator(".wb-org-id")).to_have_text(chosen)
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(organisation(page, 1).locator(".wb-org-shown .wb-org-name")).to_have_count(0)
    page.keyboard.press("r")
    expect(organisation(page, 1).locator(".wb-org-id")).to_have_text(chosen)
    shot(page, "link-chosen")
    select(page, "/1/funder_name")
    page.keyboard.press("A")
    wait_for(lambda: desk.get(f"/api/records/{first}")["head"] > 0, 30, page)
    links = desk.get(f"/api/records/{first}")["answer"]["links"]
    assert [link["method"] for link in links] == ["automatic", "curator"]
    page.close()

    page = opened(desk, second, "dark")
    expect(organisation(page, 0).locator(".wb-org-id")).to_have_text(chosen)
    expect(organisation(page, 0).locator(".wb-org-how")).to_have_text("automatic")
    organisation(page, 0).get_by_role("button").click()
    expect(organisation(page, 0)).to_contain_text("confirmed by curator")
    shot(page, "link-learned-dark")
    organisation(page, 0).get_by_role("option", name="None of these").click()
    expect(organisation(page, 0)).to_contain_text("no organisation of the index")
    page.close()


def test_doi_and_licence_stand_in_the_head_and_are_corrected(
    desk: Desk, papers: tuple[Path, list[int]]
) -> None:
    record = papers[1][0]
    page = opened(desk, record)
    card = page.locator(".wb-card")
    expect(card.get_by_role("link")).to_have_count(0)
    card.get_by_role("button", name="Add DOI and licence").click()
    box = page.get_by_role("dialog", name="DOI and licence of this paper")
    expect(box.get_by_label("DOI")).to_be_focused()
    page.keyboard.type("10.1234")
    page.keyboard.press("Enter")
    expect(box.get_by_role("alert")).to_have_text(
        "“10.1234” is no DOI. One looks like 10.1234/abc."
    )
    expect(box.get_by_label("DOI")).to_be_focused()
    shot(page, "card-refused")
    page.keyboard.press("Control+a")
    page.keyboard.type("https://doi.org/10.1234/A<1>#b")
    page.keyboard.press("Enter")
    expect(box.get_by_role("alert")).to_contain_text("is no DOI")  # the server looks closer
    page.keyboard.press("Control+a")
    page.keyboard.type("https://doi.org/10.1234/A(1)#b")
    box.get_by_label("Licence").fill("https://creativecommons.org/licenses/by/4.0/")
    page.keyboard.press("Enter")
    expect(box).to_be_hidden()
    doi, licence = card.get_by_role("link").all()
    expect(doi).to_have_text("10.1234/a(1)#b")
    expect(doi).to_have_attribute("href", "https://doi.org/10.1234/a(1)%23b")
    expect(licence).to_have_text("CC BY 4.0")
    for link in (doi, licence):
        expect(link).to_have_attribute("rel", "noreferrer")
    expect(card.get_by_role("button", name="Edit DOI and licence")).to_be_focused()
    shot(page, "card-head")
    page.close()

    page = opened(desk, record, "dark")
    expect(page.locator(".wb-card-doi")).to_have_text("10.1234/a(1)#b")
    page.get_by_role("button", name="Edit DOI and licence").click()
    expect(page.locator(".wb-card-said").first).to_contain_text("by curator, ")
    shot(page, "card-dark")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Edit DOI and licence")).to_be_focused()
    shot(page, "card-head-dark")
    assert axe(page) == []
    page.close()
