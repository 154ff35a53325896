"""R2GRPO's reward: the task, and reasoning that cites its evidence and states its rules.

MimicSFT and R2GRPO (training code ranlislz/R2GRPO, 17aefc3). A reply is `<think>…</think>` and
`<answer>…</answer>`. Entities are here the funders' names, relations the pairs of a name and an
award id; both are compared after the scorer's normalisation. At most 4 points:

- entities: 0.7 F1 + 0.3 mean over the right names of the best share of common words (Jaccard);
- relations: 2 F1;
- reasoning: up to 0.5, of which relevance is evidence and consistency, rule-induced is symbolic;
- format: 0.5.

Published, reasoning and format are paid whatever the answer says: an answer that is no JSON still
gets its format's half point, three one-letter quotations make full evidence, cue words alone make
half of the reasoning, and a right "no funders" earns no entity point. Closed, which is the default,
reasoning and format are paid in the share that the answer earns of the task's points, a quotation
needs two words and counts once, and nothing found where nothing was is right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from models.schemas import Funder
from models.scoring.reading import funders_from_text, read_funders
from models.scoring.text import normalize_award_id, normalize_text
from training.rewards.registry import Completion, Log, Read, log_parts, reply_text, reward

MOST_REASONING = 0.5
_SCALE = MOST_REASONING / 3.0  # the parts below add up to 3
FORMAT = 0.5
TASK = 3.0
"""The most that entities (1) and relations (2) earn together."""

_CUES = (
    "implies", "suggests", "because", "maps to", "indicates", "pattern", "rule", "therefore",
    "hence", "thus", "consequently", "leads to",
)  # fmt: skip
_CUE = re.compile("|".join(_CUES), re.IGNORECASE)
_RULE = re.compile(r"(?:pattern|rule).*?(?:implies|suggests|indicates|means|defines)", re.I)
_REASON = re.compile(r"relation(?:ship)?.*? (?:because|due to|as)", re.IGNORECASE)
_STEP = re.compile(r"step \d+|\d\.|[a-z]\)|[-•]\s", re.IGNORECASE)
_QUOTED = re.compile(r"""['"]([^'"]+)['"]""")
_SYMBOLIC = ((_CUE, 0.5), (_RULE, 0.3), (_REASON, 0.4), (_STEP, 0.3))

Relation = tuple[str, ...]
"""What has to be named together: a funder and an award id, or a funder alone."""


@reward("r2grpo")
def r2grpo(
    completions: Sequence[Completion],
    *,
    funders: Sequence[Any],
    statement: Sequence[str],
    loopholes: bool = False,
    read: Read = funders_from_text,
    log_metric: Log | None = None,
    **_: Any,
) -> list[float | None]:
    """Task, reasoning and format, in [0, 4]; `statement` is the text that was read."""
    made: list[float | None] = []
    parts: list[dict[str, float]] = []
    for completion, right, text in zip(completions, funders, statement, strict=True):
        if right is None:
            made.append(None)
            continue
        reply = reply_text(completion)
        earned = terms(reply, read_funders(right), text, read=read, loopholes=loopholes)
        parts.append(earned)
        made.append(sum(earned.values()))
    log_parts(parts, log_metric)
    return made


def terms(
    reply: str,
    gold: Sequence[Funder],
    text: str,
    *,
    read: Read = funders_from_text,
    loopholes: bool = False,
) -> dict[str, float]:
    """The terms of one reply's reward by name; their sum is the reward."""
    think, answer = tag(reply, "think"), tag(reply, "answer")
    pred = read(answer)
    found = pred or ()
    if pred is None and not loopholes:
        earned = {"entities": 0.0, "relations": 0.0}
    else:
        earned = {
            "entities": 0.0 if pred is None else entity_score(found, gold, loopholes),
            "relations": 2 * f1(pairs(found), pairs(gold)),
        }
    share = 1.0 if loopholes else sum(earned.values()) / TASK
    reasons = {
        "evidence": evidence(think, text, loopholes),
        "symbolic": symbolic(think),
        "consistency": consistency(think, gold, loopholes),
        "format": FORMAT * is_formatted(reply),
    }
    return earned | {name: share * value for name, value in reasons.items()}


def entity_score(pred: Sequence[Funder], gold: Sequence[Funder], loopholes: bool = False) -> float:
    """0.7 F1 of the names + 0.3 how well each right name's words are covered, in [0, 1]."""
    said, right = _names(pred), _names(gold)
    if not right:
        return float(not said and not loopholes)
    covered = sum(max((jaccard(name, other) for other in said), default=0.0) for name in right)
    return 0.7 * f1(said, right) + 0.3 * covered / len(right)


def f1(pred: Collection[Any], gold: Collection[Any]) -> float:
    """F1 of two sets; 1 where both are empty."""
    said, right = set(pred), set(gold)
    if not (said and right):
        return float(not said and not right)
    return 2 * len(said & right) / (len(said) + len(right))


def jaccard(a: str, b: str) -> float:
    """Words in both over words in either."""
    left, right = set(a.split()), set(b.split())
    return len(left & right) / len(left | right) if left | right else 0.0


def pairs(funders: Sequence[Funder]) -> set[Relation]:
    """The relations: each funder's name ("" where it has none) with each of its award ids."""
    return {
        (normalize_text(funder.funder_name or ""), normalize_award_id(value))
        for funder in funders
        for award in funder.awards
        for value in award.award_ids
    }


def evidence(think: str, text: str, loopholes: bool = False) -> float:
    """Relevance, first half: quotations of parts of the text, the shorter the better; at most 0.1.

    A quotation earns 0.1 + 0.1 (1 - its share of the text's characters), all of them 0.6, scaled.
    """
    source = text.lower().strip()
    quoted = [phrase.lower().strip() for phrase in _QUOTED.findall(think)]
    if not loopholes:
        quoted = [phrase for phrase in dict.fromkeys(quoted) if " " in phrase]
    cited = [phrase for phrase in quoted if phrase and phrase != source and phrase in source]
    return _SCALE * min(0.6, sum(0.2 - 0.1 * len(phrase) / len(source) for phrase in cited))


def symbolic(think: str) -> float:
    """Rule-induced: words of inference, a rule, a reason for a relation, steps; at most 0.25."""
    return _SCALE * sum(worth for pattern, worth in _SYMBOLIC if pattern.search(think))


def consistency(think: str, gold: Sequence[Funder], loopholes: bool = False) -> float:
    """Relevance, second half: the share of gold's relations that the reasoning names.

    At most 0.7 scaled; half of that for "no relation" where there is none. Closed, a funder
    without award ids counts as a relation of its own.
    """
    named = [tuple(part.lower() for part in relation) for relation in _printed(gold, loopholes)]
    if not named:
        return _SCALE * 0.35 * ("no relation" in think.lower())
    told = think.lower()
    return _SCALE * 0.7 * sum(all(part in told for part in r) for r in named) / len(named)


def is_formatted(reply: str) -> bool:
    """Whether the reply reasons, then answers."""
    return re.search(r"<think>.*?</think>\s*<answer>.*?</answer>", reply, re.DOTALL) is not None


def tag(reply: str, name: str) -> str:
    """What stands between `<name>` and `</name>`, "" where they are not both there."""
    found = re.search(rf"<{name}>(.*?)</{name}>", reply, re.DOTALL | re.IGNORECASE)
    return found.group(1).strip() if found else ""


def _names(funders: Sequence[Funder]) -> set[str]:
    return {normalize_text(funder.funder_name) for funder in funders if funder.funder_name}


def _printed(funders: Sequence[Funder], loopholes: bool) -> list[Relation]:
    made: list[Relation] = []
    for funder in funders:
        name = (funder.funder_name,) if funder.funder_name else ()
        ids = [value for award in funder.awards for value in award.award_ids]
        made += [(*name, value) for value in ids]
        if name and not ids and not loopholes:
            made.append(name)
    return made
