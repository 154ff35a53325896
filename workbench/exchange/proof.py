"""That an export holds what was decided: read again by the format's own reader, and compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbench.exchange.entries import FIELDS, Entry, Fact, entry_of, listed, spelled
from workbench.exchange.formats import Format, Unreadable

EXAMPLES = 20
SPELLED = frozenset(FIELDS) - {"doi", "no_funding", "ror", "funder_id", "award", "order"}
"""Fields whose values are spelled as the format can."""


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
        _note(proof, "added", Counter(listed(entry)), entry.place)
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
    """Count what became of each fact, repeated ones as often as they are told."""
    wanted = _respelled(of, wanted, proof)
    said, came = listed(wanted), listed(entry) if entry else []
    if said == came:
        for fact in said:
            _count(proof, fact[0], "said", "kept")
        _count(proof, "order", "said", "kept")
        return
    reduced = of.reduced(wanted)
    due = said if reduced is wanted else listed(reduced)
    told, wants, has = Counter(said), Counter(due), Counter(came)
    for fact in said:
        _count(proof, fact[0], "said")
    for fact in (told & has).elements():
        _count(proof, fact[0], "kept")
    for fact in (told - (wants | has)).elements():
        _count(proof, fact[0], "no_place")
    _note(proof, "lost", wants - has, wanted.place)
    _note(proof, "added", has - (wants | told), wanted.place)
    if entry is not None:
        _compare_order(proof, said, due, came, wanted.place)


def _respelled(of: Format, wanted: Entry, proof: Proof) -> Entry:
    """The paper with its values as the format can write them."""
    if type(of).spell is Format.spell:
        return wanted
    found = sum(of.spell(fact[2]) != fact[2] for fact in listed(wanted) if fact[0] in SPELLED)
    proof.respelled += found
    return spelled(wanted, of.spell) if found else wanted


def _compare_order(
    proof: Proof, said: list[Fact], due: list[Fact], came: list[Fact], place: str
) -> None:
    """Whether what came stands as it was said, as the format has it, or otherwise."""
    _count(proof, "order", "said")
    if not _is_ordered(due, came):
        _count(proof, "order", "lost")
        _example(proof, f"{place}: its values stand in another order")
    else:
        _count(proof, "order", "kept" if _is_ordered(said, came) else "no_place")


def _is_ordered(one: list[Fact], other: list[Fact]) -> bool:
    """Whether the values that both have stand in one order, field by field."""
    both = Counter(one) & Counter(other)
    return _by_field(one, both) == _by_field(other, both)


def _by_field(told: list[Fact], both: Counter[Fact]) -> dict[str, list[Fact]]:
    left, found = Counter(both), dict[str, list[Fact]]()
    for fact in told:
        if left[fact] > 0:
            left[fact] -= 1
            found.setdefault(fact[0], []).append(fact)
    return found


def _count(proof: Proof, name: str, *what: str) -> None:
    item = proof.fields.setdefault(name, Field())
    for one in what:
        setattr(item, one, getattr(item, one) + 1)


def _note(proof: Proof, what: str, found: Counter[Fact], place: str) -> None:
    for fact in sorted(found.elements()):
        _count(proof, fact[0], what)
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
