"""Comparing with the Hub and pushing to it, in a real browser; the app itself stays offline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.axe import axe
from tests.desks import SHOTS, running_desk
from tests.hub_server import TOKEN, FakeHub, running_hub
from tests.hubs import PLACE, REPO, add
from workbench.context import Context, Settings

pytestmark = pytest.mark.browser


def spoil(hub: FakeHub, path: str, scratch: Path) -> None:
    """Let somebody else change a row of a file on the Hub."""
    import pyarrow
    import pyarrow.parquet

    scratch.write_bytes(hub.files(PLACE)[path])
    rows = pyarrow.parquet.read_table(scratch)
    told = rows.to_pylist()
    told[0] |= {"license": "CC0", "verdict": "accepted"}
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(told, rows.schema), scratch)
    hub.repos[PLACE].put({**hub.files(PLACE), path: scratch.read_bytes()})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_compare_and_push(tmp_path: Path, theme: str) -> None:
    ctx = Context(Settings(home=tmp_path / "home", actor="ada"))
    for number in range(12):
        add(ctx, f"p{number}", None if number == 3 else "CC BY 4.0")
    ctx.engine.dispose()
    with (
        running_hub() as hub,
        running_desk(
            tmp_path / "home",
            HF_ENDPOINT=hub.url,
            HF_HOME=str(tmp_path / "hf"),
            HF_TOKEN="",
            HF_HUB_OFFLINE="1",
        ) as desk,
    ):
        page = desk.open(theme)
        page.get_by_role("tab", name="Export").click()
        page.locator("#wb-hub > button").click()
        page.get_by_label("Dataset on the Hub").fill(REPO)
        page.get_by_label("Token").fill(TOKEN)
        push = page.get_by_role("button", name="Push what is shown")
        expect(push).to_be_disabled()
        page.get_by_role("button", name="Compare").click()
        told = page.locator("#wb-hub-told")
        expect(told).to_contain_text("will be made", timeout=60_000)
        expect(told).to_contain_text("1 record is left out")
        assert hub.repos == {}
        SHOTS.mkdir(exist_ok=True)
        page.locator("#wb-hub").screenshot(path=SHOTS / f"hub-{theme}.png")
        assert axe(page) == []
        push.click()
        expect(told).to_contain_text("Pushed:", timeout=60_000)
        expect(page.get_by_label("Token")).to_have_value("")
        expect(push).to_be_disabled()
        page.locator("#wb-hub").screenshot(path=SHOTS / f"hub-pushed-{theme}.png")
        assert hub.repos[PLACE].private

        check = page.get_by_role("button", name="Verify")
        page.get_by_label("Token").fill(TOKEN)
        check.click()
        expect(told.get_by_role("row", name="Same 11")).to_be_visible(timeout=60_000)
        expect(told.get_by_role("row", name="Missing on the Hub 1")).to_be_visible()
        (path,) = [path for path in hub.files(PLACE) if "train-all" in path]
        spoil(hub, path, tmp_path / "spoilt.parquet")
        check.click()
        expect(told.get_by_role("row", name="Changed 1")).to_be_visible(timeout=60_000)
        expect(told).to_contain_text("is not what is decided here")
        expect(told.get_by_role("row", name="Changed license, verdict")).to_be_visible()
        expect(push).to_be_disabled()
        page.locator("#wb-hub").screenshot(path=SHOTS / f"hub-verified-{theme}.png")
        assert axe(page) == []
        assert any(re.match(r"data/\w+-all\.parquet", path) for path in hub.files(PLACE))
    (tmp_path / "spoilt.parquet").unlink()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]
