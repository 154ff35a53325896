"""What the queue shows: filters, orders, counts, pages and neighbours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from db import jobs
from db.assignments import assign
from db.columns import utc_now
from db.engine import reading, writing
from db.leases import take
from db.listing import NOBODY, Filters, Sort, conditions, order_for, outdated, queue, ranked
from db.neighbours import neighbours
from db.tables import DECIDED, Reason, RecordRow
from db.worth import keep
from models.schemas import GOLD_VERDICTS, Proposal
from tests.stores import add, proposed, said, save, undo

AUDIT = Reason(kind="audit")


def plan(engine: Engine, filters: Filters) -> str:
    """How SQLite finds a page of the queue."""
    query: Any = select(RecordRow.id).where(*conditions(filters))
    query = query.order_by(*ranked(order_for(filters))).limit(9)
    asked = query.compile(engine, compile_kwargs={"literal_binds": True})
    with reading(engine) as session:
        lines = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")
        return " ".join(row[3] for row in lines)


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
            (Filters(), "A c d e b"),
            (Filters(sort="uncertain"), "c d A b e"),
            (Filters(sort="newest"), "e d c A b"),
            (Filters(sort="oldest"), "b A c d e"),
            (Filters(sort="name"), "A b c d e"),
            (Filters(project="old"), "d e"),
            (Filters(project="none"), ""),
            (Filters(task="none"), ""),
            (Filters(q="erc", sort="name"), "b"),
            (Filters(q="UNSURE"), "A"),
            (Filters(q="un", sort="name"), "A d"),
            (Filters(q="%"), ""),
            (Filters(q="d-", sort="name"), "d"),
            (Filters(q="fund un", sort="name"), ""),
            (Filters(q="100%"), "A"),
            (Filters(q="a_b"), "A"),
            (Filters(q="_"), ""),
            (Filters(q="paid by a_"), ""),
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
            (Filters(q="\0 \t", sort="uncertain"), "c d A b e"),
            (Filters(q="x" * 9_999), ""),
            (Filters(status="accepted", sort="name"), "b"),
            (Filters(status="proposed", sort="name"), "c d e"),
            (Filters(status="skipped", q="100%"), "A"),
            (Filters(absent=True), "c"),
            (Filters(least=0.5, sort="name"), "b c"),
            (Filters(least=0.1, most=0.8, sort="name"), "A c"),
            (Filters(decided_by="ada", sort="name"), "A b"),
            (Filters(decided_by="bea"), ""),
            (Filters(assigned="bea", sort="name"), "A c"),
            (Filters(assigned=NOBODY, sort="name"), "b d e"),
            (Filters(assigned="ada"), ""),
            (Filters(reason="absent"), "c"),
            (Filters(reason="absen"), ""),
            (Filters(reason="audit", sort="name"), "c d"),
            (Filters(since=utc_now() - timedelta(hours=1), sort="name"), "A b c d e"),
            (Filters(since=utc_now() + timedelta(hours=1)), ""),
            (Filters(project="inbox", assigned="bea", status="proposed", absent=True), "c"),
        ],
        ids=str,
    )
    def test_filters_and_orders(
        self, engine: Engine, records: dict[str, int], filters: Filters, names: str
    ) -> None:
        with writing(engine) as session:
            save(session, records["b-sure.pdf"])
            save(session, records["A-unsure.pdf"], "skipped")
            assign(session, [records["A-unsure.pdf"], records["c-absent.pdf"]], ["bea"], "x")
            keep(
                session,
                records["c-absent.pdf"],
                0.0,
                [Reason(kind="absent", detail='"kind'), AUDIT],
            )
            keep(session, records["d-unknown.pdf"], 0.0, [AUDIT])
        with reading(engine) as session:
            page = queue(session, filters)
            assert " ".join(item.name[0] for item in page.items) == names
            assert page.total == len(names.split())

    def test_what_is_worth_most_comes_first_and_what_is_decided_last(
        self, engine: Engine, records: dict[str, int]
    ) -> None:
        with writing(engine) as session:
            for name, worth in zip(sorted(records), (0.2, 0.9, 0.5, 0.5, 0.0), strict=True):
                keep(session, records[name], worth, [Reason(kind="doubt", detail="X")])
        names = lambda page: " ".join(item.name[0] for item in page.items)  # noqa: E731
        with reading(engine) as session:
            page = queue(session)
            assert names(page) == "b c d A e"
            assert page.items[0].reasons == (Reason(kind="doubt", detail="X"),)
        with writing(engine) as session:
            save(session, records["b-sure.pdf"])
            save(session, records["c-absent.pdf"], "skipped")
        with reading(engine) as session:
            assert names(queue(session)) == "c d A e b"
            place = neighbours(session, records["e-waiting.pdf"])
            assert (place.index, place.next) == (4, records["b-sure.pdf"])

    def test_a_paper_that_rises_is_not_missed(
        self, engine: Engine, records: dict[str, int]
    ) -> None:
        order = [records[name] for name in sorted(records, key=str.lower)]  # A b c d e
        with writing(engine) as session:
            for record_id, worth in zip(order, (0.9, 0.8, 0.7, 0.6, 0.5), strict=True):
                keep(session, record_id, worth, [])

        def onward(at: int, *passed: int) -> int | None:
            with reading(engine) as session:
                return neighbours(session, order[at], passed=[order[n] for n in passed]).next

        assert onward(0) == order[1]
        assert onward(1, 0) == order[2], "A was passed by, though it is worth most"
        with writing(engine) as session:
            save(session, order[1])
            keep(session, order[4], 0.95, [])
        assert onward(2, 0, 1) == order[4], "E is now worth more than the open one"
        assert onward(4, 0, 1, 2) == order[3]
        with reading(engine) as session:
            assert neighbours(session, order[3], passed=order).left == 3
            assert neighbours(session, order[3]).next == order[1], "down the list, as asked"
        with writing(engine) as session:
            for record_id in (order[0], order[2], order[4]):
                save(session, record_id)
        assert onward(3, 0, 1, 2, 4) is None, "the last: it does not lead on to decided ones"
        with writing(engine) as session:
            save(session, order[3])
        assert onward(0) == order[1], "who looks at decided papers walks through them"

    def test_papers_that_somebody_else_has_open_are_passed_over(
        self, engine: Engine, records: dict[str, int]
    ) -> None:
        order = [records[name] for name in sorted(records, key=str.lower)]
        now = utc_now()
        with writing(engine) as session:
            take(session, order[1], "bea")
            take(session, order[2], "ada")
            take(session, order[3], "bea", now=now - timedelta(hours=1))
        by_name = Filters(sort="name")
        with reading(engine) as session:
            place = neighbours(session, order[0], by_name, person="ada")
            assert (place.next, place.total) == (order[2], 5)
            assert neighbours(session, order[2], by_name, person="ada").previous == order[0]
            assert neighbours(session, order[2], by_name, person="ada").next == order[3]
            assert neighbours(session, order[0], by_name, person="bea").next == order[1]
            assert neighbours(session, order[0], by_name).next == order[1]
            lines = {item.id: item.opened_by for item in queue(session, by_name).items}
            assert [lines[id] for id in order] == [None, "bea", "ada", None, None]

    @pytest.mark.parametrize("sort", get_args(Sort))
    def test_every_order_is_walked_to_its_end_and_back(
        self, engine: Engine, records: dict[str, int], sort: Sort
    ) -> None:
        with writing(engine) as session:
            save(session, records["A-unsure.pdf"])
        with reading(engine) as session:
            ids = [item.id for item in queue(session, Filters(sort=sort)).items]
            places = [neighbours(session, id, Filters(sort=sort)) for id in ids]
            assert [place.index for place in places] == [1, 2, 3, 4, 5]
            assert [place.next for place in places] == [*ids[1:], None]
            assert [place.previous for place in places] == [None, *ids[:-1]]

    @pytest.mark.parametrize(
        "filters",
        [
            Filters(),
            Filters(status="proposed"),
            Filters(project="old", least=0.1),
            Filters(q="foundation"),
            Filters(since=utc_now(), absent=True),
        ],
    )
    def test_the_order_of_worth_is_read_off_an_index(
        self, engine: Engine, filters: Filters
    ) -> None:
        told = plan(engine, filters)
        assert "COVERING INDEX ix_records_order" in told and "TEMP B-TREE" not in told

    @pytest.mark.parametrize("filters", [Filters(reason="audit"), Filters(q="ab")])
    def test_what_that_index_lacks_is_not_looked_up_record_by_record(
        self, engine: Engine, filters: Filters
    ) -> None:
        assert "COVERING INDEX ix_records_queue" in plan(engine, filters)

    def test_the_index_knows_all_verdicts_of_gold(self) -> None:
        assert f"status IN {GOLD_VERDICTS}" == DECIDED

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
            line = queue(session, Filters(sort="uncertain"), limit=1).items[0]
            assert (line.id, line.confidence, line.absent, line.pages) == (record_id, 0.8, 1, 1)
            assert (line.n_statements, line.n_funders, line.head) == (0, 1, 0)
            assert line.job and (line.job.state, line.job.error) == ("failed", "no model")
        with writing(engine) as session:
            save(session, record_id, "corrected", answer=said("P", "Q"))
        with reading(engine) as session:
            line = queue(session, Filters(sort="uncertain"), limit=1).items[0]
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
