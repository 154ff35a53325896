"""Negatives: MeXtract's families, none of which says what the chosen reply says."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import compact
from models.schemas import Award, Funder
from models.scoring.reading import funders_from_text
from models.tasks import Task, task
from training.negatives import FAMILIES, MALFORMED, Negative, negatives, reading
from training.rows import dump_funders

PARSE, LINES = task("funding_parse"), task("funding_parse_lines")
FIND, NUMBERS = task("funding_statements"), task("funding_statements_lines")
FUNDERS = (
    Funder(funder_name="Smith, Jones & Co", awards=(Award(award_ids=("A1", "B-2")),)),
    Funder(funder_name="Cedar Council"),
)
REPLIES: list[tuple[Task, str]] = [
    (PARSE, dump_funders(FUNDERS)),
    (LINES, compact.write_funders(FUNDERS, "Smith, Jones & Co A1 B-2 Cedar Council")),
    (FIND, json.dumps({"statements": ["Funded by A, B.", 'The "C" paid.']})),
    (NUMBERS, "2 3 11"),
]
NAMES = [asked.name for asked, _ in REPLIES]


def drawn(asked: Task, chosen: str, count: int = 4000) -> list[Negative]:
    rng = random.Random(5)
    return [negatives(chosen, asked, rng) for _ in range(count)]


def sole(asked: Task, chosen: str, kind: str) -> set[str]:
    return {made.rejected for made in drawn(asked, chosen, 600) if made.kind == kind}


@pytest.mark.parametrize(("asked", "chosen"), REPLIES, ids=NAMES)
def test_the_same_seed_makes_the_same_negatives(asked: Task, chosen: str) -> None:
    assert drawn(asked, chosen, 50) == drawn(asked, chosen, 50)


def test_the_families_and_kinds_come_with_the_published_odds() -> None:
    made = drawn(*REPLIES[0])
    families = Counter(negative.family for negative in made)
    assert sum(FAMILIES.values()) == sum(MALFORMED.values()) == pytest.approx(1)
    for family, odds in FAMILIES.items():
        assert families[family] / len(made) == pytest.approx(odds, abs=0.03)
    broken = Counter(negative.kind for negative in made if negative.family == "malformed")
    for kind, odds in MALFORMED.items():
        assert broken[kind] / broken.total() == pytest.approx(odds, abs=0.04)


def test_every_kind_of_json() -> None:
    chosen = '[{"funder_name": "A", "awards": []}]'
    assert sole(PARSE, chosen, "answer_key") == {json.dumps({"answer": json.loads(chosen)})}
    assert sole(PARSE, chosen, "markdown") == {"### 1\n{'funder_name': 'A', 'awards': []}\n"}
    assert sole(PARSE, chosen, "fence") == {"```json\n{\n" + chosen + "\n}\n```"}
    assert sole(PARSE, chosen, "prefix") == {"The answer is " + chosen}
    assert sole(PARSE, chosen, "truncated") <= {chosen[:n] for n in range(1, len(chosen))}
    assert sole(PARSE, chosen, "quotes") == {chosen.replace('"', "'")}
    assert sole(PARSE, chosen, "commas") == {chosen.replace(",", "")}
    assert {len(json.loads(text)) for text in sole(PARSE, chosen, "multiplied")} == {2, 3, 4, 5}
    over = {len(json.loads(text)) for text in sole(PARSE, chosen, "over_limit")}
    assert over <= set(range(41, 51)) and len(over) > 5


def test_every_kind_of_the_short_form() -> None:
    chosen = "F A\nI 1"
    assert sole(LINES, chosen, "json") == {dump_funders(compact.read_funders(chosen) or ())}
    assert sole(LINES, chosen, "markdown") == {"### F\nA\n### I\n1"}
    assert sole(LINES, chosen, "fence") == {"```\nF A\nI 1\n```"}
    assert sole(LINES, chosen, "letters") == {"f A\nI 1"}
    assert sole(LINES, chosen, "joined") == {"F AI 1"}
    assert sole(LINES, chosen, "multiplied") == {"\n\n".join([chosen] * n) for n in (2, 3, 4, 5)}
    assert all(text.count("F A") > 40 for text in sole(LINES, chosen, "over_limit"))


def test_every_kind_of_the_numbers_of_sentences() -> None:
    assert sole(NUMBERS, "2 13", "json") == {'{"statements": [2, 13]}'}
    assert sole(NUMBERS, "2 13", "markdown") == {"- 2\n- 13\n"}
    assert sole(NUMBERS, "2 13", "truncated") == {"2", "2 ", "2 1"}
    assert sole(NUMBERS, "2 13", "letters") == {"'2' '13'"}
    assert sole(NUMBERS, "2 13", "joined") == {"213"}
    assert sole(NUMBERS, "2 13", "multiplied") == set()
    assert all(len(text.split()) > 12 for text in sole(NUMBERS, "2 13", "over_limit"))


@pytest.mark.parametrize(
    ("asked", "chosen"), [(PARSE, "[]"), (LINES, "0"), (FIND, '{"statements": []}'), (NUMBERS, "0")]
)
def test_an_empty_answer_is_made_wrong_by_its_shape_alone(asked: Task, chosen: str) -> None:
    made = drawn(asked, chosen, 200)
    assert {negative.family for negative in made} == {"format", "malformed"}


def test_malformed_json_cannot_be_read() -> None:
    for negative in drawn(*REPLIES[0]):
        if negative.family == "malformed":
            assert reading(negative.rejected, PARSE) is None
            assert funders_from_text(negative.rejected) is None


@pytest.mark.parametrize(("asked", "chosen"), [(PARSE, "F A"), (LINES, "[]"), (NUMBERS, "none")])
def test_a_chosen_reply_that_cannot_be_read_is_refused(asked: Task, chosen: str) -> None:
    with pytest.raises(ValueError, match="chosen"):
        negatives(chosen, asked, random.Random(1))


words = st.text("ab \"'\\,1-é{}[]#\n", min_size=1).filter(lambda text: text.strip())
values = st.lists(words, max_size=3).map(tuple)
funders = st.lists(
    st.builds(
        Funder,
        funder_name=st.none() | words,
        awards=st.lists(
            st.builds(Award, award_ids=values, funding_scheme=values, award_title=values),
            max_size=2,
        ).map(tuple),
    ),
    max_size=4,
)


def said(reply: str, asked: Task) -> Any:
    return reading(reply, asked)


@settings(deadline=None)
@given(funders, st.integers(0, 999))
def test_a_negative_never_says_what_the_chosen_reply_says(given_: list[Funder], seed: int) -> None:
    short = compact.write_funders(given_, "")
    statements = [f.funder_name for f in given_ if f.funder_name]
    for asked, chosen in [
        (PARSE, dump_funders(given_)),
        (FIND, json.dumps({"statements": statements})),
        (LINES, short),
        (NUMBERS, compact.write_numbers([len(name) for name in statements])),
    ]:
        made = negatives(chosen, asked, random.Random(seed))
        assert made.rejected != chosen
        assert said(made.rejected, asked) != said(chosen, asked)
        assert made.family in FAMILIES
