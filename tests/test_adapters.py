"""One adapter is live for a base and a task, and the way back is known."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from db import adapters, runs
from db.engine import writing
from db.errors import StoreError
from db.tables import AdapterRow

SHA = "a" * 64


def add(session: Session, name: str, base: str = "base") -> AdapterRow:
    return adapters.register(session, name, base, f"/adapters/{name}", SHA)


def live(session: Session) -> str | None:
    found = adapters.live(session, "base")
    return found.name if found else None


class TestAdapters:
    def test_promoting_one_retires_the_other_and_says_who_and_why(self, engine: Engine) -> None:
        with writing(engine) as session:
            first, second = add(session, "first"), add(session, "second")
            adapters.promote(session, "first", "ada", "the first")
            adapters.promote(session, "second", "eve", "F1 +0.02")
            assert (first.state, second.state) == ("retired", "live")
            assert (second.actor, second.reason, second.replaces) == ("eve", "F1 +0.02", "first")
            assert second.promoted_at is not None

    def test_a_rollback_goes_back_step_by_step_to_the_base(self, engine: Engine) -> None:
        with writing(engine) as session:
            for name in "abc":
                add(session, name)
                adapters.promote(session, name, "ada", "better")
            former = adapters.rollback(session, "base", "eve", "loses award ids")
            assert former and former.name == "b"
            retired = adapters.adapter(session, "c")
            assert (retired.state, retired.actor) == ("retired", "eve")
            assert retired.reason == "loses award ids"
            assert adapters.rollback(session, "base", "eve", "worse") is not None
            assert adapters.rollback(session, "base", "eve", "worse") is None
            assert live(session) is None
            with pytest.raises(StoreError, match="No adapter is live"):
                adapters.rollback(session, "base", "eve", "again")

    def test_bases_and_tasks_have_live_adapters_of_their_own(self, engine: Engine) -> None:
        with writing(engine) as session:
            add(session, "small", "base"), add(session, "large", "other")
            adapters.register(session, "data", "base", "/d", SHA, task="data")
            for name in ("small", "large", "data"):
                adapters.promote(session, name, "ada", "first")
            assert live(session) == "small"
            assert [row.name for row in adapters.history(session, "base")] == ["small"]

    def test_the_last_promoted_is_in_use_and_rollbacks_cross_bases(self, engine: Engine) -> None:
        with writing(engine) as session:
            for name, base in (("a", "base"), ("x", "other"), ("y", "other"), ("b", "base")):
                add(session, name, base)
                adapters.promote(session, name, "ada", "better")
            seen = []
            while (used := adapters.in_use(session)) is not None:
                seen.append(used.name)
                adapters.rollback(session, used.base, "ada", "worse")
            assert seen == ["b", "y", "x", "a"]

    def test_one_that_waits_behind_another_base_comes_back_in_use(self, engine: Engine) -> None:
        with writing(engine) as session:
            for name, base in (("a", "base"), ("x", "other")):
                add(session, name, base)
                adapters.promote(session, name, "ada", "better")
            again = adapters.promote(session, "a", "eve", "the small one will do")
            assert adapters.in_use(session) is again
            assert (again.actor, again.reason) == ("eve", "the small one will do")
            adapters.rollback(session, "base", "ada", "no")
            used = adapters.in_use(session)
            assert used is not None and used.name == "x"

    def test_two_live_rows_are_refused_by_the_store_itself(self, engine: Engine) -> None:
        with pytest.raises(IntegrityError), writing(engine) as session:
            add(session, "a").state = "live"
            add(session, "b").state = "live"
            session.flush()

    def test_what_a_run_made_is_added_once(self, engine: Engine) -> None:
        with writing(engine) as session:
            run = runs.queue_run(session, "tiny", "base", "/runs/tiny", SHA)
            made = adapters.register(session, "tiny-1", "base", "/a", SHA, run_id=run.id)
            again = adapters.register(session, "tiny-1", "base", "/a", SHA, run_id=run.id)
            assert again is made
            with pytest.raises(StoreError, match="another adapter"):
                adapters.register(session, "tiny-1", "base", "/a", "b" * 64)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(acts=st.lists(st.sampled_from([*"abcd", "back"]), max_size=25))
    def test_one_is_live_and_rollbacks_end_at_the_base(
        self, engine: Engine, acts: list[str]
    ) -> None:
        with writing(engine) as session:
            for old in adapters.history(session, "base"):
                session.delete(old)
        with writing(engine) as session:
            for name in "abcd":
                add(session, name)
            for act in acts:
                before = live(session)
                if act != "back":
                    adapters.promote(session, act, "ada", "better")
                    assert live(session) == act
                elif before is not None:
                    adapters.rollback(session, "base", "ada", "worse")
                    assert live(session) != before
            seen = []
            while (name := live(session)) is not None:
                seen.append(name)
                adapters.rollback(session, "base", "ada", "worse")
            assert len(seen) == len(set(seen)) <= 4
