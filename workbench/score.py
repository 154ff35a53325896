"""A file of answers against a file of gold: which line belongs to which, and what the score says.

Lines pair by `id`, else by the statement's text, else by DOI. A gold line without an answer counts
as missed; an answer that no gold line asks for is told and does not count.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from models.errors import WorkbenchError
from models.schemas import Funder
from models.scoring import (
    FIELD_MODES,
    MODES,
    RESEMBLANCES,
    Criteria,
    Finding,
    Resolver,
    count_errors,
    find_errors,
    funders_from_text,
    normalize_text,
    parse_funders,
    read_funders,
    score_corpus,
    score_statements,
)
from models.scoring.reading import is_cut_off
from models.scoring.statements import StatementCounts

Row = dict[str, Any]
Key = Literal["id", "statement", "doi"]
KEYS: tuple[Key, ...] = ("id", "statement", "doi")
TEXT_KEYS = ("statement", "funding_statement")
REPLY_KEYS = ("prediction", "output")


@dataclass(slots=True)
class Pairing:
    """Each gold line with its answer, None where there is none, and what did not fit."""

    pairs: list[tuple[Row | None, Row]] = field(default_factory=list)
    duplicates: int = 0
    unasked: int = 0


def score(pred: Path, gold: Path, mode: str, ror: Path | None = None, errors: int = 0) -> Row:
    """Score one file against another; the result is JSON.

    `mode` is a mode, or "all" for the three that published figures use and, with `ror`, for
    "id_aware". `errors` examples of each kind of error are added. Raises `WorkbenchError` for
    files that cannot be read or that do not fit together.
    """
    pairing = pair_rows(read_rows(pred), read_rows(gold))
    resolve = read_ror(ror) if ror else None
    ways = _criteria(mode, resolve)
    scored = [(said, right) for said, right in pairing.pairs if right.get("funders") is not None]
    answers = [(answer(said), _gold(right)) for said, right in scored]
    result = score_corpus(answers, ways).to_dict()
    result["meta"] |= {
        "cut_off": sum(_is_cut_off(said) for said, _ in scored),
        "duplicates": pairing.duplicates,
        "unasked": pairing.unasked,
        "without_gold": len(pairing.pairs) - len(scored),
    }
    if any(_statements(said) is not None for said, _ in pairing.pairs):
        result |= _score_statements(pairing.pairs)
    if errors:
        how = next((way for way in ways if way.mode == "balanced"), ways[0])
        texts = [statement(right) for _, right in scored]
        result["errors"] = _errors(answers, texts, how, errors)
    return result


def _criteria(mode: str, resolve: Resolver | None) -> list[Criteria]:
    modes: Sequence[Any] = FIELD_MODES if mode == "all" else (mode,)
    if mode == "all" and resolve is not None:
        modes = (*modes, "id_aware")
    return [Criteria(mode=name, resolve=resolve) for name in modes]


def read_rows(path: Path) -> list[Row]:
    """The objects of a JSON Lines file. Raises `WorkbenchError` that names a bad line."""
    rows = []
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise WorkbenchError(
                    f"Line {number} of {path} is not a JSON object.", "Repair or remove the line."
                )
            rows.append(row)
    return rows


def pair_rows(pred: Sequence[Row], gold: Sequence[Row]) -> Pairing:
    """Find each gold line's answer. Of lines with the same key the first one counts.

    A key is used where both files share a value of it; a gold line that carries it is looked for
    by no other, so that a statement that two papers share lends no paper the other's answer.
    """
    places = {key: _index(pred, key) for key in KEYS}
    shared = [key for key in KEYS if places[key].keys() & _index(gold, key).keys()]
    if gold and pred and not shared:
        raise WorkbenchError(
            "No line of the one file belongs to a line of the other.",
            "Give both the same `id`, `statement` (or `funding_statement`) or `doi`.",
        )
    gold_again, pred_again = _repeated(gold, shared), _repeated(pred, shared)
    pairing = Pairing()
    used: set[int] = set()
    for number, row in enumerate(gold):
        if number in gold_again:
            continue
        key, value = _identity(row, shared) or ("id", "")
        place = places[key].get(value)
        pairing.pairs.append((None if place is None else pred[place], row))
        used |= set() if place is None else {place}
    pairing.duplicates = len(gold_again) + len(pred_again - used)
    pairing.unasked = len(pred) - len(used | pred_again)
    return pairing


def _index(rows: Sequence[Row], key: Key) -> dict[str, int]:
    """The first line of each value of a key."""
    places: dict[str, int] = {}
    for place, row in enumerate(rows):
        value = _key(row, key)
        if value is not None:
            places.setdefault(value, place)
    return places


def _repeated(rows: Sequence[Row], shared: Sequence[Key]) -> set[int]:
    """Lines that an earlier line already stands for."""
    seen: set[tuple[Key, str]] = set()
    again: set[int] = set()
    for number, row in enumerate(rows):
        identity = _identity(row, shared)
        if identity in seen:
            again.add(number)
        elif identity is not None:
            seen.add(identity)
    return again


def _identity(row: Row, shared: Sequence[Key]) -> tuple[Key, str] | None:
    """The first of the keys that a line carries."""
    return next(((key, value) for key in shared if (value := _key(row, key))), None)


def _key(row: Row, key: Key) -> str | None:
    if key == "statement":
        return statement(row)
    value = row.get(key)
    if value is None or value == "":
        return None
    return str(value).lower() if key == "doi" else str(value)


def statement(row: Row) -> str | None:
    """The statement that a line is about, as it stands there."""
    texts = (row.get(name) for name in TEXT_KEYS)
    return next((text for text in texts if isinstance(text, str) and text.strip()), None)


def answer(row: Row | None) -> tuple[Funder, ...] | None:
    """The funders that a line says, None where it has no answer that can be read."""
    if row is None:
        return None
    given = row.get("funders")
    if given is None:
        reply = _reply(row)
        return funders_from_text(reply) if isinstance(reply, str) else parse_funders(reply)
    return funders_from_text(given) if isinstance(given, str) else parse_funders(given)


def _reply(row: Row) -> Any:
    return next((row[name] for name in REPLY_KEYS if row.get(name) is not None), None)


def _is_cut_off(row: Row | None) -> bool:
    reply = _reply(row) if row is not None and row.get("funders") is None else None
    return isinstance(reply, str) and is_cut_off(reply)


def _gold(row: Row) -> tuple[Funder, ...]:
    try:
        return read_funders(row["funders"])
    except ValueError as error:
        raise WorkbenchError(
            f"The gold of {_name(row)} has `funders` that are not JSON.", "Repair the line."
        ) from error


def _name(row: Row) -> str:
    return next((f"{key} {value!r}" for key in KEYS if (value := _key(row, key))), "a line")


def _statements(row: Row | None) -> list[str] | None:
    """The statements of a line, as texts or as objects with `text`."""
    listed = row.get("statements") if row else None
    if not isinstance(listed, list):
        return None
    texts = (item.get("text") if isinstance(item, dict) else item for item in listed)
    return [text for text in texts if isinstance(text, str) and text.strip()]


def _score_statements(pairs: Sequence[tuple[Row | None, Row]]) -> Row:
    """Scores under the key "statements"; nothing where the gold has no statements either."""
    both = [
        (_statements(said) or [], right)
        for said, row in pairs
        if (right := _statements(row)) is not None
    ]
    if not both:
        return {}
    scores: Row = {}
    for name, resemblance in RESEMBLANCES.items():
        counts = (score_statements(said, right, resemblance) for said, right in both)
        scores[name] = sum(counts, StatementCounts()).to_dict()
    return {"statements": scores}


def _errors(
    answers: Iterable[tuple[Sequence[Funder] | None, Sequence[Funder]]],
    texts: Sequence[str | None],
    how: Criteria,
    most: int,
) -> Row:
    found: list[tuple[Finding, str | None]] = [
        (finding, text)
        for (pred, gold), text in zip(answers, texts, strict=True)
        for finding in find_errors(pred or (), gold, how, text)
    ]
    counts = count_errors(finding for finding, _ in found)
    examples = [
        _example(finding, text)
        for level, kinds in counts.items()
        for kind in kinds
        for finding, text in [f for f in found if (f[0].level, f[0].kind) == (level, kind)][:most]
    ]
    return {"mode": how.mode, "counts": counts, "examples": examples}


def _example(finding: Finding, text: str | None) -> Row:
    return {
        "level": finding.level,
        "kind": finding.kind,
        "gold": list(finding.gold),
        "pred": list(finding.pred),
        "funder": finding.funder,
        "statement": text,
    }


def read_ror(path: Path) -> Resolver:
    """From names to ROR ids, of a JSON object or a CSV whose columns are name and id.

    Names are compared normalised and without case.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            entries = _entries(source, path.suffix.lower() == ".json")
            ids = {normalize_text(name).casefold(): ror for name, ror in entries if ror}
    except (ValueError, AttributeError) as error:
        raise WorkbenchError(
            f"{path} is no list of names and ROR ids.",
            "Give a JSON object {name: id}, or a CSV with the columns name and id.",
        ) from error
    return lambda name: ids.get(normalize_text(name).casefold())


def _entries(source: Iterable[str], is_json: bool) -> Iterator[tuple[str, str]]:
    if is_json:
        data: Mapping[str, str] = json.loads("".join(source))
        yield from ((str(name), str(ror or "")) for name, ror in data.items())
        return
    yield from ((row[0], row[1].strip()) for row in csv.reader(source) if len(row) >= 2)


HEADS = ("level", "P", "R", "F1", "95 %", "macro", "gold", "said", "matched")
"""The heads of a table: shares in percent, the interval of micro F1, the mean of F1, counts."""


def tables(result: Row) -> dict[str, list[tuple[str, ...]]]:
    """The scores as rows of text, for each mode."""
    return {
        mode: [_table_row(level, scores) for level, scores in levels.items()]
        for mode, levels in result.items()
        if mode in MODES
    }


def _table_row(level: str, scores: Row) -> tuple[str, ...]:
    return (
        level,
        *(f"{100 * scores[key]:.1f}" for key in ("precision", "recall", "f1")),
        f"{100 * scores['f1_low']:.1f}–{100 * scores['f1_high']:.1f}",
        f"{100 * scores['macro_f1']:.1f}",
        *(f"{scores[key]}" for key in ("gold_count", "pred_count", "matched")),
    )


def notes(result: Row) -> list[str]:
    """What a person should know beside the table."""
    meta = result["meta"]
    told = [f"{meta['documents']} documents, {meta['unanswered']} of them without an answer."]
    said = {
        "cut_off": "answers were cut off while the model reasoned; they count as missed.",
        "duplicates": "lines repeat an earlier one; the first counts.",
        "unasked": "answers belong to no line of the gold; they do not count.",
        "without_gold": "lines of the gold have no `funders`; they do not count.",
    }
    told += [f"{meta[key]} {sentence}" for key, sentence in said.items() if meta[key]]
    told += [
        f"Statements, {name}: P {100 * s['precision']:.1f}, R {100 * s['recall']:.1f}, "
        f"F1 {100 * s['f1']:.1f}; {s['documents_matched']} of {s['documents']} documents."
        for name, s in result.get("statements", {}).items()
    ]
    return told + _error_lines(result.get("errors"))


def _error_lines(errors: Row | None) -> list[str]:
    if errors is None:
        return []
    lines = [f"Errors, {errors['mode']}:"]
    for level, kinds in errors["counts"].items():
        lines.append(f"  {level}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    for example in errors["examples"]:
        right, said = (" | ".join(example[side]) or "nothing" for side in ("gold", "pred"))
        lines.append(f"  [{example['level']}, {example['kind']}] right: {right}; said: {said}")
    return lines
