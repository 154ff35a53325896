"""What the queue shows: filters, orders, counts, pages and neighbours."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db import jobs
from db.engine import reading, writing
from db.listing import Filters, neighbours, outdated, queue
from models.schemas import Proposal
from tests.stores import add, proposed, said, save, undo


class TestTheQueue:
    @pytest.fixture
    def records(self, engine: Engine) -> dict[str, int]:
        papers: dict[str, tuple[str, str, Proposal | None]] = {
            "b-sure.pdf": ("inbox", "Funded by the ERC.", proposed("ERC", confidence=0.9)),
            "A-unsure.pdf": ("inbox", "100% paid by a_b grants", proposed("X", confidence=0.1)),
            "c-absent.pdf": ("inbox", "Österreich paid.", proposed("Y", confidence=0.8, absent=1)),
            "d-unknown.pdf": ("old", "Straße und\nForschung", proposed("Z", confidence=None)),
            "e-waiting.pdf": ("old", 'No "money" at all', None),
        }
        return {
            name: add(engine, name, text, project, proposal)
            for name, (project, text, proposal) in papers.items()
        }

    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            (Filters(), "c d A b e"),
            (Filters(sort="newest"), "e d c A b"),
            (Filters(sort="oldest"), "b A c d e"),
            (Filters(sort="name"), "A b c d e"),
            (Filters(project="old"), "d e"),
            (Filters(project="none"), ""),
            (Filters(task="none"), ""),
            (Filters(q="erc", sort="name"), "b"),
            (Filters(q="UNSURE"), "A"),
            (Filters(q="un", sort="name"), "A b d"),
            (Filters(q="%"), "A"),
            (Filters(q="100%"), "A"),
            (Filters(q="a_b"), "A"),
            (Filters(q="_"), "A"),
            (Filters(q="österreich"), "c"),
            (Filters(q="ÖSTERREICH"), "c"),
            (Filters(q="und forsch"), "d"),
            (Filters(q="forsch money"), ""),
            (Filters(q='"money"'), "e"),
            (Filters(q="' OR 1=1 --"), ""),
            (Filters(q="\\"), ""),
            (Filters(q="/"), ""),
            (Filters(q="paidby"), ""),
            (Filters(q="pdf", sort="name"), "A b c d e"),
            (Filters(q="\0 \t"), "c d A b e"),
            (Filters(q="x" * 9_999), ""),
            (Filters(status="accepted", sort="name"), "b"),
            (Filters(status="proposed", sort="name"), "c d e"),
            (Filters(status="skipped", q="100%"), "A"),
        ],
        ids=str,
    )
    def test_filters_and_orders(
        self, engine: Engine, records: dict[str, int], filters: Filters, names: str
    ) -> None:
        with writing(engine) as session:
            save(session, records["b-sure.pdf"])
            save(session, records["A-unsure.pdf"], "skipped")
        with reading(engine) as session:
            page = queue(session, filters)
            assert " ".join(item.name[0] for item in page.items) == names
            assert page.total == len(names.split())

    def test_an_unknown_order_is_a_mistake(self, engine: Engine) -> None:
        with pytest.raises(ValueError, match="unknown sort"), reading(engine) as session:
            queue(session, Filters(sort="best"))  # type: ignore[arg-type]

    def test_counts_are_of_every_status_whatever_the_status_asked_for(
        self, engine: Engine, records: dict[str, int]
    ) -> None:
        with writing(engine) as session:
            save(session, records["b-sure.pdf"])
            undo(session, records["b-sure.pdf"])
            save(session, records["A-unsure.pdf"], "flagged")
        with reading(engine) as session:
            page = queue(session, Filters(status="flagged"))
            assert page.total == 1
            assert {k: n for k, n in page.counts.items() if n} == {"proposed": 4, "flagged": 1}
            assert set(queue(session, Filters(q="nowhere")).counts.values()) == {0}

    def test_pages_follow_each_other(self, engine: Engine, records: dict[str, int]) -> None:
        with reading(engine) as session:
            pages = [queue(session, offset=at, limit=2) for at in (0, 2, 4, 6)]
            assert [len(page.items) for page in pages] == [2, 2, 1, 0]
            assert len({item.id for page in pages for item in page.items}) == 5
            with pytest.raises(ValueError):
                queue(session, offset=-1)

    def test_a_line_shows_the_answer_and_the_newest_job(
        self, engine: Engine, records: dict[str, int]
    ) -> None:
        record_id = records["c-absent.pdf"]
        with writing(engine) as session:
            jobs.enqueue(session, "read", "c", record_id=record_id)
            newest = jobs.enqueue(session, "propose", "c", record_id=record_id)
            jobs.fail(session, newest.id, "no model")
        with reading(engine) as session:
            line = queue(session, limit=1).items[0]
            assert (line.id, line.confidence, line.absent, line.pages) == (record_id, 0.8, 1, 1)
            assert (line.n_statements, line.n_funders, line.head) == (0, 1, 0)
            assert line.job and (line.job.state, line.job.error) == ("failed", "no model")
        with writing(engine) as session:
            save(session, record_id, "corrected", answer=said("P", "Q"))
        with reading(engine) as session:
            line = queue(session, limit=1).items[0]
            assert (line.n_funders, line.head, line.status) == (2, 1, "corrected")

    def test_neighbours_walk_the_queue(self, engine: Engine, records: dict[str, int]) -> None:
        order = [records[name] for name in sorted(records, key=str.lower)]
        with reading(engine) as session:
            for at, record_id in enumerate(order):
                place = neighbours(session, record_id, Filters(sort="name"))
                assert (place.index, place.total) == (at + 1, 5)
                assert place.previous == (order[at - 1] if at else None)
                assert place.next == (order[at + 1] if at < 4 else None)

    @pytest.mark.parametrize("filters", [Filters(status="proposed"), Filters(q="erc | österreich")])
    def test_a_record_that_left_the_queue_keeps_its_place(
        self, engine: Engine, records: dict[str, int], filters: Filters
    ) -> None:
        record_id = records["d-unknown.pdf"]
        with writing(engine) as session:
            save(session, record_id)
        with reading(engine) as session:
            place = neighbours(session, record_id, filters)
            inside = [item.id for item in queue(session, filters).items]
            assert record_id not in inside and place.total == len(inside) + 1
            assert place.next in (*inside, None) and place.previous in (*inside, None)


def test_what_another_adapter_has_read_and_nobody_decided_is_outdated(engine: Engine) -> None:
    def by(adapter: str | None) -> Proposal:
        plain = proposed("ERC")
        return plain.model_copy(update={"card": plain.card.model_copy(update={"adapter": adapter})})

    old = add(engine, "old.pdf", "Old.", proposal=by("auto-1@abc"))
    base = add(engine, "base.pdf", "Base.", proposal=by(None))
    add(engine, "new.pdf", "New.", proposal=by("auto-10@abc"))
    add(engine, "waiting.pdf", "Waiting.")
    decided = add(engine, "decided.pdf", "Decided.", proposal=by("auto-1@abc"))
    with writing(engine) as session:
        save(session, decided)
    with reading(engine) as session:
        assert outdated(session, "auto-10") == [(old, "old.pdf"), (base, "base.pdf")]
    with writing(engine) as session:
        jobs.enqueue(session, "propose", "old.pdf", record_id=old)
    with reading(engine) as session:
        assert outdated(session, "auto-10") == [(base, "base.pdf")]
