"""The rewards of cometadata's funding models: F0.5 of funders and award ids, weighted.

Their loopholes are closed unless `loopholes=True` asks for the published numbers:

- a reply that cannot be read earns nothing, also where there was nothing to find;
- where there was nothing to find, only the answer "none" earns anything;
- an award id that differs in a digit is another award.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.schemas import Funder
from models.scoring.funders import Counts, count_values, score_document
from models.scoring.matching import Criteria
from models.scoring.reading import funders_from_text, read_funders
from training.rewards.registry import Completion, Log, Read, log_parts, reply_text, reward

BETA = 0.5
"""All rewards favour precision: a wrong award costs a curator more than a missing one."""
SHAPED = {"funder_f0_5": 0.50, "award_id_f0_5": 0.40, "flat_award_id_f0_5": 0.10}
BINARY = {"funder_f0_5": 0.50, "award_id_f0_5": 0.50}


@reward("funding_shaped")
def funding_shaped(
    completions: Sequence[Completion],
    *,
    funders: Sequence[Any],
    loopholes: bool = False,
    read: Read = funders_from_text,
    log_metric: Log | None = None,
    **_: Any,
) -> list[float | None]:
    """Half for the funders, 0.4 for their award ids, 0.1 for the ids under whichever funder."""
    return _rewards(completions, funders, SHAPED, loopholes, read, loopholes, log_metric)


@reward("funding_binary")
def funding_binary(
    completions: Sequence[Completion],
    *,
    funders: Sequence[Any],
    loopholes: bool = False,
    read: Read = funders_from_text,
    log_metric: Log | None = None,
    **_: Any,
) -> list[float | None]:
    """Half for the funders, half for their award ids; an id is right or wrong."""
    return _rewards(completions, funders, BINARY, loopholes, read, False, log_metric)


@reward("funding_dapo")
def funding_dapo(
    completions: Sequence[Completion],
    *,
    funders: Sequence[Any],
    loopholes: bool = False,
    read: Read = funders_from_text,
    log_metric: Log | None = None,
    **_: Any,
) -> list[float | None]:
    """The reward of the two-stage Llama-3.1-8B card: weights and ids as in `funding_shaped`.

    Nothing against nothing is 1.0, nothing against something 0.0.
    """
    return _rewards(completions, funders, SHAPED, loopholes, read, loopholes, log_metric)


def _rewards(
    completions: Sequence[Completion],
    funders: Sequence[Any],
    weights: Mapping[str, float],
    loopholes: bool,
    read: Read,
    soft_ids: bool,
    log: Log | None,
) -> list[float | None]:
    made: list[float | None] = []
    parts: list[Mapping[str, float]] = []
    for completion, right in zip(completions, funders, strict=True):
        if right is None:
            made.append(None)
            continue
        gold, pred = read_funders(right), read(reply_text(completion))
        part = _published(pred or (), gold, soft_ids) if loopholes else _closed(pred, gold)
        parts.append(part)
        made.append(weighted(part, weights))
    log_parts(parts, log)
    return made


def _published(pred: tuple[Funder, ...], gold: tuple[Funder, ...], soft: bool) -> dict[str, float]:
    metrics = funding_metrics(pred, gold, soft_ids=soft)
    return dict.fromkeys(metrics, 0.0) if gold and not pred else metrics


def _closed(pred: tuple[Funder, ...] | None, gold: tuple[Funder, ...]) -> dict[str, float]:
    metrics = funding_metrics(pred or (), gold)
    if pred is None or bool(pred) != bool(gold):
        return dict.fromkeys(metrics, 0.0)
    return metrics


def weighted(metrics: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The sum of the metrics by their weights."""
    return sum(weight * metrics[name] for name, weight in weights.items())


def funding_metrics(
    pred: Sequence[Funder], gold: Sequence[Funder], *, soft_ids: bool = False
) -> dict[str, float]:
    """What the rewards are made of, and what is worth logging beside them, each in [0, 1].

    F0.5 is 1 where there is nothing on either side. `flat` looks for ids under whichever funder;
    `association_gap` is what is lost by putting right ids under wrong funders.
    """
    how = Criteria(soft_ids=soft_ids)
    counts = score_document(pred, gold, how)
    funder, award_id = _f(counts["funder"]), _f(counts["award_id"])
    flat = _f(count_values(_ids(gold), _ids(pred), "award_id", how))
    inherited = funder * award_id if pred or gold else 1.0
    return {
        "funder_f0_5": funder,
        "funder_precision": counts["funder"].precision,
        "funder_recall": counts["funder"].recall,
        "award_id_f0_5": award_id,
        "award_id_precision": counts["award_id"].precision,
        "award_id_recall": counts["award_id"].recall,
        "scheme_f0_5": inherited if counts["scheme"].is_empty else _f(counts["scheme"]),
        "title_f0_5": inherited if counts["title"].is_empty else _f(counts["title"]),
        "flat_award_id_f0_5": flat,
        "association_gap": flat - award_id,
    }


def _f(counts: Counts) -> float:
    return 1.0 if counts.is_empty else counts.f(BETA)


def _ids(funders: Sequence[Funder]) -> list[str]:
    return [value for funder in funders for award in funder.awards for value in award.award_ids]
