"""What comes into the workbench other than as a dropped file: its format told by its contents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from models.errors import WorkbenchError
from workbench.context import Context
from workbench.exchange.entries import Entry
from workbench.exchange.formats import Unreadable
from workbench.exports import formats, open_format
from workbench.imports import jats, jsonl, tei
from workbench.imports.applying import Report, Wish, apply

Reader = Callable[[Path], Iterator[Entry | Unreadable]]
ONLY_READ: dict[str, Reader] = {"lines": jsonl.read, "jats_article": jats.read, "tei": tei.read}
"""Formats that come in and do not go out."""
BEGINNING = 16_384
LONGEST = 64 * 1024 * 1024
"""Bytes of a first object that are read to tell the format by its keys."""


def names() -> list[str]:
    """The formats that are read."""
    return sorted([name for name, of in formats().items() if not of.is_rows] + list(ONLY_READ))


def load(ctx: Context, path: Path, wish: Wish, name: str = "auto") -> Report:
    """Bring a file in, or every file of a folder, one report for all.

    A file of a folder that cannot be read is told, and the others come.
    """
    if not path.is_dir():
        return apply(ctx, reader(detect(path) if name == "auto" else name)(path), wish)
    if name != "auto":
        reader(name)
    files = [p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".")]
    return _all([_one_of(ctx, file, wish, name) for file in files])


def _one_of(ctx: Context, path: Path, wish: Wish, name: str) -> Report:
    try:
        return load(ctx, path, wish, name)
    except (WorkbenchError, OSError) as error:
        return Report(errors=[f"{path.name}: {error}"])


def reader(name: str) -> Reader:
    """What reads a format."""
    if name in ONLY_READ:
        return ONLY_READ[name]
    if name not in names() and name != "jsonl":
        raise WorkbenchError(f"There is no import {name!r}.", f"Known: {', '.join(names())}.")
    return open_format(name).read


def detect(path: Path) -> str:
    """The format of a file, by how it begins; raises `WorkbenchError` where it is none."""
    with path.open("rb") as file:
        start = file.read(BEGINNING)
        if start.lstrip()[:1] == b"{" and b"\n" not in start:
            start += file.readline(LONGEST)
    if start.startswith(b"PAR1"):
        return "parquet"
    text = start.decode(
        "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace"
    )
    found = _xml(text) if text.lstrip().startswith("<") else _of_json(text) or _of_csv(text)
    if found is None:
        raise WorkbenchError(
            f"It cannot be told of which format {path.name} is.", f"Say it: {', '.join(names())}."
        )
    return found


def _xml(text: str) -> str | None:
    bare = re.sub(
        r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", "", text, flags=re.DOTALL
    )
    root = re.search(r"<(?:[\w.-]+:)?([\w.-]+)", bare)
    kinds = {
        "doi_batch": "crossref",
        "article": "jats_article",
        "pmc-articleset": "jats_article",
        "TEI": "tei",
        "teiCorpus": "tei",
        "resource": "datacite_xml",
        "records": "datacite_xml" if "<fundingReferences" in bare else "jats",
    }
    return kinds.get(root[1]) if root else None


def _of_json(text: str) -> str | None:
    if text.lstrip().startswith("["):
        return "argilla" if '"responses"' in text else "label_studio"
    line = next((line for line in text.split("\n") if line.strip().startswith("{")), "")
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError:
        # A first line longer than what was read, or a bad one: the keys tell enough.
        row = dict.fromkeys(re.findall(r'"(\w+)"\s*:', line))
    keys = set(row)
    for name, wanted in KEYS:
        if wanted <= keys:
            return name
    return "lines" if keys or (text.strip() and "," not in text.splitlines()[0]) else None


KEYS: tuple[tuple[str, set[str]], ...] = (
    ("gold", {"statements", "funders", "verdict", "revision"}),
    ("enrichment", {"doi", "enrichedValue", "action"}),
    ("datacite", {"fundingReferences"}),
    ("crossref_rest", {"DOI", "funder"}),
    ("openalex", {"awards", "funders", "doi"}),
)


def _of_csv(text: str) -> str | None:
    first = text.splitlines()[0] if text.strip() else ""
    return "csv" if "funder_name" in first and "," in first else None


def _all(reports: list[Report]) -> Report:
    whole = Report()
    for report in reports:
        for name in Report.__dataclass_fields__:
            setattr(whole, name, getattr(whole, name) + getattr(report, name))
    return whole
