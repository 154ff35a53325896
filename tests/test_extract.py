"""The pipeline: passages, statements, funders, places."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from models.backends import Backend, Completion, Prompt
from models.backends.replay import Replay
from models.documents import Document, read, read_bytes
from models.extract import Pipeline, chunks, distinct
from models.replies import read_funders, tidy
from models.schemas import Statement
from models.tasks import task

SAMPLES = Path(__file__).parent.parent / "workbench" / "samples"
STATEMENT = "This work was supported by the National Science Foundation under grant DMS-1613002."
FUNDERS = [
    {
        "funder_name": "National Science Foundation",
        "awards": [{"award_ids": ["DMS-1613002"], "funding_scheme": [], "award_title": []}],
    }
]


def answers(document: Document, statements: list[str], funders: object) -> Replay:
    """A model that finds these statements in the whole document and parses them so."""
    stages = task("funding_statements"), task("funding_parse")
    return Replay(
        {
            stages[0].prompt(document.text).user: json.dumps({"statements": statements}),
            stages[1].prompt("\n".join(statements)).user: json.dumps(funders),
        }
    )


def test_statements_and_values_are_found_on_the_page() -> None:
    document = read_bytes("paper.md", f"# Funding\n\n{STATEMENT}\n".encode())
    pipeline = Pipeline.funding(answers(document, [STATEMENT], FUNDERS), "document")
    proposal = pipeline.propose(document)
    assert [s.text for s in proposal.statements] == [STATEMENT]
    assert [(f.path, f.alignment) for f in proposal.fields] == [
        ("/0/funder_name", "exact"),
        ("/0/awards/0/award_ids/0", "exact"),
    ]
    for field in proposal.fields:
        assert field.span is not None
        assert document.text[field.span.start : field.span.end] == field.value
        assert field.confidence == 1.0
    assert proposal.parsed_text == STATEMENT
    assert proposal.windows == ((0, len(document.text)),)


def test_an_invented_value_is_offered_only_with_the_mark_absent() -> None:
    document = read_bytes("paper.txt", STATEMENT.encode())
    invented = [{"funder_name": "NASA", "awards": []}]
    pipeline = Pipeline.funding(answers(document, [STATEMENT], invented), "document")
    assert [f.alignment for f in pipeline.propose(document).fields] == ["absent"]


def test_a_reply_that_is_no_json_is_an_error_and_not_no_funding() -> None:
    document = read_bytes("paper.txt", STATEMENT.encode())
    model = answers(document, [STATEMENT], FUNDERS)
    model._replies[task("funding_parse").prompt(STATEMENT).user] = "I am not sure."  # type: ignore[index]
    extraction = Pipeline.funding(model, "document").propose(document).extraction
    assert extraction.funders is None
    assert extraction.error


def test_pieces_of_the_prompt_are_no_findings() -> None:
    document = read_bytes("paper.txt", STATEMENT.encode())
    model = answers(document, ["statement1", "statement7"], [])
    assert Pipeline.funding(model, "document").propose(document).statements == ()


def test_a_paper_without_promising_passages_needs_no_model() -> None:
    document = read_bytes("paper.txt", b"The samples were dried and weighed.")
    proposal = Pipeline.funding(Replay({})).propose(document)
    assert proposal.extraction.funders == ()
    assert proposal.usage.generated_tokens == 0


def test_overlapping_chunks_cover_the_text() -> None:
    text = " ".join(f"word{i}" for i in range(1000))
    windows = list(chunks(text, Replay({}), size=100, overlap=20))
    assert windows[0][0] == 0
    assert windows[-1][1] == len(text)
    for (_, end), (start, _) in pairwise(windows):
        assert start < end
    assert all(len(text[start:end].split()) <= 101 for start, end in windows)


def test_a_statement_found_in_two_chunks_is_one() -> None:
    found = [
        Statement(text="a b c"),
        Statement(text="A  b c"),
        Statement(text="b c"),
        Statement(text="d"),
    ]
    assert [s.text for s in distinct(found)] == ["a b c", "d"]


@pytest.mark.parametrize(
    ("data", "funders"),
    [
        ([{"funder_name": " ", "awards": []}], 0),
        ([{"funder_name": "NSF", "awards": [{"award_ids": [" "]}]}], 1),
        ([{"funder_name": "NSF", "awards": []}] * 2, 1),
        ([{"funder_name": None, "awards": [{"funding_scheme": ["KAKENHI"]}]}], 1),
    ],
)
def test_blanks_and_repeats_are_tidied_away(data: object, funders: int) -> None:
    tidied = tidy(data)
    assert len(tidied) == funders
    assert all(any(a.model_dump().values()) for f in tidied for a in f.awards)


@pytest.mark.parametrize("text", ["", "no", "{", '{"a": 1}', '[{"funder_name": 3}]', "[1]"])
def test_a_malformed_reply_is_none_and_not_empty(text: str) -> None:
    reply = Completion(text, (), "stop", 0, 0, 0.0)
    assert read_funders(reply, task("funding_parse")).funders is None


@pytest.mark.parametrize("name", ["eelgrass-sound", "cherry-chill", "entropy-game"])
def test_the_real_model_s_spans_are_the_document_s_characters(model: Backend, name: str) -> None:
    document = read(SAMPLES / f"{name}.pdf")
    proposal = Pipeline.funding(model).propose(document)
    for statement in proposal.statements:
        if statement.span is not None and statement.alignment != "fuzzy":
            assert document.text[statement.span.start : statement.span.end] == statement.text
    for field in proposal.fields:
        assert (field.span is None) == (field.alignment == "absent")
    assert proposal.card.model == model.name


def test_the_model_parses_statements_to_the_schema(model: Backend) -> None:
    gold = [json.loads(line) for line in (SAMPLES / "gold.jsonl").read_text("utf-8").splitlines()]
    statements = [text for row in gold for text in row["statements"]]
    parsed = Pipeline.funding(model).parse(statements)
    assert len(parsed) == len(statements)
    assert all(extraction.funders is not None for extraction in parsed)


def test_replay_says_which_prompt_it_does_not_know() -> None:
    with pytest.raises(Exception, match="No reply is recorded"):
        Replay({}).generate([Prompt("s", "u")], schema=None, max_tokens=1)
