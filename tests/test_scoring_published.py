"""The scorer against the published one, case by case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.scoring import (
    FIELD_MODES,
    Criteria,
    evaluate_statements,
    funders_from_text,
    normalize_award_id,
    normalize_text,
    read_funders,
    score_document,
    similarity,
)
from models.scoring.corpus import counts_dict
from models.scoring.reading import published_funders_from_text
from models.scoring.statements import canonicalize_filename
from models.scoring.text import soft_award_id_score

VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "eval_vectors.jsonl").read_text().splitlines()
][1:]
EXACT: dict[str, Any] = {"abs": 1e-9, "rel": 0}


def vectors(function: str) -> pytest.MarkDecorator:
    """The cases of one function of the published scorer."""
    cases = [v for v in VECTORS if v["fn"] == function]
    assert cases
    return pytest.mark.parametrize("case", cases, ids=[f"{v['id']} {v['note']}" for v in cases])


@vectors("normalize_text")
def test_text_is_normalised_as_published(case: dict[str, Any]) -> None:
    assert normalize_text(case["input"]) == case["expected"]


@vectors("normalize_award_id")
def test_award_ids_are_normalised_as_published(case: dict[str, Any]) -> None:
    assert normalize_award_id(case["input"]) == case["expected"]


@vectors("similarity")
def test_similarity_is_the_published_one(case: dict[str, Any]) -> None:
    measured = {mode: similarity(*case["input"], mode) for mode in case["expected"]}
    assert measured == pytest.approx(case["expected"], **EXACT)


@vectors("soft_award_id_score")
def test_soft_ids_score_as_published(case: dict[str, Any]) -> None:
    assert soft_award_id_score(*case["input"]) == case["expected"]


@vectors("evaluate_document")
def test_a_document_scores_as_published(case: dict[str, Any]) -> None:
    given = case["input"]
    pred, gold = read_funders(given["pred"]), read_funders(given["gold"])
    for mode in set(FIELD_MODES) & set(case["expected"]):
        how = Criteria(mode=mode, id_mode=given.get("id_match_mode", "normalized"))
        scores = score_document(pred, gold, how)
        for level, expected in case["expected"][mode].items():
            assert counts_dict(scores[level]) == pytest.approx(expected, **EXACT), (mode, level)


@vectors("extract_funders_from_text")
def test_a_reply_is_read_as_published(case: dict[str, Any]) -> None:
    if case["expected"] == {"raises": "JSONDecodeError"}:
        with pytest.raises(json.JSONDecodeError):
            published_funders_from_text(case["input"])
        assert funders_from_text(case["input"]) is None
        return
    found = published_funders_from_text(case["input"])
    assert [f.model_dump(mode="json") for f in found] == case["expected"]
    assert (funders_from_text(case["input"]) or ()) == found


@vectors("evaluate_statements")
def test_statements_score_as_published(case: dict[str, Any]) -> None:
    given = case["input"]
    scores = evaluate_statements(given["gold"], given["pred"], given["threshold"]).to_dict()
    expected = case["expected"]
    assert {name: scores[name] for name in expected} == pytest.approx(expected, **EXACT)


@vectors("canonicalize_filename")
def test_file_names_are_keyed_as_published(case: dict[str, Any]) -> None:
    assert [canonicalize_filename(name) for name in case["input"]] == case["expected"]


def test_no_vector_is_left_out() -> None:
    here = {
        "normalize_text",
        "normalize_award_id",
        "similarity",
        "soft_award_id_score",
        "evaluate_document",
        "extract_funders_from_text",
        "evaluate_statements",
        "canonicalize_filename",
    }
    assert {case["fn"] for case in VECTORS} == here
