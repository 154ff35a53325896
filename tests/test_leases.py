"""Leases, assignments and views: who has a paper open, whose it is, what a queue is called."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from db import assignments, leases, views
from db.columns import utc_now
from db.engine import reading, writing
from db.errors import NotFound
from db.listing import queue
from db.tables import PersonRow
from tests.stores import add, save

NOW = utc_now()
LATER = NOW + leases.LEASE + timedelta(seconds=1)


class TestLeases:
    def test_who_comes_second_is_told_and_changes_nothing(
        self, engine: Engine, record_id: int
    ) -> None:
        with writing(engine) as session:
            leases.take(session, record_id, "ada", now=NOW)
            found = leases.take(session, record_id, "bea", now=NOW + timedelta(seconds=60))
            assert (found.person, found.until) == ("ada", NOW + leases.LEASE)

    def test_a_lease_is_renewed_runs_out_and_is_taken_over(
        self, engine: Engine, record_id: int
    ) -> None:
        with writing(engine) as session:
            leases.take(session, record_id, "ada", now=NOW)
            renewed = leases.take(session, record_id, "ada", now=NOW + timedelta(seconds=45))
            assert renewed.until == NOW + timedelta(seconds=45) + leases.LEASE
            assert leases.take(session, record_id, "bea", over=True, now=NOW).person == "bea"
            assert leases.take(session, record_id, "ada", now=LATER).person == "ada"

    def test_only_who_has_it_gives_it_back(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            leases.take(session, record_id, "ada")
            assert not leases.release(session, record_id, "bea")
            assert leases.release(session, record_id, "ada")
            assert not leases.release(session, record_id, "ada")
            assert leases.take(session, record_id, "bea").person == "bea"

    def test_the_stamp_changes_with_who_comes_and_goes_only(
        self, engine: Engine, record_id: int
    ) -> None:
        with writing(engine) as session:
            empty = leases.stamp(session, NOW)
            leases.take(session, record_id, "ada", now=NOW)
            taken = leases.stamp(session, NOW)
            leases.take(session, record_id, "ada", now=NOW + timedelta(seconds=45))
            assert taken == leases.stamp(session, NOW) != empty
            assert leases.stamp(session, LATER + leases.LEASE) == empty

    def test_it_never_keeps_anybody_from_saving(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            leases.take(session, record_id, "bea")
            assert save(session, record_id, actor="ada").seq == 1

    def test_a_record_that_is_not_there(self, engine: Engine) -> None:
        with pytest.raises(NotFound), writing(engine) as session:
            leases.take(session, 99, "ada")


class TestAssignments:
    def test_papers_are_given_and_taken_back(self, engine: Engine) -> None:
        ids = [add(engine, name) for name in "abc"]
        with writing(engine) as session:
            assert assignments.assign(session, ids[:2], ["ada", "bea", "ada"], "eve") == 4
            assert assignments.assign(session, ids, ["ada"], "eve") == 1
            shown = {item.id: item.assigned for item in queue(session).items}
            assert shown == {ids[0]: ("ada", "bea"), ids[1]: ("ada", "bea"), ids[2]: ("ada",)}
            assert assignments.take_back(session, ids[:1], ["bea"]) == 1
            assert assignments.take_back(session, ids) == 4
            assert assignments.names(session) == []

    def test_where_there_are_accounts_only_they_are_given_papers(
        self, engine: Engine, record_id: int
    ) -> None:
        with writing(engine) as session:
            for name, active in (("ada", True), ("old", False)):
                row = PersonRow(
                    name=name, folded=name, role="curator", active=active, created_by="x"
                )
                session.add(row)
            session.flush()
            assert assignments.names(session) == ["ada"]
            assert assignments.assign(session, [record_id], ["ada"], "x") == 1
            for name in ("old", "nobody"):
                with pytest.raises(NotFound, match="no account"):
                    assignments.assign(session, [record_id], [name], "x")
            with pytest.raises(NotFound, match="no record 99"):
                assignments.assign(session, [record_id, 99], ["ada"], "x")


class TestViews:
    def test_one_sees_one_s_own_and_what_others_share(self, engine: Engine) -> None:
        with writing(engine) as session:
            views.add(session, "ada", "mine", {"status": "flagged"})
            views.add(session, "bea", "hers", {}, shared=True)
            views.add(session, "bea", "secret", {})
            assert [view.name for view in views.views(session, "ada")] == ["hers", "mine"]
        with reading(engine) as session:
            assert views.views(session, "ada")[1].filters == {"status": "flagged"}

    def test_only_the_owner_changes_a_view(self, engine: Engine) -> None:
        with writing(engine) as session:
            view = views.add(session, "ada", "a", {}, shared=True)
            other = views.add(session, "ada", "b", {})
            changed = views.change(session, view.id, "ada", name="c", filters={"q": "x"})
            assert (changed.name, changed.filters, changed.shared) == ("c", {"q": "x"}, True)
            views.change(session, view.id, "ada", name="c", shared=False)
            with pytest.raises(views.ViewNameTaken):
                views.change(session, view.id, "ada", name="b")
            with pytest.raises(views.ViewNameTaken):
                views.add(session, "ada", "b", {})
            assert views.add(session, "bea", "b", {}).id != other.id
            for act in (views.change, views.delete):
                with pytest.raises(NotFound):
                    act(session, view.id, "bea")
            views.delete(session, view.id, "ada")
            assert [row.name for row in views.views(session, "ada")] == ["b"]
