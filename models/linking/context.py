"""Which country a funder is of, as the words around its name tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from models.linking.names import bare_key, countries_in, folded, is_acronym, name_key, parts

AFTER, BEFORE = 6, 4
"""Words after and before a name in which a country belongs to it."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a name stands: its statement, and the other funders named there."""

    statement: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clues:
    """Countries by how closely they belong to a name: in it, beside it, and how often around it.

    `national` is what the name says as its country, "… of China".
    """

    national: str | None
    inside: frozenset[str]
    beside: frozenset[str]
    around: Counter[str] = field(default_factory=Counter)

    def tells(self, country: str) -> str:
        """Why an organisation of a country fits: "in the name", "beside it", "in the text", ""."""
        if country in self.inside:
            return "in the name"
        if country in self.beside and not self.inside:
            return "beside the name"
        leading = self.around.most_common(2)
        alone = leading and (len(leading) == 1 or leading[0][1] > leading[1][1])
        if alone and leading[0][0] == country and not self.inside and not self.beside:
            return "in the text"
        return ""

    def speaks_against(self, country: str) -> bool:
        """Whether the name or the words beside it say another country."""
        near = self.inside or self.beside
        return bool(near) and country not in near


def clues(name: str, context: Context) -> Clues:
    """What tells the country of a name."""
    whole = [code for _, code in countries_in(name)]
    return Clues(
        national=bare_key(name_key(name))[1],
        inside=frozenset(whole),
        beside=frozenset(_beside(name, context.statement)),
        around=Counter(code for _, code in countries_in(context.statement)),
    )


def _beside(name: str, statement: str) -> list[str]:
    """Countries a few words before or after the name, in the same clause."""
    at = statement.find(name)
    if at < 0 or not name:
        return []
    after = _clause(statement[at + len(name) : at + len(name) + 80])
    if all(map(is_acronym, parts(name).segments or (name,))):
        # "NIH and DBT, India": the country is that of the second.
        after = after.split(" and ")[0]
    before = statement[max(0, at - 60) : at].replace(";", ".").rpartition(".")[2]
    words = len(folded(before).split())
    near = [code for index, code in countries_in(after) if index < AFTER]
    near += [code for index, code in countries_in(before) if index >= words - BEFORE]
    return near if len(set(near)) == 1 else []


def _clause(text: str) -> str:
    for stop in (";", ". ", " and the ", " to "):
        text = text.split(stop)[0]
    return text
