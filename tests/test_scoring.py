"""The scorer against the published one, case by case, and what is added to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.schemas import Award, Funder
from models.scoring import (
    FIELD_MODES,
    LEVELS,
    MODES,
    Counts,
    Criteria,
    Finding,
    bootstrap_f1,
    count_errors,
    evaluate_statements,
    find_errors,
    funders_from_text,
    normalize_award_id,
    normalize_text,
    parse_funders,
    read_funders,
    score_corpus,
    score_document,
    score_statements,
    similarity,
)
from models.scoring.corpus import counts_dict
from models.scoring.reading import published_funders_from_text
from models.scoring.statements import RESEMBLANCES, canonicalize_filename
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


def funder(name: str | None, *ids: str, scheme: str = "", title: str = "") -> Funder:
    award = Award(
        award_ids=ids,
        funding_scheme=(scheme,) if scheme else (),
        award_title=(title,) if title else (),
    )
    return Funder(funder_name=name, awards=(award,) if ids or scheme or title else ())


NSF = funder("National Science Foundation", "DMS-1613002")
SNSF = funder("Swiss National Science Foundation", "200021_178768")
DFG = funder("Deutsche Forschungsgemeinschaft", "BO 1234/5-1")

# --- as published ------------------------------------------------------------------------------


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


# --- what holds for all ------------------------------------------------------------------------

# Names that no mode takes for each other: merging and assignment then have one outcome.
NAMES = (
    "Wellcome Trust",
    "Deutsche Forschungsgemeinschaft",
    "Agence Nationale de la Recherche",
    "JSPS",
    "Bundesministerium für Bildung",
    "Howard Hughes",
    "Kavli",
    "UKRI",
)
IDS = ("A-1", "B/2", "C3", "2019/12345-6", "DMS-1613002", "ZZ 99", "Q.7")
awards = st.builds(
    lambda ids, scheme: Award(award_ids=ids, funding_scheme=scheme),
    st.lists(st.sampled_from(IDS), max_size=3).map(tuple),
    st.lists(st.sampled_from(("Starting Grant", "PhD bursary")), max_size=1).map(tuple),
)
funder_lists = st.lists(
    st.builds(
        lambda name, given: Funder(funder_name=name, awards=given),
        st.one_of(st.none(), st.sampled_from(NAMES)),
        st.lists(awards, max_size=2).map(tuple),
    ),
    max_size=5,
)
modes = st.sampled_from(MODES)


def test_the_names_of_these_tests_are_told_apart_in_every_mode() -> None:
    for mode in FIELD_MODES:
        assert all(similarity(a, b, mode) < 0.8 for a in NAMES for b in NAMES if a != b)


@given(funder_lists, funder_lists, modes)
def test_no_score_leaves_its_bounds(pred: list[Funder], gold: list[Funder], mode: Any) -> None:
    for counts in score_document(pred, gold, mode).values():
        assert 0 <= counts.matched <= min(counts.gold, counts.pred)
        assert all(0 <= x <= 1 for x in (counts.precision, counts.recall, counts.f(0.5)))


@given(funder_lists, modes)
def test_gold_against_itself_is_perfect(gold: list[Funder], mode: Any) -> None:
    for counts in score_document(gold, gold, mode).values():
        assert counts.matched == counts.gold == counts.pred
        assert counts.f() == (1 if counts.gold else 0)


@given(funder_lists, funder_lists, modes, st.randoms())
def test_the_order_of_funders_changes_no_count(
    pred: list[Funder], gold: list[Funder], mode: Any, rng: Any
) -> None:
    before = score_document(pred, gold, mode)
    rng.shuffle(pred)
    rng.shuffle(gold)
    assert score_document(pred, gold, mode) == before


@given(funder_lists, funder_lists, modes)
def test_swapping_the_sides_swaps_precision_and_recall(
    pred: list[Funder], gold: list[Funder], mode: Any
) -> None:
    there, back = score_document(pred, gold, mode), score_document(gold, pred, mode)
    for level in LEVELS:
        assert there[level].precision == back[level].recall
        assert there[level].f() == pytest.approx(back[level].f())


@given(st.text(max_size=30), st.text(max_size=30))
def test_permissive_and_strict_do_not_depend_on_the_order(a: str, b: str) -> None:
    for mode in ("permissive", "strict"):
        assert similarity(a, b, mode) == similarity(b, a, mode)
    assert all(0 <= similarity(a, b, mode) <= 1 for mode in FIELD_MODES)


@given(funder_lists, funder_lists, modes)
def test_errors_explain_the_counts(pred: list[Funder], gold: list[Funder], mode: Any) -> None:
    errors = [e for e in find_errors(pred, gold, mode) if e.counted]
    for level, counts in score_document(pred, gold, mode).items():
        at_level = [e for e in errors if e.level == level]
        assert sum(len(e.gold) for e in at_level) == counts.gold - counts.matched
        assert sum(len(e.pred) for e in at_level) == counts.pred - counts.matched


# --- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I could not find any.",
        'Sure! [{"funder_name": "NSF"}]',
        '[{"funder_name": "NS',
        "null",
        "7",
        '"none"',
        "{}",
        '{"answer": []}',
        "[1, null]",
        "[{}]",
        '{"funders": null}',
        '<think>The NSF, so ```[{"funder_name": "NSF"}]``` or',
        "[" * 100_000,
    ],
)
def test_what_is_no_answer_is_not_read_as_none(text: str) -> None:
    assert funders_from_text(text) is None


@pytest.mark.parametrize("text", ["[]", "```json\n[]\n```", ' {"funders": []} '])
def test_none_is_an_answer(text: str) -> None:
    assert funders_from_text(text) == ()


def test_numbers_become_text_and_blanks_are_dropped() -> None:
    data = {"funder_name": " NSF ", "awards": [{"award_ids": [1613002, "", None, " "]}, 3]}
    assert read_funders(data) == (funder("NSF", "1613002"),)
    assert read_funders(json.dumps(data)) == read_funders(data)


def test_half_a_character_does_no_harm() -> None:
    found = funders_from_text('[{"funder_name": "N\\ud800SF", "awards": []}]')
    assert found is not None
    assert json.dumps(found[0].funder_name).encode()


def test_a_list_keeps_its_funders_beside_what_is_none() -> None:
    assert parse_funders([{"x": 1}, {"funder_name": "NSF"}]) == (funder("NSF"),)


# --- the fourth mode ---------------------------------------------------------------------------

IDENTITIES = {
    "National Science Foundation": "021nxhr62",
    "NSF": "021nxhr62",
    "Swiss National Science Foundation": "00yjd3n13",
}


def id_aware(**ids: str) -> Criteria:
    return Criteria(mode="id_aware", resolve=(IDENTITIES | ids).get)


def test_names_alone_take_two_national_foundations_for_one() -> None:
    both = [NSF, SNSF]
    for mode in FIELD_MODES:
        assert score_document(both, both, mode)["funder"].gold == 1


def test_ids_tell_them_apart_and_know_a_bare_acronym() -> None:
    scores = score_document([funder("NSF", "1"), SNSF], [NSF, SNSF], id_aware())
    assert scores["funder"] == Counts(2, 2, 2)
    assert scores["award_id"] == Counts(2, 2, 1)


def test_names_without_an_id_are_compared_as_balanced() -> None:
    pred, gold = [funder("Wellcome")], [funder("Wellcome Trust")]
    assert score_document(pred, gold, id_aware())["funder"].matched == 1
    assert score_document(pred, gold, "id_aware")["funder"].matched == 1


def test_an_unknown_mode_is_told() -> None:
    with pytest.raises(ValueError, match="known: permissive"):
        score_document([], [], "loose")  # type: ignore[arg-type]


# --- many documents ----------------------------------------------------------------------------


def test_a_document_without_an_answer_is_missed_and_told() -> None:
    report = score_corpus([((NSF,), (NSF,)), (None, (DFG,)), (None, ())], ["strict"])
    assert (report.documents, report.unanswered) == (3, 2)
    assert report.modes["strict"]["funder"].counts == Counts(2, 1, 1)


def test_macro_leaves_out_documents_with_nothing_at_the_level() -> None:
    many = tuple(funder(name) for name in NAMES[:4])
    report = score_corpus([(many, many), ((), (DFG,)), ((), ())], ["balanced"])
    assert report.modes["balanced"]["funder"].macro_f1 == 0.5
    assert report.modes["balanced"]["funder"].counts.f() == pytest.approx(8 / 9)
    assert report.modes["balanced"]["title"].macro_f1 == 0


def test_the_interval_holds_the_score_and_narrows_with_more_documents() -> None:
    few = [Counts(2, 2, 2), Counts(2, 2, 1), Counts(1, 2, 0), Counts(3, 1, 1)] * 3
    low, high = bootstrap_f1(few)
    assert low < sum(few, Counts()).f() < high
    narrow = bootstrap_f1(few * 30)
    assert narrow[1] - narrow[0] < (high - low) / 3
    assert bootstrap_f1(few) == (low, high)


def test_the_interval_of_nothing_and_of_perfection() -> None:
    assert bootstrap_f1([]) == (0, 0)
    assert bootstrap_f1([Counts()] * 3) == (0, 0)
    assert bootstrap_f1([Counts(1, 1, 1)] * 9) == (1, 1)


def test_a_report_is_json_with_the_published_keys() -> None:
    told = json.loads(json.dumps(score_corpus([((NSF,), (NSF,))]).to_dict()))
    assert set(told) == {*FIELD_MODES, "meta"}
    published = set(counts_dict(Counts()))
    assert set(told["strict"]["award_id"]) == published | {"macro_f1", "f1_low", "f1_high"}
    assert told["strict"]["award_id"]["matched"] == 1


# --- statements --------------------------------------------------------------------------------


def test_both_sides_without_statements_agree() -> None:
    for resemblance in RESEMBLANCES.values():
        assert score_statements([], [], resemblance).documents_matched == 1
        assert score_statements(["Thanks to all."], [], resemblance).documents_matched == 0


def test_a_part_is_found_by_the_best_measure_and_not_by_the_strict_one() -> None:
    gold = ["This work was supported by NSF grant DMS-1613002."]
    said = ["this work was supported by NSF grant DMS-1613002. We thank J. Doe."]
    assert score_statements(said, gold, RESEMBLANCES["best@0.85"]).f() == 1
    assert score_statements(said, gold, RESEMBLANCES["strict"]).f() == 0


# --- errors ------------------------------------------------------------------------------------


def kinds(pred: list[Funder], gold: list[Funder], statement: str | None = None) -> dict[Any, Any]:
    return count_errors(find_errors(pred, gold, "balanced", statement))


def test_a_right_answer_has_no_errors() -> None:
    assert find_errors([NSF, DFG], [DFG, NSF]) == []


@pytest.mark.parametrize(
    ("pred", "gold", "expected"),
    [
        ([NSF], [NSF, funder("Kavli")], {"funder": {"missed": 1}}),
        ([NSF, funder("Kavli")], [NSF], {"funder": {"spurious": 1}}),
        (
            [funder("DFG", "1"), funder("NIH", "2")],
            [funder("DFG", "2"), funder("NIH", "1")],
            {"award_id": {"wrong_funder": 2}},
        ),
        ([funder("DFG", "SFB 12", "A3")], [funder("DFG", "SFB-12/A3")], "split_id"),
        ([funder("DFG", "123456 and 789012")], [funder("DFG", "123456", "789012")], "merged_id"),
        ([funder("DFG", "123457")], [funder("DFG", "123456")], {"missed": 1, "spurious": 1}),
        (
            [funder("Swedish Foundation")],
            [funder("Swedish Foundation for International Cooperation in Research")],
            {"funder": {"truncated_name": 1}},
        ),
        (
            [funder("DFG", scheme="PhD bursary")],
            [funder("DFG", scheme="Starting Grant")],
            {"scheme": {"missed": 1, "spurious": 1}},
        ),
    ],
)
def test_an_error_is_named(pred: list[Funder], gold: list[Funder], expected: Any) -> None:
    if isinstance(expected, str):
        expected = {"award_id": {expected: 1}}
    elif not set(expected) & set(LEVELS):
        expected = {"award_id": expected}
    assert kinds(pred, gold) == expected


def test_a_value_that_the_statement_does_not_hold_is_hallucinated() -> None:
    statement = "Supported by the DFG (grants 123456, 55) and thanked by Kavli."
    pred = [funder("DFG", "123457", "55"), funder("Kavli")]
    found = kinds(pred, [funder("DFG", "123456")], statement)
    assert found["award_id"] == {"hallucinated": 1, "spurious": 1, "missed": 1}
    assert found["funder"] == {"spurious": 1}


def test_a_name_cut_short_is_told_although_it_matched() -> None:
    cut = find_errors([funder("Wellcome")], [funder("Wellcome Trust")])
    assert cut == [
        Finding(
            "truncated_name",
            "funder",
            ("Wellcome Trust",),
            ("Wellcome",),
            "Wellcome Trust",
            counted=False,
        )
    ]


def test_an_acronym_left_out_in_parentheses_is_not_missing() -> None:
    full = replace(Criteria(), mode="strict")
    gold = [funder("Deutsche Forschungsgemeinschaft (DFG)")]
    assert find_errors([funder("Deutsche Forschungsgemeinschaft")], gold, full) == []
