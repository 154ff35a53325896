"""Sentence frames of funding statements, read from the TOML files beside this module.

A file holds groups; each has an `id`, a `kind`, a `lang`, a `weight`, and `frames`. Kinds:
`funding`; `neutral`, without a funder; `none`, which says that nobody paid; `tail`, which follows a
funding sentence and may speak of its funders again; `head`, a heading. A frame is a sentence with
choices and slots:

    [one|another|]     one of the texts; slots may stand inside, choices may not nest
    {f1} {F1}          funder 1; with F its article ("the") where the name takes one
    {f1:china}         ... one that has this tag; {f1=NSF} this very text
    {n1} {N1}          a programme that stands alone: its gold has no funder name
    {i1} {g1} {p1}     award ids of funder 1: bare; with a word such as "grant No."; in brackets
    {i1#3} {i1~nsfc}   ... exactly three of them; of this pattern
    {s1} {t1}          a scheme of funder 1, a title; {t1:full} {t1:acro}; {s1=Veni}
    {i1b} {s1b} {t1b}  the same of its second award (c, d: the third, the fourth)
    {again1}           funder 1 named once more, no gold of its own
    {list#4} {resp#3}  several funders in a list; funders and ids with "respectively"
    {person} {host} …  words that are no gold (training/synth/words.toml)
"""

from __future__ import annotations

import random
import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from training.synth.data import read_toml

Kind = Literal["funding", "neutral", "none", "tail", "head"]
_CHOICE = re.compile(r"\[([^\[\]]*)\]")


class Frame(BaseModel):
    """One sentence frame."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind
    lang: str
    weight: float
    text: str

    def choose(self, rng: random.Random) -> str:
        """The frame with its choices made, slots still in it."""
        return _CHOICE.sub(lambda match: rng.choice(match.group(1).split("|")), self.text)


@lru_cache(maxsize=1)
def frames() -> tuple[Frame, ...]:
    """All frames of all files; a frame's id is its group's and its place in it, from 1."""
    found: list[Frame] = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for group in read_toml(path)["group"]:
            for number, text in enumerate(group["frames"], start=1):
                found.append(
                    Frame(
                        id=f"{group['id']}-{number}",
                        kind=group["kind"],
                        lang=group.get("lang", "en"),
                        weight=group.get("weight", 1) / len(group["frames"]),
                        text=text,
                    )
                )
    return tuple(found)


@lru_cache(maxsize=64)
def of(kind: Kind, lang: str = "en") -> tuple[tuple[Frame, ...], tuple[float, ...]]:
    """The frames of a kind and language with their weights; a group's weight is shared by them."""
    chosen = tuple(frame for frame in frames() if frame.kind == kind and frame.lang == lang)
    return chosen, tuple(frame.weight for frame in chosen)
