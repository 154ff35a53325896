from pathlib import Path

import pytest

from models.backends import Token
from models.calibration import UNCALIBRATED, Calibration, Curve, Evidence, evidence, load
from models.replies import without_doubtful
from models.schemas import Award, Extraction, Funder


def test_the_evidence_of_a_value_is_that_of_its_own_tokens() -> None:
    tokens = [Token(0, 2, -3.0), Token(2, 5, -0.1), Token(5, 9, -0.5), Token(9, 10, -4.0)]
    assert evidence(tokens, 3, 9) == Evidence(pytest.approx(-0.3), -0.5)
    assert evidence(tokens, 10, 12) is None


def test_without_a_curve_the_probability_is_the_geometric_mean() -> None:
    assert UNCALIBRATED.probability("funder_name", Evidence(-2.0, -3.0)) == pytest.approx(
        0.1353, abs=1e-4
    )
    assert UNCALIBRATED.probability("funder_name", None) is None


def test_a_curve_is_a_logistic_function_and_survives_a_file(tmp_path: Path) -> None:
    fitted = Calibration({"award_ids": Curve(2.0, 3.0, 1.0)})
    fitted.dump(tmp_path / "calibration.json")
    again = load(tmp_path / "calibration.json")
    assert again == fitted
    assert again.probability("award_ids", Evidence(0.0, 0.0)) == pytest.approx(0.8808, abs=1e-4)
    assert again.probability("award_ids", Evidence(-1.0, -500.0)) == pytest.approx(0.0, abs=1e-9)


def test_a_missing_file_is_no_calibration_and_a_wrong_one_an_error(tmp_path: Path) -> None:
    assert load(tmp_path / "absent.json") is UNCALIBRATED
    (tmp_path / "wrong.json").write_text('{"award_ids": {"slope": 1}}')
    with pytest.raises(ValueError, match="holds no calibration"):
        load(tmp_path / "wrong.json")


def test_a_lone_name_that_is_hardly_right_is_left_out_and_one_with_awards_stays() -> None:
    paid = Funder(funder_name="Moss Fund", awards=(Award(award_ids=("1",)),))
    names = [Funder(funder_name=name) for name in ("Alice Smith", "Peat Trust", "Bog Agency")]
    said = Extraction(raw="F ...", funders=(*names, paid))
    sure = {
        ("funder_name", "Alice Smith"): 0.1,
        ("funder_name", "Peat Trust"): 0.9,
        ("funder_name", "Moss Fund"): 0.1,
    }
    kept = without_doubtful(said, sure)
    assert kept.funders == (*names[1:], paid)
    assert kept.raw == said.raw
    unreadable = Extraction(raw="?", funders=None, error="no form")
    assert without_doubtful(unreadable, sure) == unreadable
