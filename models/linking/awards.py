"""What the form of an award id says: whose it looks like, and whether its check digit is right.

Hints for a person, never a change of the words. Two ids that differ in a digit are two awards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from models.linking.names import data, name_key, parts
from models.normalise import ZERO_WIDTH
from models.schemas import Funder, Link

LONGEST = 80
"""Characters of an id at most; what is longer is a sentence."""
Kind = Literal["fits", "other", "check", "same"]
_DASHES = re.compile(r"\s*[\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d-]\s*")
_LEADS = re.compile(r"^(?:GRANT |AWARD )?(?:(?:NOS?|NUMBER|NR|ID)(?:\. ?|[ :]+)|# ?)")
_SEPARATORS = re.compile(r"[-\s/_]")


@dataclass(frozen=True, slots=True)
class Form:
    """How the ids of a funder are formed."""

    name: str
    keys: frozenset[str]
    rors: frozenset[str]
    own: tuple[re.Pattern[str], ...]
    fits: tuple[re.Pattern[str], ...]
    example: str
    joined: bool
    check: str


@dataclass(frozen=True, slots=True)
class Hint:
    """What a form says of an id.

    `fits`: it is in a form of its funder (`looks_like`). `other`: it is in a form that only
    `looks_like` uses, but the funder is `funder`. `check`: the check digit is wrong, `expected`
    would be right. `same`: the funder has this award already, written as `expected`.
    """

    kind: Kind
    looks_like: str
    funder: str = ""
    example: str = ""
    expected: str = ""

    def told(self) -> dict[str, Any]:
        """As a dictionary, for the cockpit."""
        return asdict(self)


@cache
def forms() -> tuple[Form, ...]:
    """The forms of all funders that are known."""
    return tuple(_form(row) for row in data("awards.toml")["funder"])


def _form(row: dict[str, Any]) -> Form:
    return Form(
        name=row["name"],
        keys=frozenset(map(name_key, (row["name"], *row["names"]))),
        rors=frozenset(row["rors"]),
        own=tuple(map(re.compile, row["own"])),
        fits=tuple(map(re.compile, row["fits"])),
        example=row["example"],
        joined=row.get("joined", False),
        check=row.get("check", ""),
    )


def plain(award_id: str) -> str:
    """An id as forms are written: capitals, plain hyphens, single spaces, no "No." before it."""
    text = "".join(char for char in award_id[: 4 * LONGEST] if char not in ZERO_WIDTH)
    text = _DASHES.sub("-", " ".join(text.upper().split()))
    return _LEADS.sub("", text).strip(" .,;:")


def form_of(name: str | None, link: Link | None = None) -> Form | None:
    """The forms of a funder, by its link, else by its name or the acronym in its brackets."""
    if link is not None and link.ror:
        return next((form for form in forms() if link.ror in form.rors), None)
    if not name:
        return None
    taken = parts(name)
    keys = {name_key(each) for each in (taken.whole, taken.main, *taken.acronyms)}
    return next((form for form in forms() if keys & form.keys), None)


def fits(form: Form, award_id: str) -> bool:
    """Whether an id is in one of a funder's forms."""
    return _matches((*form.own, *form.fits), plain(award_id))


def looks_like(award_id: str) -> Form | None:
    """The one funder whose own form an id has; None where it is nobody's or that of several."""
    text = plain(award_id)
    found = [form for form in forms() if _matches(form.own, text)]
    return found[0] if len(found) == 1 else None


def canonical(form: Form, award_id: str) -> str:
    """An id as it is compared: where the form's separators are optional, without them.

    Nothing else is folded: "R01GM123456" and "R01GM123457" stay two awards.
    """
    text = plain(award_id)
    return _SEPARATORS.sub("", text) if form.joined and fits(form, award_id) else text


def hint(funder: str | None, link: Link | None, award_id: str) -> Hint | None:
    """What there is to say about an id of a funder; None where it is nothing."""
    if len(award_id) > LONGEST:
        return None
    mine, other = form_of(funder, link), looks_like(award_id)
    if mine is not None and fits(mine, award_id):
        right = _right_digit(mine, plain(award_id))
        if right is not None and right != plain(award_id)[-1]:
            return Hint("check", mine.name, funder or "", mine.example, right)
        return Hint("fits", mine.name)
    if other is not None and mine is not None:
        return Hint("other", other.name, mine.name, mine.example)
    if other is not None and not (funder or "").strip():
        return Hint("other", other.name)
    return None


def hints(
    funders: Iterable[Funder], links: Iterable[Link | None] = ()
) -> Iterator[tuple[str, Hint]]:
    """The hints of an answer's award ids, with the JSON pointer of each into its funders."""
    linked = list(links)
    for i, funder in enumerate(funders):
        link = linked[i] if i < len(linked) else None
        form = form_of(funder.funder_name, link)
        known: dict[str, str] = {}
        for path, award_id in _ids(funder):
            found = hint(funder.funder_name, link, award_id)
            if form is not None and found is not None and found.kind == "fits":
                found = _again(form, award_id, known) or found
            if found:
                yield f"/{i}{path}", found


def _ids(funder: Funder) -> Iterator[tuple[str, str]]:
    for j, award in enumerate(funder.awards):
        for k, award_id in enumerate(award.award_ids):
            yield f"/awards/{j}/award_ids/{k}", award_id


def _again(form: Form, award_id: str, known: dict[str, str]) -> Hint | None:
    """The hint that an award stands above already; what is new is added to those known."""
    same = canonical(form, award_id)
    if first := known.get(same):
        return Hint("same", form.name, expected=first)
    known[same] = award_id
    return None


def _matches(patterns: Iterable[re.Pattern[str]], text: str) -> bool:
    return len(text) <= LONGEST and any(pattern.fullmatch(text) for pattern in patterns)


def _right_digit(form: Form, text: str) -> str | None:
    """The check digit that an id should end with; None for funders that have none."""
    if form.check != "cnpq" or not _matches(form.own, text):
        return None
    # Six digits of the process and two of the year, weighted 2, 3, … from the right; found on 37
    # ids of published statements, all of which it fits.
    digits = [int(char) for char in text[:6] + text[9:11]]
    weighted = zip(reversed(digits), range(2, 10), strict=True)
    total = sum(digit * weight for digit, weight in weighted)
    return str((11 - total % 11) % 11 % 10)
