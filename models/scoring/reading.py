"""Funders out of JSON that others wrote, leniently, and what is no answer at all.

Two questions are kept apart: `read_funders` takes what it can of data that is known to be funders
(gold, other people's files); `parse_funders` and `funders_from_text` also say None where a reply
is not an answer, so that "unreadable" never passes for "no funders".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from models.replies import sound
from models.schemas import Award, Funder

FIELDS = ("award_ids", "funding_scheme", "award_title")
_KEYS = frozenset({"funder_name", "awards", *FIELDS})
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


def read_funders(data: Any) -> tuple[Funder, ...]:
    """Funders of a list, of one object, or of a JSON string of those; nothing gives nothing.

    What is no object is dropped, a flat funder (`award_ids` beside `funder_name`) gets one award,
    single values become lists, numbers become text, blank values are left out. Raises
    `json.JSONDecodeError` for a string that is not JSON.
    """
    if isinstance(data, str) and data:
        data = json.loads(data)
        if isinstance(data, str):
            return read_funders(data)
    if not data:
        return ()
    items = [data] if isinstance(data, Mapping | Funder) else data
    if not isinstance(items, Iterable):
        return ()
    return tuple(_funder(item) for item in items if isinstance(item, Mapping | Funder))


def parse_funders(data: Any) -> tuple[Funder, ...] | None:
    """Funders of a reply's JSON: an array or `{"funders": …}`; None where it is no answer.

    An array without a single funder in it, or an object that is none, is no answer either.
    """
    if isinstance(data, Mapping) and "funders" in data:
        data = data["funders"]
    items = [data] if isinstance(data, Mapping) else data
    if not isinstance(items, list | tuple):
        return None
    found = read_funders([item for item in items if _is_funder(item)])
    return found if found or not items else None


def funders_from_text(text: str) -> tuple[Funder, ...] | None:
    """Funders of a model's reply, fenced or bare; None where they cannot be read.

    A reply that still thinks (`<think>` without its end) was cut off and is None.
    """
    if is_cut_off(text):
        return None
    try:
        return parse_funders(json.loads(_payload(text)))
    except (ValueError, RecursionError):
        return None


def published_funders_from_text(text: str) -> tuple[Funder, ...]:
    """The same as cometadata's scorer reads it: no funders where nothing can be read.

    Raises `json.JSONDecodeError` for a reply that is one bare JSON string, as that scorer does.
    """
    try:
        data = json.loads(_payload(text))
    except (ValueError, RecursionError):
        return ()
    if isinstance(data, dict) and "funders" in data:
        data = data["funders"]
    return read_funders(data)


def is_cut_off(text: str) -> bool:
    """Whether a reply ended inside its reasoning."""
    return "<think>" in text and "</think>" not in text


def _payload(text: str) -> str:
    fenced = _FENCE.search(text)
    return (fenced.group(1) if fenced else text).strip()


def _is_funder(item: Any) -> bool:
    return isinstance(item, Funder) or (isinstance(item, Mapping) and not _KEYS.isdisjoint(item))


def _funder(item: Mapping[str, Any] | Funder) -> Funder:
    if isinstance(item, Funder):
        return item
    awards = item.get("awards")
    if isinstance(awards, list | tuple):
        given = [award for award in awards if isinstance(award, Mapping)]
    else:
        given = [item] if "award_ids" in item else []
    names = _values(item.get("funder_name"))
    return Funder(funder_name=names[0] if names else None, awards=tuple(map(_award, given)))


def _award(item: Mapping[str, Any]) -> Award:
    return Award(**{name: _values(item.get(name)) for name in FIELDS})


def _values(given: Any) -> tuple[str, ...]:
    items = given if isinstance(given, list | tuple) else [given]
    return tuple(text for item in items if item is not None and (text := sound(str(item)).strip()))
