"""What holds for every score, and what is added to the published scorer."""

from __future__ import annotations

import json
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
    bootstrap_f1,
    find_errors,
    score_corpus,
    score_document,
    score_statements,
    similarity,
)
from models.scoring.corpus import counts_dict
from models.scoring.statements import RESEMBLANCES
from tests.funders import DFG, NAMES, NSF, SNSF, funder

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
# The first assignment imports SciPy, which takes longer than an example may.


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
