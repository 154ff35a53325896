"""The same ten corrections in Label Studio community, counted from its documentation.

Nothing here was run. Sources, in the repository HumanSignal/label-studio, read in November 2026:

    L  docs/source/guide/labeling.md: select a label, then drag; a click selects a region, with ctrl
       several; Backspace deletes what is selected; the side panel changes relations
    H  docs/source/guide/hotkeys.md: numbers are labels, ctrl+enter submits, alt+r begins a
       relation, "Select region after creating it"
    R  pull request 7309, "Adjustable spans for Text tag", merged in 2025: the edge of a selected
       region of text can be dragged. The guides that we read do not say so; to delete and make
       anew, as they do, would take more
    C  docs/source/tags/choice.md: choices with keys of their own

The best configuration that we know: plain text; `Labels` Statement, Funder, Award, Scheme and Title
with the keys 1 to 5; `Relations` from funder to award; a choice "No funding" with the key 0, which
counts before any region when the answer is exported; predictions are there when the task opens;
"Select region after creating it" is on. Where two ways lead to the answer, the one of fewer actions
is taken. Scrolling is free, as it is for the workbench.
"""

from __future__ import annotations

from benchmarks.keystrokes import Step, click, drag, press

SUBMIT = press("Control+Enter", "submit", "H")
FUNDER = press("2", "label Funder", "H")
AWARD = press("3", "label Award", "H")
RELATE = press("Alt+r", "relation", "H")
EDGE = drag("its edge", "R")


def region(what: str) -> Step:
    return click(what, "L")


def words(what: str) -> Step:
    return drag(f"over {what}", "L")


ELSEWHERE: tuple[tuple[Step, ...], ...] = (
    (SUBMIT,),
    (press("0", "choice No funding", "C"), SUBMIT),
    (region("the funder"), EDGE, SUBMIT),
    (region("the award id"), EDGE, SUBMIT),
    (AWARD, words("the award id"), RELATE, region("its funder"), SUBMIT),
    (
        FUNDER,
        words("the funder"),
        AWARD,
        words("the award id"),
        RELATE,
        region("the funder"),
        SUBMIT,
    ),
    (
        region("the funder"),
        click("the scheme too", "L", ("Control",)),
        press("Backspace", "delete both", "L"),
        SUBMIT,
    ),
    (
        region("the award id"),
        EDGE,
        AWARD,
        words("the second id"),
        RELATE,
        region("the funder"),
        SUBMIT,
    ),
    (
        click("delete the relation, in the side panel", "L"),
        region("the right funder"),
        RELATE,
        region("the award id"),
        SUBMIT,
    ),
    (region("the statement"), EDGE, SUBMIT),
)
"""The steps of the ten records, in the order of `benchmarks.actions.CASES`."""
