"""Synthetic funding statements with their gold, to train the parser on.

A statement is put together from sentence frames (training/frames), funders, schemes, titles and
award ids (training/synth) and, for half of them, noise (training/noise). The n-th row depends on
the seed and on n alone: any number of workers writes the same file, and memory does not grow.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from training.frames import Frame, Kind, of
from training.marks import Marked, on_word_boundaries
from training.noise import noisy
from training.synth.compose import Clash, Composer
from training.synth.names import NameList, read_names

NEGATIVES = 0.08  # share of statements that name no funder
_LANGUAGES = {"en": 88, "pt": 2.5, "es": 2.5, "de": 1.6, "fr": 1.6, "zh": 1.6, "ja": 1, "it": 0.7,
              "pl": 0.5}  # fmt: skip
_SENTENCES = ([1, 2, 3, 4], [66, 24, 8, 2])
_BLOCK = 200  # rows that a worker makes at a time


def rows(
    names: Path, count: int, seed: int, noise: float = 0.5, workers: int = 1
) -> Iterator[dict[str, Any]]:
    """`count` rows in order: id, source, license, statement, funders, frame, noise.

    `names` is a list of organisations, one a line; `noise` the share of statements damaged.
    """
    blocks = [range(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
    if workers <= 1:
        listed = load_names(names)
        for block in blocks:
            yield from (row(listed, seed, n, noise) for n in block)
        return
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(names,)) as pool:
        waiting: deque[Future[list[dict[str, Any]]]] = deque()
        for block in blocks:
            waiting.append(pool.submit(_rows, seed, block, noise))
            if len(waiting) > 2 * workers:  # results wait in memory: few of them
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


_listed = NameList()  # of a worker process


def _begin(names: Path) -> None:
    global _listed
    _listed = load_names(names)


def _rows(seed: int, block: Iterable[int], noise: float) -> list[dict[str, Any]]:
    return [row(_listed, seed, n, noise) for n in block]


def load_names(path: Path) -> NameList:
    """The names of a list that could pay for research."""
    with path.open(encoding="utf-8") as lines:
        return read_names(lines)


def row(names: NameList, seed: int, number: int, noise: float = 0.5) -> dict[str, Any]:
    """The row with this number: a function of seed and number."""
    rng = random.Random(f"{seed}-{number}")
    composer, frame_ids = compose(names, rng)
    marked = composer.marked()
    kinds: tuple[str, ...] = ()
    if rng.random() < noise:
        marked, kinds = noisy(marked, rng)
    funders = composer.gold(marked)
    check(marked, funders)
    return {
        "id": f"synth-{seed}-{number}",
        "source": "synthetic",
        "license": "CC0-1.0",
        "statement": marked.text,
        "funders": funders,
        "frame": "+".join(frame_ids),
        "noise": list(kinds),
    }


def check(marked: Marked, funders: Iterable[dict[str, Any]]) -> None:
    """Raise `AssertionError` when a gold value is not printed, or a name not on word boundaries."""
    for mark in marked.marks:
        whole = mark.kind != "name" or on_word_boundaries(marked.text, mark.start, mark.end)
        assert whole and marked.value(mark), (marked.text, marked.value(mark))
    for funder in funders:
        values = [v for award in funder["awards"] for field in award.values() for v in field]
        for value in (*values, *filter(None, [funder["funder_name"]])):
            assert value in marked.text, (marked.text, value)


def compose(names: NameList, rng: random.Random) -> tuple[Composer, list[str]]:
    """One statement: perhaps a heading, then sentences; and the ids of the frames used."""
    composer = Composer(rng, names)
    lang = rng.choices(list(_LANGUAGES), list(_LANGUAGES.values()))[0]
    used: list[str] = []
    negative = rng.random() < NEGATIVES
    if lang == "en" and rng.random() < 0.16:
        used += _add(composer, "head", "en", rng)
    if negative:
        plan: list[tuple[Kind, str]] = _without_funder(rng)
    else:
        plan = _with_funder(rng, lang)
    for kind, language in plan:
        used += _add(composer, kind, language, rng)
    return composer, used


def _without_funder(rng: random.Random) -> list[tuple[Kind, str]]:
    if rng.random() < 0.25:
        extra: list[tuple[Kind, str]] = [("neutral", "en")] if rng.random() < 0.4 else []
        return [("none", "en"), *extra]
    return [("neutral", "en")] * rng.choice([1, 1, 2, 2, 3, 4])


def _with_funder(rng: random.Random, lang: str) -> list[tuple[Kind, str]]:
    """Funding sentences with thanks before, between or behind them."""
    if lang != "en":
        return [("funding", lang)] * rng.choice([1, 1, 1, 2])
    plan: list[tuple[Kind, str]] = [("funding", "en")] * rng.choices(*_SENTENCES)[0]
    if rng.random() < 0.22:
        plan.append(("tail", "en"))
    for _ in range(rng.choice([0, 0, 0, 0, 1, 1, 1, 2, 3])):
        at = rng.choice([0, len(plan), rng.randint(0, len(plan))])
        plan.insert(at, ("neutral", "en"))
    return plan


def _add(composer: Composer, kind: Kind, lang: str, rng: random.Random) -> list[str]:
    """Add a sentence of this kind; frames that clash with the statement so far are drawn anew."""
    choices, weights = of(kind, lang)
    joint = rng.choices([" ", "", "\n"], [96, 2, 2])[0]
    if lang in ("zh", "ja") or not (joint or composer.text.endswith(".")):
        joint = "" if composer.text.endswith("。") else " "
    for _ in range(20):
        frame: Frame = rng.choices(choices, weights)[0]
        try:
            composer.sentence(frame, joint)
        except Clash:
            continue
        return [frame.id]
    return []
