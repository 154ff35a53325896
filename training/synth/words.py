"""What fills a statement beside its funders: people, places, numbers, and titles of projects."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path
from typing import Any

from training.synth.data import read_toml

WORDS = Path(__file__).parent / "words.toml"
_FIELDS = ("biology", "medicine", "physics", "engineering", "society")
_HEADS = (
    "B", "C", "D", "F", "G", "H", "L", "M", "N", "P", "R", "S", "T", "V", "W", "BR", "CL", "CR",
    "DR", "FL", "GR", "PL", "PR", "SM", "ST", "TR",
)  # fmt: skip
_NAMED = (
    "MAGIC", "QUSCO", "WHEALBI", "BioMalPar", "PHENIX", "CD-LINKS", "EMBIO", "Pheno2Geno",
    "TransPLANT", "GenSAP", "iAtlantic", "AQUAEXCEL", "SmartAgriHubs", "LIFEPATH", "EU-PEARL",
    "HiGHmed", "NEURON", "SOPHIA", "Blue-Action", "CarboEurope", "MyPath", "GreenRail", "INTERACT",
    "DEMETER", "Robo-Sense", "ToxRisk", "PROSPECT", "FutureMARES", "NanoCode", "UrbanLab",
)  # fmt: skip


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    return read_toml(WORDS)


def has(slot: str) -> bool:
    """Whether there are words for this slot."""
    return slot in _MADE or isinstance(_words().get(f"{slot}s", _words().get(slot)), list)


def word(slot: str, rng: random.Random) -> str:
    """A filling of the slot. Raises `KeyError` for one without words."""
    if slot in _MADE:
        return _MADE[slot](rng)
    words = _words()
    listed = words.get(f"{slot}s") or words.get(slot) or words.get(f"{slot[:-1]}ies")
    if not isinstance(listed, list):
        raise KeyError(f"no words for {slot!r}")
    return str(rng.choice(listed))


def _person(rng: random.Random) -> str:
    given, surname = word("given", rng), word("surname", rng)
    form = rng.random()
    if form < 0.5:
        return f"{given} {surname}"
    if form < 0.8:
        return f"{rng.choice(['Dr.', 'Prof.', 'Dr', 'Professor'])} {given} {surname}"
    return f"{given[0]}. {surname}"


def _people(rng: random.Random) -> str:
    names = [_person(rng) for _ in range(rng.choice([1, 2, 2, 3, 4]))]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _initials(rng: random.Random) -> str:
    letters = [rng.choice("ABCDEFGHJKLMNPRSTVWYZ") for _ in range(rng.choice([2, 2, 2, 3]))]
    return _joined(letters, rng.choice(["plain", "dots", "spaced"]))


def _joined(letters: list[str], form: str) -> str:
    if form == "plain":
        return "".join(letters)
    return (" " if form == "spaced" else "").join(f"{letter}." for letter in letters)


def _author(rng: random.Random) -> str:
    """An author as the subject of a sentence: initials mostly, else a name."""
    if rng.random() < 0.75:
        return _initials(rng)
    return f"{word('given', rng)} {word('surname', rng)}"


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(2004, 2023)
    name = word("month", rng)
    return rng.choice([f"{day} {name} {year}", f"{day:02d}.{month:02d}.{year}", f"{name} {year}"])


def _year(rng: random.Random) -> str:
    return str(rng.randint(1998, 2023))


def _number(rng: random.Random) -> str:
    return str(rng.randint(2, 999))


def _hours(rng: random.Random) -> str:
    return rng.choice(["2 million", "350,000", "1.5 million", "80,000", "12 Mio."])


_MADE = {
    "person": _person,
    "people": _people,
    "initials": _initials,
    "author": _author,
    "date": _date,
    "year": _year,
    "number": _number,
    "hours": _hours,
}


def title(rng: random.Random, lang: str = "en") -> str:
    """A title of a project in full."""
    words = _words()
    if lang in words["other_titles"]:
        return str(rng.choice(words["other_titles"][lang]))
    field = words["titles"][rng.choice(_FIELDS)]
    act, thing = rng.choice(words["titles"]["acts"]), rng.choice(field["things"])
    text = f"{act} {thing} {rng.choice(field['places'])}"
    if rng.random() < 0.15:
        text = f"{acronym(rng)}: {text}"
    if rng.random() < 0.15:
        text = f"{thing[0].upper()}{thing[1:]} {rng.choice(field['places'])}"
    return text


def acronym(rng: random.Random) -> str:
    """A short name of a project: listed, or two or three syllables in capitals."""
    if rng.random() < 0.3:
        return rng.choice(_NAMED)
    syllables = [rng.choice(_HEADS) + rng.choice("AEIOU") for _ in range(rng.choice([1, 2, 2, 3]))]
    text = "".join(syllables) + rng.choice("NRSXTMLK")
    form = rng.random()
    if form < 0.12:
        return text.capitalize()
    if form < 0.24:
        return f"{text}-{rng.choice(['II', '2', 'EU', 'Plus', 'NET'])}"
    return text
