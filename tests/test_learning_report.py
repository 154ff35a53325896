"""The learning curve: what it takes to save edits, and the table between its marks."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.extraction import answer, fill
from benchmarks.learning_report import Point, corrections_until, curves, plot, point, table
from models.schemas import Funder
from tests.funders import DFG, NSF
from training.corpora import LabelledStatement


def measured(arm: str, corrections: int, said: tuple[Funder, ...] | None) -> Point:
    gold = LabelledStatement(id="1", source="s", license="", statement="-", funders=(NSF, DFG))
    return point(arm, corrections, [answer("1", said, 0.0)], [gold])


POINTS = [
    measured("start", 0, None),
    measured("SFT", 25, (NSF,)),
    measured("DPO", 25, ()),
    measured("SFT", 50, (NSF, DFG)),
]


@pytest.mark.parametrize(
    ("points", "needed"),
    [
        ([(0, 10.0), (25, 8.0), (50, 6.0)], 37.5),
        ([(0, 10.0), (25, 7.0)], 25),
        ([(0, 10.0), (25, 12.0), (50, 2.0)], 37.5),
        ([(0, 10.0), (25, 7.1)], None),
        ([(0, 0.0), (25, 0.0)], None),
        ([(0, 10.0)], None),
    ],
)
def test_corrections_are_interpolated_between_measured_points(
    points: list[tuple[float, float]], needed: float | None
) -> None:
    assert corrections_until(points) == needed


def test_a_point_has_edits_reward_and_scores() -> None:
    start, sft, dpo, whole = POINTS
    assert [p.mean for p in POINTS] == [4, 2, 4, 0]
    assert (start.reward, dpo.reward, whole.reward) == (0, 0, 1)
    assert 0 < sft.reward < 1
    assert sft.levels["funder"].counts.recall == 0.5


def test_every_arm_begins_at_the_start() -> None:
    arms = curves(POINTS)
    assert {arm: [p.corrections for p in found] for arm, found in arms.items()} == {
        "SFT": [0, 25, 50],
        "DPO": [0, 25],
    }


def test_the_table_says_what_is_reached_and_replaces_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- learning-curve -->\nold\n<!-- /learning-curve -->\nb\n")
    fill(page, table(POINTS), "learning-curve")
    text = page.read_text("utf-8")
    assert "SFT: 30% fewer edits a paper after 15 corrections" in text
    assert "DPO: 30% fewer edits a paper not reached" in text
    assert text.startswith("a\n<!-- learning-curve -->\n") and text.endswith("-->\nb\n")
    assert "old" not in text


def test_the_plot_is_a_picture_with_a_curve_an_arm_in_each_panel() -> None:
    tree = ElementTree.fromstring(plot(POINTS))
    assert len(tree.findall(".//{http://www.w3.org/2000/svg}polyline")) == 3 * 2
