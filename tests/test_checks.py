"""What a check of the store finds: harm is an error, what is left over a note."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.checks import check
from db.engine import connect, writing
from tests.stores import curated_store, errors, run_sql, save, some_file

WITHOUT_GUARDS = (
    "PRAGMA foreign_keys = OFF",
    *(
        f"DROP TRIGGER {table}_refuse_{act}"
        for table in ("revisions", "proposals")
        for act in ("update", "delete")
    ),
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    with curated_store(home) as engine:
        yield engine


class TestCheck:
    def test_a_sound_store_has_no_problem(self, engine: Engine, home: Path) -> None:
        assert check(engine, home / "files") == []

    @pytest.mark.parametrize(
        ("said", "harm"),
        [
            ("missing", lambda home: some_file(home).unlink()),
            ("altered", lambda home: some_file(home).write_bytes(b"x")),
        ],
    )
    def test_harm_to_a_file_is_found(
        self, engine: Engine, home: Path, said: str, harm: Callable[[Path], None]
    ) -> None:
        harm(home)
        (problem,) = check(engine, home / "files")
        assert (problem.level, problem.kind) == ("error", "file") and said in problem.message

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("DELETE FROM revisions WHERE id = 4", "not numbered 1 to 2"),
            ("UPDATE revisions SET seq = 3 WHERE id = 4", "not numbered 1 to 2"),
            ("UPDATE records SET head = 3 WHERE id = 1", "not numbered 1 to 3"),
            ("UPDATE records SET head = 0 WHERE id = 2", "not numbered 1 to 0"),
            ("UPDATE revisions SET parent_revision_id = NULL WHERE id = 4", "its parent"),
            ("UPDATE revisions SET parent_revision_id = 2 WHERE id = 4", "its parent"),
            ("UPDATE revisions SET parent_revision_id = 99 WHERE id = 4", "is missing"),
            ("UPDATE revisions SET parent_proposal_id = 2 WHERE id = 4", "another record's"),
            ("UPDATE revisions SET restores = 7 WHERE id = 4", "what it restores"),
            ("UPDATE revisions SET after = NULL WHERE id = 4", "no answer"),
            ("UPDATE revisions SET after = '{' WHERE id = 4", "after cannot be read"),
            ("UPDATE proposals SET proposal = '{}' WHERE id = 1", "proposal cannot be read"),
            ("UPDATE documents SET pages = '[3]'", "pages cannot be read"),
            ("DELETE FROM documents", "its documents row is missing"),
            ("UPDATE alembic_version SET version_num = '9999'", "newer version"),
            ("DROP INDEX ix_jobs_state", ""),
            ("SELECT 1", ""),
        ],
    )
    def test_harm_to_the_database_is_found(
        self, engine: Engine, home: Path, statement: str, said: str
    ) -> None:
        with writing(engine) as session:
            save(session, 1)
        run_sql(home, *WITHOUT_GUARDS, statement)
        found = check(engine, home / "files")
        guards = [problem for problem in found if "was removed" in problem.message]
        others = [problem for problem in found if problem not in guards]
        assert len(guards) == 4
        assert any(said in problem.message for problem in others) == bool(said)

    def test_a_damaged_page_is_found(self, engine: Engine, home: Path) -> None:
        engine.dispose()
        run_sql(home, "PRAGMA journal_mode = DELETE")
        path = home / "store.sqlite3"
        data = bytearray(path.read_bytes())
        data[8192 : 8192 + 4096 * 6] = b"\xff" * 4096 * 6
        path.write_bytes(data)
        again = connect(path)
        assert "database" in errors(check(again, home / "files"))
        again.dispose()

    def test_what_is_left_over_is_a_note(self, engine: Engine, home: Path) -> None:
        (home / "files" / "aa").mkdir(exist_ok=True)
        (home / "files" / "aa" / "stray").write_bytes(b"x")
        (home / "files" / ".half.part").write_bytes(b"x")
        found = check(engine, home / "files")
        assert [(problem.level, problem.kind) for problem in found] == [
            ("note", "stray"),
            ("note", "leftover"),
        ]

    def test_a_store_that_was_never_set_up_is_said(self, tmp_path: Path) -> None:
        engine = connect(tmp_path / "empty.sqlite3")
        assert "schema" in errors(check(engine, tmp_path / "files"))
        engine.dispose()
