"""Whether a candidate adapter may go live: it must be better where it counts, and worse nowhere.

Candidate and live adapter read the same held-out statements with the same decoder, turn by turn so
that a busy machine costs both the same. What counts is the reward that training uses too; chance is
told from gain by a paired bootstrap over statements. A human may overrule it, the reason on record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from models import compact
from models.backends import Backend, Completion
from models.errors import UnusableAdapter
from models.extract import Pipeline
from models.replies import read_funders
from models.schemas import Funder
from models.scoring.funders import Counts, score_document
from models.scoring.paired import Difference, f1_difference, mean_difference
from training import calibrate, corpora
from training.corpora import LabelledStatement
from training.refit import Refit, refit
from training.rewards import SHAPED, funding_metrics, weighted

TOGETHER = 16
"""Statements that one adapter reads before it is the other's turn."""
FIRST = 4
"""Statements of the first turn: an adapter whose replies never end takes minutes for one."""
SHOWN_CHANGES = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """What an adapter said about one statement: None where it cannot be read.

    `is_whole` is False where the reply was cut; `seconds` is its share of the CPU time, `reply`
    what the model literally said.
    """

    funders: tuple[Funder, ...] | None
    is_whole: bool
    seconds: float
    reply: Completion | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """`tolerance`: reward to lose where other fields gain; `slower`: factor in CPU time."""

    tolerance: float = 0.002
    slower: float = 1.10


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's word: whether the candidate may go live, why or why not, and the figures."""

    passes: bool
    reasons: tuple[str, ...]
    reward: Difference
    fields: dict[str, Difference] = field(default_factory=dict)
    unreadable: int = 0
    seconds: tuple[float, float] = (0.0, 0.0)
    statements: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the adapter's card."""
        return asdict(self)


def regression() -> list[LabelledStatement]:
    """Eighty synthetic statements, the same for every gate: what an adapter must not forget."""
    return list(corpora.statements(Path(__file__).parent / "regression.jsonl"))


def compare(
    live: str,
    candidate: str,
    gold: Sequence[LabelledStatement],
    models: Path,
    threads: int | None = None,
    tell: Callable[[int], None] = lambda done: None,
    held_out: int = 0,
    chains: Path | None = None,
) -> dict[str, Any]:
    """Open both models (names or folders), let them read, decide: the decision as JSON.

    Each is opened by the backend of its own base; `chains` is where files of chains lie.

    `changes` are the first statements that they read differently. Opening the candidate is its
    smoke test: it is merged and quantized as it will be used, and refused where that cannot be.
    The first `held_out` of the gold are real ones: how sure the candidate is of its values is
    fitted anew on them, with `curves` to use it with and, in `calibration`, what came of it.
    Raises `ModelUnavailable` when anything else keeps the models from being opened.
    """
    from models import catalog

    def opened(model: str) -> Backend:
        return catalog.open_model(model, models, threads, chains)

    with ExitStack() as stack:
        try:
            after = stack.enter_context(closing(opened(candidate)))
        except UnusableAdapter as error:
            return refusal(error)
        before = stack.enter_context(closing(opened(live)))
        pipelines = Pipeline.funding(before), Pipeline.funding(after)
        said = read_in_turns(*pipelines, [record.statement for record in gold], tell)
        read = gold[: len(said[0])]
        fitted = refit_on(pipelines[1], said[1][:held_out], read[:held_out])
        said = said[0], with_curves(pipelines[1], said[1], fitted, held_out)
    decision = decide(*said, read)
    sure = {"curves": fitted.curves.to_dict(), "calibration": fitted.to_dict()}
    if len(read) < len(gold):
        ended = f"The comparison was ended after {len(read)} of {len(gold)} statements."
        decision = replace(decision, passes=False, reasons=(*decision.reasons, ended))
    return decision.to_dict() | {"changes": changes(*said, read)} | sure


def refit_on(
    candidate: Pipeline, readings: Sequence[Reading], gold: Sequence[LabelledStatement]
) -> Refit:
    """How sure the candidate is, fitted on its readings of held-out gold."""
    documents = [
        _outcomes(candidate, reading.reply, record.funders)
        for reading, record in zip(readings, gold, strict=True)
        if reading.reply is not None
    ]
    return refit(documents, candidate.backend.calibration)


def _outcomes(
    candidate: Pipeline, reply: Completion, right: Sequence[Funder]
) -> list[calibrate.Outcome]:
    """Each value of a reply with its verdict, the doubtful ones among them."""
    said = read_funders(reply, candidate.funders).funders
    return list(calibrate.outcomes(reply, candidate.funders, said or (), right))


def with_curves(
    candidate: Pipeline, readings: Sequence[Reading], fitted: Refit, held_out: int
) -> list[Reading]:
    """The readings as they are with the new curves: which names are too doubtful hangs on them.

    A held-out statement is read with curves that were fitted without it.
    """
    return [
        reading
        if reading.reply is None or reading.funders is None
        else replace(
            reading,
            funders=candidate.read(
                reading.reply, fitted.others(number) if number < held_out else fitted.curves
            ).funders,
        )
        for number, reading in enumerate(readings)
    ]


def refusal(error: UnusableAdapter) -> dict[str, Any]:
    """The decision on a candidate that does not open, as JSON: there are no figures."""
    reason = f"It cannot be used. {error.message}"
    return {"passes": False, "opens": False, "reasons": [reason], "changes": []}


def changes(
    live: Sequence[Reading], candidate: Sequence[Reading], gold: Sequence[LabelledStatement]
) -> list[dict[str, str]]:
    """The first statements that the adapters read differently, with both readings."""
    found: list[dict[str, str]] = []
    for before, after, record in zip(live, candidate, gold, strict=True):
        if before.funders != after.funders and len(found) < SHOWN_CHANGES:
            text = compact.fold(record.statement)
            both = {"live": _short(before, text), "candidate": _short(after, text)}
            found.append({"id": record.id, "statement": text, **both})
    return found


def _short(reading: Reading, text: str) -> str:
    return "unreadable" if reading.funders is None else compact.write_funders(reading.funders, text)


def read_in_turns(
    live: Pipeline,
    candidate: Pipeline,
    statements: Sequence[str],
    tell: Callable[[int], None] = lambda done: None,
) -> tuple[list[Reading], list[Reading]]:
    """Both adapters' readings of the statements, in their order.

    They end early where the candidate's replies are broken: most cannot be read, while most of
    the live adapter's can.
    """
    readings: tuple[list[Reading], list[Reading]] = ([], [])
    bounds = sorted({0, *range(FIRST, len(statements), TOGETHER), len(statements)})
    for number, (start, end) in enumerate(pairwise(bounds)):
        part = statements[start:end]
        turns = list(zip((live, candidate), readings, strict=True))
        for pipeline, into in turns if number % 2 == 0 else reversed(turns):
            into += _read(pipeline, part)
        tell(end)
        if 2 * _unreadable(readings[0]) < end < 2 * _unreadable(readings[1]):
            break
    return readings


def _read(pipeline: Pipeline, statements: Sequence[str]) -> list[Reading]:
    started = time.process_time()  # what other programs do meanwhile is not the adapter's fault
    replies = pipeline.replies(statements)
    said = [(pipeline.read(reply), reply) for reply in replies]
    seconds = (time.process_time() - started) / len(statements)
    return [Reading(it.funders, it.error is None, seconds, reply) for it, reply in said]


def decide(
    live: Sequence[Reading],
    candidate: Sequence[Reading],
    gold: Sequence[LabelledStatement],
    rule: Rule | None = None,
) -> Decision:
    """The gate's decision over held-out statements, read by both adapters.

    Raises `ValueError` when there is nothing to compare on: no adapter goes live unmeasured.
    """
    rule = rule or Rule()
    if not gold:
        raise ValueError("there is no held-out gold to compare on")
    reward = mean_difference(_rewards(live, gold), _rewards(candidate, gold))
    counts = [_counts(live, gold), _counts(candidate, gold)]
    fields = {
        level: f1_difference([c[level] for c in counts[0]], [c[level] for c in counts[1]])
        for level in counts[0][0]
    }
    unreadable = _unreadable(candidate)
    seconds = (sum(r.seconds for r in live), sum(r.seconds for r in candidate))
    more = unreadable if unreadable > _unreadable(live) else 0
    against = _objections(candidate, gold, more, seconds, rule)
    merit, is_better = _merit(reward, fields, rule)
    return Decision(
        passes=is_better and not against,
        reasons=(*against, merit),
        reward=reward,
        fields=dict(fields),
        unreadable=unreadable,
        seconds=seconds,
        statements=len(gold),
    )


def _unreadable(readings: Sequence[Reading]) -> int:
    return sum(not reading.is_whole or reading.funders is None for reading in readings)


def _objections(
    candidate: Sequence[Reading],
    gold: Sequence[LabelledStatement],
    unreadable: int,
    seconds: tuple[float, float],
    rule: Rule,
) -> list[str]:
    found = []
    if unreadable:
        found.append(
            f"{unreadable} of {len(gold)} replies cannot be read or were cut, more than before."
        )
    funded = [said for said, right in zip(candidate, gold, strict=True) if right.funders]
    silent = sum(said.is_whole and said.funders == () for said in funded)
    if silent and 2 * silent >= len(funded) and not any(said.funders for said in funded):
        found.append("It finds no funder in any statement: it has learned to say nothing.")
    if seconds[1] > seconds[0] * rule.slower:
        slower = seconds[1] / seconds[0] - 1
        found.append(f"It takes {slower:.0%} more CPU time; {rule.slower - 1:.0%} is allowed.")
    return found


def _merit(reward: Difference, fields: dict[Any, Difference], rule: Rule) -> tuple[str, bool]:
    """The sentence on the reward, and whether it speaks for the candidate."""
    if reward.low > 0:
        return f"The reward rises to {reward}.", True
    others = [fields[level] for level in ("scheme", "title")]
    if (
        reward.gain >= -rule.tolerance
        and any(f.low > 0 for f in others)
        and all(f.gain >= -rule.tolerance for f in others)
    ):
        return f"The reward holds at {reward}, and schemes or titles gain.", True
    if reward.high < 0:
        return f"The reward falls to {reward}: it reads worse than the live adapter.", False
    return f"The reward is {reward}: no gain beyond chance.", False


def _rewards(readings: Sequence[Reading], gold: Sequence[LabelledStatement]) -> list[float]:
    """The closed `funding_shaped` reward of each statement."""
    made = []
    for reading, right in zip(readings, gold, strict=True):
        if reading.funders is None:
            made.append(0.0)
        elif not (reading.funders and right.funders):
            made.append(float(not reading.funders and not right.funders))
        else:
            made.append(weighted(funding_metrics(reading.funders, right.funders), SHAPED))
    return made


def _counts(
    readings: Sequence[Reading], gold: Sequence[LabelledStatement]
) -> list[dict[Any, Counts]]:
    return [
        dict(score_document(reading.funders or (), right.funders))
        for reading, right in zip(readings, gold, strict=True)
    ]
