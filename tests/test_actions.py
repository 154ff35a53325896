"""The keystroke-level comparison counts both sides by one rule, and its page says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.actions import CASES
from benchmarks.actions_elsewhere import ELSEWHERE, SUBMIT
from benchmarks.keystrokes import Step, click, drag, press, seconds

PAGE = (Path(__file__).parent.parent / "docs" / "actions.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], 0.0),
        ([press("j", "")], 0.28),
        ([press("A", "")], 0.56),
        ([press("Control+Enter", "")], 0.56),
        ([click("")], 0.4 + 1.1 + 0.2),
        ([click("", holding=("Control",))], 0.4 + 0.28 + 1.1 + 0.2),
        ([drag("")], 0.4 + 2 * 1.1 + 0.2),
        ([press("3", ""), drag(""), click(""), press("x", "")], 2 * 0.28 + 2 * 0.4 + 2.4 + 1.3),
    ],
)
def test_seconds_are_those_of_the_published_operators(steps: list[Step], expected: float) -> None:
    assert seconds(steps) == pytest.approx(expected)


def test_both_sides_decide_ten_records_and_each_way_elsewhere_ends_with_submitting() -> None:
    assert len(CASES) == len(ELSEWHERE) == 10
    assert {way[-1] for way in ELSEWHERE} == {SUBMIT}
    assert all(step.source for way in ELSEWHERE for step in way)


@pytest.mark.parametrize("number", range(1, 11))
def test_the_page_has_the_counts_and_steps_of_label_studio(number: int) -> None:
    way = ELSEWHERE[number - 1]
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| {number} |")]
    counts, steps = rows
    cells = [cell.strip() for cell in counts.strip("|").split("|")]
    assert cells[1] == CASES[number - 1].wrong
    assert cells[-2:] == [str(len(way)), f"{seconds(way):.1f}"]
    assert steps.strip("|").split("|")[-1].strip() == " · ".join(map(str, way))


def test_the_page_counts_as_many_steps_here_as_it_lists() -> None:
    for number in range(1, 11):
        counts, steps = (line for line in PAGE.splitlines() if line.startswith(f"| {number} |"))
        listed = steps.strip("|").split("|")[1].split(" · ")
        assert counts.strip("|").split("|")[2].strip() == str(len(listed))
