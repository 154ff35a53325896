"""Names that tell nothing by themselves, and programmes whose paymaster a rule tells."""

from __future__ import annotations

from functools import cache

from models.linking.names import data, folded, name_key


def applies(rule: dict[str, list[str]], key: str) -> bool:
    """Whether a rule of a programme is meant for a folded name."""
    if "whole" in rule:
        return key in rule["whole"]
    padded = f" {key} "
    if any(f" {words} " in padded for words in rule.get("none", ())):
        return False
    return any(f" {words} " in padded for words in rule["any"])


def is_generic(name: str) -> bool:
    """Whether a name is one that many countries have: it tells nothing without a country."""
    return generic_key(name_key(name))


def generic_key(key: str) -> bool:
    """The same of a name that is folded already."""
    table = _generic()
    return key in table[0] or any(key.startswith(start) for start in table[1])


@cache
def _generic() -> tuple[frozenset[str], tuple[str, ...]]:
    told = data("generic.toml")
    starts = tuple(f"{folded(start)} " for start in told["beginnings"])
    return frozenset(map(folded, told["names"])), starts
