"""Reasons for a right answer, made from the answer itself: MimicSFT's structured templates.

MimicSFT teaches a model to reason in fixed steps without any chain of thought to copy (training
code ranlislz/R2GRPO). The steps here are those of reading a funding statement: who is named as
payer and by which words, what belongs to whom and by which pattern, what was passed over. Each
quotation is cut from the statement, so the reasons are as right as the gold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from models import compact
from models.schemas import Award, Funder

AROUND = 3
"""Words quoted on either side of a value."""
_KINDS = (
    ("award_ids", "award id"),
    ("funding_scheme", "funding scheme"),
    ("award_title", "award title"),
)
_WORD = re.compile(r"\S+")


def reasons(funders: Sequence[Funder], statement: str) -> str:
    """The steps that lead from a statement to its funders, one a line."""
    text = compact.fold(statement)
    if not funders:
        return (
            "Step 1. No words name an organisation that paid.\n"
            "Step 2. Therefore there is no relation of a funder and an award: the list is empty."
        )
    steps = [step for funder in funders for step in _steps(funder, text)]
    return "\n".join(f"Step {number}. {step}" for number, step in enumerate(steps, start=1))


def _steps(funder: Funder, text: str) -> Iterator[str]:
    name = funder.funder_name
    if name:
        yield f"{_cited(name, text)} indicates a funder: {name}."
    else:
        yield "The awards that follow stand without an organisation, hence the name is null."
    for award in funder.awards:
        yield from _award_steps(award, name or "no named funder", text)
    if not funder.awards:
        yield f"No award is named with {name}, thus its awards are empty."


def _award_steps(award: Award, name: str, text: str) -> Iterator[str]:
    for key, kind in _KINDS:
        for value in getattr(award, key):
            yield (
                f"{_cited(value, text)} follows a pattern that indicates the {kind} {value}; "
                f"its relation is to {name} because they are said together."
            )


def _cited(value: str, text: str) -> str:
    """A value with the words around it in quotation marks, never the whole text."""
    at = compact.first_mention(compact.fold(value), text)
    if not text.startswith(compact.fold(value), at):
        return f"What is said of {value}"
    end = at + len(compact.fold(value))
    before = [match.start() for match in _WORD.finditer(text, 0, at)][-AROUND:]
    after = [match.end() for match in _WORD.finditer(text, end)][:AROUND]
    phrase = text[before[0] if before else at : after[-1] if after else end]
    if phrase == text:
        phrase = text[at:end]
    mark = "'" if '"' in phrase else '"'
    return f"{mark}{phrase}{mark}"
