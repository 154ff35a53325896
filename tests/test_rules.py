import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import compact
from models.rules import JsonCopyRule, LinesRule, NumbersRule, Rule, Source
from models.schemas import Award, Funder

TEXT = "Supported by the National Science Foundation (NSF), grants DMS-1613002 and 77, 資助 A/B."


def says(rule: Rule, reply: str) -> bool:
    """Whether the rule lets the whole reply pass, byte by byte, and end."""
    for byte in reply.encode():
        piece = bytes([byte])
        if not rule.allows(piece):
            return False
        rule.accept(piece)
    return rule.may_end()


def lines() -> Rule:
    return LinesRule(Source(TEXT))


@pytest.mark.parametrize(
    "reply",
    [
        "0",
        "F National Science Foundation",
        "F National Science Foundation (NSF)\nI DMS-1613002\ni 77",
        "S National Science\ni 77",
        "S National Science\nF NSF\ni 77",
        "F 資助\nT A/B",
        "F NSF\n\nI 77\nI A/B",
        "S grants\ni 77\n\nS grants\nI A/B",
    ],
)
def test_a_reply_in_lines_that_copies_whole_words_passes(reply: str) -> None:
    assert says(lines(), reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "00",
        "i 77",
        "F ",
        "F NSF\nF NSF",
        "F NSF\n\n",
        "F NSF\n\n\nI 77",
        "F NSF\nI 77\n\ni 77",
        "F NSF\n\nF National Science Foundation",
        "F National Scientific",
        "F National Science Found",
        "F ational Science Foundation",
        "F NSF\nI DMS-1613003",
        "F NSF\nI DMS-161300",
        "F NSF\ni 77",
        "F NSF\nX 77",
        "F NSF\n\nX 77",
    ],
)
def test_what_the_source_does_not_say_or_the_form_forbids_is_refused(reply: str) -> None:
    assert not says(lines(), reply)


def test_without_a_source_only_the_form_binds() -> None:
    assert says(LinesRule(None), "F Wellcome Trust\nI 104169/Z/14/A")
    assert not says(LinesRule(None), "Wellcome Trust")


def test_a_reply_that_copies_does_not_go_back_to_an_earlier_funder() -> None:
    forward = "F National Science Foundation\nI 77\n\nF NSF\nI 77"
    assert says(lines(), forward)
    assert not says(lines(), forward + "\n\nF National Science Foundation")
    assert says(LinesRule(None), forward + "\n\nF National Science Foundation")


def test_pieces_of_several_bytes_are_judged_as_a_whole() -> None:
    rule = lines()
    assert not rule.allows(b"F National Science Foundations")
    rule.accept("F 資".encode()[:3])
    assert rule.allows("資".encode()[1:])
    assert not rule.allows("助".encode()[1:])


@pytest.mark.parametrize("reply", ["0", "1", "2 3", "1 12"])
def test_rising_numbers_within_the_count_pass(reply: str) -> None:
    assert says(NumbersRule(12), reply)


@pytest.mark.parametrize("reply", ["", "13", "3 2", "2 2", "01", "1  2", "1 ", "1,2", "0 1", "١"])
def test_other_numbers_are_refused(reply: str) -> None:
    assert not says(NumbersRule(12), reply)


def test_json_values_are_copied_and_keys_are_not() -> None:
    good = json.dumps([{"funder_name": "NSF", "awards": [{"award_ids": ["77"]}]}])
    assert says(JsonCopyRule(Source(TEXT)), good)
    assert says(JsonCopyRule(Source(TEXT)), good.replace('"NSF"', "null"))
    assert not says(JsonCopyRule(Source(TEXT)), good.replace("NSF", "DFG"))
    assert not says(JsonCopyRule(Source(TEXT)), good.replace("77", "7"))


def test_json_escapes_stand_for_their_characters() -> None:
    rule: Callable[[], Rule] = lambda: JsonCopyRule(Source('the "MAGIC" \\ plan'))  # noqa: E731
    assert says(rule(), json.dumps(['"MAGIC" \\ plan']))
    assert not says(rule(), json.dumps(['"MAGIC" / plan']))


words = st.lists(st.sampled_from(["NSF", "of", "資助", "DMS-16", "(ERC)", "é", "7/8"]), min_size=1)


@given(words, st.data())
def test_whatever_stands_in_the_source_may_be_said(parts: list[str], data: st.DataObject) -> None:
    text = " ".join(parts)
    first = data.draw(st.integers(0, len(parts) - 1))
    last = data.draw(st.integers(first, len(parts) - 1))
    name = " ".join(parts[first : last + 1])
    award = Award(award_ids=(parts[last],), award_title=(parts[first],))
    funders = (Funder(funder_name=name, awards=(award,)),)
    reply = compact.write_funders(funders, text)
    assert says(LinesRule(Source(text)), reply)
    assert compact.read_funders(reply) == funders
    assert says(JsonCopyRule(Source(text)), json.dumps([name], ensure_ascii=False))
