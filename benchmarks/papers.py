"""Seconds a paper, places that are right, and whether the finder hands the statements on.

    workbench extract FOLDER/*.pdf -o out.jsonl
    python benchmarks/papers.py out.jsonl LABELS.jsonl

LABELS has one object a line with `pdf` (a path relative to its own folder) and `statements`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from models.documents import read
from models.finder import find
from models.grounding import ground_fields, ground_statement
from models.normalise import squeeze
from models.replies import tidy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extracted", type=Path)
    parser.add_argument("labels", type=Path)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.extracted.read_text("utf-8").splitlines()]
    labels = [json.loads(line) for line in arguments.labels.read_text("utf-8").splitlines()]
    report_extraction(rows)
    report_finder(labels, arguments.labels.parent)
    report_grounding(labels, arguments.labels.parent)


def report_extraction(rows: list[dict[str, Any]]) -> None:
    """Times and errors of `workbench extract`, and each span against the document's own text."""
    good = [row for row in rows if "error" not in row]
    seconds = sorted(row["seconds"] for row in good)
    wrong = sum(map(wrong_spans, good))
    spans = sum(len(located(row)) for row in good)
    print(f"papers {len(rows)}   failed {len(rows) - len(good)}")
    print(
        f"seconds a paper (model): median {statistics.median(seconds):.2f}   "
        f"p90 {seconds[int(0.9 * len(seconds))]:.2f}   worst {seconds[-1]:.2f}"
    )
    print(f"spans {spans}   whose text is not the document's at its offsets {wrong}")


def located(row: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Values of a row that have a place, with the place."""
    values = [(s["text"], s) for s in row["statements"]] + [(f["value"], f) for f in row["fields"]]
    return [(value, place) for value, place in values if place["start"] is not None]


def wrong_spans(row: dict[str, Any]) -> int:
    """Exact spans must agree to the letter, normalised ones after folding."""
    text = read(Path(row["path"])).text
    wrong = 0
    for value, place in located(row):
        there = text[place["start"] : place["end"]]
        if place["alignment"] == "exact":
            wrong += there != value
        elif place["alignment"] == "normalised":
            wrong += squeeze(there)[0] != squeeze(value)[0]
    return wrong


def report_finder(labels: list[dict[str, Any]], folder: Path) -> None:
    """Reading speed, and the share of papers all of whose statements the model gets to read."""
    pages = handed = read_chars = papers = whole = statements = 0
    chars: list[int] = []
    reading = 0.0
    for label in labels:
        started = time.perf_counter()
        document = read(folder / label["pdf"])
        reading += time.perf_counter() - started
        passages = [squeeze(document.text[p.start : p.end])[0] for p in find(document)]
        found = [any(squeeze(s)[0] in p for p in passages) for s in label["statements"]]
        pages += len(document.pages)
        read_chars += len(document.text)
        chars.append(sum(map(len, passages)))
        statements += len(found)
        handed += sum(found)
        papers += bool(found)
        whole += bool(found) and all(found)
    chars.sort()
    print(f"reading {pages} pages: {pages / reading:.0f} pages a second")
    print(f"statements inside a passage {handed} of {statements}")
    print(f"papers with all statements inside {whole} of {papers} = {whole / papers:.3f}")
    print(
        f"characters handed on: median {chars[len(chars) // 2]}, most {chars[-1]}, "
        f"{sum(chars) / read_chars:.3f} of the text"
    )


def report_grounding(labels: list[dict[str, Any]], folder: Path) -> None:
    """How the labelled statements and values themselves stand in the text of their papers."""
    statements: Counter[str] = Counter()
    values: Counter[str] = Counter()
    boxes = wrong = 0
    for label in labels:
        document = read(folder / label["pdf"])
        found = [ground_statement(text, document) for text in label["statements"]]
        fields = ground_fields(tidy(label["funders"]), found, document)
        statements.update(statement.alignment for statement in found)
        values.update(field.alignment for field in fields)
        for text, place in [(s.text, s) for s in found] + [(f.value, f) for f in fields]:
            if place.span is not None and place.alignment in ("exact", "normalised"):
                there = document.text[place.span.start : place.span.end]
                wrong += squeeze(there)[0] != squeeze(text)[0]
                boxes += bool(place.span.boxes)
    print(f"labelled statements: {dict(statements)}   labelled values: {dict(values)}")
    print(f"spans with boxes {boxes}   whose text is not the value {wrong}")


if __name__ == "__main__":
    main()
