"""What a push to the Hub must never do, and how its errors are told."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from models.errors import WorkbenchError
from tests.hub_server import READER, TOKEN, FakeHub
from tests.hubs import PLACE, REPO, add
from workbench.context import Context, Settings
from workbench.hub import names, pulling, pushing
from workbench.hub.client import Hub, HubRefused
from workbench.hub.pushing import Wish


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(Settings(home=tmp_path / "home", actor="ada"))


class TestSafety:
    def test_private_by_default_and_public_on_demand(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        pushing.push(ctx, Hub(), Wish(REPO))
        pushing.push(ctx, Hub(), Wish("ada/open", public=True))
        assert hub.repos[PLACE].private and not hub.repos["datasets/ada/open"].private

    def test_an_existing_public_repository_is_refused(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        pushing.push(ctx, Hub(), Wish(REPO, public=True))
        add(ctx, "b")
        with pytest.raises(WorkbenchError, match="everybody would see it"):
            pushing.push(ctx, Hub(), Wish(REPO))
        assert len(hub.repos[PLACE].commits) == 2

    def test_a_dry_run_sends_nothing(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        plan = pushing.dry_run(ctx, Hub(), Wish(REPO))
        assert plan.diff.card == "new" and plan.told()["bytes"] > 0
        assert hub.repos == {}
        assert {line.split()[0] for line in hub.log} == {"GET"}

    def test_the_token_is_written_nowhere(
        self,
        ctx: Context,
        hub: FakeHub,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        caplog.set_level(logging.DEBUG)
        monkeypatch.delenv("HF_TOKEN")
        monkeypatch.setenv("HF_DEBUG", "1")
        monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
        (tmp_path / "tmp").mkdir()
        add(ctx, "a")
        pushing.push(ctx, Hub(TOKEN), Wish(REPO))
        hub.statuses["commit"] = 400
        add(ctx, "b")
        with pytest.raises(HubRefused) as refused:
            pushing.push(ctx, Hub(TOKEN), Wish(REPO))
        assert f"Bearer {TOKEN}" in hub.heard, "it did reach the Hub"
        ctx.engine.dispose()
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert any(path.name == "store.sqlite3" for path in kept)
        assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]
        out = capfd.readouterr()
        for text in (caplog.text, out.out, out.err, str(refused.value), repr(Hub(TOKEN))):
            assert TOKEN not in text
        assert TOKEN not in json.dumps(dict(os.environ))

    def test_a_push_that_is_cut_off_leaves_the_old_commit(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        pushing.push(ctx, Hub(), Wish(REPO))
        before = list(hub.repos[PLACE].commits)
        add(ctx, "b")
        hub.broken = "/commit/"
        with pytest.raises(HubRefused, match="cannot be reached"):
            pushing.push(ctx, Hub(), Wish(REPO))
        assert hub.repos[PLACE].commits == before
        hub.broken = ""
        assert pushing.push(ctx, Hub(), Wish(REPO))["pushed"]
        assert len(hub.repos[PLACE].commits) == len(before) + 1

    def test_a_file_that_does_not_arrive_leaves_the_old_commit(
        self, ctx: Context, hub: FakeHub
    ) -> None:
        add(ctx, "a")
        hub.statuses["/upload/"] = 403
        with pytest.raises(HubRefused, match="may not write"):
            pushing.push(ctx, Hub(), Wish(REPO))
        assert [len(files) for _, files in hub.repos[PLACE].commits] == [1]
        hub.statuses.clear()
        assert pushing.push(ctx, Hub(), Wish(REPO))["pushed"]

    def test_a_branch_that_moved_is_left_alone(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        pushing.push(ctx, Hub(), Wish(REPO))
        add(ctx, "b")

        def somebody_else() -> None:
            hub.repos[PLACE].put({**hub.files(PLACE), "notes.txt": b"mine"})

        hub.before_commit = somebody_else
        with pytest.raises(HubRefused, match=r"has moved.*Compare again"):
            pushing.push(ctx, Hub(), Wish(REPO))
        assert hub.files(PLACE)["notes.txt"] == b"mine"
        assert len(hub.repos[PLACE].commits) == 3

    def test_only_what_was_seen_is_pushed(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        mark = pushing.dry_run(ctx, Hub(), Wish(REPO)).mark
        add(ctx, "b")
        with pytest.raises(WorkbenchError, match="changed since it was compared"):
            pushing.push(ctx, Hub(), Wish(REPO), seen=mark)
        assert hub.repos == {}
        mark = pushing.dry_run(ctx, Hub(), Wish(REPO)).mark
        assert pushing.push(ctx, Hub(), Wish(REPO), seen=mark)["pushed"]

    @pytest.mark.parametrize(
        "name",
        ["", "alone", "../a/b", "a/../b", "a/b/c", "a/..", "/a/b", "a//b", "a/b.git", "a\\b/c",
         "a/b?x=1", "a/b#c", "a/%2e%2e", "a/b\n", "ä/b", "a/-b", "a--b/c", "http://x/y",
         "a/" + "b" * 100, "a/.hidden", "a/b%00"],
    )  # fmt: skip
    def test_path_tricks_in_names(self, ctx: Context, hub: FakeHub, name: str) -> None:
        for ask in (
            lambda: pushing.push(ctx, Hub(), Wish(name)),
            lambda: pulling.verify(ctx, Hub(), name, "main", None),
        ):
            with pytest.raises(WorkbenchError, match="no name of a repository"):
                ask()
        assert hub.log == []

    def test_our_names_are_names_to_the_client_too(self) -> None:
        from huggingface_hub.utils import validate_repo_id

        for name in ("a/b", "Ada_1/my.data-set_2", "a/b_"):
            assert names.repo(name) == name
            validate_repo_id(name)

    @pytest.mark.parametrize("name", ["", "../x", "a..b", "/x", "a//b", "x y", "x\n", "a?b"])
    def test_path_tricks_in_revisions(self, ctx: Context, hub: FakeHub, name: str) -> None:
        with pytest.raises(WorkbenchError, match="no name of a revision"):
            Hub().look(REPO, "dataset", name)
        assert hub.log == []

    def test_foreign_files_of_a_dataset_are_not_fetched(
        self, ctx: Context, hub: FakeHub, tmp_path: Path
    ) -> None:
        add(ctx, "a")
        pushing.push(ctx, Hub(), Wish(REPO))
        tricks = {"data/../../evil.parquet": b"x", "data/train-zz.parquet": b"x", "x.py": b"x"}
        hub.repos[PLACE].put({**hub.files(PLACE), **tricks})
        hub.log.clear()
        assert pulling.verify(ctx, Hub(), REPO, "main", None).equal == 1
        asked = [line for line in hub.log if "resolve" in line]
        assert asked and not any("evil" in line or "zz" in line for line in asked)
        assert not list(tmp_path.rglob("evil*"))

    @pytest.mark.parametrize("typed", ["a b c d", "hf_ü", "x", "hf_\nabc"])
    def test_what_is_no_token_is_not_repeated(self, typed: str) -> None:
        with pytest.raises(WorkbenchError) as told:
            names.token(typed)
        assert typed not in str(told.value)
        assert names.token(f"  {TOKEN}\n") == TOKEN and names.token(" ") is None


class TestErrors:
    def test_no_token(self, ctx: Context, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HF_TOKEN")
        add(ctx, "a")
        with pytest.raises(HubRefused, match=r"no token for the Hub.*hf auth login"):
            pushing.push(ctx, Hub(), Wish(REPO))
        assert hub.repos == {}

    def test_a_wrong_token(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        with pytest.raises(HubRefused, match="does not know this token"):
            pushing.push(ctx, Hub("hf_wrong"), Wish(REPO))

    def test_a_token_that_may_only_read(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        with pytest.raises(HubRefused, match="may not write to ada/funding"):
            pushing.push(ctx, Hub(READER), Wish(REPO))
        pushing.push(ctx, Hub(), Wish(REPO))
        add(ctx, "b")
        with pytest.raises(HubRefused, match="may not write to ada/funding"):
            pushing.push(ctx, Hub(READER), Wish(REPO))
        assert pulling.verify(ctx, Hub(READER), REPO, "main", None).equal == 1

    def test_nothing_there(self, ctx: Context, hub: FakeHub) -> None:
        with pytest.raises(WorkbenchError, match="no dataset ada/nothing"):
            pulling.verify(ctx, Hub(), "ada/nothing", "main", None)
        add(ctx, "a")
        pushing.push(ctx, Hub(), Wish(REPO))
        with pytest.raises(HubRefused, match="has no revision elsewhere"):
            pushing.push(ctx, Hub(), Wish(REPO, revision="elsewhere"))

    def test_an_old_commit_can_be_pulled(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        pushing.push(ctx, Hub(), Wish(REPO))
        old = hub.repos[PLACE].commits[-1][0]
        add(ctx, "b")
        pushing.push(ctx, Hub(), Wish(REPO))
        found = pulling.verify(ctx, Hub(), REPO, old, None)
        assert (found.commit, found.equal, found.not_there) == (old, 1, 1)

    @pytest.mark.parametrize(
        ("status", "told"),
        [(403, "may not write"), (409, "Compare again"), (413, "too large"), (418, "418")],
    )
    def test_what_the_hub_refuses(self, ctx: Context, hub: FakeHub, status: int, told: str) -> None:
        add(ctx, "a")
        hub.statuses["preupload"] = status
        with pytest.raises(HubRefused, match=told):
            pushing.push(ctx, Hub(), Wish(REPO))

    def test_the_network_is_down(
        self, ctx: Context, monkeypatch: pytest.MonkeyPatch, hub: FakeHub
    ) -> None:
        add(ctx, "a")
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        with pytest.raises(HubRefused, match=r"cannot be reached at http://127\.0\.0\.1:9"):
            pushing.push(ctx, Hub(), Wish(REPO))
        assert hub.log == []

    def test_a_damaged_file_on_the_hub_is_told(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        pushing.push(ctx, Hub(), Wish(REPO))
        files = dict(hub.files(PLACE))
        (path,) = [path for path in files if path.endswith(".parquet")]
        hub.repos[PLACE].put({**files, path: b"PAR1 but nothing else"})
        with pytest.raises(WorkbenchError, match="cannot be read as Parquet"):
            pulling.verify(ctx, Hub(), REPO, "main", None)
