"""The benchmark of the queue fills a store as it is today, and every question has an answer."""

from __future__ import annotations

from pathlib import Path

from benchmarks.queue_page import RARE, fill, of_store, over_http
from db.engine import reading
from db.listing import Filters, queue
from workbench.context import Context, Settings


def test_a_small_store_is_filled_and_asked(tmp_path: Path) -> None:
    ctx = Context(Settings(home=tmp_path, actor="bench"))
    fill(ctx, 60)
    with reading(ctx.engine) as session:
        page = queue(session, limit=500)
        assert len(page.items) == page.total == 60
        assert len({item.status for item in page.items}) > 2
        assert [item.id for item in queue(session, Filters(q=RARE)).items] == [7]
        assert queue(session, Filters(q="foundation")).total == 48
    names = []
    for name, ask in (*of_store(ctx), *over_http(ctx)):
        ask()
        names.append(name)
    assert len(set(names)) == len(names) > 25
