"""What a copy of the store promises: it is whole, it comes back, and damage is found."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, func, select

from db import store
from db.checks import Problem, check
from db.engine import connect, reading, writing
from db.errors import StoreError
from db.files import file_path, sha_of, store_file
from db.migrations import head, upgrade
from db.snapshots import backup, freeze, restore, verify
from db.tables import DocumentRow, RevisionRow
from models.schemas import Answer, Extraction, ModelCard, Proposal

PROPOSAL = Proposal(
    statements=(),
    extraction=Extraction(raw="[]", funders=()),
    card=ModelCard(model="tiny", prompt_sha256="p", schema_sha256="s"),
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    engine = connect(home / "store.sqlite3")
    upgrade(engine)
    for name in ("one", "two", "three"):
        add(engine, home, name)
    yield engine
    engine.dispose()


@pytest.fixture
def tar(engine: Engine, home: Path, tmp_path: Path) -> Path:
    backup(engine, home / "files", tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


def add(engine: Engine, home: Path, name: str) -> int:
    incoming = home.parent / name
    incoming.write_bytes(name.encode() * 1000)
    sha = store_file(home / "files", incoming)
    row = DocumentRow(sha256=sha, name=name, media_type="text/plain", size=1, text=name, raw=name)
    with writing(engine) as session:
        record = store.add_document(session, row)
        store.add_proposal(session, record.id, PROPOSAL)
        save(session, record.id, name)
        return record.id


def save(session: Session, record_id: int, event: str) -> RevisionRow:
    return store.save_revision(
        session,
        record_id,
        base_seq=store.record(session, record_id).head,
        verdict="accepted",
        answer=Answer(),
        actor="ada",
        client_event_id=event,
    )


def revisions(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(RevisionRow)).one()


def run(home: Path, *statements: str) -> None:
    """Do to the store what the program never would."""
    connection = sqlite3.connect(home / "store.sqlite3", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def some_file(home: Path) -> Path:
    return sorted((home / "files").glob("*/*"))[0]


def errors(problems: list[Problem]) -> list[str]:
    return [problem.kind for problem in problems if problem.level == "error"]


class TestFiles:
    def test_a_file_is_named_by_its_content(self, tmp_path: Path) -> None:
        source = tmp_path / "paper.pdf"
        source.write_bytes(b"x" * 3_000_000)
        sha = store_file(tmp_path / "files", source)
        assert sha == hashlib.sha256(b"x" * 3_000_000).hexdigest()
        path = file_path(tmp_path / "files", sha)
        assert path == tmp_path / "files" / sha[:2] / sha and sha_of(path) == sha
        assert [p for p in (tmp_path / "files").rglob("*") if p.is_file()] == [path]

    def test_storing_again_heals_a_damaged_copy(self, tmp_path: Path) -> None:
        source = tmp_path / "paper.pdf"
        source.write_bytes(b"good")
        path = file_path(tmp_path / "files", store_file(tmp_path / "files", source))
        path.write_bytes(b"bad!")
        store_file(tmp_path / "files", source)
        assert path.read_bytes() == b"good"

    def test_what_fails_half_way_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "paper.pdf").write_bytes(b"x")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("db.files.sync", full)
        with pytest.raises(StoreError, match="No space left"):
            store_file(tmp_path / "files", tmp_path / "paper.pdf")
        assert list((tmp_path / "files").iterdir()) == []

    def test_a_source_that_is_gone_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="No such file"):
            store_file(tmp_path / "files", tmp_path / "gone.pdf")


class TestBackup:
    def test_a_backup_says_what_it_holds(self, tar: Path) -> None:
        manifest = verify(tar)
        assert (manifest.documents, manifest.records, manifest.revisions) == (3, 3, 3)
        assert (manifest.schema_revision, manifest.missing) == (head(), ())
        with tarfile.open(tar) as archive:
            names = archive.getnames()
        assert names[:2] == ["manifest.json", "store.sqlite3"] and len(names) == 5

    def test_nothing_is_left_beside_it(self, tar: Path) -> None:
        assert list(tar.parent.glob(".*")) == []

    def test_a_backup_taken_while_people_save_comes_back_whole(
        self, engine: Engine, home: Path, tmp_path: Path
    ) -> None:
        stop = threading.Event()

        def work(who: int) -> None:
            nth = 0
            while not stop.is_set():
                add(engine, home, f"{who}-{nth}")
                nth += 1

        writers = [threading.Thread(target=work, args=(who,)) for who in range(3)]
        for writer in writers:
            writer.start()
        try:
            made = []
            for n in range(3):
                made.append(backup(engine, home / "files", tmp_path / f"{n}.tar"))
                add(engine, home, f"between-{n}")
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        assert made[0].revisions < made[-1].revisions <= revisions(engine)
        assert made[-1].missing == ()
        restored = restore(tmp_path / "2.tar", tmp_path / "new")
        assert (restored.manifest, restored.replaced) == (made[-1], None)
        other = connect(tmp_path / "new" / "store.sqlite3")
        assert check(other, tmp_path / "new" / "files") == []
        assert revisions(other) == made[-1].revisions
        add(other, tmp_path / "new", "goes on")
        other.dispose()

    def test_a_lost_or_altered_file_does_not_keep_the_rest_from_being_saved(
        self, engine: Engine, home: Path, tmp_path: Path
    ) -> None:
        lost, altered, _ = sorted((home / "files").glob("*/*"))
        lost.unlink()
        altered.write_bytes(b"other")
        made = backup(engine, home / "files", tmp_path / "b.tar")
        assert made.missing == (lost.name, altered.name)
        assert restore(tmp_path / "b.tar", tmp_path / "new").manifest == made

    def test_an_older_backup_stays_until_the_new_one_is_whole(
        self, engine: Engine, home: Path, tar: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = tar.read_bytes()

        def torn(*_: object) -> None:
            raise StoreError("The backup is damaged.")

        monkeypatch.setattr("db.snapshots.verify", torn)
        with pytest.raises(StoreError):
            backup(engine, home / "files", tar)
        assert tar.read_bytes() == before
        assert list(tar.parent.glob(".*")) == []

    def test_a_folder_is_no_destination(self, engine: Engine, home: Path, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="is a folder"):
            backup(engine, home / "files", tmp_path)

    def test_a_frozen_store_does_not_change(self, engine: Engine, tmp_path: Path) -> None:
        frozen = freeze(engine, tmp_path / "run" / "gold.sqlite3")
        sha = sha_of(frozen)
        with writing(engine) as session:
            save(session, 1, "later")
        assert sha_of(frozen) == sha
        assert list(frozen.parent.iterdir()) == [frozen]


class TestRestore:
    def test_the_store_that_was_there_is_kept(self, engine: Engine, home: Path, tar: Path) -> None:
        add(engine, home, "after the backup")
        engine.dispose()
        replaced = restore(tar, home).replaced
        assert replaced and replaced.name.startswith("store.sqlite3.before-restore-")
        for path, count in ((home / "store.sqlite3", 3), (replaced, 4)):
            again = connect(path)
            assert revisions(again) == count
            assert errors(check(again, home / "files")) == []
            again.dispose()

    def test_a_damaged_store_is_replaced_too(self, engine: Engine, home: Path, tar: Path) -> None:
        engine.dispose()
        (home / "store.sqlite3").write_bytes(b"gone" * 5000)
        some_file(home).write_bytes(b"altered")
        replaced = restore(tar, home).replaced
        assert replaced and replaced.read_bytes() == b"gone" * 5000
        again = connect(home / "store.sqlite3")
        assert check(again, home / "files") == []
        again.dispose()

    def test_a_store_in_use_is_not_replaced(self, engine: Engine, home: Path, tar: Path) -> None:
        with reading(engine), pytest.raises(StoreError, match=r"in use.*Stop"):
            restore(tar, home)
        assert revisions(engine) == 3
        assert check(engine, home / "files") == []

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda data: data[: len(data) // 2],
            lambda data: data[: data.rindex(b"twotwo")],
            lambda data: b"",
            lambda data: b"no tar at all" * 1000,
            lambda data: data.replace(b"twotwo", b"twoTwo", 1),
            lambda data: data.replace(b"SQLite format 3", b"SQLite format 4", 1),
            lambda data: data.replace(b'"documents": 3', b'"documents": 4', 1),
            lambda data: data.replace(b'"format": 1', b'"format": 2', 1),
        ],
    )
    def test_a_damaged_backup_is_refused_before_anything_is_touched(
        self, engine: Engine, home: Path, tar: Path, spoil: Callable[[bytes], bytes]
    ) -> None:
        engine.dispose()
        spoiled = spoil(tar.read_bytes())
        assert spoiled != tar.read_bytes()
        tar.write_bytes(spoiled)
        before = everything(home)
        with pytest.raises(StoreError):
            restore(tar, home)
        assert everything(home) == before

    @pytest.mark.parametrize(
        "name", ["/etc/passwd", "../evil", "files/../../evil", "files/aa/short", "readme.txt"]
    )
    def test_other_names_are_refused(self, home: Path, tar: Path, name: str) -> None:
        with tarfile.open(tar, "a") as archive:
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        with pytest.raises(StoreError, match="other names"):
            restore(tar, home)

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
    def test_links_and_folders_are_refused(self, home: Path, tar: Path, kind: bytes) -> None:
        with tarfile.open(tar, "a") as archive:
            member = tarfile.TarInfo("files/aa/" + "a" * 64)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        with pytest.raises(StoreError, match="other names"):
            restore(tar, home)

    def test_a_file_that_no_document_has_is_refused(self, home: Path, tar: Path) -> None:
        sha = hashlib.sha256(b"x").hexdigest()
        with tarfile.open(tar, "a") as archive:
            member = tarfile.TarInfo(f"files/{sha[:2]}/{sha}")
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        with pytest.raises(StoreError, match="list of its files"):
            restore(tar, home)

    def test_a_backup_of_a_newer_version_is_refused(
        self, home: Path, engine: Engine, tmp_path: Path
    ) -> None:
        run(home, "UPDATE alembic_version SET version_num = '9999'")
        backup(engine, home / "files", tmp_path / "newer.tar")
        engine.dispose()
        with pytest.raises(StoreError, match="newer version"):
            restore(tmp_path / "newer.tar", home)

    def test_there_must_be_a_backup(self, home: Path) -> None:
        with pytest.raises(StoreError, match="No such file"):
            restore(home / "none.tar", home)


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
            save(session, 1, "second")
        run(home, *WITHOUT_GUARDS, statement)
        found = check(engine, home / "files")
        guards = [problem for problem in found if "was removed" in problem.message]
        others = [problem for problem in found if problem not in guards]
        assert len(guards) == 4
        assert any(said in problem.message for problem in others) == bool(said)

    def test_a_damaged_page_is_found(self, engine: Engine, home: Path) -> None:
        engine.dispose()
        run(home, "PRAGMA journal_mode = DELETE")
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


WITHOUT_GUARDS = (
    "PRAGMA foreign_keys = OFF",
    *(
        f"DROP TRIGGER {table}_refuse_{act}"
        for table in ("revisions", "proposals")
        for act in ("update", "delete")
    ),
)


def everything(home: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}
