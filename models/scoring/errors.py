"""What is wrong with an answer, value by value, in words that a curator can act on.

The counts of `score_document` explained: every right value that was not matched and every said
value that matched nothing is in exactly one counted finding. A name that was cut short may have
matched all the same; it is told too, and is not `counted`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from models.schemas import Funder
from models.scoring.funders import VALUE_FIELDS, Level, Pair, ValueLevel, match_level, pair_funders
from models.scoring.matching import Criteria, Mode, criteria
from models.scoring.text import normalize_award_id, normalize_text

ErrorKind = Literal[
    "missed",
    "spurious",
    "wrong_funder",
    "split_id",
    "merged_id",
    "truncated_name",
    "hallucinated",
]
"""`spurious` stands in the statement and is not right; `hallucinated` does not even stand there.
Where the statement is not known, both are `spurious`."""

_PARENTHESES = re.compile(r"\s*\([^)]*\)")
_JOINTS = re.compile(r"AND|UND|ET|[\W_]")
_MIN_PART = 2
_MIN_CUT = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One error: the right values and what was said instead; `funder` is whose values they are."""

    kind: ErrorKind
    level: Level
    gold: tuple[str, ...] = ()
    pred: tuple[str, ...] = ()
    funder: str | None = None
    counted: bool = True


class _Left(NamedTuple):
    """A value without a partner and the funder that it stands under."""

    value: str
    funder: str | None
    key: str


def find_errors(
    pred: Sequence[Funder],
    gold: Sequence[Funder],
    how: Mode | Criteria = "balanced",
    statement: str | None = None,
) -> list[Finding]:
    """All errors of one document, names first. `statement` is the text that was read."""
    how = criteria(how)
    pairs = pair_funders(pred, gold, how)
    found = _name_errors(pairs, statement)
    for level in VALUE_FIELDS:
        found += _value_errors(pairs, level, how, statement)
    return found


def count_errors(findings: Iterable[Finding]) -> dict[Level, dict[ErrorKind, int]]:
    """How many errors of each kind at each level."""
    counts: dict[Level, dict[ErrorKind, int]] = {}
    for (level, kind), number in Counter((f.level, f.kind) for f in findings).items():
        counts.setdefault(level, {})[kind] = number
    return counts


def is_truncated(said: str, right: str) -> bool:
    """Whether a name is the beginning or the last words of the right one.

    What is only left out in parentheses is not missing.
    """
    short = normalize_text(said).casefold()
    full = _PARENTHESES.sub("", normalize_text(right)).casefold()
    if not _MIN_CUT <= len(short) < len(full):
        return False
    return full.startswith(short) or full.endswith(f" {short}")


def _name_errors(pairs: Sequence[Pair], statement: str | None) -> list[Finding]:
    found: list[Finding] = []
    missed: list[str] = []
    extra: list[str] = []
    for pair in pairs:
        right, said = pair.gold and pair.gold.name, pair.pred and pair.pred.name
        if right and said:
            if is_truncated(said, right):
                cut = ((right,), (said,), right)
                found.append(Finding("truncated_name", "funder", *cut, counted=False))
        elif right:
            missed.append(right)
        elif said:
            extra.append(said)
    for right in list(missed):
        said = next((name for name in extra if is_truncated(name, right)), None)
        if said:
            missed.remove(right)
            extra.remove(said)
            found.append(Finding("truncated_name", "funder", (right,), (said,), right))
    found += [_unfounded("funder", name, name, statement) for name in extra]
    return found + [Finding("missed", "funder", (name,), funder=name) for name in missed]


def _value_errors(
    pairs: Sequence[Pair], level: ValueLevel, how: Criteria, statement: str | None
) -> list[Finding]:
    missed, extra = _left_over(pairs, level, how)
    found = _under_another_funder(missed, extra, level)
    if level == "award_id":
        found += _torn(missed, extra, _split)
        found += _torn(extra, missed, _merged)
    found += [_unfounded(level, left.value, left.funder, statement) for left in extra]
    return found + [Finding("missed", level, (m.value,), funder=m.funder) for m in missed]


def _left_over(
    pairs: Sequence[Pair], level: ValueLevel, how: Criteria
) -> tuple[list[_Left], list[_Left]]:
    """The right values and the said ones that have no partner inside their pair."""

    def key(value: str) -> str:
        is_id = level == "award_id"
        return normalize_award_id(value, how.id_mode) if is_id else normalize_text(value)

    missed: list[_Left] = []
    extra: list[_Left] = []
    for pair in pairs:
        gold, pred = pair.sides(level)
        matches = match_level(gold, pred, level, how)
        for values, group, taken, left in (
            (gold, pair.gold, {i for i, _, _ in matches}, missed),
            (pred, pair.pred, {j for _, j, _ in matches}, extra),
        ):
            name = group.name if group else None
            left += [_Left(v, name, key(v)) for n, v in enumerate(values) if n not in taken]
    return missed, extra


def _under_another_funder(
    missed: list[_Left], extra: list[_Left], level: ValueLevel
) -> list[Finding]:
    """Right values said under a wrong funder; they leave both lists."""
    found: list[Finding] = []
    for right in list(missed):
        said = next((left for left in extra if left.key == right.key), None)
        if said is not None:
            missed.remove(right)
            extra.remove(said)
            values = ((right.value,), (said.value,))
            found.append(Finding("wrong_funder", level, *values, right.funder))
    return found


def _torn(
    wholes: list[_Left], parts: list[_Left], tell: Callable[[_Left, Sequence[_Left]], Finding]
) -> list[Finding]:
    """Ids of one side that are several of the other side joined; they leave both lists."""
    found: list[Finding] = []
    for whole in list(wholes):
        pieces = _pieces(whole.key, parts)
        if pieces:
            wholes.remove(whole)
            for piece in pieces:
                parts.remove(piece)
            found.append(tell(whole, pieces))
    return found


def _pieces(whole: str, parts: Sequence[_Left]) -> list[_Left]:
    """Two or more of the parts that make up the whole but for punctuation between them."""
    rest, used = whole, []
    for part in sorted(parts, key=lambda left: len(left.key), reverse=True):
        if len(part.key) >= _MIN_PART and part.key in rest:
            rest = rest.replace(part.key, " ", 1)
            used.append(part)
    is_whole = len(used) > 1 and not _JOINTS.sub("", rest)
    return sorted(used, key=lambda left: whole.find(left.key)) if is_whole else []


def _split(whole: _Left, parts: Sequence[_Left]) -> Finding:
    said = tuple(part.value for part in parts)
    return Finding("split_id", "award_id", (whole.value,), said, whole.funder)


def _merged(whole: _Left, parts: Sequence[_Left]) -> Finding:
    right = tuple(part.value for part in parts)
    return Finding("merged_id", "award_id", right, (whole.value,), whole.funder)


def _unfounded(level: Level, value: str, funder: str | None, statement: str | None) -> Finding:
    from models.grounding import find_value

    fuzzy = level != "award_id"
    invented = statement is not None and find_value(value, statement, fuzzy=fuzzy) is None
    return Finding("hallucinated" if invented else "spurious", level, pred=(value,), funder=funder)
