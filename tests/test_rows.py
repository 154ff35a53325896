"""Preference pairs: the same prompt answered twice, only where the answers differ."""

from __future__ import annotations

import json

import pytest

from models.schemas import Answer, Award, Extraction, Funder, ModelCard, Proposal, Span, Statement
from models.tasks import task
from training.errors import funder_error, statement_error
from training.rows import pairs

TEXT = "Intro. Supported by the NSF (grant 12) and the DFG. Thanks to all."
STATEMENT = Statement(
    text="Supported by the NSF (grant 12) and the DFG.",
    span=Span(page=1, start=7, end=51),
    alignment="exact",
)
CARD = ModelCard(model="m", prompt_sha256="p", schema_sha256="s")
NSF = Funder(funder_name="NSF", awards=(Award(award_ids=("12",)),))
DFG = Funder(funder_name="DFG")
GOLD = Answer(statements=(STATEMENT,), funders=(NSF, DFG))


def proposal(statements: list[str], funders: tuple[Funder, ...] | None) -> Proposal:
    return Proposal(
        windows=((0, len(TEXT)),),
        parsed_text=STATEMENT.text,
        statements=(),
        statements_raw=(json.dumps({"statements": statements}),),
        extraction=Extraction(raw="RAW", funders=funders),
        card=CARD,
    )


def made(said: Proposal, gold: Answer = GOLD) -> dict[str, str]:
    return {pair.task: pair.error_type for pair in pairs(TEXT, said, gold, {"record": 1})}


def test_an_accepted_proposal_makes_no_pair() -> None:
    assert made(proposal([STATEMENT.text], (NSF, DFG))) == {}


def test_another_order_and_other_spaces_are_the_same_answer() -> None:
    assert made(proposal([STATEMENT.text.upper() + "  "], (DFG, NSF))) == {}


@pytest.mark.parametrize(
    ("funders", "error"),
    [
        (None, "unparsable"),
        ((NSF,), "missed_funder"),
        ((NSF, DFG, Funder(funder_name="ERC")), "spurious_funder"),
        ((Funder(funder_name="NSF (grant", awards=NSF.awards), DFG), "funder_name"),
        ((Funder(funder_name="NSF"), DFG), "missed_award"),
        ((Funder(funder_name="NSF", awards=(Award(award_ids=("13",)),)), DFG), "award_id"),
        (
            (Funder(funder_name="NSF"), Funder(funder_name="DFG", awards=NSF.awards)),
            "wrong_funder",
        ),
    ],
)
def test_the_pair_names_the_error(funders: tuple[Funder, ...] | None, error: str) -> None:
    assert made(proposal([STATEMENT.text], funders)) == {"funding_parse": error}


def test_the_pair_holds_the_model_s_own_words_and_the_gold() -> None:
    (pair,) = pairs(TEXT, proposal([STATEMENT.text], (NSF,)), GOLD, {"record": 1})
    assert [m.role for m in pair.prompt] == ["system", "user"]
    assert pair.prompt[1].content.endswith(STATEMENT.text)
    assert pair.rejected[0].content == "RAW"
    assert json.loads(pair.chosen[0].content)[0] == {
        "funder_name": "NSF",
        "awards": [{"award_ids": ["12"], "funding_scheme": [], "award_title": []}],
    }
    assert pair.source == {"record": 1}


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ([], "missed_statement"),
        ([STATEMENT.text, "Thanks to all."], "spurious_statement"),
        ([STATEMENT.text[:20]], "statement_bounds"),
        (["Thanks to all."], "missed_statement"),
    ],
)
def test_statements_are_compared_by_window(said: list[str], error: str) -> None:
    assert statement_error(said, [STATEMENT.text]) == error
    assert made(proposal(said, (NSF, DFG))) == {"funding_statements": error}


def test_gold_that_cannot_be_read_from_the_prompt_teaches_nothing() -> None:
    gold = Answer(statements=(STATEMENT,), funders=(Funder(funder_name="Gates Foundation"),))
    assert made(proposal([STATEMENT.text], (NSF,)), gold) == {}


def test_no_funding_against_found_funders_is_a_pair_of_an_empty_list() -> None:
    said = proposal([STATEMENT.text], (NSF,))
    by_task = {pair.task: pair for pair in pairs(TEXT, said, Answer(), {})}
    assert json.loads(by_task["funding_parse"].chosen[0].content) == []
    assert json.loads(by_task["funding_statements"].chosen[0].content) == {"statements": []}


def test_awards_grouped_otherwise_is_an_error_of_its_own() -> None:
    split = Funder(funder_name="X", awards=(Award(award_ids=("1",)), Award(award_ids=("2",))))
    joined = Funder(funder_name="X", awards=(Award(award_ids=("1", "2")),))
    assert funder_error((split,), (joined,)) == "grouping"


def test_a_window_that_cuts_a_statement_teaches_nothing() -> None:
    said = proposal([STATEMENT.text[:20]], (NSF, DFG)).model_copy(update={"windows": ((0, 30),)})
    assert made(said) == {}


def short(numbers: str, funders: tuple[Funder, ...], raw: str) -> Proposal:
    """What a model says that answers in the short form."""
    hashes = [
        task(name).prompt_sha256[:16]
        for name in ("funding_statements_lines", "funding_parse_lines")
    ]
    said = proposal([], funders)
    card = CARD.model_copy(update={"prompt_sha256": "+".join(hashes)})
    extraction = Extraction(raw=raw, funders=funders)
    return said.model_copy(
        update={"statements_raw": (numbers,), "card": card, "extraction": extraction}
    )


def test_a_pair_is_in_the_form_that_the_model_speaks() -> None:
    found = {p.task: p for p in pairs(TEXT, short("3", (NSF,), "F NSF\nI 12"), GOLD, {})}
    first, second = found["funding_statements_lines"], found["funding_parse_lines"]
    assert first.prompt[1].content.startswith("1 Intro.\n2 Supported by")
    assert (first.chosen[0].content, first.rejected[0].content) == ("2", "3")
    assert second.chosen[0].content == "F NSF\nI 12\n\nF DFG"
    assert second.rejected[0].content == "F NSF\nI 12"


def test_right_numbers_and_funders_in_short_make_no_pair() -> None:
    assert made(short("2", (NSF, DFG), "F NSF\nI 12\n\nF DFG")) == {}
