"""That an export holds what was decided: read again by the format's own reader, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbench.exchange.entries import Entry, Fact, entry_of, facts
from workbench.exchange.formats import Format, Unreadable

EXAMPLES = 20


@dataclass(slots=True)
class Field:
    """The facts of one kind: how many there were, came back, have no place in the format,
    and are lost or wrong although they should be there.
    """

    said: int = 0
    kept: int = 0
    no_place: int = 0
    lost: int = 0
    added: int = 0


@dataclass(slots=True)
class Proof:
    """What a comparison found. `respelled` counts values with characters that the format
    forbids; `why` says for each field why the format has no place for it.
    """

    fields: dict[str, Field] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    respelled: int = 0
    entries: int = 0
    rows: int | None = None

    @property
    def lost(self) -> int:
        """Facts that should be in the file and are not, and those that should not and are."""
        return sum(item.lost + item.added for item in self.fields.values())

    @property
    def no_place(self) -> int:
        """Facts that the format cannot hold."""
        return sum(item.no_place for item in self.fields.values())

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"lost": self.lost, "no_place": self.no_place}

    def sentence(self) -> str:
        """For a person, in one line."""
        if self.rows is not None:
            return f"{self.rows} rows read again, {self.lost} differ"
        missing = [name for name, item in self.fields.items() if item.no_place]
        told = f"{self.lost} fields lost"
        return told + (f"; no place for {', '.join(missing)}" if missing else "")


def prove(
    of: Format, files: Sequence[Path], records: Iterator[tuple[int, Any]], unfit: Path
) -> Proof:
    """Read the files and compare them, in order, with the records that were written."""
    if of.is_rows:
        return _prove_rows(of, files, records)
    proof = Proof(why=dict(of.cannot))
    read = _read(of, files, proof)
    left_out = _numbers(unfit)
    entry, skipped = next(read, None), next(left_out, None)
    for id_, record in records:
        if id_ == skipped:
            skipped = next(left_out, None)
            continue
        wanted = entry_of(record)
        is_it = entry is not None and _is_same(of, wanted, entry)
        _compare(of, wanted, entry if is_it else None, proof)
        if is_it:
            entry = next(read, None)
    while entry is not None:
        _note(proof, "added", facts(entry), entry.place)
        entry = next(read, None)
    return proof


def _read(of: Format, files: Sequence[Path], proof: Proof) -> Iterator[Entry]:
    for file in files:
        for entry in of.read(file):
            if isinstance(entry, Unreadable):
                _example(proof, str(entry))
            else:
                proof.entries += 1
                yield entry


def _numbers(unfit: Path) -> Iterator[int]:
    if unfit.exists():
        with unfit.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["record"]


def _is_same(of: Format, wanted: Entry, entry: Entry) -> bool:
    if of.key == "doi":
        return (wanted.doi or "").lower() == entry.doi
    return wanted.id == entry.id


def _compare(of: Format, wanted: Entry, entry: Entry | None, proof: Proof) -> None:
    reduced = of.reduced(wanted)
    said = facts(wanted, of.spell)
    due = said if reduced is wanted else facts(reduced, of.spell)
    came = facts(entry, of.spell) if entry else set()
    if type(of).spell is not Format.spell:
        proof.respelled += len(facts(wanted) - said)
    for fact in said:
        proof.fields.setdefault(fact[0], Field()).said += 1
    for fact in said & came:
        proof.fields[fact[0]].kept += 1
    for fact in said - due - came:
        proof.fields[fact[0]].no_place += 1
    _note(proof, "lost", due - came, wanted.place)
    _note(proof, "added", came - due - said, wanted.place)


def _note(proof: Proof, what: str, found: set[Fact], place: str) -> None:
    for fact in sorted(found):
        item = proof.fields.setdefault(fact[0], Field())
        setattr(item, what, getattr(item, what) + 1)
        _example(proof, f"{place}: {what} {fact[0]} {fact[2][:80]!r} of {fact[1][:80]!r}")


def _example(proof: Proof, told: str) -> None:
    if len(proof.examples) < EXAMPLES:
        proof.examples.append(told)


def _prove_rows(of: Format, files: Sequence[Path], records: Iterator[tuple[int, Any]]) -> Proof:
    """Rows to train on: each line is, byte for byte, what the snapshot gives once more."""
    proof = Proof(rows=0, fields={"row": Field()})
    told = proof.fields["row"]
    lines = (line for file in files for line in of.lines(file))
    for _, record in records:
        for wanted in of.write(record).splitlines(keepends=True):
            told.said += 1
            came = next(lines, b"")
            told.kept += came == wanted
            told.lost += came != wanted
            if came != wanted:
                _example(proof, f"row {told.said} differs")
    told.added = sum(1 for _ in lines)
    proof.rows = told.kept
    return proof
