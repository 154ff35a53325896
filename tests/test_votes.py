from models.votes import elect

PAGE = [(0, 100)]


def test_the_model_is_believed_unless_the_judge_is_against() -> None:
    assert elect([(0, 9, 0.6)], [(0, 9, 0.8)], PAGE) == [(0, 9, 0.7)]
    assert elect([(0, 9, 0.1)], [(0, 9, 0.99)], PAGE) == []


def test_a_judge_that_is_certain_needs_no_model() -> None:
    assert elect([(0, 9, 0.98)], [], PAGE) == [(0, 9, 0.49)]
    assert elect([(0, 9, 0.9)], [], PAGE) == []


def test_neighbours_are_one_statement_as_sure_as_the_less_sure() -> None:
    judged = [(0, 9, 1.0), (10, 19, 0.5), (40, 49, 1.0)]
    chosen = [(0, 19, 1.0), (40, 49, 1.0)]
    assert elect(judged, chosen, PAGE) == [(0, 19, 0.75), (40, 49, 1.0)]


def test_what_the_model_was_not_shown_is_not_elected() -> None:
    assert elect([(0, 9, 1.0), (200, 209, 1.0)], [], PAGE) == [(0, 9, 0.5)]
