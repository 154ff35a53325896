"""Tasks are data, pinned by hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import InvalidTask
from models.tasks import asked, load, names, task

# The prompts of the two-stage Llama-3.1-8B card, of the embedded model and of the recipes, and
# funding in the frames of MeXtract and Extract-0. An adapter answers the prompt that it was trained
# on: a new wording is a new task file, never an edit.
PINNED = {
    "funding_parse": "e1a74bfa8a6df8b66d50b6ab9edb15f72752921294accccc937ecf60e48d6c9d",
    "funding_parse_extract0": "117f83553777038baf74b0ec0168bc0d246e5959d2ff014572e361d8ac795c60",
    "funding_parse_lines": "e8f3a91abfc14abe49454755cd554bc65b9ec9b001754837f9de91c6458d0b30",
    "funding_parse_mextract": "e8e47edeba17614015c3bcf406345b7fc56954c2121b91437f81384fda39c592",
    "funding_parse_reasoned": "7977d4138d4ac03f96c319918a352cbdcab6c484613ca7fd21a73ade82e98589",
    "funding_statements": "2e47201256507a856ebefd08f1597bfbe3d0672d5818dea183b028dfe49fc707",
    "funding_statements_extract0": "a085728e52265c0fe58f3f567f19d7bdd0d5acd0d0ba563ca80dee949a20534d",  # noqa: E501
    "funding_statements_lines": "a93e56e6fc8e6453e2968b3274895b1f1e60e0bcc953db126fdc9c0340539466",
    "funding_statements_mextract": "f80e1720e5c870e1af1c1a3d4999422c6717076bb3ed0c4541000e6205067f07",  # noqa: E501
}


@pytest.mark.parametrize("name", sorted(PINNED))
def test_the_prompts_are_pinned(name: str) -> None:
    assert task(name).prompt_sha256 == PINNED[name]


def test_all_tasks_that_ship_load() -> None:
    assert set(PINNED) == set(names())
    assert all(task(name).schema["type"] in ("object", "array") for name in names())


def test_a_statement_with_braces_goes_into_the_prompt_as_it_is() -> None:
    prompt = task("funding_parse").prompt("x {text} {0} y")
    assert prompt.user.endswith("\n\nx {text} {0} y")


def test_the_schema_requires_every_key_of_the_shared_types() -> None:
    schema = task("funding_parse").schema
    assert schema["items"]["required"] == ["funder_name", "awards"]
    award = schema["items"]["properties"]["awards"]["items"]
    assert award["required"] == ["award_ids", "funding_scheme", "award_title"]


def test_an_unknown_task_names_the_known_ones() -> None:
    with pytest.raises(InvalidTask, match="funding_parse"):
        task("no-such-task")


def test_a_malformed_task_file_says_what_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ", "utf-8")
    with pytest.raises(InvalidTask, match=r"broken\.toml"):
        load(broken)
    broken.write_text('name = "x"\nunknown = 1\n', "utf-8")
    with pytest.raises(InvalidTask, match="unknown"):
        load(broken)


def test_the_short_form_shows_numbered_sentences_and_folded_text() -> None:
    shown = task("funding_statements_lines").prompt("Paid by Oxo.  We thank Yara.\nThe end")
    assert shown.user == "1 Paid by Oxo.\n2 We thank Yara.\n3 The end"
    assert task("funding_parse_lines").prompt("Paid\n by  Oxo.").user == "Paid by Oxo."


def test_a_model_s_task_is_known_by_its_prompt() -> None:
    for name in names():
        assert asked(task(name).prompt_sha256[:16], task(name).output) == task(name)
    assert asked("0123456789abcdef", "funders") == task("funding_parse")
