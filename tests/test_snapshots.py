"""What a copy of the store promises: it is whole, and it comes back."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import func, select

from db.checks import check
from db.engine import connect, reading, writing
from db.errors import StoreError
from db.files import sha_of
from db.migrations import head
from db.snapshots import backup, freeze, restore, verify
from db.tables import RevisionRow
from tests.stores import add_curated, curated_store, errors, run_sql, save, some_file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    with curated_store(home) as engine:
        yield engine


@pytest.fixture
def tar(engine: Engine, home: Path, tmp_path: Path) -> Path:
    backup(engine, home / "files", tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


def revisions(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(RevisionRow)).one()


def everything(home: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


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
                add_curated(engine, home, f"{who}-{nth}")
                nth += 1

        writers = [threading.Thread(target=work, args=(who,)) for who in range(3)]
        for writer in writers:
            writer.start()
        try:
            made = []
            for n in range(3):
                made.append(backup(engine, home / "files", tmp_path / f"{n}.tar"))
                add_curated(engine, home, f"between-{n}")
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
        add_curated(other, tmp_path / "new", "goes on")
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
            save(session, 1)
        assert sha_of(frozen) == sha
        assert list(frozen.parent.iterdir()) == [frozen]


class TestRestore:
    def test_the_store_that_was_there_is_kept(self, engine: Engine, home: Path, tar: Path) -> None:
        add_curated(engine, home, "after the backup")
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
            lambda data: data.replace(b'"format": 2', b'"format": 3', 1),
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
        run_sql(home, "UPDATE alembic_version SET version_num = '9999'")
        backup(engine, home / "files", tmp_path / "newer.tar")
        engine.dispose()
        with pytest.raises(StoreError, match="newer version"):
            restore(tmp_path / "newer.tar", home)

    def test_there_must_be_a_backup(self, home: Path) -> None:
        with pytest.raises(StoreError, match="No such file"):
            restore(home / "none.tar", home)
