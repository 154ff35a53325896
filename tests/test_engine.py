"""What the store's file promises: safe to share, and every failure is said."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db import store
from db.engine import connect, reading, writing
from db.errors import Conflict, EventReused, NotFound, NothingToUndo, StoreError
from db.migrations import upgrade
from models.errors import WorkbenchError
from tests.stores import add, document, save, sha


class TestTheFile:
    def test_every_connection_is_set_up_for_safe_sharing(self, engine: Engine) -> None:
        wanted = {
            "journal_mode": "wal",
            "busy_timeout": 30_000,
            "synchronous": 2,
            "foreign_keys": 1,
            "recursive_triggers": 1,
        }
        with reading(engine) as session:
            run = session.connection().exec_driver_sql
            assert {name: run(f"PRAGMA {name}").scalar() for name in wanted} == wanted

    def test_the_folder_is_made(self, tmp_path: Path) -> None:
        connect(tmp_path / "a" / "b" / "store.sqlite3").dispose()
        assert (tmp_path / "a" / "b" / "store.sqlite3").exists()

    @pytest.mark.parametrize("name", ["with space", "100%", "what?", "a#b", "ü"])
    def test_any_path_may_be_used(self, tmp_path: Path, name: str) -> None:
        engine = connect(tmp_path / name)
        upgrade(engine)
        engine.dispose()
        assert (tmp_path / name).exists()

    def test_a_url_names_the_same_file(self, engine: Engine, tmp_path: Path) -> None:
        add(engine, "paper.pdf")
        other = connect(f"sqlite:///{tmp_path}/store.sqlite3")
        with reading(other) as session:
            assert store.has_document(session, sha("paper.pdf"))
        other.dispose()

    @pytest.mark.parametrize("url", ["postgresql://host/base", "sqlite://", "://"])
    def test_another_url_is_refused(self, url: str) -> None:
        with pytest.raises(StoreError, match="SQLite file"):
            connect(url)

    def test_a_file_that_is_no_database_is_refused_and_left(self, tmp_path: Path) -> None:
        path = tmp_path / "store.sqlite3"
        path.write_bytes(b"not a database" * 1000)
        with pytest.raises(StoreError, match=r"store\.sqlite3 is not a Workbench store"):
            connect(path)
        assert path.read_bytes() == b"not a database" * 1000

    def test_a_folder_is_no_store(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="cannot be opened"):
            connect(tmp_path)

    def test_the_database_of_another_program_is_refused(self, tmp_path: Path) -> None:
        other = sqlite3.connect(tmp_path / "other.sqlite3")
        other.execute("CREATE TABLE notes (x)")
        other.close()
        engine = connect(tmp_path / "other.sqlite3")
        with pytest.raises(StoreError, match="another program"):
            upgrade(engine)
        engine.dispose()

    def test_a_store_of_a_newer_version_is_refused(self, engine: Engine) -> None:
        with writing(engine) as session:
            session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreError, match=r"newer version.*Update"):
            upgrade(engine)

    def test_a_store_that_was_not_set_up_says_so(self, tmp_path: Path) -> None:
        engine = connect(tmp_path / "new.sqlite3")
        with pytest.raises(StoreError, match=r"not set up.*[Uu]pgrade"), reading(engine) as session:
            store.record(session, 1)
        engine.dispose()

    def test_a_full_disk_is_said_and_nothing_is_half_kept(self, engine: Engine) -> None:
        with pytest.raises(StoreError, match=r"is full.*Free"), writing(engine) as session:
            run = session.connection().exec_driver_sql
            run(f"PRAGMA max_page_count = {run('PRAGMA page_count').scalar()}")
            store.add_document(session, document("big.pdf", "long text " * 100_000))
        engine.dispose()
        with reading(engine) as session:
            assert not store.has_document(session, sha("big.pdf"))

    def test_errors_are_of_the_one_tree(self) -> None:
        for kind in (Conflict, EventReused, NotFound, NothingToUndo):
            assert issubclass(kind, StoreError) and issubclass(kind, WorkbenchError)


class TestTogether:
    def test_of_eight_curators_at_once_nobody_loses_a_save(
        self, engine: Engine, record_id: int
    ) -> None:
        def curate(who: int) -> None:
            for nth in range(40):
                base, done = 0, False
                while not done:
                    try:
                        with reading(engine) as session:
                            base = store.record(session, record_id).head
                        with writing(engine) as session:
                            save(
                                session,
                                record_id,
                                base_seq=base,
                                actor=f"{who}",
                                client_event_id=f"{who}-{nth}",
                            )
                        done = True
                    except Conflict:
                        continue

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(curate, range(8)))
        with reading(engine) as session:
            kept = store.revisions(session, record_id)
            assert [row.seq for row in kept] == list(range(1, 321))
            assert {row.client_event_id for row in kept} == {
                f"{who}-{nth}" for who in range(8) for nth in range(40)
            }

    def test_a_read_stays_at_its_moment(self, engine: Engine, record_id: int) -> None:
        with reading(engine) as early:
            with writing(engine) as session:
                save(session, record_id)
                store.add_document(session, document("later.pdf"))
            assert store.record(early, record_id).head == 0
            assert not store.has_document(early, sha("later.pdf"))
        with reading(engine) as late:
            assert store.record(late, record_id).head == 1

    def test_a_read_cannot_write(self, engine: Engine, record_id: int) -> None:
        with pytest.raises(StoreError, match="cannot be written"), reading(engine) as session:
            save(session, record_id)

    def test_a_write_that_raises_leaves_nothing(self, engine: Engine, record_id: int) -> None:
        with pytest.raises(RuntimeError), writing(engine) as session:
            save(session, record_id)
            raise RuntimeError
        with reading(engine) as session:
            assert store.revisions(session, record_id) == []
            assert store.record(session, record_id).head == 0
