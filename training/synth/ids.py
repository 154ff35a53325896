"""Award ids in the shapes that funders print them."""

from __future__ import annotations

import random
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from training.synth.data import read_toml

PATTERNS = Path(__file__).parent.parent / "award_patterns.toml"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and O: funders avoid what looks like a digit
_TOKEN = re.compile(r"\[([^\]]*)\]|<(yyyy|yy)>|([#%@])")


class Pattern(BaseModel):
    """One shape of award ids; fields as told at the head of award_patterns.toml."""

    model_config = ConfigDict(frozen=True)

    key: str
    funders: tuple[str, ...] = ()
    regex: str
    make: tuple[str, ...]
    example: str

    def draw(self, rng: random.Random) -> str:
        """A new id of this shape."""
        return fill(rng.choice(self.make), rng)

    def matches(self, award_id: str) -> bool:
        """Whether the id has this shape in full, whatever its case and dashes."""
        plain = award_id.upper().replace("–", "-")
        return re.fullmatch(self.regex, plain, re.IGNORECASE) is not None


def fill(template: str, rng: random.Random) -> str:
    """The template with its digits, letters, years and choices drawn."""

    def draw(match: re.Match[str]) -> str:
        choices, year, sign = match.groups()
        if choices is not None:
            return fill(rng.choice(choices.split("|")), rng)
        if year:
            drawn = rng.randint(2003, 2023)
            return f"{drawn}" if year == "yyyy" else f"{drawn % 100:02d}"
        digits = "0123456789" if sign == "#" else "123456789"
        return rng.choice(_LETTERS if sign == "@" else digits)

    return _TOKEN.sub(draw, template)


@lru_cache(maxsize=1)
def patterns() -> dict[str, Pattern]:
    """All patterns by key."""
    data: dict[str, Any] = read_toml(PATTERNS)
    return {entry["key"]: Pattern.model_validate(entry) for entry in data["pattern"]}


def draw_id(key: str, rng: random.Random) -> str:
    """An id of the pattern with this key. Raises `KeyError` for an unknown one."""
    return patterns()[key].draw(rng)
