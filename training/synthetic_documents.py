"""Synthetic funding statements hidden in the text of real documents, chunk by chunk.

A document's chunks are made in sequence, each beginning in the last one's overlap; documents are
independent of one another, so they run in parallel. A chunk either holds statements, put between
two of its sentences, or none: a model that finds statements needs both.
"""

from __future__ import annotations

import json
import random
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from training.synth.names import NameList
from training.synthesis import load_names, row

CHUNK = 2000  # characters
OVERLAP = 200
SHORTEST = 100
HOLDING = 0.7  # share of chunks that hold statements
_STATEMENTS = ([1, 2, 3], [80, 15, 5])
_END = re.compile(r"[.!?]\s+(?=[A-Z])|\n\s*\n")  # a single line break may stand in a sentence


def chunks(
    documents: Path, names: Path, count: int, seed: int, noise: float = 0.5, workers: int = 1
) -> Iterator[dict[str, Any]]:
    """At most `count` rows in the order of the documents: id, text, statements, funders.

    `documents` is one text, or JSON Lines with `text`.
    """
    made = _all_chunks(documents, names, seed, noise, workers)
    for _, made_row in zip(range(count), made, strict=False):
        yield made_row


def _all_chunks(
    documents: Path, names: Path, seed: int, noise: float, workers: int
) -> Iterator[dict[str, Any]]:
    texts = enumerate(read_texts(documents))
    if workers <= 1:
        listed = load_names(names)
        for number, text in texts:
            yield from document_rows(listed, text, seed, number, noise)
        return
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(names,)) as pool:
        waiting: deque[Future[list[dict[str, Any]]]] = deque()
        for number, text in texts:
            waiting.append(pool.submit(_document, text, seed, number, noise))
            if len(waiting) > 2 * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


_listed = NameList()  # of a worker process


def _begin(names: Path) -> None:
    global _listed
    _listed = load_names(names)


def _document(text: str, seed: int, number: int, noise: float) -> list[dict[str, Any]]:
    return document_rows(_listed, text, seed, number, noise)


def read_texts(path: Path) -> Iterator[str]:
    """The texts of a file: one, or with `.jsonl` that of each line."""
    if path.suffix != ".jsonl":
        yield path.read_text("utf-8")
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)["text"]


def split(text: str) -> Iterator[str]:
    """Chunks that end behind a full stop or a line, each with the last one's end before it."""
    start = 0
    while len(text) - start >= SHORTEST:
        end = min(start + CHUNK, len(text))
        if end < len(text):
            stop = max(text.rfind(".", start, end), text.rfind("\n", start, end)) + 1
            end = stop if stop - start > CHUNK // 2 else end
        yield text[start:end]
        if end == len(text):
            return
        start = end - OVERLAP


def document_rows(
    names: NameList, text: str, seed: int, number: int, noise: float = 0.5
) -> list[dict[str, Any]]:
    """The chunks of one document, most of them with statements put in."""
    rng = random.Random(f"{seed}-document-{number}")
    made: list[dict[str, Any]] = []
    for place, chunk in enumerate(split(text)):
        hidden: list[dict[str, Any]] = []
        if rng.random() < HOLDING:
            first = (number * 1000 + place) * 10
            hidden = [
                row(names, seed, first + k, noise) for k in range(rng.choices(*_STATEMENTS)[0])
            ]
        hidden = [statement for statement in hidden if statement["funders"]]
        made.append(_chunk_row(f"synth-{seed}-{number}-{place}", chunk, hidden, rng))
    return made


def _chunk_row(
    row_id: str, chunk: str, hidden: list[dict[str, Any]], rng: random.Random
) -> dict[str, Any]:
    places = [match.end() for match in _END.finditer(chunk)] or [len(chunk)]
    text = chunk
    for place, statement in zip(
        sorted(rng.choices(places, k=len(hidden)), reverse=True), reversed(hidden), strict=True
    ):
        joint = rng.choice(["\n", "\n\n", " "])
        text = f"{text[:place].rstrip()}{joint}{statement['statement']}{joint}{text[place:]}"
    funders = [funder for statement in hidden for funder in statement["funders"]]
    return {
        "id": row_id,
        "source": "synthetic",
        "license": "CC0-1.0",
        "text": text,
        "statements": [statement["statement"] for statement in hidden],
        "funders": _merged(funders),
    }


def _merged(funders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each name, in order of appearance; those without a name stay apart."""
    merged: list[dict[str, Any]] = []
    by_name: dict[str, dict[str, Any]] = {}
    for funder in funders:
        known = by_name.get(funder["funder_name"] or "")
        if known is not None:
            known["awards"] = [*known["awards"], *funder["awards"]]
            continue
        entry = dict(funder)
        merged.append(entry)
        if entry["funder_name"]:
            by_name[entry["funder_name"]] = entry
    return merged
