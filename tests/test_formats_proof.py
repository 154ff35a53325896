"""What the proof of an export notices, and what an export never overwrites or runs into."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import reading
from models.schemas import Answer, Award, Funder, Link, Statement
from tests.formats import NSF, RORS, decide, decision, on_paper, written
from workbench import imports
from workbench.context import Context, Settings
from workbench.exchange import placing
from workbench.exchange.placing import Occupied
from workbench.exchange.proof import Proof, prove
from workbench.exchange.writing import Spec, export
from workbench.exports import open_format
from workbench.imports.applying import Wish

DFG = Funder(funder_name="DFG", awards=(Award(award_ids=("A-1",)), Award(award_ids=("A-2",))))
TWICE = Answer(statements=(Statement(text="DFG, and DFG."),) * 2, funders=(DFG, DFG))


def proven_after(
    engine: Engine, folder: Path, answer: Answer, change: Callable[[dict[str, Any]], object]
) -> Proof:
    """The proof of a gold file in which one row was changed."""
    decide(engine, answer)
    written(engine, "gold", folder / "out")
    (row,) = map(json.loads, (folder / "out").read_text("utf-8").splitlines())
    change(row)
    (folder / "out").write_text(json.dumps(row) + "\n")
    of = open_format("gold")
    with reading(engine) as session:
        return prove(of, [folder / "out"], of.records(session, None, 0), folder / "none")


class TestProof:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (lambda row: row["statements"].pop(), "statement"),
            (lambda row: row["funders"].pop(), "funder_name"),
            (lambda row: row["funders"][0]["awards"].append({"award_ids": ["A-1"]}), "award_id"),
        ],
    )
    def test_a_value_that_is_there_once_too_few_or_too_often(
        self, engine: Engine, tmp_path: Path, change: Any, field: str
    ) -> None:
        proof = proven_after(engine, tmp_path, TWICE, change)
        told = proof.fields[field]
        assert (told.said, told.lost + told.added) == (4 if field == "award_id" else 2, 1)

    def test_an_order_that_is_another(self, engine: Engine, tmp_path: Path) -> None:
        one = Answer(funders=(DFG,))
        proof = proven_after(
            engine, tmp_path, one, lambda row: row["funders"][0]["awards"].reverse()
        )
        assert (proof.fields["award_id"].kept, proof.fields["order"].lost) == (2, 1)
        assert (proof.lost, len(proof.examples)) == (1, 1)
        assert "another order" in proof.examples[0]

    @pytest.mark.parametrize("name", ["gold", "parquet", "csv", "label_studio", "argilla"])
    def test_repetition_and_order_are_kept(self, tmp_path: Path, name: str) -> None:
        proof, _ = on_paper(name, [decision(1, TWICE)], tmp_path)
        assert (proof.lost, proof.no_place) == (0, 0)
        assert (proof.fields["award_id"].kept, proof.fields["order"].kept) == (4, 1)

    @pytest.mark.parametrize("name", ["jats", "datacite", "datacite_xml", "enrichment"])
    def test_what_becomes_one_is_told(self, tmp_path: Path, name: str) -> None:
        proof, _ = on_paper(name, [decision(1, TWICE)], tmp_path)
        for field, times in (("funder_name", 1), ("award_id", 2)):
            told = proof.fields[field]
            assert (told.kept, told.no_place, told.lost) == (times, times, 0)
            assert proof.why[field]
        assert "funder_name" in proof.sentence() and proof.lost == 0

    def test_funders_of_one_name_and_other_identifiers_stay_two(self, tmp_path: Path) -> None:
        links = tuple(Link(ror=ror) for ror in RORS[:2])
        two = Answer(funders=(DFG, DFG), links=links)
        for name in ("jats", "datacite", "openalex"):
            proof, _ = on_paper(name, [decision(1, two)], tmp_path)
            assert (proof.fields["funder_name"].kept, proof.lost) == (2, 0)


class TestPlaces:
    def test_a_folder_of_others_is_not_replaced(self, engine: Engine, tmp_path: Path) -> None:
        decide(engine, NSF, NSF)
        mine = tmp_path / "mine"
        mine.mkdir()
        (mine / "thesis.txt").write_text("x")
        with pytest.raises(Occupied, match=r"holds thesis\.txt.*choose one that is not there"):
            written(engine, "gold", mine, split=1)
        with pytest.raises(Occupied, match="is a folder"):
            written(engine, "gold", mine)
        with pytest.raises(Occupied, match="not a folder"):
            written(engine, "gold", mine / "thesis.txt", split=1)
        assert (mine / "thesis.txt").read_text() == "x"
        assert not list(tmp_path.glob("*.export"))

    def test_an_earlier_export_is_replaced(self, engine: Engine, tmp_path: Path) -> None:
        decide(engine, NSF, NSF, NSF)
        written(engine, "gold", tmp_path / "parts", split=1)
        written(engine, "gold", tmp_path / "parts", split=2)
        assert len(list((tmp_path / "parts").iterdir())) == 2

    def test_a_folder_of_others_beside_the_target_stays(
        self, engine: Engine, tmp_path: Path
    ) -> None:
        decide(engine, NSF)
        (tmp_path / "out.export").mkdir()
        (tmp_path / "out.export" / "notes.md").write_text("x")
        with pytest.raises(Occupied, match=r"holds notes\.md"):
            written(engine, "gold", tmp_path / "out")
        assert (tmp_path / "out.export" / "notes.md").exists()

    @pytest.mark.parametrize("split", [0, 1])
    def test_a_kill_while_files_get_their_names_is_resumed(
        self, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split: int
    ) -> None:
        decide(engine, NSF, Answer())
        target = tmp_path / "out"
        given: list[Path] = []
        give = placing._give

        def killed(file: Path, to: Path) -> None:
            give(file, to)
            if "unfit" not in to.name:
                given.append(to)
                raise KeyboardInterrupt

        monkeypatch.setattr(placing, "_give", killed)
        with pytest.raises(KeyboardInterrupt):
            written(engine, "crossref", target, split=split)
        monkeypatch.undo()
        spec = Spec("crossref", split=split)
        done = export(engine, open_format("crossref"), spec, target, resume=True)
        assert (len(given), done.written, sum(done.unfit.values())) == (1, 1, 1)
        assert target.exists() and Path(done.unfit_list or "").exists()
        left = sorted(path.name for path in tmp_path.iterdir() if "sqlite3" not in path.name)
        assert left == ["out", "out.unfit.jsonl"]

    @pytest.mark.parametrize("name", ["jats", "crossref", "datacite_xml"])
    def test_a_value_too_long_for_xml_is_listed(self, tmp_path: Path, name: str) -> None:
        long = Answer(funders=(Funder(funder_name="é" * 5_000_000),))
        proof, fitting = on_paper(name, [decision(1, long), decision(2, NSF)], tmp_path)
        assert (proof.lost, fitting, proof.entries) == (0, 1, 1)


class TestFormulas:
    NAMES = ("Trust;=1+1", 'A\n=HYPERLINK("http://x")', "A;\t@x", "a;'=1", "-;-", "A; b", "x\r\n+1")

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_no_cell_is_a_formula_whatever_parts_them(self, tmp_path: Path, separator: str) -> None:
        of = open_format("csv")
        funders = tuple(
            Funder.model_construct(funder_name=name, awards=(Award(award_ids=(name,)),))
            for name in self.NAMES
        )
        told = of.write(decision(1, Answer(funders=funders))).decode()
        lines = told.splitlines(keepends=True)
        # Where semicolons part, our quotes stand inside cells and are text.
        quoting = csv.QUOTE_MINIMAL if separator == "," else csv.QUOTE_NONE
        cells = [c for row in csv.reader(lines, delimiter=separator, quoting=quoting) for c in row]
        assert len(cells) > 7
        assert not [cell for cell in cells if cell[:1] and cell[0] in "=+-@\t\r|＝＋－＠"]

    def test_they_come_back_as_they_were(self, tmp_path: Path) -> None:
        funders = tuple(Funder(funder_name=name) for name in self.NAMES)
        proof, _ = on_paper("csv", [decision(1, Answer(funders=funders))], tmp_path)
        assert (proof.lost, proof.fields["funder_name"].kept) == (0, 7)


class TestFolders:
    def test_a_file_that_cannot_be_read_stops_no_other(self, tmp_path: Path) -> None:
        ctx = Context(Settings(home=tmp_path / "home", actor="ada"))
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "a.bin").write_bytes(b"\x00\x01,")
        (folder / "b.jsonl").write_text('{"statement": "By NSF.", "funders": []}\n')
        (folder / ".DS_Store").write_bytes(b"\x00")
        report = imports.load(ctx, folder, Wish())
        assert report.gold == 1
        assert [told.split(":")[0] for told in report.errors] == ["a.bin"]

    def test_a_long_first_line_is_told_by_all_its_keys(self, tmp_path: Path) -> None:
        long = Answer(statements=(Statement(text="Funded. " * 5_000 + "\u2028end."),))
        (tmp_path / "x").write_bytes(open_format("gold").write(decision(1, long)))
        assert imports.detect(tmp_path / "x") == "gold"
