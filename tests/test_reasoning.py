"""Reasons made from gold: every quotation is in the text, and the answer comes out again."""

from __future__ import annotations

import random
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from models import reasoned
from models.backends import Completion
from models.replies import read_funders, value_evidence
from models.schemas import Award, Funder
from models.tasks import task
from training.negatives import negatives
from training.reasoning import reasons
from training.rewards.relevance import evidence, r2grpo, tag
from training.rows import write_funders

TASK = task("funding_parse_reasoned")
TEXT = "We thank Ann. Supported by the Moss Fund (grants M-1, M-2; Green Plan) and by Basalt Trust."
FUNDERS = (
    Funder(
        funder_name="Moss Fund",
        awards=(Award(award_ids=("M-1", "M-2"), funding_scheme=("Green Plan",)),),
    ),
    Funder(funder_name="Basalt Trust"),
)


def reply(text: str, finish: Literal["stop", "length"] = "stop") -> Completion:
    return Completion(
        text=text, tokens=(), finish=finish, prompt_tokens=0, cached_tokens=0, seconds=0.0
    )


def test_the_steps_cite_the_text_and_say_what_belongs_together() -> None:
    told = reasons(FUNDERS, TEXT).splitlines()
    assert (
        told[0]
        == 'Step 1. "Supported by the Moss Fund (grants M-1, M-2;" indicates a funder: Moss Fund.'
    )
    assert "award id M-2; its relation is to Moss Fund" in told[2]
    assert told[-1].endswith("No award is named with Basalt Trust, thus its awards are empty.")
    assert evidence("\n".join(told), TEXT) > 0.05


def test_it_earns_all_that_r2grpo_pays_for_a_right_answer_with_its_reasons() -> None:
    written = write_funders(TASK, TEXT, FUNDERS)
    (earned,) = r2grpo([written], funders=[list(FUNDERS)], statement=[TEXT])
    bare = write_funders(task("funding_parse"), TEXT, FUNDERS)
    (without,) = r2grpo([f"<answer>{bare}</answer>"], funders=[list(FUNDERS)], statement=[TEXT])
    assert earned is not None and without is not None
    assert earned > without + 0.75


def test_the_answer_is_read_and_each_value_found_in_the_reply() -> None:
    written = write_funders(TASK, TEXT, FUNDERS)
    assert read_funders(reply(written), TASK).funders == FUNDERS
    for item, _ in value_evidence(reply(written), TASK):
        assert written[item.start : item.end] == item.value


def test_a_reply_without_an_answer_is_unreadable_and_a_cut_one_keeps_what_is_whole() -> None:
    written = write_funders(TASK, TEXT, FUNDERS)
    thought = written[: written.index("</think>")]
    assert read_funders(reply(thought, "length"), TASK).funders is None
    cut = written[: written.index(', {"funder_name": "Basalt')]
    said = read_funders(reply(cut, "length"), TASK)
    assert said.funders == FUNDERS[:1]
    assert said.error is not None


def test_no_funder_is_reasoned_too() -> None:
    written = write_funders(TASK, "We thank Ann.", ())
    assert "no relation" in tag(written, "think")
    assert read_funders(reply(written), TASK).funders == ()


def test_a_negative_keeps_the_reasons_and_spoils_the_answer() -> None:
    written = write_funders(TASK, TEXT, FUNDERS)
    for seed in range(40):
        made = negatives(written, TASK, random.Random(seed))
        assert tag(made.rejected, "think") == tag(written, "think")
        assert reasoned.answer(made.rejected) != reasoned.answer(written)


@given(st.text(max_size=60), st.text(min_size=1, max_size=20).filter(str.strip))
def test_any_text_and_name_can_be_reasoned_about(text: str, name: str) -> None:
    assert reasons((Funder(funder_name=name),), text).startswith("Step 1. ")
