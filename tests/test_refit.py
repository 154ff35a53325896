"""How sure a new adapter is, fitted on held-out answers where that foretells better."""

from __future__ import annotations

import json
import math
import random
import shutil
from pathlib import Path

import pytest

from models import catalog
from models.calibration import FILE, UNCALIBRATED, Calibration, Curve, Evidence, load
from tests.tiny_run import make_run
from training import __main__ as trainer
from training import run as runs
from training.calibrate import Outcome
from training.gate import regression
from training.refit import FOLDS, refit
from training.run import GateSpec

TRUE = Curve(bias=2.0, mean=3.0, least=0.0)
UPSIDE_DOWN = Curve(bias=-2.0, mean=-3.0, least=0.0)


def said(documents: int, each: int = 2, seed: int = 5) -> list[list[Outcome]]:
    """Names that are right as often as the true curve says."""
    rng = random.Random(seed)

    def one() -> Outcome:
        told = Evidence(-3.0 * rng.random() ** 2, -4.0)
        sure = Calibration({"funder_name": TRUE}).probability("funder_name", told) or 0.0
        return Outcome("funder_name", told, rng.random() < sure)

    return [[one() for _ in range(each)] for _ in range(documents)]


def test_a_curve_that_no_longer_fits_is_replaced_by_one_that_does() -> None:
    made = refit(said(300), Calibration({"funder_name": UPSIDE_DOWN}))
    told = made.told["funder_name"]
    assert told.refitted and told.values == 600
    assert told.log_loss is not None and told.log_loss[1] < told.log_loss[0]
    for mean in (-0.1, -0.5, -1.5):
        evidence = Evidence(mean, -4.0)
        expected = Calibration({"funder_name": TRUE}).probability("funder_name", evidence)
        assert made.curves.probability("funder_name", evidence) == pytest.approx(expected, abs=0.08)


def test_a_curve_that_fits_already_stays() -> None:
    former = Calibration({"funder_name": TRUE})
    made = refit(said(40), former)
    assert not made.told["funder_name"].refitted
    assert made.curves == former
    assert all(curves == former for curves in made.folds)


def test_too_few_values_change_nothing_and_the_card_says_so() -> None:
    former = Calibration({"award_ids": Curve(1.0, 2.0, 3.0)})
    made = refit(said(8), former)
    assert made.curves == former
    told = json.loads(json.dumps(made.to_dict()))
    assert told["least_values"] == 30
    assert told["funder_name"]["values"] == 16
    assert (told["funder_name"]["refitted"], told["funder_name"]["log_loss"]) == (False, None)


def test_values_that_are_all_right_teach_no_curve() -> None:
    right = [[Outcome("funder_name", Evidence(-0.1, -0.2), True)] for _ in range(200)]
    made = refit(right, UNCALIBRATED)
    assert made.curves == UNCALIBRATED
    assert made.told["funder_name"].right == 1.0


def test_no_held_out_document_is_judged_by_a_curve_fitted_on_it() -> None:
    documents = said(100)
    made = refit(documents, UNCALIBRATED)
    assert made.told["funder_name"].refitted
    changed = [list(held) for held in documents]
    changed[7] = [Outcome("funder_name", Evidence(-0.01, -4.0), False)] * 60
    again = refit(changed, UNCALIBRATED)
    assert again.told["funder_name"].refitted
    assert again.others(7) == made.others(7)
    assert all(again.folds[n] != made.folds[n] for n in range(FOLDS) if n != 7 % FOLDS)


def test_a_kind_without_evidence_of_gain_keeps_its_curve_beside_one_that_is_replaced() -> None:
    former = Calibration({"award_ids": Curve(1.0, 2.0, 3.0), "funder_name": UPSIDE_DOWN})
    made = refit(said(300), former)
    assert made.curves.curves["award_ids"] == Curve(1.0, 2.0, 3.0)
    assert made.curves.curves["funder_name"] != UPSIDE_DOWN


@pytest.mark.slow
def test_the_gate_leaves_fitted_curves_with_the_adapter_and_what_came_of_it_in_its_card(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.gate.regression", list)  # 24 statements are enough here
    shipped, folder = catalog.adapters()[catalog.default()].path, tmp_path / "run"
    rows = [record.model_dump(mode="json") for record in regression()[:24]]
    sha256 = runs.write_rows(folder, "held_out.jsonl", rows)
    gate = GateSpec(live=catalog.default(), models=cache, sha256=sha256)
    make_run(folder, tmp_path, gate=gate, threads=1)
    candidate = folder / runs.ADAPTER
    shutil.copytree(shipped, candidate)
    wrong = {kind: UPSIDE_DOWN._replace(bias=-6.0) for kind in ("funder_name", "award_ids")}
    Calibration(wrong).dump(candidate / FILE)
    request, report = trainer.Request(folder), trainer.Reporter(folder)
    trainer._compare(runs.load_spec(folder), gate, folder, candidate, request, report)

    told = json.loads((folder / runs.GATE).read_text())
    assert "curves" not in told
    names = told["calibration"]["funder_name"]
    assert names["values"] > 30 and names["refitted"], told["calibration"]
    curves = load(candidate / FILE).curves
    assert curves["funder_name"] != wrong["funder_name"]
    sure = Calibration(curves).probability("funder_name", Evidence(-0.01, -0.05))
    assert sure is not None and math.isclose(sure, names["right"], abs_tol=0.2)
    card = json.loads((candidate / "training.json").read_text())
    assert card["calibration"] == told["calibration"]
    assert card["base"]  # what it said before is there still
