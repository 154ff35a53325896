"""The comparison with other tools is whole, and each yes of ours names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "comparison.md").read_text("utf-8")
Row = tuple[str, ...]
TEST = re.compile(r"`(tests/test_\w+\.py)::([\w:]+)`")


def table(title: str) -> list[Row]:
    """The rows of the table under a heading, the one with the names first."""
    part = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line.strip() for line in part.splitlines() if line.startswith("|")]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    return [rows[0], *rows[2:]]


FEATURES, OURS, WISHES = map(
    table, ("Features", "Ours in detail", "What users of other tools ask for")
)


@cache
def names_in(file: str) -> frozenset[str]:
    """Names of a file's tests: `test_x`, or `TestX::test_y` in a class. The file is not run."""
    found = set()
    for node in ast.parse((ROOT / file).read_text("utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {prefix + each.name for each in inside if isinstance(each, ast.FunctionDef)}
    return frozenset(name for name in found if "test_" in name)


def named(cell: str) -> list[tuple[str, str]]:
    return TEST.findall(cell)


def numbers(rows: list[Row]) -> list[str]:
    return [row[0] for row in rows[1:]]


@pytest.mark.parametrize("rows", [FEATURES, OURS, WISHES], ids=["features", "ours", "wishes"])
def test_no_row_lacks_a_cell(rows: list[Row]) -> None:
    assert [row for row in rows if len(row) != len(rows[0])] == []
    assert numbers(rows) == [str(n) for n in range(1, len(rows))]


def test_every_tool_and_feature_is_judged() -> None:
    assert FEATURES[0][2:] == (
        "Argilla",
        "Label Studio",
        "Prodigy",
        "doccano",
        "INCEpTION",
        "LlamaBoard",
        "Extralit",
        "ours",
    )
    assert len(FEATURES) - 1 >= 27
    assert len(WISHES) - 1 == 23
    assert [row for row in FEATURES if not all(row)] == []
    assert numbers(FEATURES) == numbers(OURS)


def test_every_test_that_is_named_exists() -> None:
    lost = [
        f"{file}::{name}"
        for file, name in named(PAGE)
        if not (ROOT / file).is_file() or name not in names_in(file)
    ]
    assert lost == []


def test_nothing_looks_like_a_test_and_is_not_read_as_one() -> None:
    assert PAGE.count("tests/") == len(named(PAGE))


@pytest.mark.parametrize("number", numbers(FEATURES))
def test_a_yes_names_its_test_and_anything_else_what_is_missing(number: str) -> None:
    state = FEATURES[int(number)][-1]
    _, there, missing, shown = OURS[int(number)]
    assert state in {"yes", "part", "no"}
    if state == "yes":
        assert there
        assert named(shown)
    else:
        assert missing


@pytest.mark.parametrize("number", numbers(WISHES))
def test_a_wish_that_came_true_names_its_test(number: str) -> None:
    _, wish, here, shown = WISHES[int(number)]
    assert wish
    assert here.startswith(("yes", "part", "no"))
    assert here.startswith("no") or named(shown)
