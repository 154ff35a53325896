"""Adapters to the Hub and back."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from db import adapters as stored
from db.engine import reading, writing
from models import catalog
from models.errors import WorkbenchError
from tests.hub_server import TOKEN, FakeHub
from workbench.cli import app
from workbench.context import Context, Settings
from workbench.hub import adapters
from workbench.hub.client import Hub, HubRefused

REPO, PLACE = "ada/funder", "models/ada/funder"
SHIPPED = catalog.adapters()[catalog.default()]
WEIGHTS = "adapter_model.safetensors"


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return Context(Settings(home=tmp_path / "home", actor="ada"))


def own(ctx: Context, name: str = "mine") -> Path:
    """An adapter of the store without a card of its own, with what does not belong on the Hub."""
    folder = ctx.home / "adapters" / name
    folder.mkdir(parents=True)
    for file in ("adapter_config.json", WEIGHTS, "training.json"):
        shutil.copyfile(SHIPPED.path / file, folder / file)
    (folder / "optimizer.pt").write_bytes(b"pickle")
    (folder / ".secret.json").write_text("{}")
    sha = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    with writing(ctx.engine) as session:
        metrics = {"f1": {"funder": 0.87654}}
        stored.register(session, name, SHIPPED.base, str(folder), sha, metrics=metrics)
    return folder


class TestPush:
    def test_a_shipped_adapter_goes_with_its_card_and_comes_back(
        self, ctx: Context, hub: FakeHub
    ) -> None:
        told = adapters.push(ctx, Hub(), SHIPPED.name, REPO)
        assert told["pushed"] and hub.repos[PLACE].private
        card = (SHIPPED.path / "README.md").read_bytes()
        assert hub.files(PLACE)["README.md"] == card
        assert adapters.push(ctx, Hub(), SHIPPED.name, REPO)["upload"] == {}
        assert len(hub.uploads()) == 1

        pulled = adapters.pull(ctx, Hub(), REPO, name="back")
        weights = (SHIPPED.path / WEIGHTS).read_bytes()
        assert Path(pulled["folder"], WEIGHTS).read_bytes() == weights
        assert catalog.from_folder(Path(pulled["folder"])).tasks == SHIPPED.tasks
        with reading(ctx.engine) as session:
            row = stored.adapter(session, "back")
            assert (row.state, row.base, row.sha256) == (
                "candidate", SHIPPED.base, hashlib.sha256(weights).hexdigest(),
            )  # fmt: skip
            assert row.metrics == {"hub": REPO, "commit": hub.repos[PLACE].commits[-1][0]}

    def test_one_of_the_store_gets_a_card_with_its_scores(self, ctx: Context, hub: FakeHub) -> None:
        folder = own(ctx)
        adapters.push(ctx, Hub(), "mine", REPO)
        card = hub.files(PLACE)["README.md"].decode()
        assert "| f1.funder | 0.8765 |" in card and "library_name: peft" in card
        assert hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest() in card
        assert set(hub.files(PLACE)) == {
            ".gitattributes", "README.md", "adapter_config.json", WEIGHTS, "training.json",
        }  # fmt: skip
        assert not (folder / "README.md").exists()

    def test_a_dry_run_and_a_public_repository(self, ctx: Context, hub: FakeHub) -> None:
        own(ctx)
        told = adapters.push(ctx, Hub(), "mine", REPO, dry_run=True)
        assert WEIGHTS in told["upload"] and hub.repos == {}
        adapters.push(ctx, Hub(), "mine", REPO, public=True)
        (ctx.home / "adapters" / "mine" / "README.md").write_text("# Another")
        with pytest.raises(WorkbenchError, match="everybody would see it"):
            adapters.push(ctx, Hub(), "mine", REPO)

    def test_what_is_none(self, ctx: Context, hub: FakeHub, tmp_path: Path) -> None:
        with pytest.raises(WorkbenchError, match="no adapter nothing"):
            adapters.push(ctx, Hub(), "nothing", REPO)
        (tmp_path / "empty").mkdir()
        with pytest.raises(WorkbenchError, match="empty is no adapter"):
            adapters.push(ctx, Hub(), str(tmp_path / "empty"), REPO)
        for name in ("../x", "a/b/c", "a"):
            with pytest.raises(WorkbenchError, match="no name of a repository"):
                adapters.push(ctx, Hub(), SHIPPED.name, name)
        assert hub.log == []

    def test_a_link_out_of_the_folder_is_not_followed(
        self, ctx: Context, hub: FakeHub, tmp_path: Path
    ) -> None:
        (tmp_path / "secret.json").write_text('{"key": 1}')
        (own(ctx) / "link.json").symlink_to(tmp_path / "secret.json")
        adapters.push(ctx, Hub(), "mine", REPO)
        assert "link.json" not in hub.files(PLACE)


class TestNothingOfTheMachineLeaves:
    TOLD: ClassVar[dict[str, Any]] = {
        "data": "/home/ada/My Papers/gold.jsonl",
        "actor": "ada",
        "resumed": {"from": ["C:\\Users\\ada\\run 7", "~/runs/7", "file:///srv/x/y"]},
        "/home/ada/test.jsonl": {"f1": 0.5},
        "note": "Trained in /mnt/disk1/ada/run (see https://huggingface.co/ada/run), token hf_"
        + "a" * 30,
        "by": "https://ada:secret@example.org/x",
        "tasks": ["funding_statements", "funding_parse"],
        "share": "and/or 1/2",
    }

    def put(self, ctx: Context) -> Path:
        folder = own(ctx)
        (folder / "training.json").write_text(json.dumps(self.TOLD))
        config = json.loads((folder / "adapter_config.json").read_text())
        config["base_model_name_or_path"] = f"/home/ada/models/{SHIPPED.base}"
        config["revision"] = str(ctx.home / "x")
        (folder / "adapter_config.json").write_text(json.dumps(config))
        (folder / "README.md").write_text(
            f"# Mine\n\nFrom `/home/ada/run`, {ctx.home}, \\\\host\\share\\x and {TOKEN}.\n"
            "[A link](https://example.org/home/ada), </td>, 3 km/h, /v1/chat.\n"
        )
        return folder

    def test_paths_names_and_tokens_are_taken_out_and_told(
        self, ctx: Context, hub: FakeHub
    ) -> None:
        self.put(ctx)
        told = adapters.push(ctx, Hub(), "mine", REPO)
        files = hub.files(PLACE)
        assert set(told["cleaned"]) == {"README.md", "adapter_config.json", "training.json"}
        for name in told["cleaned"]:
            sent = files[name].decode()
            for secret in ("/home/ada/r", "My Papers", "Users", "/mnt", "/srv", "~/", "hf_a",
                           "ada:secret", "host", str(ctx.home), TOKEN, '"ada"'):  # fmt: skip
                assert secret not in sent, (name, secret)
        training = json.loads(files["training.json"])
        assert training["tasks"] == self.TOLD["tasks"] and training["share"] == "and/or 1/2"
        assert "https://huggingface.co/ada/run" in training["note"]
        assert "[local path]" in training and "actor" not in training
        card = files["README.md"].decode()
        assert "[A link](https://example.org/home/ada), </td>, 3 km/h, /v1/chat." in card

    def test_it_can_be_pulled_afterwards(self, ctx: Context, hub: FakeHub) -> None:
        self.put(ctx)
        adapters.push(ctx, Hub(), "mine", REPO)
        assert adapters.pull(ctx, Hub(), REPO, name="back")["base"] == SHIPPED.base

    def test_what_holds_none_goes_as_it_is(self, ctx: Context, hub: FakeHub) -> None:
        told = adapters.push(ctx, Hub(), SHIPPED.name, REPO)
        assert told["cleaned"] == {}
        for name in told["upload"]:
            assert hub.files(PLACE)[name] == (SHIPPED.path / name).read_bytes()

    def test_a_vocabulary_keeps_its_pieces(self, ctx: Context, hub: FakeHub) -> None:
        words = '{"model": {"vocab": {"/home/": 1, "/usr/lib/": 2}}}'
        (own(ctx) / "tokenizer.json").write_text(words)
        adapters.push(ctx, Hub(), "mine", REPO)
        assert hub.files(PLACE)["tokenizer.json"].decode() == words

    def test_weights_that_name_a_path_are_refused(self, ctx: Context, hub: FakeHub) -> None:
        from safetensors.numpy import load_file, save_file

        weights = own(ctx) / WEIGHTS
        save_file(load_file(weights), weights, metadata={"made_in": "/home/ada/run/7"})
        with pytest.raises(WorkbenchError, match="holds a path of this machine"):
            adapters.push(ctx, Hub(), "mine", REPO)
        assert hub.repos == {}


class TestPull:
    def put(self, hub: FakeHub, ctx: Context, **changed: bytes | None) -> None:
        adapters.push(ctx, Hub(), SHIPPED.name, REPO)
        files = {**hub.files(PLACE), **changed}
        hub.repos[PLACE].put({path: body for path, body in files.items() if body is not None})

    def test_only_files_of_an_adapter_come(self, ctx: Context, hub: FakeHub) -> None:
        tricks: dict[str, bytes] = {
            "../evil.json": b"{}", "a/b.json": b"{}", "run.py": b"", "x.bin": b"",
        }  # fmt: skip
        self.put(hub, ctx, **tricks)
        folder = Path(adapters.pull(ctx, Hub(), REPO, name="x")["folder"])
        assert {path.name for path in folder.iterdir()} == {
            path.name for path in SHIPPED.path.iterdir()
        }
        assert not list(ctx.home.rglob("evil*"))

    @pytest.mark.parametrize(
        ("file", "content", "told"),
        [
            (WEIGHTS, None, "holds no adapter"),
            (WEIGHTS, b"not tensors", "is no adapter"),
            ("adapter_config.json", b"[]", "holds no LoRA"),
            ("adapter_config.json", b'{"base_model_name_or_path": "other/model"}', "other/model"),
        ],
    )
    def test_what_cannot_be_used_leaves_nothing(
        self, ctx: Context, hub: FakeHub, file: str, content: bytes | None, told: str
    ) -> None:
        self.put(hub, ctx, **{file: content})
        with pytest.raises(WorkbenchError, match=told):
            adapters.pull(ctx, Hub(), REPO, name="x")
        assert not list((ctx.home / "adapters").glob("*"))
        with reading(ctx.engine) as session:
            assert stored.find(session, "x") is None

    def test_names(self, ctx: Context, hub: FakeHub) -> None:
        self.put(hub, ctx)
        for name in ("../x", "a/b", ".x"):
            with pytest.raises(WorkbenchError, match="is no name"):
                adapters.pull(ctx, Hub(), REPO, name=name)
        made = adapters.pull(ctx, Hub(), REPO)["name"]
        assert made == f"funder-{hub.repos[PLACE].commits[-1][0][:7]}"
        with pytest.raises(WorkbenchError, match="already"):
            adapters.pull(ctx, Hub(), REPO)

    def test_nothing_there(self, ctx: Context, hub: FakeHub) -> None:
        with pytest.raises(WorkbenchError, match="no model ada/nothing"):
            adapters.pull(ctx, Hub(), "ada/nothing")
        with pytest.raises(HubRefused, match="does not know this token"):
            adapters.pull(ctx, Hub("hf_wrong"), REPO)


def test_the_commands(ctx: Context, hub: FakeHub) -> None:
    def run(*args: str) -> Any:
        return CliRunner().invoke(app, ["models", *args, "--json"], catch_exceptions=False)

    pushed = json.loads(run("push", SHIPPED.name, REPO).output)
    assert pushed["pushed"] and pushed["private"]
    pulled = json.loads(run("pull", REPO, "--name", "back").output)
    assert Path(pulled["folder"]).is_dir()
