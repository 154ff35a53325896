"""A reply that a schema rule lets through is JSON of that schema."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.schema_rule import LONGEST_SPACE, SchemaRule
from models.schemas import FunderList
from models.tasks import task

FUNDERS = task("funding_parse").schema
SCHEMES = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "kind": {"enum": ["a", "ab"]}},
}


def said(schema: dict[str, object], text: str) -> SchemaRule | None:
    """The rule after the text, byte by byte; None where it is refused."""
    rule = SchemaRule(schema)
    for byte in text.encode():
        if not rule.allows(bytes([byte])):
            return None
        rule.accept(bytes([byte]))
    return rule


values = st.lists(st.text(min_size=1, max_size=5), max_size=2)
awards = st.builds(
    lambda ids, scheme, title: {"award_ids": ids, "funding_scheme": scheme, "award_title": title},
    values,
    values,
    values,
)
funders = st.builds(
    lambda name, awarded: {"funder_name": name, "awards": awarded},
    st.none() | st.text(min_size=1, max_size=8),
    st.lists(awards, max_size=2),
)


@given(st.lists(funders, max_size=3), st.sampled_from([None, 2]), st.booleans())
def test_every_answer_of_the_task_is_allowed(
    answer: list[dict[str, object]], indent: int | None, is_ascii: bool
) -> None:
    text = json.dumps(answer, indent=indent, ensure_ascii=is_ascii)
    text = text.replace("\x7f", "\\u007f")
    rule = said(FUNDERS, text)
    assert rule is not None and rule.may_end()


@pytest.mark.parametrize(
    "text",
    [
        "{",  # an array is asked for
        '[{"awards"',  # keys stand in the order of the schema
        '[{"funder_name": 3',
        '[{"funder_name": "A"}',  # a key is missing
        '[{"funder_name": "A", "awards": [], ',
        "[,",
        '[{"funder_name": "A\n',
        '[{"funder_name": "\\x',
        "[]]",
        "[" + " " * (LONGEST_SPACE + 1),
    ],
)
def test_what_the_schema_does_not_say_is_refused(text: str) -> None:
    assert said(FUNDERS, text) is None


def test_a_list_holds_no_more_than_the_schema_says() -> None:
    schema = {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 2}
    assert said(schema, '["a","b"]') is not None
    assert said(schema, '["a","b",') is None
    assert said(schema, '[""') is None


def test_numbers_literals_and_alternatives() -> None:
    done = said(SCHEMES, '{"n": -12, "kind": "ab"}')
    assert done is not None and done.may_end()
    assert said(SCHEMES, '{"n": 1.5') is None
    assert said(SCHEMES, '{"n": 1, "kind": "b') is None
    number = said({"type": "number"}, "1.5e3")
    assert number is not None and number.may_end()
    begun = said({"type": "number"}, "1.")
    assert begun is not None and not begun.may_end()


@pytest.mark.parametrize("seed", range(20))
def test_a_random_walk_ends_in_valid_json(seed: int) -> None:
    draw = random.Random(seed)
    rule, text = SchemaRule(FUNDERS), b""
    signs = b'[]{},:" \\nul0a' + "é".encode() + b"funder_nameawardstitlescheme_ids"
    while not rule.may_end():
        fits = [byte for byte in sorted(set(signs)) if rule.allows(bytes([byte]))]
        # Closing more often than chance keeps the walk short.
        byte = draw.choice([b for b in fits if b in b']}"'] or fits)
        rule.accept(bytes([byte]))
        text += bytes([byte])
        assert len(text) < 5000
    FunderList.validate_python(json.loads(text.decode("utf-8", "replace")))
