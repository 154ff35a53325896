"""Right answers made wrong in their facts, as a reader slips: for preference pairs that balance.

What a model got wrong leans one way: if it misses schemes, every pair says "more schemes", and DPO
soon sees them everywhere. A slip of every kind beside each correction says where to stop.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from models.schemas import Funder, FunderList

Data = list[dict[str, Any]]
FIELDS = ("award_ids", "funding_scheme", "award_title")
_NAMED = re.compile(r"[A-Z][\w'’-]+(?: (?:(?:of|the|for|and|de|für) )?[A-Z][\w'’-]+)+")
_NUMBERED = re.compile(r"\b[A-Za-z]*\d[\w./-]{2,}\b")


class Slip(NamedTuple):
    """A wrong answer, and how it was made wrong."""

    funders: tuple[Funder, ...]
    kind: str


def slip(funders: Sequence[Funder], text: str, rng: random.Random) -> Slip | None:
    """The answer with one slip of a random kind; None where there is nothing to get wrong.

    `text` is the statement: what is added stands in it.
    """
    kinds = list(KINDS)
    rng.shuffle(kinds)
    for kind in kinds:
        data: Data = FunderList.dump_python(tuple(funders), mode="json")
        if KINDS[kind](data, text, rng):
            made = FunderList.validate_python(_tidy(data))
            if made != tuple(funders):
                return Slip(made, kind)
    return None


def _tidy(data: Data) -> Data:
    """Without awards that say nothing, and funders that have neither name nor award."""
    for funder in data:
        funder["awards"] = [a for a in funder["awards"] if any(a[field] for field in FIELDS)]
    return [funder for funder in data if funder["funder_name"] or funder["awards"]]


def _lists(data: Data) -> Iterator[tuple[dict[str, Any], str]]:
    """Each award and field that hold a value."""
    for funder in data:
        for award in funder["awards"]:
            yield from ((award, field) for field in FIELDS if award[field])


def _missed_value(data: Data, text: str, rng: random.Random) -> bool:
    places = list(_lists(data))
    if not places:
        return False
    award, field = rng.choice(places)
    del award[field][rng.randrange(len(award[field]))]
    return True


def _missed_funder(data: Data, text: str, rng: random.Random) -> bool:
    if not data:
        return False
    del data[rng.randrange(len(data))]
    return True


def _other_field(data: Data, text: str, rng: random.Random) -> bool:
    """A value said to be of another kind."""
    places = list(_lists(data))
    if not places:
        return False
    award, field = rng.choice(places)
    value = award[field].pop(rng.randrange(len(award[field])))
    award[rng.choice([name for name in FIELDS if name != field])].append(value)
    return True


def _other_funder(data: Data, text: str, rng: random.Random) -> bool:
    """An award given to another funder."""
    givers = [funder for funder in data if funder["awards"]]
    if len(data) < 2 or not givers:
        return False
    giver = rng.choice(givers)
    award = giver["awards"].pop(rng.randrange(len(giver["awards"])))
    rng.choice([funder for funder in data if funder is not giver])["awards"].append(award)
    return True


def _name_as_scheme(data: Data, text: str, rng: random.Random) -> bool:
    """A funder taken for a programme of nobody's."""
    named = [funder for funder in data if funder["funder_name"]]
    if not named:
        return False
    funder = rng.choice(named)
    name, funder["funder_name"] = funder["funder_name"], None
    if not funder["awards"]:
        funder["awards"].append({field: [] for field in FIELDS})
    funder["awards"][0]["funding_scheme"].append(name)
    return True


def _scheme_as_name(data: Data, text: str, rng: random.Random) -> bool:
    """A programme taken for a funder of its own."""
    places = [(award, field) for award, field in _lists(data) if field == "funding_scheme"]
    if not places:
        return False
    award, field = rng.choice(places)
    data.append({"funder_name": award[field].pop(), "awards": []})
    return True


def _surplus_scheme(data: Data, text: str, rng: random.Random) -> bool:
    """Words with capitals, which nobody called a programme, as one."""
    return _surplus(data, "funding_scheme", _NAMED, text, rng)


def _surplus_id(data: Data, text: str, rng: random.Random) -> bool:
    """A number, which nobody called an award, as one."""
    return _surplus(data, "award_ids", _NUMBERED, text, rng)


def _surplus(
    data: Data, field: str, pattern: re.Pattern[str], text: str, rng: random.Random
) -> bool:
    known = {value for award, name in _lists(data) for value in award[name]}
    known |= {funder["funder_name"] for funder in data if funder["funder_name"]}
    free = [
        found
        for found in pattern.findall(text)
        if not any(found in value or value in found for value in known)
    ]
    if not free or not data:
        return False
    funder = rng.choice(data)
    if not funder["awards"]:
        funder["awards"].append({name: [] for name in FIELDS})
    funder["awards"][0][field].append(rng.choice(free))
    return True


def _surplus_funder(data: Data, text: str, rng: random.Random) -> bool:
    """Words with capitals, which paid nothing, as a funder."""
    known = {funder["funder_name"] for funder in data if funder["funder_name"]}
    free = [name for name in _NAMED.findall(text) if not any(name in k or k in name for k in known)]
    if not free:
        return False
    data.append({"funder_name": rng.choice(free), "awards": []})
    return True


def _cut_name(data: Data, text: str, rng: random.Random) -> bool:
    """A name without its last or first word."""
    long = [f for f in data if f["funder_name"] and f["funder_name"].count(" ") > 1]
    if not long:
        return False
    funder = rng.choice(long)
    words = funder["funder_name"].split(" ")
    funder["funder_name"] = " ".join(words[:-1] if rng.random() < 0.5 else words[1:])
    return True


KINDS: dict[str, Callable[[Data, str, random.Random], bool]] = {
    "missed_value": _missed_value,
    "missed_funder": _missed_funder,
    "other_field": _other_field,
    "other_funder": _other_funder,
    "name_as_scheme": _name_as_scheme,
    "scheme_as_name": _scheme_as_name,
    "surplus_scheme": _surplus_scheme,
    "surplus_id": _surplus_id,
    "surplus_funder": _surplus_funder,
    "cut_name": _cut_name,
}
"""The slips by name; each changes the data in place and says whether it could."""
