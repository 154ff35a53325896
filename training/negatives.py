"""Replies made wrong on purpose, for preference pairs: right facts, wrong shape.

MeXtract (arXiv 2510.06889; code zaidalyafeai/MeXtract, src/create_preference_dataset.py) rejects
replies of another format (0.30), malformed JSON (0.42) and violated lengths (0.28); the kinds
within a family have the odds of its draws one after the other. Two things differ here. A negative
never says what the chosen reply says: published, a length kind leaves texts and plain lists as they
are, a cut can fall behind the last character, and quotes or commas need not be there. And the
length kinds are those of lists, because these tasks have neither numbers nor options.

The short form of `models.compact` has the same families with the kinds that make sense there.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from models import compact, reasoned
from models.schemas import FunderList
from models.tasks import Task

FAMILIES = {"format": 0.30, "malformed": 0.42, "length": 0.28}
"""Odds of the families, as published."""
MALFORMED = {
    "fence": 0.20,
    "prefix": 0.32,
    "truncated": 0.288,
    "quotes": 0.1536,
    "commas": 0.0384,
}
"""Odds of the ways to break JSON: draws at 0.2, 0.4, 0.6, 0.8 one after the other, as published."""
MOST_COPIES = 5
"""MeXtract multiplies a number by 2 to 5; here an item is said that often."""
MOST_CHARACTERS = 4000
"""A list is filled beyond its limit only where the reply stays within this."""
_DRAWS = 64

Make = Callable[[str, Task, random.Random], str | None]
"""From a right reply to a wrong one, None where the reply offers nothing to get wrong so."""


class Negative(NamedTuple):
    """A reply to reject, and how it was made wrong."""

    rejected: str
    family: str
    kind: str


def negatives(chosen: str, task: Task, rng: random.Random) -> Negative:
    """A wrong version of a right reply to `task`, drawn by the odds above.

    It is neither the chosen reply nor does it read the same. A kind that the reply offers nothing
    for is drawn again, family included. Raises `ValueError` for a `chosen` that cannot be read.
    """
    if task.reply == "reasoned":
        return _after_reasons(chosen, task, rng)
    said = reading(chosen, task)
    if said is None:
        raise ValueError(f"the chosen reply is none to the task {task.name}: {chosen[:80]!r}")
    for _ in range(_DRAWS):
        family = _draw(FAMILIES, rng)
        kinds = _LINES[family] if task.reply == "lines" else _JSON[family]
        kind = _draw({name: odds for name, (odds, _) in kinds.items()}, rng)
        made = kinds[kind][1](chosen.strip(), task, rng)
        if made is not None and made != chosen and reading(made, task) != said:
            return Negative(made, family, kind)
    return Negative(_prefix(chosen.strip(), task, rng), "malformed", "prefix")


def _after_reasons(chosen: str, task: Task, rng: random.Random) -> Negative:
    """The answer made wrong, the reasons before it left as they are."""
    start, end = reasoned.answer_span(chosen)
    made = negatives(chosen[start:end], replace(task, reply="json"), rng)
    return made._replace(rejected=chosen[:start] + made.rejected + chosen[end:])


def reading(reply: str, task: Task) -> Any:
    """What a reply says, read strictly in the form that `task` asks for; None where it is none."""
    if task.reply == "lines":
        if task.output == "statements":
            return compact.read_numbers(reply)
        return compact.read_funders(reply)
    try:
        return json.loads(reply)
    except (ValueError, RecursionError):
        return None


def _draw(odds: Mapping[str, float], rng: random.Random) -> str:
    return rng.choices(list(odds), weights=list(odds.values()))[0]


def _answer_key(reply: str, task: Task, rng: random.Random) -> str:
    return json.dumps({"answer": json.loads(reply)}, ensure_ascii=False)


def _markdown(reply: str, task: Task, rng: random.Random) -> str:
    data = json.loads(reply)
    items = data.items() if isinstance(data, dict) else enumerate(data, start=1)
    headed = "".join(f"### {key}\n{value}\n" for key, value in items)
    return headed or f"### {task.output}\nnone\n"


def _fence(reply: str, task: Task, rng: random.Random) -> str:
    return f"```json\n{{\n{reply}\n}}\n```"


def _prefix(reply: str, task: Task, rng: random.Random) -> str:
    return f"The answer is {reply}"


def _truncated(reply: str, task: Task, rng: random.Random) -> str | None:
    return reply[: rng.randint(1, len(reply) - 1)] if len(reply) > 1 else None


def _quotes(reply: str, task: Task, rng: random.Random) -> str:
    return reply.replace('"', "'")


def _commas(reply: str, task: Task, rng: random.Random) -> str | None:
    """Without its first commas; at least the first one outside of a value among them."""
    least = _commas_to_break(reply)
    if least is None:
        return None
    return reply.replace(",", "", rng.randint(least, reply.count(",")))


def _commas_to_break(reply: str) -> int | None:
    for count in range(1, reply.count(",") + 1):
        try:
            json.loads(reply.replace(",", "", count))
        except ValueError:
            return count
    return None


def _over_limit(reply: str, task: Task, rng: random.Random) -> str | None:
    """One list filled beyond its limit with copies of its own items."""
    data = json.loads(reply)
    fitting = []
    for items, name in _lists(data, task):
        most = task.lengths.get(name, {}).get("answer_max")
        shortest = min(items, key=lambda item: len(json.dumps(item)))
        if most is not None and (most + 1) * len(json.dumps(shortest)) <= MOST_CHARACTERS:
            fitting.append((items, shortest, most))
    if not fitting:
        return None
    items, shortest, most = rng.choice(fitting)
    items += [shortest] * (most + rng.randint(1, 10) - len(items))
    return json.dumps(data, ensure_ascii=False)


def _multiplied(reply: str, task: Task, rng: random.Random) -> str | None:
    """One item of one list said two to five times."""
    data = json.loads(reply)
    lists = [items for items, _ in _lists(data, task)]
    if not lists:
        return None
    items = rng.choice(lists)
    place = rng.randrange(len(items))
    items[place:place] = [items[place]] * (rng.randint(2, MOST_COPIES) - 1)
    return json.dumps(data, ensure_ascii=False)


def _lists(data: Any, task: Task) -> Iterator[tuple[list[Any], str]]:
    """The lists of a reply that hold something, each with the name of its limits in the task."""
    if isinstance(data, dict):
        for key, value in data.items():
            if isinstance(value, list) and value:
                yield value, key if key in task.lengths else "values"
            yield from _inner(value, task)
    elif isinstance(data, list):
        if data:
            yield data, task.output
        yield from _inner(data, task)


def _inner(value: Any, task: Task) -> Iterator[tuple[list[Any], str]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield from _lists(item, task)


def _as_json(reply: str, task: Task, rng: random.Random) -> str:
    said = reading(reply, task)
    if task.output == "statements":
        return json.dumps({"statements": said})
    return json.dumps(FunderList.dump_python(said, mode="json"), ensure_ascii=False)


def _headed_lines(reply: str, task: Task, rng: random.Random) -> str:
    if task.output == "statements":
        return "".join(f"- {number}\n" for number in reply.split())
    pairs = [line.partition(" ") for line in reply.split("\n")]
    return "\n".join(f"### {letter}\n{value}" if value else letter for letter, _, value in pairs)


def _bare_fence(reply: str, task: Task, rng: random.Random) -> str:
    return f"```\n{reply}\n```"


def _letters(reply: str, task: Task, rng: random.Random) -> str:
    """Letters that mean something else, or nothing: what single quotes are to JSON."""
    if task.output == "statements":
        return " ".join(f"'{number}'" for number in reply.split())
    return re.sub(r"(?m)^F ", "f ", reply)


def _joined(reply: str, task: Task, rng: random.Random) -> str | None:
    """Without its first breaks between values: what missing commas are to JSON."""
    gap = " " if task.output == "statements" else "\n"
    count = reply.count(gap)
    return reply.replace(gap, "", rng.randint(1, count)) if count else None


def _more_lines(reply: str, task: Task, rng: random.Random) -> str | None:
    """More funders, or sentences, than the task allows."""
    most = task.lengths.get(task.output, {}).get("answer_max")
    if most is None or reply == compact.NONE:
        return None
    wanted = most + rng.randint(1, 10)
    if task.output == "statements":
        return compact.write_numbers(range(1, wanted + 1))
    groups = reply.split("\n\n")
    made = "\n\n".join([*groups, *[min(groups, key=len)] * (wanted - len(groups))])
    return made if len(made) <= MOST_CHARACTERS else None


def _copied_lines(reply: str, task: Task, rng: random.Random) -> str | None:
    """One funder said two to five times."""
    if task.output == "statements" or reply == compact.NONE:
        return None  # a sentence named twice is the same sentence
    groups = reply.split("\n\n")
    place = rng.randrange(len(groups))
    groups[place:place] = [groups[place]] * (rng.randint(2, MOST_COPIES) - 1)
    return "\n\n".join(groups)


_Kinds = Mapping[str, tuple[float, Make]]
_JSON: Mapping[str, _Kinds] = {
    "format": {"answer_key": (0.5, _answer_key), "markdown": (0.5, _markdown)},
    "malformed": {
        "fence": (MALFORMED["fence"], _fence),
        "prefix": (MALFORMED["prefix"], _prefix),
        "truncated": (MALFORMED["truncated"], _truncated),
        "quotes": (MALFORMED["quotes"], _quotes),
        "commas": (MALFORMED["commas"], _commas),
    },
    "length": {"over_limit": (0.5, _over_limit), "multiplied": (0.5, _multiplied)},
}
_LINES: Mapping[str, _Kinds] = {
    "format": {"json": (0.5, _as_json), "markdown": (0.5, _headed_lines)},
    "malformed": {
        "fence": (MALFORMED["fence"], _bare_fence),
        "prefix": (MALFORMED["prefix"], _prefix),
        "truncated": (MALFORMED["truncated"], _truncated),
        "letters": (MALFORMED["quotes"], _letters),
        "joined": (MALFORMED["commas"], _joined),
    },
    "length": {"over_limit": (0.5, _more_lines), "multiplied": (0.5, _copied_lines)},
}
