"""The run behind the button: what to train on, with which phases, and how long it will take.

SFT on what curators decided, in several passes and mixed with synthetic statements so that nothing
is forgotten; then DPO on what the model said instead. Sized to the data, its time told beforehand.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.corpora import LabelledStatement
from training.curated import RunData
from training.examples import Example, parse_example, sentences_example
from training.run import PhaseSpec, metrics
from training.synth.names import NameList
from training.synthesis import row

PASSES = 3
LEAST_REPLAY = 60
"""Synthetic examples that every run repeats, however little is new."""
LEAST_PAIRS = 8
"""Fewer preference pairs say more about chance than about the model."""
BATCH_TOKENS = 1024
CHARS_A_TOKEN = 3.4
PROMPT_TOKENS = 24
"""The chat's frame and the short system prompt."""
CPU_TOKENS, GPU_TOKENS = 150.0, 9_000.0
"""Trained tokens a second of the embedded base: two laptop cores, one data-centre GPU."""
DPO_COST = 4.0
"""A pair is read by policy and reference, twice each."""
START_SECONDS = 40.0


class TooLittle(ValueError):
    """There is nothing to learn from yet; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Phases with their rows, and what they will cost: seconds, and bytes of memory."""

    phases: tuple[tuple[PhaseSpec, tuple[Mapping[str, Any], ...]], ...]
    examples: int
    replayed: int
    pairs: int
    held_out: int
    tokens: int
    seconds: float
    memory: int


def plan(
    data: RunData,
    *,
    tokens_per_second: float | None = None,
    cuda: bool = False,
    seed: int = 7,
    passes: int = PASSES,
    max_steps: int | None = None,
) -> Plan:
    """The automatic run over the data. Raises `TooLittle` where nothing could be learned or told.

    `tokens_per_second` is what a former run reached on this machine, if there was one; `max_steps`
    cuts the SFT phase short.
    """
    if not data.examples:
        raise TooLittle("No decided paper to learn from yet: accept or correct a few.")
    if not data.held_out:
        raise TooLittle(
            "No decided paper is held out yet, so a new adapter could not be compared: "
            "decide a few more."
        )
    learned = list(data.examples) * passes
    replayed = list(replay(max(LEAST_REPLAY, len(learned)), seed))
    rows = learned + replayed
    random.Random(seed).shuffle(rows)
    phases = [
        (
            PhaseSpec(kind="sft", name="sft", parameters=_sft(seed, max_steps), data="sft.jsonl"),
            tuple(asdict(example) for example in rows),
        )
    ]
    tokens = sum(map(_tokens, rows))
    if max_steps is not None:
        tokens = min(tokens, max_steps * BATCH_TOKENS)
    work = float(tokens)
    pairs = [pair.model_dump(mode="json") for pair in data.pairs]
    if len(pairs) >= LEAST_PAIRS:
        phases.append(
            (
                PhaseSpec(kind="dpo", name="dpo", parameters={"seed": seed}, data="dpo.jsonl"),
                tuple(
                    {key: pair[key] for key in ("prompt", "chosen", "rejected")} for pair in pairs
                ),
            )
        )
        of_pairs = sum(len(str(pair)) for pair in pairs) / CHARS_A_TOKEN
        tokens, work = tokens + int(of_pairs), work + DPO_COST * of_pairs
    speed = tokens_per_second or (GPU_TOKENS if cuda else CPU_TOKENS)
    return Plan(
        phases=tuple(phases),
        examples=len(data.examples),
        replayed=len(replayed),
        pairs=len(pairs) if len(phases) > 1 else 0,
        held_out=len(data.held_out),
        tokens=tokens,
        seconds=START_SECONDS * len(phases) + work / speed,
        memory=(5 if len(phases) > 1 else 4) * 2**30,
    )


def replay(count: int, seed: int) -> Iterator[Example]:
    """Synthetic statements, four of five to parse, the others to find the sentences in."""
    names = NameList()
    for number in range(count):
        made = row(names, seed, number, noise=0.2)
        fields = LabelledStatement.model_fields
        record = LabelledStatement.model_validate({k: v for k, v in made.items() if k in fields})
        yield sentences_example(record) if number % 5 == 4 else parse_example(record)


def _sft(seed: int, max_steps: int | None) -> dict[str, Any]:
    return {
        "max_steps": max_steps or -1,
        "learning_rate": 3e-4,
        "schedule": "linear",
        "warmup_steps": 5,
        "batch_tokens": BATCH_TOKENS,
        "save_steps": 20,
        "seed": seed,
    }


def _tokens(example: Example) -> int:
    return PROMPT_TOKENS + int((len(example.text) + len(example.reply)) / CHARS_A_TOKEN)


def speed(run_dir: Path) -> float | None:
    """Trained tokens a second of a run's SFT phase, by the estimate of `plan`; None if unknown."""
    rows = run_dir / "sft.jsonl"
    events, _ = metrics(run_dir)
    ended = [e for e in events if e.get("phase") == "sft" and _ran_whole(e)]
    seconds: float = sum(event["train_runtime"] for event in ended)
    if not seconds or not rows.is_file():
        return None
    with rows.open(encoding="utf-8") as lines:
        return sum(_tokens(Example(**json.loads(line))) for line in lines) / seconds


def _ran_whole(event: Mapping[str, Any]) -> bool:
    """Whether the event ends a phase that was trained in one go."""
    return "train_runtime" in event and event.get("epoch", 0) >= 1


def held_out_rows(data: Sequence[LabelledStatement]) -> list[dict[str, Any]]:
    """Held-out gold as it lies in a run's folder, for the gate."""
    return [record.model_dump(mode="json") for record in data]
