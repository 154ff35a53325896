"""Other statements made of labelled ones: the same sentences with new award ids, two texts in one.

A model that meets a labelled statement in every pass learns it by heart, ids first, because they
are the most surprising part. Fresh ids make copying the only way to be right. Joined texts teach
what the corpora hardly have: long lists, and where one funder's awards end.
"""

from __future__ import annotations

import random
import re
import string

from rapidfuzz import fuzz

from models.schemas import Funder
from training.corpora import LabelledStatement

_KEPT = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d{2})")
"""A year in an id says what kind of id it is: it stays."""
LEAST_DIGITS = 3
ALIKE = 80
"""Two names more alike than this, in percent, may be one funder: such texts are not joined."""


def fresh_ids(record: LabelledStatement, rng: random.Random) -> LabelledStatement:
    """The statement with other digits in its award ids, the same in text and gold.

    An id with few digits, or one that stands inside another value, stays as it is.
    """
    values = [value for funder in record.funders for value in _values(funder)]
    ids = {v for funder in record.funders for award in funder.awards for v in award.award_ids}
    text, funders = record.statement, record.model_dump(mode="json")["funders"]
    for old in sorted(ids):
        is_alone = sum(old in value for value in set(values)) == 1
        if not is_alone or sum(map(str.isdigit, old)) < LEAST_DIGITS or old not in text:
            continue
        new = _other_digits(old, rng)
        if new in text:
            continue
        printed = new.replace("\\", r"\\")
        text = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", printed, text)
        if new not in text:
            continue
        for funder in funders:
            for award in funder["awards"]:
                award["award_ids"] = [new if v == old else v for v in award["award_ids"]]
    changed = record.model_dump(mode="json") | {"statement": text, "funders": funders}
    return LabelledStatement.model_validate(changed)


def joined(first: LabelledStatement, second: LabelledStatement) -> LabelledStatement | None:
    """Both statements as one text; None where a funder of one may be a funder of the other."""
    names = [[f.funder_name for f in r.funders if f.funder_name] for r in (first, second)]
    if any(_alike(a, b) for a in names[0] for b in names[1]):
        return None
    both = first.model_dump(mode="json") | {
        "id": f"{first.id}+{second.id}",
        "statement": f"{first.statement.rstrip()} {second.statement.lstrip()}",
        "funders": [*first.funders, *second.funders],
    }
    return LabelledStatement.model_validate(both)


def _alike(first: str, second: str) -> bool:
    if fuzz.token_set_ratio(first.lower(), second.lower()) >= ALIKE:
        return True
    return bool(_short_forms(first) & _short_forms(second))


def _short_forms(name: str) -> set[str]:
    """The name's initials, and the words of it that are printed in capitals."""
    words = re.findall(r"\w+", name)
    initials = "".join(word[0] for word in words if word[0].isupper())
    return {initials, *(word for word in words if len(word) > 1 and word.isupper())}


def _values(funder: Funder) -> list[str]:
    named = [funder.funder_name] if funder.funder_name else []
    return named + [
        value
        for award in funder.awards
        for value in (*award.award_ids, *award.funding_scheme, *award.award_title)
    ]


def _other_digits(value: str, rng: random.Random) -> str:
    kept = {at for match in _KEPT.finditer(value) for at in range(*match.span())}
    return "".join(
        rng.choice(string.digits) if char.isdigit() and char.isascii() and at not in kept else char
        for at, char in enumerate(value)
    )
