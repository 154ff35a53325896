"""Datasets to the Hub and back: the real client, a Hub of the tests on real sockets."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.export_speed import fill
from db import store
from db.engine import writing
from models.errors import WorkbenchError
from models.schemas import Answer, Funder
from tests.hub_server import FakeHub
from tests.hubs import PLACE, REPO, add, header, published
from tests.stores import document as paper
from tests.stores import save
from tests.teams import fill as team_store
from training.curated import is_held_out
from workbench.cli import app
from workbench.context import Context, Settings
from workbench.hub import names, pulling, pushing, shards
from workbench.hub.client import Hub
from workbench.hub.licences import Licences, is_open, named, on_the_hub
from workbench.hub.pushing import Wish
from workbench.imports.applying import Wish as ImportWish
from workbench.pages import hub as page


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(Settings(home=tmp_path / "home", actor="ada"))


class TestRoundTrip:
    def test_ten_thousand_records_go_and_come_back(
        self, ctx: Context, hub: FakeHub, tmp_path: Path
    ) -> None:
        ctx.home.mkdir(parents=True)
        fill(ctx.home, 10_000)
        wish = Wish(REPO)
        first = pushing.push(ctx, Hub(), wish)
        assert first["pushed"] and sum(s["added"] for s in first["splits"].values()) == 10_000
        rows = published(hub, tmp_path)
        assert len(rows) == 10_000
        assert {sha for sha, row in rows.items() if "/test-" in row["file"]} == {
            sha for sha in rows if is_held_out(sha)
        }
        assert len(hub.uploads()) == len([p for p in hub.files(PLACE) if p.endswith("parquet")])

        plan = pushing.dry_run(ctx, Hub(), wish)
        assert plan.diff.is_empty
        assert all(not (s.added or s.changed or s.removed) for s in plan.diff.splits.values())

        changed = change(ctx, 4_711)
        hub.log.clear()
        before = dict(hub.files(PLACE))
        second = pushing.push(ctx, Hub(), wish)
        (shard,) = [path for path in second["upload"] if path.endswith(".parquet")]
        assert shard == f"data/{shards.split(changed)}-{changed[0]}.parquet"
        assert set(second["upload"]) <= {shard, "README.md", "plots/funders.svg"}
        assert len(hub.uploads()) == 1
        after = hub.files(PLACE)
        assert {p for p in after if before.get(p) != after[p]} == set(second["upload"])
        split = second["splits"][shards.split(changed)]
        assert (split["added"], split["changed"], split["removed"]) == (0, 1, 0)

        found = pulling.verify(ctx, Hub(), REPO, "main", None)
        assert (found.rows, found.equal, found.is_equal) == (10_000, 10_000, True)

        other = Context(Settings(home=tmp_path / "other", actor="bob"))
        assert pulling.verify(other, Hub(), REPO, "main", None).not_here == 10_000

    def test_a_small_dataset_becomes_gold_elsewhere(
        self, ctx: Context, hub: FakeHub, tmp_path: Path
    ) -> None:
        for number in range(30):
            add(ctx, f"p{number}")
        pushing.push(ctx, Hub(), Wish(REPO))
        other = Context(Settings(home=tmp_path / "other", actor="bob"))
        pulled = pulling.pull(other, Hub(), REPO, "main", ImportWish())
        assert pulled.imported is not None
        assert (pulled.imported.gold, pulled.imported.errors) == (30, [])
        theirs = {row["doi"]: row["funders"] for row in shards.rows(other.engine, None)}
        ours = {row["doi"]: row["funders"] for row in shards.rows(ctx.engine, None)}
        assert theirs == ours and len(ours) == 30
        again = pulling.pull(ctx, Hub(), REPO, "main", ImportWish())
        assert again.verified.equal == 30
        assert again.imported is not None and again.imported.known == 30

    def test_what_changed_here_is_told(self, ctx: Context, hub: FakeHub) -> None:
        first, second = add(ctx, "one"), add(ctx, "two")
        pushing.push(ctx, Hub(), Wish(REPO))
        with writing(ctx.engine) as session:
            save(session, first, "no_funding")
        add(ctx, "three")
        found = pulling.verify(ctx, Hub(), REPO, "main", None)
        assert (found.equal, found.different, found.not_there) == (1, 1, 1)
        changed, missing = found.differences
        assert (changed.kind, changed.doi) == ("different", "10.1234/one")
        assert {"funders", "verdict", "revision"} <= set(changed.columns)
        assert not {"sha256", "doi", "license"} & set(changed.columns)
        assert (missing.kind, missing.doi) == ("not_there", "10.1234/three")
        assert not found.is_equal and second

    def test_removed_records_and_files_go(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "one", project="a")
        add(ctx, "two", project="b")
        hub_files = pushing.push(ctx, Hub(), Wish(REPO))["upload"]
        hub.repos[PLACE].put({**hub.files(PLACE), "notes.txt": b"by hand"})
        told = pushing.push(ctx, Hub(), Wish(REPO, project="a"))
        assert sum(split["removed"] for split in told["splits"].values()) == 1
        assert "notes.txt" in hub.files(PLACE)
        assert len(hub.files(PLACE)) <= len(hub_files) + 2

    def test_other_bytes_with_the_same_rows_stay(
        self, ctx: Context, hub: FakeHub, tmp_path: Path
    ) -> None:
        import pyarrow.parquet as pq

        add(ctx, "one")
        pushing.push(ctx, Hub(), Wish(REPO))
        files = dict(hub.files(PLACE))
        (path,) = [path for path in files if path.endswith(".parquet")]
        (tmp_path / "a.parquet").write_bytes(files[path])
        pq.write_table(
            pq.read_table(tmp_path / "a.parquet"), tmp_path / "b.parquet", compression="gzip"
        )
        files[path] = (tmp_path / "b.parquet").read_bytes()
        hub.repos[PLACE].put(files)
        assert pushing.dry_run(ctx, Hub(), Wish(REPO)).diff.is_empty


def change(ctx: Context, number: int) -> str:
    """A curator decides once more; gives the document's sha256."""
    with writing(ctx.engine) as session:
        answer = Answer(funders=(Funder(funder_name="Nobody's Fund"),))
        save(session, number, "corrected", answer=answer)
        return store.record(session, number).document_sha256


class TestCard:
    def test_it_says_what_is_in_it(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "one")
        add(ctx, "two", "https://creativecommons.org/publicdomain/zero/1.0/")
        pushing.push(ctx, Hub(), Wish(REPO, languages=("en", "de")))
        head = header(hub)
        assert head["license"] == ["cc-by-4.0", "cc0-1.0"]
        assert head["language"] == ["en", "de"]
        assert head["size_categories"] == ["n<1K"]
        for entry in head["configs"][0]["data_files"]:
            prefix = entry["path"].split("*")[0]
            assert any(path.startswith(prefix) for path in hub.files(PLACE))
        card = hub.files(PLACE)["README.md"].decode()
        for told in (
            "## Annotation guidelines",
            "| tiny |",
            "## Licences",
            "sha256",
            "copied verba",
        ):
            assert told in card
        assert b"<svg" in hub.files(PLACE)["plots/funders.svg"]
        assert not re.search(r"\bada\b", card), "who decided is nobody's business"

    def test_agreement_and_errors_where_papers_were_read_twice(
        self, ctx: Context, hub: FakeHub
    ) -> None:
        team_store(ctx, 40)
        pushing.push(ctx, Hub(), Wish(REPO, allow=("unknown",)))
        card = hub.files(PLACE)["README.md"].decode()
        agreement = card.split("## Agreement")[1].split("##")[0]
        assert re.search(r"\| funder \| [01]\.\d{3} \(", agreement)
        errors = card.split("## What curators corrected")[1].split("##")[0]
        assert re.search(r"\| award \| \w+ \| \d+ \| \d+ \|", errors) or "award_id" in errors
        assert "own responsibility: unknown" in card
        for person in ("ana", "ben", "cem", "dora"):
            assert not re.search(rf"\b{person}\b", card)
        assert pushing.dry_run(ctx, Hub(), Wish(REPO, allow=("unknown",))).diff.is_empty

    def test_the_libraries_of_the_hub_read_it(
        self, ctx: Context, hub: FakeHub, tmp_path: Path
    ) -> None:
        datasets = pytest.importorskip("datasets")
        for number in range(40):
            add(ctx, f"p{number}")
        pushing.push(ctx, Hub(), Wish(REPO))
        folder = tmp_path / "copy"
        for path, content in hub.files(PLACE).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
        counts = {name: len(split) for name, split in loaded.items()}
        assert sum(counts.values()) == 40 and set(counts) <= set(names.SPLITS)

    def test_awkward_names_stay_in_their_cells(self, ctx: Context, hub: FakeHub) -> None:
        name = 'A | <script>alert("1")</script>\n---\nb'
        answer = Answer(funders=(Funder(funder_name=name),))
        add(ctx, "one", "mine | all\nmine", answer=answer)
        pushing.push(ctx, Hub(), Wish(REPO, allow=("mine | all mine",)))
        assert b"<script" not in hub.files(PLACE)["plots/funders.svg"]
        card = hub.files(PLACE)["README.md"].decode()
        assert "mine \\| all mine" in card
        assert header(hub)["license"] == "other"

    def test_no_text_of_papers_and_no_person_goes_out(
        self, ctx: Context, hub: FakeHub, tmp_path: Path
    ) -> None:
        with writing(ctx.engine) as session:
            row = paper("one", "The secret body of the paper. Funded by Wellcome.")
            row.license = "CC0"
            record = store.add_document(session, row)
            save(session, record.id, answer=Answer(funders=(Funder(funder_name="Wellcome"),)))
        pushing.push(ctx, Hub(), Wish(REPO))
        (published_row,) = published(hub, tmp_path).values()
        assert set(published_row) - {"file"} == set(shards.COLUMNS)
        told = json.dumps(published_row) + hub.files(PLACE)["README.md"].decode()
        assert "secret body" not in told and '"ada"' not in told


class TestLicences:
    @pytest.mark.parametrize(
        ("spelled", "name"),
        [
            ("https://creativecommons.org/licenses/by/4.0/", "cc-by-4.0"),
            ("http://creativecommons.org/licenses/by-nc-nd/4.0", "cc-by-nc-nd-4.0"),
            ("CC BY 4.0", "cc-by-4.0"),
            ("CC-BY-NC-SA 3.0", "cc-by-nc-sa-3.0"),
            ("cc_by_sa", "cc-by-sa"),
            ("CCBY", "cc-by"),
            ("Creative Commons Attribution-NonCommercial 4.0", "cc-by-nc-4.0"),
            ("CC0", "cc0-1.0"),
            ("https://creativecommons.org/publicdomain/mark/1.0/", "public-domain"),
            ("All rights reserved", "all rights reserved"),
            ("CC BYTE", "cc byte"),
            ("", "unknown"),
            (None, "unknown"),
        ],
    )
    def test_spellings(self, spelled: str | None, name: str) -> None:
        assert named(spelled) == name

    def test_which_are_open(self) -> None:
        yes = ("cc0-1.0", "cc-by-4.0", "cc-by", "cc-by-nc-sa-3.0", "public-domain")
        no = ("cc-by-nd-4.0", "cc-by-nc-nd-4.0", "unknown", "all rights reserved", "mit")
        assert all(map(is_open, yes)) and not any(map(is_open, no))
        assert on_the_hub("cc-by") == "cc" and on_the_hub("cc-by-1.0") == "other"

    def test_what_may_not_go_out_stays(self, ctx: Context, hub: FakeHub, tmp_path: Path) -> None:
        for name, license in (("a", "CC BY 4.0"), ("b", None), ("c", "CC BY-ND 4.0"), ("d", "(c)")):
            add(ctx, name, license)
        told = pushing.push(ctx, Hub(), Wish(REPO))
        assert told["left_out"] == {"unknown": 1, "cc-by-nd-4.0": 1, "(c)": 1}
        assert [row["doi"] for row in published(hub, tmp_path).values()] == ["10.1234/a"]
        told = pushing.push(ctx, Hub(), Wish(REPO, allow=("unknown", "cc by-nd 4.0")))
        assert told["left_out"] == {"(c)": 1}
        assert len(published(hub, tmp_path)) == 3

    def test_nothing_left_is_an_error_and_makes_no_repository(
        self, ctx: Context, hub: FakeHub
    ) -> None:
        add(ctx, "a", None)
        with pytest.raises(WorkbenchError, match=r"unknown \(1\).*--allow-licence"):
            pushing.push(ctx, Hub(), Wish(REPO))
        assert hub.repos == {}
        assert Licences.allowing(["", " "]).overruled == frozenset()


class TestCommands:
    @pytest.fixture(autouse=True)
    def home(self, ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WORKBENCH_HOME", str(ctx.home))

    def run(self, *args: str) -> Any:
        return CliRunner().invoke(app, list(args), catch_exceptions=False)

    def test_export_and_import(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        add(ctx, "b", None)
        dry = self.run("export", "hub", REPO, "--dry-run", "--json")
        told = json.loads(dry.output)
        assert told["left_out"] == {"unknown": 1} and hub.repos == {}
        done = self.run("export", "hub", REPO)
        assert "Pushed: http" in done.output and "licence unknown" in done.output
        assert "Nothing differs" in self.run("export", "hub", REPO).output
        verified = self.run("import", "hub", REPO, "--dry-run", "--json")
        assert verified.exit_code == 0
        assert json.loads(verified.output)["equal"] == 1
        with sqlite3.connect(ctx.home / "store.sqlite3") as connection:
            connection.execute("UPDATE documents SET doi = '10.1/other' WHERE name = 'a'")
        assert self.run("import", "hub", REPO, "--dry-run").exit_code == 1

    def test_overruled_by_name(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "b", None)
        done = self.run("export", "hub", REPO, "--allow-licence", "unknown", "--json")
        assert json.loads(done.output)["published"] == {"unknown": 1}

    def test_a_repository_needs_a_name(self) -> None:
        assert self.run("export", "hub").exit_code == 2
        assert self.run("export", "gold", "a/b").exit_code == 2


class TestPage:
    def test_a_push_of_what_was_not_seen_is_refused(self, ctx: Context, hub: FakeHub) -> None:
        add(ctx, "a")
        request: Any = SimpleNamespace(headers={}, request=None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(page, "asked", lambda request, role: None)
            given = (REPO, "", "main", False, "", "")
            html, mark, _ = page.compare(ctx, *given, request)
            assert mark and "will be made" in html
            told, after, button, token = page.send(ctx, *given, "another", request)
            assert 'role="alert"' in told and not button.interactive and hub.repos == {}
            done, after, _, token = page.send(ctx, *given, mark, request)
            assert "Pushed:" in done and (after, token) == ("", "")
            assert hub.repos[PLACE].private
            again, mark, button = page.compare(ctx, *given, request)
            assert "nothing differs" in again and not button.interactive
            same, mark, button = page.verify(ctx, REPO, "", "", "", request)
            assert "says what is decided here" in same and not button.interactive
            add(ctx, "b <b>")
            told, mark, _ = page.verify(ctx, REPO, "", "main", "", request)
            assert mark == "" and "<td>Missing on the Hub</td><td>1</td>" in told
            assert "10.1234/b &lt;b&gt;" in told and "<b>" not in told
            gone, *_ = page.verify(ctx, "ada/none", "", "", "", request)
            assert 'role="alert"' in gone
            wrong, *_ = page.compare(ctx, "../x", *given[1:], request)
            assert "no name of a repository" in wrong
