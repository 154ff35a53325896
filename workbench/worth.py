"""What a look at a paper is worth, from 0 to 1, and why: the judgement, with no store.

Each component has a strength from 0 to 1 and a weight; together they are worth
1 - product(1 - weight x strength): more reasons never lower it, and none alone makes it 1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from db.tables import Reason
from models import patterns
from models.schemas import Funder, GroundedField, Proposal, Statement
from models.scoring.text import normalize_award_id, normalize_text, similarity

WEIGHTS: Mapping[str, float] = {
    "unread": 0.9,
    "absent": 0.7,
    "doubt": 0.6,
    "missed": 0.6,
    "adapters": 0.5,
    "odd_award": 0.45,
    "rules": 0.3,
    "new_funder": 0.3,
    "fuzzy": 0.25,
}
"""Kind of reason and its weight; docs/queue.md says what each is and why it weighs so much."""
AUDIT_SHARE = 10
"""One paper of so many is looked at whatever the model says."""
UNKNOWN = 0.5
"""Probability of being right of a value that comes without one."""
LEAST_DOUBT = 0.2
"""Expected wrong values below which the doubt is not worth a word, though it counts."""
LEAST_SURE = 0.9
"""From this probability on the finder is sure of a statement."""
LEAST_AWARDS = 3
"""Known award ids of a funder from which on a new shape is odd."""
SAME_NAME = 0.8


@dataclass(frozen=True, slots=True)
class Known:
    """What curators' decisions tell: funders by their normal name, and the shapes of their ids."""

    funders: frozenset[str] = frozenset()
    shapes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, awards: Iterable[tuple[str, str | None]]) -> Known:
        """From pairs of a funder's name and an award id, None for no award."""
        ids: defaultdict[str, set[str]] = defaultdict(set)
        funders = set()
        for name, award in awards:
            funders.add(normal(name))
            if award:
                ids[normal(name)].add(normalize_award_id(award))
        shapes = {name: frozenset(map(shape, found)) for name, found in ids.items()}
        return cls(frozenset(funders), shapes, {name: len(found) for name, found in ids.items()})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a look is worth, and the reasons, the weightiest first."""

    worth: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Component:
    kind: str
    strength: float
    detail: str = ""
    told: bool = True

    @property
    def share(self) -> float:
        return WEIGHTS[self.kind] * self.strength


def judge(
    proposal: Proposal, known: Known, other: Proposal | None = None, surest: float = 0.0
) -> Judgement:
    """The worth of a paper by what the model said of it, without the audit.

    `other` is what another adapter or model said, `surest` the finder's highest probability of a
    sentence; it matters only where the model found nothing.
    """
    parts = sorted(
        _components(proposal, known, other, surest), key=lambda part: part.share, reverse=True
    )
    left = 1.0
    for part in parts:
        left *= 1.0 - part.share
    reasons = tuple(Reason(kind=part.kind, detail=part.detail) for part in parts if part.told)
    return Judgement(round(1.0 - left, 4), reasons)


def is_audited(sha256: str) -> bool:
    """Whether the document is of the random tenth; the same file always is, or never."""
    return int(sha256[:8], 16) % AUDIT_SHARE == 0


def audit_place(sha256: str) -> float:
    """Where in the queue an audited paper stands at the latest: a share from its end, in [0, 1)."""
    return int(sha256[8:16], 16) / 2**32


def audited(judged: Judgement, worth: float) -> Judgement:
    """A paper of the audit, lifted to `worth` where its own is less."""
    return Judgement(max(judged.worth, worth), (*judged.reasons, Reason(kind="audit")))


def shape(award_id: str) -> str:
    """An award id's letters as A and digits as 9, as many as there are."""
    letters = re.sub(r"[^\W\d_]", "A", award_id.strip())
    return re.sub(r"\d", "9", letters)


def normal(name: str) -> str:
    """A funder's name as the scorer compares it, and without case."""
    return normalize_text(name).casefold()


def _components(
    proposal: Proposal, known: Known, other: Proposal | None, surest: float
) -> Iterator[_Component]:
    if proposal.extraction.funders is None:
        yield _Component("unread", 1.0, proposal.extraction.error or "")
        return
    if not proposal.statements and not proposal.funders and surest >= LEAST_SURE:
        yield _Component("missed", surest, f"{100 * surest:.0f}")
    yield from _values(proposal)
    if other is not None and other.extraction.funders is not None:
        yield from _adapters(proposal.funders, other)
    yield from _rules(proposal)
    yield from _funders(proposal.funders, known)


def _values(proposal: Proposal) -> Iterator[_Component]:
    """Doubt, and values that are not or only about in the text."""
    values: tuple[Statement | GroundedField, ...] = (*proposal.statements, *proposal.fields)
    if not values:
        return
    sure = [UNKNOWN if v.confidence is None else v.confidence for v in values]
    wrong = sum(1.0 - p for p in sure)
    least = values[sure.index(min(sure))]
    yield _Component("doubt", wrong / (1.0 + wrong), _said(least), told=wrong >= LEAST_DOUBT)
    for kind in ("absent", "fuzzy"):
        found = [value for value in values if value.alignment == kind]
        if found:
            yield _Component(kind, _some(len(found)), _listed([_said(value) for value in found]))


def _adapters(funders: Sequence[Funder], other: Proposal) -> Iterator[_Component]:
    """What another adapter or model said that this one does not, and the other way round."""
    here, there = _facts(funders), _facts(other.funders)
    differ = [said for key, said in {**here, **there}.items() if (key in here) != (key in there)]
    if differ:
        yield _Component("adapters", len(differ) / len({**here, **there}), _listed(differ))


def _facts(funders: Sequence[Funder]) -> dict[tuple[str, str], str]:
    """Funders' names and award ids as they are compared, with the words for people."""
    found: dict[tuple[str, str], str] = {}
    for funder in funders:
        if funder.funder_name:
            found["name", normal(funder.funder_name)] = funder.funder_name
        for award in _ids(funder):
            found["id", normalize_award_id(award)] = award
    return found


def _rules(proposal: Proposal) -> Iterator[_Component]:
    """What regular expressions find in the statements that the model has nowhere."""
    text = "\n".join(statement.text for statement in proposal.statements)
    if not text:
        return
    names = [f.funder_name for f in proposal.funders if f.funder_name]
    said = [normalize_award_id(value.value) for value in proposal.fields]
    missing: list[str] = []
    for funder in patterns.parse(text):
        name = funder.funder_name or ""
        if all(similarity(name, known) < SAME_NAME for known in names):
            missing.append(name)
        for award in _ids(funder):
            key = normalize_award_id(award)
            if not any(key in value or value in key for value in said if len(value) >= 3):
                missing.append(award)
    if missing:
        yield _Component("rules", _some(len(missing)), _listed(missing))


def _funders(funders: Sequence[Funder], known: Known) -> Iterator[_Component]:
    """Funders that no curator has seen, and award ids of a new shape."""
    named = {normal(f.funder_name): f for f in funders if f.funder_name}
    unseen = [f.funder_name or "" for name, f in named.items() if name not in known.funders]
    if unseen and known.funders:
        yield _Component("new_funder", _some(len(unseen)), _listed(unseen))
    odd = [
        award
        for name, funder in named.items()
        if known.counts.get(name, 0) >= LEAST_AWARDS
        for award in _ids(funder)
        if shape(normalize_award_id(award)) not in known.shapes[name]
    ]
    if odd:
        yield _Component("odd_award", _some(len(odd)), _listed(odd))


def _ids(funder: Funder) -> list[str]:
    return [value for award in funder.awards for value in award.award_ids]


def _some(count: int) -> float:
    """How much `count` of something is: a half for one, towards 1 for many."""
    return 1.0 - 0.5**count


def _said(value: Statement | GroundedField) -> str:
    return value.value if isinstance(value, GroundedField) else value.text


def _listed(values: Sequence[str]) -> str:
    """The first of the values, shortened, and how many more there are."""
    first = values[0] if len(values[0]) <= 60 else values[0][:59].rstrip() + "…"
    return first if len(values) == 1 else f"{first} (+{len(values) - 1})"
