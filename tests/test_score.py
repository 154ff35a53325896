"""The `score` command: files in, a table or one line of JSON out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.errors import WorkbenchError
from models.schemas import Award, Funder
from models.scoring import FIELD_MODES
from workbench.score import score


def funder(name: str, *ids: str) -> Funder:
    return Funder(funder_name=name, awards=(Award(award_ids=ids),) if ids else ())


NSF = funder("National Science Foundation", "DMS-1613002")
SNSF = funder("Swiss National Science Foundation", "200021_178768")
DFG = funder("Deutsche Forschungsgemeinschaft", "BO 1234/5-1")
IDENTITIES = {
    "National Science Foundation": "021nxhr62",
    "NSF": "021nxhr62",
    "Swiss National Science Foundation": "00yjd3n13",
}


def lines(path: Path, *rows: Any) -> str:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return str(path)


def run(*arguments: str, ok: bool = True) -> str:
    from workbench.cli import app

    done = CliRunner().invoke(app, ["score", *arguments])
    assert (done.exit_code == 0) == ok, done.output
    return done.output


def said(funders: list[Funder]) -> list[Any]:
    return [f.model_dump(mode="json") for f in funders]


def test_the_command_prints_one_line_of_json(tmp_path: Path) -> None:
    pred = lines(tmp_path / "pred", {"id": 1, "funders": said([NSF])}, {"id": "3", "funders": []})
    gold = lines(
        tmp_path / "gold",
        {"id": "1", "funders": said([NSF, DFG])},
        {"id": "2", "funders": said([DFG])},
    )
    out = run(pred, gold, "--json")
    assert out.count("\n") == 1
    told = json.loads(out)
    assert list(told) == [*FIELD_MODES, "meta"]
    assert told["strict"]["funder"]["gold_count"] == 3
    assert told["strict"]["funder"]["recall"] == pytest.approx(1 / 3)
    assert told["meta"] == {
        "documents": 2,
        "unanswered": 1,
        "cut_off": 0,
        "duplicates": 0,
        "unasked": 1,
        "without_gold": 0,
    }
    assert list(json.loads(run(pred, gold, "--json", "--mode", "strict"))) == ["strict", "meta"]


def test_lines_pair_by_statement_and_by_doi_where_they_have_no_id(tmp_path: Path) -> None:
    pred = lines(
        tmp_path / "pred",
        {"id": "x", "funding_statement": "By the NSF.", "funders": said([NSF])},
        {"doi": "10.1/AB", "output": json.dumps(said([DFG]))},
    )
    gold = lines(
        tmp_path / "gold",
        {"statement": "By the NSF.", "funders": said([NSF])},
        {"doi": "10.1/ab", "funders": said([DFG])},
    )
    told = json.loads(run(pred, gold, "--json"))
    assert told["strict"]["award_id"]["f1"] == 1
    assert told["meta"]["unanswered"] == 0


def test_a_shared_statement_lends_no_paper_the_answer_of_another(tmp_path: Path) -> None:
    text = {"statement": "By the NSF."}
    pred = lines(tmp_path / "pred", {"id": "1", **text, "funders": said([NSF])})
    gold = lines(tmp_path / "gold", *({"id": i, **text, "funders": said([NSF])} for i in "12"))
    assert json.loads(run(pred, gold, "--json"))["meta"]["unanswered"] == 1


def test_of_lines_with_one_key_the_first_counts(tmp_path: Path) -> None:
    right, wrong = {"id": "1", "funders": said([NSF])}, {"id": "1", "funders": []}
    pred, gold = lines(tmp_path / "pred", right, wrong), lines(tmp_path / "gold", right, wrong)
    told = json.loads(run(pred, gold, "--json"))
    assert told["strict"]["funder"]["f1"] == 1
    assert (told["meta"]["documents"], told["meta"]["duplicates"]) == (1, 2)


@pytest.mark.parametrize("reply", ["no JSON", "<think>the NSF", None])
def test_a_reply_that_cannot_be_read_is_no_answer(tmp_path: Path, reply: str | None) -> None:
    pred = lines(tmp_path / "pred", {"id": "1", "prediction": reply})
    gold = lines(tmp_path / "gold", {"id": "1", "funders": []})
    meta = json.loads(run(pred, gold, "--json"))["meta"]
    assert meta["unanswered"] == 1
    assert meta["cut_off"] == int(reply == "<think>the NSF")


def test_end_to_end_lines_are_scored_for_their_statements_too(tmp_path: Path) -> None:
    text = "Supported by the NSF."
    pred = lines(tmp_path / "pred", {"id": "1", "statements": [{"text": text}], "funders": []})
    gold = lines(tmp_path / "gold", {"id": "1", "statements": [text, "And DFG."], "funders": []})
    strict = json.loads(run(pred, gold, "--json"))["statements"]["strict"]
    assert (strict["precision"], strict["recall"]) == (1, 0.5)


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_a_list_of_identities_adds_the_fourth_mode(tmp_path: Path, suffix: str) -> None:
    ror = tmp_path / f"ror{suffix}"
    rows = "".join(f"{name},{identity}\n" for name, identity in IDENTITIES.items())
    ror.write_text(json.dumps(IDENTITIES) if suffix == ".json" else rows, "utf-8")
    pred = lines(tmp_path / "pred", {"id": "1", "funders": said([funder("nsf"), SNSF])})
    gold = lines(tmp_path / "gold", {"id": "1", "funders": said([NSF, SNSF])})
    told = json.loads(run(pred, gold, "--json", "--ror", str(ror)))
    assert told["id_aware"]["funder"]["matched"] == 2
    assert told["balanced"]["funder"]["gold_count"] == 1


def test_a_person_reads_a_table_what_did_not_fit_and_examples(tmp_path: Path) -> None:
    pred = lines(tmp_path / "pred", {"id": "1", "funders": said([funder("Kavli")])})
    gold = lines(tmp_path / "gold", {"id": "1", "statement": "By DFG.", "funders": said([DFG])})
    out = run(pred, gold, "--errors", "1")
    assert "macro" in out
    assert "1 documents, 0 of them without an answer." in out
    assert "[funder, hallucinated] right: nothing; said: Kavli" in out


@pytest.mark.parametrize(
    ("text", "told"), [("[]\n", "Line 1"), ('{"id": "2", "funders": []}\n', "No line of the one")]
)
def test_files_that_do_not_fit_are_told_in_a_sentence(tmp_path: Path, text: str, told: str) -> None:
    gold = tmp_path / "gold"
    gold.write_text(text, "utf-8")
    lines(tmp_path / "pred", {"id": "1", "funders": []})
    with pytest.raises(WorkbenchError, match=told):
        score(tmp_path / "pred", gold, "strict")
