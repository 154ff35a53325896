"""What accounts promise: one name one person, always an administrator, sign-ins that end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from db import people, sign_ins
from db.engine import reading, writing
from db.errors import BadName, FirstIsAdmin, LastAdmin, NameTaken, NotFirst, NotFound
from db.tables import FailedSignInRow, PersonRow, SignInRow
from workbench import passwords

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with writing(engine) as session:
        yield session


@pytest.fixture
def admin(session: Session) -> PersonRow:
    return people.add_first(session, "Ada", "hash")


class TestNames:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("Zoë", "zoe\u0308"),
            ("Straße", "STRASSE"),
            ("  Ada  Lovelace ", "ada lovelace"),
            ("Ada", "\uff21da"),
        ],
    )
    def test_names_that_read_alike_are_one(
        self, session: Session, admin: PersonRow, first: str, second: str
    ) -> None:
        made = people.named(session, first) or people.add(session, first, "viewer", by="Ada")
        assert people.known(session, second).id == made.id
        with pytest.raises(NameTaken):
            people.add(session, second, "viewer", by="Ada")

    @pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\u200bb", "a\u202eb", "a\x00b"])
    def test_a_name_can_be_seen(self, session: Session, name: str) -> None:
        with pytest.raises(BadName):
            people.add(session, name, "admin", by="x")

    @given(st.text(max_size=80))
    def test_folding_what_is_kept_changes_nothing_for_the_comparison(self, name: str) -> None:
        try:
            kept = people.clean(name)
        except BadName:
            return
        assert people.fold(kept) == people.fold(name)
        assert people.clean(kept) == kept

    def test_a_name_that_is_taken_gets_a_number(self, session: Session, admin: PersonRow) -> None:
        assert people.free_name(session, "ada") == "ada (2)"
        assert people.free_name(session, "Bob") == "Bob"


class TestAccounts:
    def test_the_first_is_an_administrator(self, session: Session) -> None:
        with pytest.raises(FirstIsAdmin):
            people.add(session, "Bob", "curator", by="x")
        assert not people.any_one(session)
        first = people.add_first(session, "Ada", "hash")
        assert (first.role, first.created_by, first.active) == ("admin", "Ada", True)
        with pytest.raises(NotFirst):
            people.add_first(session, "Eve", "hash")

    def test_the_last_active_administrator_stays(self, session: Session, admin: PersonRow) -> None:
        second = people.add(session, "Bob", "admin", by="Ada")
        people.set_active(session, second.id, False)
        for act in (
            lambda: people.set_role(session, admin.id, "viewer"),
            lambda: people.set_active(session, admin.id, False),
        ):
            with pytest.raises(LastAdmin, match="only active administrator"):
                act()
        people.set_active(session, second.id, True)
        assert people.set_role(session, admin.id, "viewer").role == "viewer"

    def test_changing_nothing_of_the_last_administrator_is_no_harm(
        self, session: Session, admin: PersonRow
    ) -> None:
        assert people.set_role(session, admin.id, "admin").role == "admin"
        assert people.set_active(session, admin.id, True).active

    def test_the_inactive_come_last(self, session: Session, admin: PersonRow) -> None:
        for name in ("bob", "Anna"):
            people.add(session, name, "viewer", by="Ada")
        people.set_active(session, people.known(session, "anna").id, False)
        assert [row.name for row in people.everyone(session)] == ["Ada", "bob", "Anna"]

    def test_who_is_not_there_is_told(self, session: Session) -> None:
        with pytest.raises(NotFound):
            people.person(session, 7)
        with pytest.raises(NotFound):
            people.known(session, "nobody")


class TestSignIns:
    def test_a_token_is_kept_as_its_hash_alone(self, session: Session, admin: PersonRow) -> None:
        token = sign_ins.begin(session, admin.id, NOW)
        (row,) = session.exec(select(SignInRow)).all()
        assert token not in str(row.model_dump())
        found = sign_ins.find(session, token, "browser", NOW)
        assert found and found[0].id == admin.id
        assert sign_ins.find(session, token, "program", NOW) is None
        assert sign_ins.find(session, row.token_sha256, "browser", NOW) is None

    def test_a_browser_that_comes_back_stays_signed_in(
        self, session: Session, admin: PersonRow
    ) -> None:
        token = sign_ins.begin(session, admin.id, NOW)
        found = sign_ins.find(session, token, "browser", NOW + 13 * DAY)
        assert found
        assert not sign_ins.is_to_renew(found[1], NOW + timedelta(minutes=59))
        assert sign_ins.is_to_renew(found[1], NOW + 13 * DAY)
        sign_ins.renew(session, found[1].token_sha256, NOW + 13 * DAY)
        assert sign_ins.find(session, token, "browser", NOW + 26 * DAY)
        assert sign_ins.find(session, token, "browser", NOW + 27 * DAY) is None
        assert admin.seen_at == NOW + 13 * DAY

    def test_a_program_s_token_ends_when_it_was_said(
        self, session: Session, admin: PersonRow
    ) -> None:
        token = sign_ins.begin(session, admin.id, NOW, "program", 30 * DAY)
        sign_ins.renew(session, sign_ins.hash_of(token), NOW + 29 * DAY)
        assert sign_ins.find(session, token, "program", NOW + 29 * DAY)
        assert sign_ins.find(session, token, "program", NOW + 30 * DAY) is None

    def test_signing_out_here_and_everywhere(self, session: Session, admin: PersonRow) -> None:
        here, there, other = (sign_ins.begin(session, admin.id, NOW) for _ in range(3))
        sign_ins.end(session, sign_ins.hash_of(other))
        assert sign_ins.end_all(session, admin.id, keep=sign_ins.hash_of(here)) == 1
        assert sign_ins.find(session, here, "browser", NOW)
        assert sign_ins.find(session, there, "browser", NOW) is None
        assert sign_ins.end_all(session, admin.id) == 1

    def test_an_inactive_person_is_signed_out_for_good(
        self, session: Session, admin: PersonRow
    ) -> None:
        bob = people.add(session, "Bob", "curator", by="Ada")
        token = sign_ins.begin(session, bob.id, NOW)
        people.set_active(session, bob.id, False)
        people.set_active(session, bob.id, True)
        assert sign_ins.find(session, token, "browser", NOW) is None

    def test_a_new_password_ends_the_other_sign_ins(
        self, session: Session, admin: PersonRow
    ) -> None:
        here, there = (sign_ins.begin(session, admin.id, NOW) for _ in range(2))
        people.set_password(session, admin.id, "new", keep=sign_ins.hash_of(here))
        assert sign_ins.find(session, here, "browser", NOW)
        assert sign_ins.find(session, there, "browser", NOW) is None

    def test_looking_needs_no_write(self, engine: Engine) -> None:
        with writing(engine) as session:
            token = sign_ins.begin(session, people.add_first(session, "Ada", "h").id, NOW)
        with reading(engine) as session:
            assert sign_ins.find(session, token, "browser", NOW)

    def test_what_has_ended_is_cleaned_up(self, session: Session, admin: PersonRow) -> None:
        sign_ins.begin(session, admin.id, NOW)
        sign_ins.attempt(session, "ada", "10.0.0.1", NOW)
        assert sign_ins.clean_up(session, NOW + HOUR) == 0
        assert sign_ins.clean_up(session, NOW + 14 * DAY) == 2
        assert session.exec(select(FailedSignInRow)).all() == []


class TestTheThrottle:
    def test_waiting_doubles_up_to_a_quarter_of_an_hour(self, session: Session) -> None:
        now, waits = NOW, []
        for _ in range(20):
            wait = sign_ins.attempt(session, "ada", "10.0.0.1", now)
            if wait:
                waits.append(wait)
                now += timedelta(seconds=wait)
                assert sign_ins.attempt(session, "ada", "10.0.0.1", now) == 0
        assert waits[:4] == [1, 2, 4, 8]
        assert max(waits) == 15 * 60

    def test_tries_that_come_at_once_are_counted(self, session: Session) -> None:
        told = [sign_ins.attempt(session, "ada", "10.0.0.1", NOW) for _ in range(50)]
        assert told.count(0) == 5

    def test_another_address_is_not_held_up(self, session: Session) -> None:
        for _ in range(6):
            sign_ins.attempt(session, "ada", "10.0.0.1", NOW)
        assert sign_ins.attempt(session, "ada", "10.0.0.2", NOW) == 0

    def test_an_address_that_tries_many_names_is(self, session: Session) -> None:
        told = [sign_ins.attempt(session, f"name {n}", "10.0.0.1", NOW) for n in range(25)]
        assert told == [0] * 20 + [1] * 5

    def test_success_forgives_the_name_and_a_day_forgets(self, session: Session) -> None:
        for _ in range(5):
            sign_ins.attempt(session, "ada", "10.0.0.1", NOW)
        assert sign_ins.attempt(session, "ada", "10.0.0.1", NOW)
        assert sign_ins.attempt(session, "ada", "10.0.0.1", NOW + DAY) == 0
        sign_ins.forgive(session, "ada", "10.0.0.1")
        assert sign_ins.attempt(session, "ada", "10.0.0.1", NOW) == 0


class TestPasswords:
    def test_right_and_wrong(self) -> None:
        stored = passwords.hashed("correct horse battery")
        assert stored.startswith("$argon2id$")
        assert passwords.is_right("correct horse battery", stored)
        assert not passwords.is_right("correct horse batterie", stored)
        assert not passwords.is_right("correct horse battery", None)
        assert not passwords.is_outdated(stored)

    def test_one_password_typed_on_two_keyboards(self) -> None:
        stored = passwords.hashed("zoëzoëzoëzoe")
        assert passwords.is_right("zoe\u0308zoe\u0308zoe\u0308zoe", stored)

    def test_length_is_the_only_rule(self) -> None:
        assert passwords.hashed("a" * 12)
        for wrong in ("a" * 11, "", "a" * 1025):
            with pytest.raises(passwords.WeakPassword):
                passwords.hashed(wrong)

    def test_other_parameters_are_noticed(self) -> None:
        from argon2 import PasswordHasher

        old = PasswordHasher(time_cost=1, memory_cost=8192).hash("correct horse battery")
        assert passwords.is_right("correct horse battery", old)
        assert passwords.is_outdated(old)

    def test_a_damaged_hash_is_nobody_s(self) -> None:
        assert not passwords.is_right("x" * 12, "not a hash")
