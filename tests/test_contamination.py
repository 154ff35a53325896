"""Which training texts repeat held-out ones."""

from __future__ import annotations

import pytest

from training.contamination import grams, overlaps, shared_wording

TWELVE = "one two three four five six seven eight nine ten eleven twelve"


def test_twelve_words_in_a_row_are_the_same_wording() -> None:
    found = overlaps([f"Before. {TWELVE} after"], ["nothing", f"Elsewhere: {TWELVE}."])
    assert found == [(0, 1, TWELVE)]


def test_eleven_words_in_a_row_are_chance() -> None:
    eleven = TWELVE.removesuffix(" twelve")
    assert overlaps([f"{eleven} dozen more words"], [f"{eleven} other words here"]) == []


@pytest.mark.parametrize("other", [TWELVE.upper(), TWELVE.replace(" ", ", "), TWELVE + "!"])
def test_case_and_punctuation_do_not_hide_the_same_wording(other: str) -> None:
    assert overlaps([TWELVE], [other])


def test_a_pair_is_told_once_by_its_first_run() -> None:
    text = f"{TWELVE} thirteen fourteen"
    assert overlaps([text], [text]) == [(0, 0, TWELVE)]


def test_a_short_text_overlaps_only_with_itself() -> None:
    assert overlaps(["Funded by NSF"], ["funded by NSF.", "Funded by NSF 12"]) == [
        (0, 0, "funded by nsf")
    ]


def test_the_length_of_a_run_can_be_chosen() -> None:
    assert overlaps(["a b c d"], ["x b c y"], n=2) == [(0, 0, "b c")]


def test_a_text_without_words_shares_nothing() -> None:
    assert list(grams(" ... ")) == []
    assert overlaps(["..."], ["..."]) == []


def test_texts_that_share_wording_are_told_by_their_index() -> None:
    assert shared_wording(["clean", f"so {TWELVE}"], [TWELVE]) == {1}
