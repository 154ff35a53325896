"""The short form of a reply that the embedded model writes: the same facts in a quarter of tokens.

Stage 2 writes one value a line behind a letter, in the order of the text: `F` the funder's name,
`I` award id, `S` funding scheme, `T` award title. A blank line parts the funders; one of whom only
a programme is named has no `F` line. A capital letter begins an award, a small one continues it;
the line `0` alone says that there are no funders:

    F National Science Foundation
    I DMS-1613002
    i DMS-1613003

    S 111 Project
    i B08004

Stage 1 reads numbered sentences and writes the numbers of those that say who paid, `0` for none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from models.decoding import Located
from models.schemas import Award, Funder, FunderList
from models.sentences import sentences

NONE = "0"
NAME = "F"
FIELDS = {"I": "award_ids", "S": "funding_scheme", "T": "award_title"}


def fold(text: str) -> str:
    """The text as the model reads and copies it: NFC, white space as single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def write_funders(funders: Sequence[Funder], text: str) -> str:
    """Funders of a statement in the short form; `text` is the statement, folded.

    Values stand in the order of their first mention, an award's together, funders in the order of
    their first value; what the text does not print comes last, as given.
    """
    groups = sorted((_lines(f, text) for f in funders), key=_place)
    written = ["\n".join(line for _, line in lines) for lines in groups if lines]
    return "\n\n".join(written) or NONE


_Line = tuple[int, str]  # where the value is first mentioned, letter and value


def _lines(funder: Funder, text: str) -> list[_Line]:
    awards = sorted((_award_lines(award, text) for award in funder.awards), key=_place)
    lines = [line for award in awards for line in award]
    if funder.funder_name:
        name = fold(funder.funder_name)
        place = first_mention(name, text)
        before = next((n for n, (at, _) in enumerate(lines) if at >= place), len(lines))
        lines.insert(before, (place, f"{NAME} {name}"))
    return lines


def _award_lines(award: Award, text: str) -> list[_Line]:
    lines = [
        (first_mention(value, text), f"{letter.lower()} {value}")
        for letter, field in FIELDS.items()
        for value in map(fold, getattr(award, field))
    ]
    lines.sort(key=lambda line: line[0])
    return [
        (at, line[0].upper() + line[1:] if n == 0 else line) for n, (at, line) in enumerate(lines)
    ]


def _place(lines: Sequence[_Line]) -> int:
    return lines[0][0] if lines else 0


def first_mention(value: str, text: str) -> int:
    """Where a value first stands in a text as whole words, else as part of one, else the end."""
    at = text.find(value)
    while at >= 0:
        stop = at + len(value)
        cuts_begin = text[at - 1 : at].isalnum() and value[:1].isalnum()
        cuts_end = text[stop : stop + 1].isalnum() and value[-1:].isalnum()
        if not cuts_begin and not cuts_end:
            return at
        at = text.find(value, at + 1)
    inside = text.find(value)
    return inside if inside >= 0 else len(text)


def read_funders(text: str) -> tuple[Funder, ...] | None:
    """Funders of a reply in the short form, None where it is not that form."""
    if text.strip() == NONE:
        return ()
    groups = [_read_group(group.split("\n")) for group in text.strip().split("\n\n")]
    if any(group is None for group in groups):
        return None
    return FunderList.validate_python(groups)


def _read_group(lines: Sequence[str]) -> dict[str, Any] | None:
    name: str | None = None
    awards: list[dict[str, list[str]]] = []
    for line in lines:
        letter, _, value = line.partition(" ")
        value = value.strip()
        if letter == NAME and value and name is None:
            name = value
        elif letter.upper() in FIELDS and value:
            if letter.isupper() or not awards:
                awards.append({})
            awards[-1].setdefault(FIELDS[letter.upper()], []).append(value)
        else:
            return None
    return {"funder_name": name, "awards": awards}


def locate(text: str) -> list[Located]:
    """Where each value of a reply in the short form stands; `path` ends in the field's name."""
    found: list[Located] = []
    offset = 0
    for line in text.split("\n"):
        letter, _, value = line.partition(" ")
        field = "funder_name" if letter == NAME else FIELDS.get(letter.upper(), "")
        if field and value.strip():
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
