"""How well funders' names are linked to ROR: precision and recall of what is linked by itself.

    python -m benchmarks.linking INDEX [--labels FILE] [--errors HALF]

INDEX is the file that `workbench funders update` makes. The labels were made by reading: each is a
name in its statement with the ROR id it means, or none where the index has no such organisation.
Half of the names, chosen by hash, was never looked at while the rules were tuned.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.linking.context import Context
from models.linking.funders import Funders, Hit, open_funders
from models.linking.linker import AUTOMATIC, DECIDES, automatic, candidates
from models.linking.names import is_acronym, name_key, parts

LABELS = Path(__file__).parent / "data" / "linking_labels.jsonl"
DRAWS = 2_000
Method = Callable[[Funders, str, Context], str | None]


@dataclass(frozen=True, slots=True)
class Label:
    """A name in its statement, and the ids that are right for it: none where it has none."""

    name: str
    context: Context
    right: frozenset[str]
    doubtful: bool
    drawn: str
    half: str


@dataclass(frozen=True, slots=True)
class Case:
    """What a method said of a name; `top5` is whether a right one is among the first five."""

    label: Label
    said: str | None
    top5: bool
    seconds: float


def read(path: Path) -> list[Label]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Label(
            name=row["name"],
            context=Context(row["statement"], tuple(row["others"])),
            right=frozenset(filter(None, [row["ror"], *row["also"]])),
            doubtful=row["doubtful"],
            drawn=row["drawn"],
            half=row["half"],
        )
        for row in rows
    ]


def exact(funders: Funders, name: str) -> list[Hit]:
    """The organisations of this very name, or of its acronym."""
    taken = parts(name)
    hits = funders.by_key(name_key(taken.main)) or funders.by_key(name_key(taken.whole))
    if not hits and not is_acronym(taken.main):
        hits = [hit for word in taken.acronyms for hit in funders.by_key(name_key(word))]
    orgs = {hit.org.id: hit for hit in hits if hit.org.status != "withdrawn"}
    return sorted(orgs.values(), key=lambda hit: -hit.org.works)


def exact_only(funders: Funders, name: str, context: Context) -> str | None:
    hits = exact(funders, name)
    return hits[0].org.ror if len(hits) == 1 else None


def exact_and_prior(funders: Funders, name: str, context: Context) -> str | None:
    hits = exact(funders, name)
    if not hits or (len(hits) > 1 and hits[0].org.works < DECIDES * max(1, hits[1].org.works)):
        return None
    return hits[0].org.ror


def linker(funders: Funders, name: str, context: Context) -> str | None:
    sure = automatic(candidates(funders, name, context))
    return sure.ror if sure else None


def run(funders: Funders, labels: list[Label], method: Method) -> list[Case]:
    cases = []
    for label in labels:
        begun = time.perf_counter()
        said = method(funders, label.name, label.context)
        seconds = time.perf_counter() - begun
        offered = candidates(funders, label.name, label.context, 5) if method is linker else []
        top5 = any(each.ror in label.right for each in offered)
        cases.append(Case(label, said, top5, seconds))
    return cases


def rates(cases: list[Case]) -> tuple[float, float]:
    """Precision of what was linked, and the share of names with an organisation linked rightly."""
    linked = [case for case in cases if case.said]
    right = sum(case.said in case.label.right for case in linked)
    known = sum(bool(case.label.right) for case in cases)
    return right / max(1, len(linked)), right / max(1, known)


def interval(cases: list[Case], which: int) -> str:
    """The middle 95 % of what other samples of this size would give."""
    rng = random.Random(7)
    drawn = sorted(rates(rng.choices(cases, k=len(cases)))[which] for _ in range(DRAWS))
    return f"[{drawn[int(0.025 * DRAWS)]:.3f}, {drawn[int(0.975 * DRAWS)]:.3f}]"


def line(name: str, cases: list[Case]) -> str:
    precision, recall = rates(cases)
    linked = sum(case.said is not None for case in cases)
    times = sorted(case.seconds * 1000 for case in cases)
    top = [case.top5 for case in cases if case.label.right]
    return (
        f"{name:<32}{len(cases):>5}{linked:>8}"
        f"{precision:>8.3f} {interval(cases, 0):<16}{recall:>7.3f} {interval(cases, 1):<16}"
        f"{sum(top) / max(1, len(top)):>6.3f}"
        f"{times[len(times) // 2]:>8.1f}{times[int(0.95 * len(times))]:>8.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index", type=Path)
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--errors", choices=("development", "held_out"))
    arguments = parser.parse_args()
    labels = read(arguments.labels)
    print(f"automatic from a score of {AUTOMATIC}; {len(labels)} names, ms a name")
    print(
        f"{'method':<32}{'n':>5}{'linked':>8}{'P':>8}{'':17}{'R':>7}{'':17}{'top5':>6}"
        f"{'p50':>8}{'p95':>8}"
    )
    with open_funders(arguments.index) as funders:
        for half in ("development", "held_out"):
            mine = [label for label in labels if label.half == half]
            report(funders, half, mine)
            if arguments.errors == half:
                show_errors(run(funders, mine, linker))
    print(
        "crossref-matcher 1.3.3 on other names and with OpenSearch replaced by memory: P 0.848, "
        "R 0.544 on 822 hand-labelled names, 55-70 ms a name; its authors: P 0.99, R 0.81 on 3,505."
    )


def report(funders: Funders, half: str, labels: list[Label]) -> None:
    for name, method in (("exact", exact_only), ("exact + prior", exact_and_prior)):
        print(line(f"{half}: {name}", run(funders, labels, method)))
    cases = run(funders, labels, linker)
    print(line(f"{half}: linker", cases))
    for drawn in ("frequency", "uniform"):
        print(line(f"{half}: linker, {drawn}", [c for c in cases if c.label.drawn == drawn]))
    print(line(f"{half}: linker, no doubtful", [c for c in cases if not c.label.doubtful]))


def show_errors(cases: list[Case]) -> None:
    with_errors = [case for case in cases if case.said and case.said not in case.label.right]
    missed = [case for case in cases if not case.said and case.label.right]
    for title, listed in (("WRONG", with_errors), ("MISSED", missed)):
        for case in listed:
            print(f"  {title} {case.label.name!r}: {case.said}, right {sorted(case.label.right)}")


if __name__ == "__main__":
    main()
