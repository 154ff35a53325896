"""Why a value stays in the answer that is not in the text: a typed reason for each.

Reasons go by JSON pointer into the answer: `/statements/0`, `/funders/0/awards/1/award_ids/0`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import StringConstraints

from db.tables import RevisionRow
from models.errors import WorkbenchError
from models.schemas import Answer, GroundedField

SHORTEST = 3
LONGEST = 500
MOST = 2_000
"""Reasons that one decision may bring."""
Typed = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=SHORTEST, max_length=LONGEST)
]
"""A reason as somebody types it."""
Pointer = Annotated[str, StringConstraints(pattern=r"^/(statements|funders)/", max_length=200)]


class ReasonMissing(WorkbenchError):
    """A value that is not in the text came without a reason; `paths` point to all such values."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = tuple(paths)
        one = len(self.paths) == 1
        values = "1 value is" if one else f"{len(self.paths)} values are"
        super().__init__(
            f"{values} not in the text and {'has' if one else 'have'} no reason.",
            "Say for each in `reasons` why it stays, or take it out.",
        )

    def __reduce__(self) -> tuple[type[ReasonMissing], tuple[tuple[str, ...]]]:  # type: ignore[override]
        return type(self), (self.paths,)

    def told(self) -> list[dict[str, str]]:
        """Each pointer with what is wrong there."""
        return [
            {"path": path, "message": "not in the text: why does it stay?"} for path in self.paths
        ]


class ReasonAstray(WorkbenchError):
    """A reason was given for a value that the answer does not have."""


def reasons_for(
    answer: Answer,
    fields: Iterable[GroundedField],
    given: Mapping[str, str],
    seen: RevisionRow | None,
) -> dict[str, str]:
    """The reasons to keep with an answer: those given, and earlier ones of unchanged values.

    `fields` say where the values stand, `seen` is the revision that the curator worked upon.
    Raises `ReasonMissing` where a value that is not in the text has neither, and `ReasonAstray`.
    """
    for path in given:
        if value_at(answer, path) is None:
            raise ReasonAstray(f"There is no value at {path}.", "Give reasons for values only.")
    known = _kept(answer, seen) | dict(given)
    missing = [path for path in absent(answer, fields) if path not in known]
    if missing:
        raise ReasonMissing(missing)
    return known


def absent(answer: Answer, fields: Iterable[GroundedField]) -> list[str]:
    """Pointers to the values that are not in the text, in the order of the answer."""
    statements = [
        f"/statements/{index}"
        for index, statement in enumerate(answer.statements)
        if statement.alignment == "absent"
    ]
    return statements + [f"/funders{f.path}" for f in fields if f.alignment == "absent"]


def value_at(answer: Answer | None, path: str) -> str | None:
    """The text of a statement or the value at a pointer, None where there is none."""
    found: Any = answer.model_dump() if answer is not None else None
    for part in path.split("/")[1:]:
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list | tuple) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    text = found.get("text") if isinstance(found, dict) else found
    return text if isinstance(text, str) else None


def _kept(answer: Answer, seen: RevisionRow | None) -> dict[str, str]:
    """Earlier reasons whose pointer leads to the same value as then."""
    if seen is None:
        return {}
    return {
        path: reason
        for path, reason in seen.reasons.items()
        if (value := value_at(answer, path)) is not None and value == value_at(seen.after, path)
    }
