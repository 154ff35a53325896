"""What a decision says of the proposal before it, paper by paper, in sums that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.schemas import Answer, Proposal
from models.scoring.alignment import align, key
from models.scoring.errors import find_errors
from models.scoring.text import normalize_text
from training.calibrate import right_values
from training.errors import fold, statement_error

BINS = 10
"""Bins of equal width over the confidences from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Confidences of one field that fell into one bin: how many, their sum, how many right."""

    field: str
    bin: int
    count: int
    said: float
    right: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A proposal in the light of the decision.

    `errors` counts (level, kind), `confused` names (proposed, corrected) that are not the same,
    an empty one standing for none.
    """

    errors: tuple[tuple[str, str, int], ...] = ()
    confused: tuple[tuple[str, str], ...] = ()
    buckets: tuple[Bucket, ...] = ()
    unchanged: bool = False


def judge(proposal: Proposal, gold: Answer, unchanged: bool) -> Judged:
    """A proposal against the decision; `unchanged` where both are known to say the same."""
    said = Answer(statements=proposal.statements, funders=proposal.funders)
    if unchanged:
        return Judged(buckets=_buckets(proposal, gold), unchanged=True)
    return Judged(
        errors=errors(said, gold, proposal.parsed_text or None),
        confused=tuple(confused(said, gold)),
        buckets=_buckets(proposal, gold),
    )


def errors(said: Answer, gold: Answer, text: str | None = None) -> tuple[tuple[str, str, int], ...]:
    """The errors of an answer by level and kind; of its statements only the gravest one."""
    found = Counter(
        (f.level, f.kind) for f in find_errors(said.funders, gold.funders, "balanced", text)
    )
    told: list[tuple[str, str, int]] = [(level, kind, n) for (level, kind), n in found.items()]
    gravest = statement_error([s.text for s in said.statements], [s.text for s in gold.statements])
    if gravest:
        told.append(("statement", gravest.replace("_statement", ""), 1))
    return tuple(sorted(told))


def confused(said: Answer, gold: Answer) -> Iterator[tuple[str, str]]:
    """Funders that were said otherwise than they are, normalised."""
    for kind, row in align([said, gold]).rows():
        if kind != "funder":
            continue
        one, other = ((cell.value or "") if cell else "" for cell in row)
        if key("funder", one) != key("funder", other):
            yield normalize_text(one).casefold(), normalize_text(other).casefold()


def _buckets(proposal: Proposal, gold: Answer) -> tuple[Bucket, ...]:
    """Each value that came with a confidence, and whether it is right."""
    right = Counter(right_values(proposal.funders, gold.funders))
    sums: dict[tuple[str, int], tuple[int, float, int]] = {}
    for field, confidence, is_right in (
        *_values(proposal, right),
        *_statements(proposal, gold),
    ):
        place = field, min(BINS - 1, int(confidence * BINS))
        count, said, ok = sums.get(place, (0, 0.0, 0))
        sums[place] = count + 1, said + confidence, ok + is_right
    return tuple(Bucket(f, b, *its) for (f, b), its in sums.items())


def _values(
    proposal: Proposal, right: Counter[tuple[str, str]]
) -> Iterator[tuple[str, float, bool]]:
    for item in proposal.fields:
        name = _field(item.path)
        is_right = right[name, item.value.strip()] > 0
        right[name, item.value.strip()] -= 1
        if item.confidence is not None:
            yield name, item.confidence, is_right


def _statements(proposal: Proposal, gold: Answer) -> Iterator[tuple[str, float, bool]]:
    known = {fold(statement.text) for statement in gold.statements}
    for statement in proposal.statements:
        if statement.confidence is not None:
            yield "statement", statement.confidence, fold(statement.text) in known


def _field(path: str) -> str:
    """The field that a JSON pointer leads to: `/0/awards/1/award_ids/0` is `award_ids`."""
    parts = path.rsplit("/", 2)
    return parts[-1] if parts[-1] == "funder_name" else parts[-2]


def add(buckets: Sequence[Bucket]) -> list[Bucket]:
    """The buckets of many papers, those of one field and bin added up, in order."""
    sums: dict[tuple[str, int], tuple[int, float, int]] = {}
    for b in buckets:
        count, said, right = sums.get((b.field, b.bin), (0, 0.0, 0))
        sums[b.field, b.bin] = count + b.count, said + b.said, right + b.right
    return [Bucket(name, bin, *its) for (name, bin), its in sorted(sums.items())]
