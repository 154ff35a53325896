"""A funder's name to organisations of the index, with scores and reasons.

The order is: the whole name, the name without its country, an acronym, parts at commas and in
brackets, then similar names. Several organisations of one name are told apart by the country that
the text gives, else by how many works name them: ten times the next decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from models.linking.context import Context, clues
from models.linking.funders import Funders, Hit, Org
from models.linking.names import (
    bare_key,
    countries_in,
    data,
    folded,
    is_acronym,
    name_key,
    of_country,
    parts,
)
from models.linking.rules import applies, generic_key

NOWHERE = Context()
_POSSESSIVE = re.compile(r"['\u2019]s?(?!\w)")
AUTOMATIC = 0.85
"""Score from which a link is made without a person: docs/linking.md has its precision."""
DECIDES = 10
"""So many times the works of the next organisation decide between them."""
KNOWN = 300
"""Works from which the count of an organisation says anything."""
NEGLIGIBLE = 1_000
"""An organisation with so many times fewer works than another of its acronym is not meant because
the text names its country somewhere: a paper of India that thanks the NIH."""
GENERIC_KNOWN = 10_000
"""The same where the name is one that many countries have."""
FAINT = ("beside the name", "in the text")
"""Where a country may be that of something else."""
BESIDE = 30
"""Other funders of a text that are looked at for a parent."""
ALIKE = 0.55
"""Similar names below this are not offered."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation that a name may mean; `score` in [0, 1], `reasons` in the curator's words."""

    ror: str
    funder_id: str | None
    name: str
    country: str
    score: float
    reasons: tuple[str, ...]
    status: str = "active"


@dataclass(slots=True)
class _Found:
    """A candidate in the making."""

    org: Org
    score: float
    reasons: list[str]


def of_country_named(candidate: Candidate) -> bool:
    """Whether the text names the country of a candidate: in the name, beside it, or around it."""
    return any(reason.startswith("country ") for reason in candidate.reasons)


def automatic(found: list[Candidate]) -> Candidate | None:
    """The candidate that may be linked without a person, if there is one."""
    return found[0] if found and found[0].score >= AUTOMATIC else None


def candidates(
    funders: Funders, name: str, context: Context = NOWHERE, limit: int = 5
) -> list[Candidate]:
    """The organisations that a name may mean, the likeliest first."""
    if not name.strip():
        return []
    asked = _Asked(funders, name, context)
    found = asked.all()
    by_org: dict[int, _Found] = {}
    for each in found:
        kept = by_org.setdefault(each.org.id, each)
        if each.score > kept.score:
            by_org[each.org.id] = each
    ranked = sorted(by_org.values(), key=lambda each: (-each.score, -each.org.works))
    return [_candidate(each) for each in _succeeded(funders, ranked)[:limit]]


class _Asked:
    """One name that is asked for."""

    def __init__(self, funders: Funders, name: str, context: Context) -> None:
        self.funders = funders
        self.clues = clues(name, context)
        self.others = tuple(other for other in context.others if other != name)
        self.name = name
        self.parts = parts(name)

    def all(self) -> list[_Found]:
        """Everything that may be meant, from the surest way to the least."""
        if ruled := self._by_rule():
            return ruled
        main = self._named(self.parts.main)
        if self.parts.main != self.parts.whole:
            main = main or self._named(self.parts.whole)
        for other in self.parts.brackets if not main else ():
            main += self._named(other)
        short = [hit for word in self.parts.acronyms for hit in self._short(word)]
        similar = self._similar() if not main else []
        found = self._agreed(main, short, similar)
        if self.parts.segments and not _sure(found):
            found += self._in_parts()
        return found

    def _by_rule(self) -> list[_Found]:
        """Programmes whose paymaster a named rule tells."""
        key = folded(_POSSESSIVE.sub("", self.name))
        for rule in data("generic.toml")["programmes"]:
            if applies(rule, key) and (org := self.funders.by_ror(rule["ror"])):
                return [_Found(org, 0.95, [f"rule: {rule['rule']}"])]
        return []

    def _named(self, text: str) -> list[_Found]:
        """Organisations of this very name, or of it but for the country."""
        if is_acronym(text):
            return self._short(text)
        if national := of_country(text):
            word, place = national
            mine = [hit for hit in self._spelt(word) if hit.org.country == place]
            return self._told_apart(mine, False, exact=True, acronym=True)
        key = name_key(text)
        bare, country = bare_key(key)
        hits = [hit for hit in self.funders.by_key(key) if hit.kind != "acronym" or len(key) > 4]
        if hits:
            return self._told_apart(hits, generic_key(key), exact=True)
        if hits := self.funders.by_letters(key) if len(key) > 12 else []:
            return self._told_apart(hits, generic_key(key), exact=True)
        nation = country or next(iter(self.clues.inside | self.clues.beside), None)
        hits = self.funders.by_bare(bare)
        mine = [hit for hit in hits if nation and hit.org.country == nation]
        if mine:
            return self._told_apart(mine, False, exact=False)
        if country is None and len(bare) > 6:
            return self._told_apart(hits, generic_key(key), exact=False)
        return []

    def _short(self, word: str) -> list[_Found]:
        """Organisations of an acronym, "NSF" or "NSF of China"."""
        return self._told_apart(self._spelt(word), len(word) < 3, exact=True, acronym=True)

    def _spelt(self, word: str) -> list[Hit]:
        return self.funders.by_key(name_key(word))

    def _told_apart(
        self, hits: list[Hit], generic: bool, exact: bool, acronym: bool = False
    ) -> list[_Found]:
        """Score the organisations of one name by country, works and parents that are named."""
        orgs = _distinct(hits)
        works = sorted((hit.org.works for hit in orgs), reverse=True)
        fitting = [hit for hit in orgs if self.clues.tells(hit.org.country)]
        most = [hit for hit in orgs if hit.org.works == works[0]]
        leader = next((hit for hit in most if self._leads(hit, works, generic)), None)
        tied = leader is None and not fitting and len(orgs) > 1
        child = self._child(orgs) if tied else None
        found = []
        for hit in orgs:
            if _is_abroad(hit) and not exact_display(hit):
                score, reason = 0.5, "a branch abroad"
            elif hit is child:
                score, reason = 0.9, "parent in the text"
            elif told := self._by_country(hit, orgs, fitting, generic, acronym):
                score, reason = told
            elif hit is leader:
                score, reason = 0.93 if not acronym else 0.9, "prior works"
            else:
                score, reason = self._by_name(hit, orgs, generic, exact, acronym)
            reasons = [each for each in (_how(hit, exact, acronym), reason) if each]
            loose = 0 if exact or reason == "a branch abroad" else 0.03
            found.append(_Found(hit.org, score - loose, reasons))
        return found

    def _by_country(
        self, hit: Hit, orgs: list[Hit], fitting: list[Hit], generic: bool, acronym: bool
    ) -> tuple[float, str] | None:
        """What the country of the text says for or against one of several organisations."""
        why = self.clues.tells(hit.org.country)
        works = max(each.org.works for each in orgs)
        if acronym and why in FAINT and works >= NEGLIGIBLE * max(1, hit.org.works):
            return 0.7, f"country {why}"
        if why and len(fitting) == 1:
            return 0.92 if acronym else 0.96, f"country {why}"
        if self.clues.speaks_against(hit.org.country) and (generic or len(orgs) > 1):
            return 0.3, ""
        return None

    def _by_name(
        self, hit: Hit, orgs: list[Hit], generic: bool, exact: bool, acronym: bool
    ) -> tuple[float, str]:
        """How sure a name is of which neither country nor works tell anything."""
        if len(orgs) > 1:
            return 0.45 if generic else 0.5, "several of this name"
        if generic:
            return 0.45, "generic name"
        score = 0.6 if acronym else 0.92 if exact else 0.8
        return score - (0.15 if self.clues.speaks_against(hit.org.country) else 0), ""

    def _child(self, orgs: list[Hit]) -> Hit | None:
        """The one of several organisations whose parent the text names as another funder."""
        named = self._named_beside
        below = [hit for hit in orgs if named and self.funders.parents(hit.org) & named]
        fits = len(below) == 1 and not self.clues.speaks_against(below[0].org.country)
        return below[0] if fits else None

    @cached_property
    def _named_beside(self) -> frozenset[int]:
        """Organisations that the other funders' names mean, where there is but one of a name."""
        alone: set[int] = set()
        for other in self.others[:BESIDE]:
            hits = _distinct(self.funders.by_key(name_key(parts(other).main)))
            alone.update(hit.org.id for hit in hits if len(hits) == 1)
        return frozenset(alone)

    def _leads(self, hit: Hit, works: list[int], generic: bool) -> bool:
        """Whether the works prior decides for the organisation with most."""
        if generic and hit.bare != bare_key(name_key(hit.org.name))[0]:
            return False
        second = works[1] if len(works) > 1 else 0
        return works[0] >= max(GENERIC_KNOWN if generic else KNOWN, DECIDES * second)

    def _similar(self) -> list[_Found]:
        """Organisations of a similar name."""
        ranked = self.funders.similar(self.parts.main)
        found = []
        for alike, hit in ranked:
            if alike < ALIKE or hit.kind == "acronym":
                continue
            score, reasons = 0.9 * alike, [f"fuzzy ({round(alike * 100)} % alike to {hit.name})"]
            if why := self.clues.tells(hit.org.country):
                score += 0.04
                reasons.append(f"country {why}")
            elif self.clues.speaks_against(hit.org.country):
                score -= 0.25
            if not why and (generic_key(name_key(self.parts.main)) or generic_key(hit.key)):
                score = min(score, 0.6)
                reasons.append("generic name")
            found.append(_Found(hit.org, max(score, 0.0), reasons))
        close = [each for each in found if each.score > found[0].score - 0.06] if found else []
        for each in close if len(close) > 1 else ():
            each.score = min(each.score, 0.75)
        return found

    def _agreed(
        self, main: list[_Found], short: list[_Found], similar: list[_Found]
    ) -> list[_Found]:
        """Where name and acronym mean one organisation, that is it."""
        brief = {each.org.id: each for each in short}
        both = [each for each in (main or similar) if each.org.id in brief and each not in short]
        if len(both) == 1 or (both and both[0].score > both[1].score):
            top = both[0]
            if "generic name" not in top.reasons:
                top.score = max(top.score, 0.95)
                top.reasons.append("acronym agrees")
        elif main and self.parts.acronyms:
            self._disagree(main)
        if main and not both and not is_acronym(self.parts.main):
            short = [replace_score(each, 0.5) for each in short]
        elif not main and not both and not is_acronym(self.parts.main):
            short = [replace_score(each, 0.7) for each in short]
        return [*main, *similar, *short]

    def _disagree(self, main: list[_Found]) -> None:
        """A bracket with an acronym that the organisation does not have, though it has some."""
        for each in main:
            sure = any(reason.startswith("country") for reason in each.reasons)
            if not sure and any(kind == "acronym" for _, kind, _ in self.funders.names(each.org)):
                each.score = min(each.score, 0.8)
                each.reasons.append("other acronym")

    def _is_unit(
        self, each: _Found, tops: list[_Found], told: list[tuple[str, list[_Found]]]
    ) -> bool:
        """Whether the other parts are units, like departments, of the one part that is known."""
        others = [folded(part) for part, found in told if each not in found]
        units = data("generic.toml")["units"]
        return (
            len(tops) == 1
            and each.score >= 0.9
            and "acronym" not in each.reasons
            and all(any(unit in other.split() for unit in units) for other in others)
        )

    def _in_parts(self) -> list[_Found]:
        """The organisations that the parts of a name mean: the smallest one that is known."""
        told = [(part, self._named(part)) for part in self.parts.segments]
        best = [max(found, key=lambda f: f.score) for _, found in told if found]
        tops = {each.org.id: each for each in best}
        above = {up for top in best for up in self.funders.parents(top.org)}
        found = []
        for index, (part, listed) in enumerate(told):
            others = {top.org.id for top in best if top not in listed}
            for each in listed:
                if self.funders.parents(each.org) & others:
                    each.score = max(each.score, 0.9)
                    each.reasons.append("parent named")
                elif each.org.id in above:
                    each.score = min(each.score, 0.5)
                elif self._is_unit(each, list(tops.values()), told):
                    each.score = 0.87
                    each.reasons.append("a unit of it is named that is not listed")
                elif index or len(tops.keys() - above) > 1 or generic_key(name_key(part)):
                    each.score = min(each.score, 0.65)
                    each.reasons.append("part of the name")
                found.append(each)
        return found


def exact_display(hit: Hit) -> bool:
    """Whether the name that hit is the one that ROR displays."""
    return hit.key == name_key(hit.org.name)


def _is_abroad(hit: Hit) -> bool:
    """Whether an organisation's name names a country, but it is of another: a branch of one."""
    named = {code for _, code in countries_in(hit.org.name)}
    return len(named) > 1 and hit.org.country in named


def replace_score(each: _Found, most: float) -> _Found:
    """The same with its score bounded."""
    return _Found(each.org, min(each.score, most), each.reasons)


def _sure(found: Iterable[_Found]) -> bool:
    return any(each.score >= AUTOMATIC for each in found)


def _how(hit: Hit, exact: bool, acronym: bool) -> str:
    if not exact:
        return f"exact but for the country ({hit.name})"
    if acronym or hit.kind == "acronym":
        return "acronym"
    return "exact" if hit.kind in ("ror_display", "label") else "alias"


def _distinct(hits: list[Hit]) -> list[Hit]:
    """One hit an organisation, its own name before an alias; those withdrawn only if alone."""
    kinds = ("ror_display", "label", "alias", "acronym")
    seen: dict[int, Hit] = {}
    for hit in sorted(hits, key=lambda hit: kinds.index(hit.kind)):
        seen.setdefault(hit.org.id, hit)
    standing = [hit for hit in seen.values() if hit.org.status != "withdrawn"]
    return standing or list(seen.values())


def _succeeded(funders: Funders, ranked: list[_Found]) -> list[_Found]:
    """Withdrawn records give way to what followed them; an inactive one stays, that was it then."""
    told: list[_Found] = []
    for each in ranked:
        after = funders.related(each.org, "successor") if each.org.status != "active" else []
        if each.org.status == "withdrawn":
            if len(after) != 1:
                continue
            each = _Found(after[0], each.score, [*each.reasons, f"follows {each.org.name}"])
        elif after:
            each = _Found(each.org, each.score, [*each.reasons, f"now {after[0].name}"])
        if each.org.id not in {other.org.id for other in told}:
            told.append(each)
    return told


def _candidate(found: _Found) -> Candidate:
    org = found.org
    return Candidate(
        ror=org.ror,
        funder_id=org.funder_id,
        name=org.name,
        country=org.country,
        score=round(min(1.0, max(0.0, found.score)), 3),
        reasons=tuple(found.reasons),
        status=org.status,
    )
