"""What the finder hands to the model on labelled PDFs: trained judge beside cue words alone.

    python benchmarks/finder.py LABELS.jsonl

LABELS has one object a line with `id`, `pdf` (a path relative to its own folder), `license` and
`statements`. Printed for each finder: statements inside a passage, share of the text read,
processor time a page, and the scores of its likely sentences taken as statements themselves.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.cues import Unit, units
from models.documents import Document, read
from models.finder import Passage, judge, merge, passages
from models.normalise import squeeze
from models.scoring.statements import RESEMBLANCES, StatementCounts, score_statements
from training import corpora

Chance = Callable[[Unit], float]
VOTES_FOR_CERTAIN = 4.0


@dataclass(slots=True)
class Tally:
    """Sums over the papers."""

    statements: int = 0
    inside: int = 0
    papers: int = 0
    whole: int = 0
    text: int = 0
    handed: int = 0
    count: int = 0
    pages: int = 0
    seconds: float = 0.0
    missed: tuple[str, ...] = ()
    alone: StatementCounts = StatementCounts()  # noqa: RUF009


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", type=Path)
    arguments = parser.parse_args()
    papers = [(paper, read(paper.pdf)) for paper in corpora.papers(arguments.labels)]
    print(
        f"{'finder':<10}{'inside':>10}{'papers':>9}{'text':>8}{'passages':>10}{'ms/page':>9}"
        f"{'P':>8}{'R':>8}{'F1':>8}"
    )
    missed: dict[str, tuple[str, ...]] = {}
    for name, chance, threshold in (
        ("cues", by_votes, 0.5),
        ("trained", judge().probability, judge().threshold),
    ):
        tally = measure(papers, chance, threshold)
        missed[name] = tally.missed
        print_row(name, tally)
    for name, texts in missed.items():
        for text in texts:
            print(f"{name} missed: {text}")


def by_votes(unit: Unit) -> float:
    """Cue words alone: their votes and the heading above, half where they are enough."""
    headed = any(flag.startswith(("funding ", "heads funding")) for flag in unit.flags)
    cited = "citation" in unit.flags
    votes = unit.votes + 1.0 * headed - 2.5 * cited
    return min(1.0, max(0.0, votes / VOTES_FOR_CERTAIN))


def measure(
    papers: list[tuple[corpora.LabelledPaper, Document]], chance: Chance, threshold: float
) -> Tally:
    """Run one finder over all papers."""
    tally = Tally()
    for paper, document in papers:
        started = time.process_time()
        scored = [Passage(u.start, u.end, chance(u)) for u in units(document.text)]
        budget = max(6_000, len(document.text) // 10)
        found = passages(document.text, scored, threshold, budget)
        tally.seconds += time.process_time() - started
        count(tally, paper, document, found)
        said = merge([s for s in scored if s.score >= 0.5])
        texts = [document.text[p.start : p.end] for p in said]
        tally.alone += score_statements(texts, paper.statements, RESEMBLANCES["best@0.85"])
    return tally


def count(
    tally: Tally, paper: corpora.LabelledPaper, document: Document, found: list[Passage]
) -> None:
    """Add one paper's passages to the sums."""
    texts = [squeeze(document.text[p.start : p.end])[0] for p in found]
    inside = [any(squeeze(s)[0] in text for text in texts) for s in paper.statements]
    tally.statements += len(inside)
    tally.inside += sum(inside)
    tally.papers += bool(inside)
    tally.whole += bool(inside) and all(inside)
    tally.text += len(document.text)
    tally.handed += sum(p.end - p.start for p in found)
    tally.count += len(found)
    tally.pages += len(document.pages)
    lost = (s for s, is_in in zip(paper.statements, inside, strict=True) if not is_in)
    tally.missed += tuple(f"{paper.id}: {s[:300]}" for s in lost)


def print_row(name: str, tally: Tally) -> None:
    """One line of the table."""
    print(
        f"{name:<10}{tally.inside:>6}/{tally.statements:<3}{tally.whole:>6}/{tally.papers:<2}"
        f"{tally.handed / tally.text:>8.2%}{tally.count:>10}"
        f"{1000 * tally.seconds / tally.pages:>9.1f}"
        f"{tally.alone.precision:>8.3f}{tally.alone.recall:>8.3f}{tally.alone.f():>8.3f}"
    )


if __name__ == "__main__":
    main()
