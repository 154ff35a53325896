"""What the folder of papers promises: a file is named by its content, whole or not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from db.errors import StoreError
from db.files import file_path, sha_of, store_file


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
