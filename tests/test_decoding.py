"""Replies stay inside their schema, also when they are cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.decoding import close_json, locate_strings, repetition

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
CONTAINERS = st.lists(VALUES, max_size=4) | st.dictionaries(st.text(max_size=4), VALUES, max_size=4)


@given(CONTAINERS, st.data())
def test_cut_anywhere_json_closes_to_valid_json(value: object, data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = data.draw(st.integers(1, len(text)))
    closed = close_json(text[:cut])
    json.loads(closed)
    assert cut < len(text) or json.loads(closed) == value


@pytest.mark.parametrize(
    ("prefix", "closed"),
    [
        ('[{"funder_name": "NSF", "awards": [{"award_ids": ["1", "2', '["1"]}]}]'),
        ('{"statements": ["a", "b"', '"a", "b"]}'),
        ('{"statements": ["a", "b', '"a"]}'),
        ("[", "[]"),
        ("", ""),
    ],
)
def test_what_was_unfinished_is_left_out(prefix: str, closed: str) -> None:
    assert close_json(prefix).endswith(closed)


@given(CONTAINERS)
def test_every_string_is_located_by_its_pointer(value: object) -> None:
    text = json.dumps(value)
    for located in locate_strings(text):
        assert json.loads(f'"{text[located.start : located.end]}"') == located.value
    assert len(locate_strings(text)) == count_strings(value)


def count_strings(value: object) -> int:
    if isinstance(value, str):
        return 1
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(count_strings, inner))


@pytest.mark.parametrize(
    ("tokens", "dropped"),
    [
        ([1, 2, 3, 4, 5], 0),
        ([9, *[7] * 12], 11),
        ([9, *[7] * 11], 0),
        ([9, *[1, 2, 3, 4, 5] * 3], 10),
        ([*[1, 2, 3, 4] * 2, 5], 0),
    ],
)
def test_going_round_is_noticed(tokens: list[int], dropped: int) -> None:
    assert repetition(tokens) == dropped
