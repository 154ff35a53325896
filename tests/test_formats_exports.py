"""What leaves the workbench parses, says what was decided, and tells what it cannot say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from models.schemas import Answer, Award, Funder, Link
from tests.formats import NSF, RORS, answers, decide, decision, on_paper, written
from workbench.exports import formats, open_format

PAPERS = [name for name, of in formats().items() if not of.is_rows]
NAMELESS = Answer(
    funders=(
        Funder(),
        Funder(funder_name="NSF", awards=(Award(award_ids=("1",)),)),
        Funder(awards=(Award(award_ids=("1",)),)),
    )
)
"""A funder that says nothing, and one without a name."""


@pytest.mark.parametrize("name", PAPERS)
def test_an_export_is_read_again_and_nothing_is_lost_that_it_has_a_place_for(
    engine: Engine, tmp_path: Path, name: str
) -> None:
    decide(engine, NSF, Answer())
    out = written(engine, name, tmp_path / "out")
    assert out.proof is not None
    assert (out.proof.lost, out.proof.examples) == (0, [])
    assert out.proof.fields["funder_name"].kept == 2
    assert {f for f, item in out.proof.fields.items() if item.no_place} <= set(out.proof.why)
    assert out.records == 2


@pytest.mark.parametrize("name", PAPERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answered=st.lists(answers(), min_size=1, max_size=4))
@example(answered=[NAMELESS])
def test_whatever_was_decided_comes_back(tmp_path: Path, name: str, answered: list[Answer]) -> None:
    records = [decision(number, answer) for number, answer in enumerate(answered, 1)]
    proof, fitting = on_paper(name, records, tmp_path)
    assert (proof.lost, proof.examples) == (0, [])
    assert proof.entries == fitting


@pytest.mark.parametrize("name", PAPERS)
def test_five_hundred_funders_and_a_huge_field(engine: Engine, tmp_path: Path, name: str) -> None:
    many = tuple(
        Funder(funder_name=f"Funder {n}", awards=(Award(award_ids=(f"ID-{n}",)),))
        for n in range(500)
    )
    huge = Funder(funder_name="x" * 1_000_000, awards=(Award(award_ids=("y" * 1_000_000,)),))
    decide(engine, Answer(funders=many), Answer(funders=(huge,)))
    out = written(engine, name, tmp_path / "out")
    assert out.proof is not None
    assert (out.proof.lost, out.proof.fields["award_id"].kept) == (0, 501)


def test_what_a_format_has_no_place_for_is_counted_by_field(engine: Engine, tmp_path: Path) -> None:
    decide(engine, NSF)
    proof = written(engine, "crossref", tmp_path / "out.xml").proof
    assert proof is not None
    no_place = {name: item.no_place for name, item in proof.fields.items() if item.no_place}
    assert no_place == {"statement": 1, "funding_scheme": 1, "award_title": 1, "award": 2}
    assert proof.fields["award_id"].kept == 3
    assert proof.sentence().startswith("0 fields lost; no place for ")


@pytest.mark.parametrize(
    ("name", "answer", "doi", "reason"),
    [
        ("crossref", NSF, False, "no DOI"),
        ("crossref", Answer(), True, "no funder"),
        ("crossref", Answer(funders=(Funder(awards=(Award(award_ids=("1",)),)),)), True, "name"),
        ("datacite", NSF, False, "no DOI"),
        ("datacite", Answer(funders=(Funder(awards=(Award(award_ids=("1",)),)),)), True, "name"),
    ],
)
def test_what_does_not_fit_is_listed_and_stops_nothing(
    engine: Engine, tmp_path: Path, name: str, answer: Answer, doi: bool, reason: str
) -> None:
    (bad,) = decide(engine, answer, doi=doi)
    decide(engine, NSF)
    out = written(engine, name, tmp_path / "out")
    assert (out.written, sum(out.unfit.values())) == (1, 1)
    assert out.unfit_list is not None
    (row,) = map(json.loads, Path(out.unfit_list).read_text("utf-8").splitlines())
    assert row["record"] == bad
    assert reason in row["reason"]


def test_of_two_papers_with_one_doi_the_first_is_exported(engine: Engine, tmp_path: Path) -> None:
    from db import store
    from db.engine import writing

    first, second = decide(engine, NSF, NSF)
    with writing(engine) as session:
        for id_ in (first, second):
            sha = store.record(session, id_).document_sha256
            store.describe(session, sha, doi="10.1234/same")
    out = written(engine, "crossref", tmp_path / "out.xml")
    assert (out.written, out.unfit) == (1, {"Record N has the same DOI and comes first.": 1})
    assert written(engine, "gold", tmp_path / "out.jsonl").written == 2


def test_no_cell_begins_like_a_formula(engine: Engine, tmp_path: Path) -> None:
    import csv

    bad = ("=1+1", "+1", "-1", "@A1", "\tx", "\rx", "|x", '=HYPERLINK("http://x")', "'=1", "＝1")
    decide(
        engine, *(Answer(funders=(Funder.model_construct(funder_name=b, awards=()),)) for b in bad)
    )
    written(engine, "csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] and cell[0] in "=+-@\t\r|＝＋－＠"]


def test_a_spreadsheet_may_have_a_byte_order_mark_or_not(engine: Engine, tmp_path: Path) -> None:
    decide(engine, NSF)
    written(engine, "csv", tmp_path / "with.csv")
    written(engine, "csv", tmp_path / "without.csv", options={"bom": "no"})
    whole = (tmp_path / "with.csv").read_bytes()
    assert whole.startswith(b"\xef\xbb\xbf")
    assert whole[3:] == (tmp_path / "without.csv").read_bytes()


def test_the_funder_list_is_the_cometadata_format(engine: Engine, tmp_path: Path) -> None:
    decide(engine, NSF)
    written(engine, "gold", tmp_path / "out.jsonl")
    (row,) = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    assert json.dumps(row["funders"][0]["awards"][0]) == (
        '{"award_ids": ["CNS-0615443", "CNS-0627747"], '
        '"funding_scheme": ["CAREER"], "award_title": []}'
    )
    assert row["doi"].startswith("10.1234/")
    assert row["links"] == [
        {"ror": RORS[0], "funder_id": "10.13039/100000001", "name": "", "method": "curator"},
        None,
    ]


def test_an_award_a_reference_and_no_reference_twice(engine: Engine, tmp_path: Path) -> None:
    twice = Funder(funder_name="DFG", awards=(Award(award_ids=("1", "2")), Award(award_ids=("2",))))
    decide(
        engine, Answer(funders=(twice, twice), links=(Link(funder_id="10.13039/501100001659"),) * 2)
    )
    written(engine, "datacite", tmp_path / "out.jsonl")
    (row,) = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    assert [r["awardNumber"] for r in row["fundingReferences"]] == ["1", "2"]
    assert (
        row["fundingReferences"][0]["funderIdentifier"] == "https://doi.org/10.13039/501100001659"
    )


def test_an_unknown_option_is_told() -> None:
    from models.errors import WorkbenchError

    with pytest.raises(WorkbenchError, match="Known: bom"):
        open_format("csv", {"colour": "red"})
