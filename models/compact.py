"""The short form of a reply that the embedded model writes: the same facts in a quarter of tokens.

Stage 2 writes one value a line behind a letter: `F` a funder (`-` where only a programme is named),
then its awards: `I` award id, `S` funding scheme, `T` award title. A capital letter begins an
award, a small one continues it; the line `0` alone says that there are no funders:

    F National Science Foundation
    I DMS-1613002
    i DMS-1613003
    F -
    S 111 Project

Stage 1 reads numbered sentences and writes the numbers of those that say who paid, `0` for none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from models.decoding import Located
from models.schemas import Award, Funder, FunderList
from models.sentences import sentences

NONE = "0"
NO_NAME = "-"
FIELDS = {"i": "award_ids", "s": "funding_scheme", "t": "award_title"}


def fold(text: str) -> str:
    """The text as the model reads and copies it: NFC, white space as single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def write_funders(funders: Sequence[Funder]) -> str:
    """Funders in the short form, one value a line."""
    lines: list[str] = []
    for funder in funders:
        lines.append(f"F {fold(funder.funder_name) if funder.funder_name else NO_NAME}")
        for award in funder.awards:
            lines += _award_lines(award)
    return "\n".join(lines) or NONE


def _award_lines(award: Award) -> list[str]:
    lines = [
        f"{letter} {fold(value)}"
        for letter, field in FIELDS.items()
        for value in getattr(award, field)
    ]
    return [lines[0][0].upper() + lines[0][1:], *lines[1:]] if lines else []


def read_funders(text: str) -> tuple[Funder, ...] | None:
    """Funders of a reply in the short form, None where it is not that form."""
    if text.strip() == NONE:
        return ()
    names: list[str | None] = []
    awards: list[list[dict[str, list[str]]]] = []
    for line in text.strip().split("\n"):
        letter, _, value = line.partition(" ")
        value = value.strip()
        if letter == "F" and value:
            names.append(None if value == NO_NAME else value)
            awards.append([])
        elif letter.lower() in FIELDS and value and names:
            if letter.isupper() or not awards[-1]:
                awards[-1].append({})
            awards[-1][-1].setdefault(FIELDS[letter.lower()], []).append(value)
        else:
            return None
    data = [
        {"funder_name": name, "awards": its}
        for name, its in zip(names, awards, strict=True)
        if name or its
    ]
    return FunderList.validate_python(data)


def locate(text: str) -> list[Located]:
    """Where each value of a reply in the short form stands; `path` ends in the field's name."""
    found: list[Located] = []
    offset = 0
    for line in text.split("\n"):
        letter, _, value = line.partition(" ")
        field = "funder_name" if letter == "F" else FIELDS.get(letter.lower(), "")
        if field and value.strip() and (letter, value) != ("F", NO_NAME):
            start = offset + len(letter) + 1
            found.append(Located(f"/{field}", value, start, start + len(value)))
        offset += len(line) + 1
    return found


def numbered(text: str) -> str:
    """A passage as stage 1 reads it: its sentences, one a line, numbered from 1."""
    return "\n".join(
        f"{number} {fold(text[start:end])}"
        for number, (start, end) in enumerate(sentences(text), start=1)
    )


def write_numbers(chosen: Sequence[int]) -> str:
    """The numbers of the chosen sentences, in order."""
    return " ".join(map(str, sorted(set(chosen)))) or NONE


def read_numbers(text: str) -> list[int] | None:
    """The numbers of a stage-1 reply, None where it is none."""
    if not re.fullmatch(r"\d+(?: \d+)*", text.strip()):
        return None
    return sorted({int(number) for number in text.split() if number != NONE})


def locate_numbers(text: str) -> list[Located]:
    """Where each number of a stage-1 reply stands."""
    return [Located("", m.group(), m.start(), m.end()) for m in re.finditer(r"\d+", text)]


def chosen_spans(
    text: str, numbers: Sequence[int]
) -> list[tuple[tuple[int, int], tuple[int, ...]]]:
    """Runs of chosen neighbouring sentences: their characters in the passage and their numbers."""
    places = list(sentences(text))
    runs: list[tuple[int, ...]] = []
    for number in numbers:
        if not 1 <= number <= len(places):
            continue
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = (*runs[-1], number)
        else:
            runs.append((number,))
    return [((places[run[0] - 1][0], places[run[-1] - 1][1]), run) for run in runs]
