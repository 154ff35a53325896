"""A recipe and what curators decided, as the phases and rows of a run, with its cost told before.

The sizes follow the data; a run that learns on little repeats synthetic statements beside it, so
that nothing is forgotten.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.schemas import PreferencePair
from models.tasks import Task, task
from training import articles, rows
from training.corpora import LabelledStatement
from training.curated import RunData
from training.examples import Example, parse_example, sentences_example
from training.negatives import negatives
from training.noise import noisy_row
from training.presets import Preset, PresetPhase, Rows
from training.rewards import semantic
from training.run import Kind, PhaseSpec, metrics
from training.slips import slip
from training.synth.names import NameList
from training.synthesis import row

Row = Mapping[str, Any]

REPLAY_NOISE = 0.2
"""Share of the synthetic statements that are damaged."""
CHARS_A_TOKEN = 3.4
FRAME_TOKENS = 14
"""The chat's own marks."""
CPU_TOKENS, GPU_TOKENS = 150.0, 9_000.0
"""Trained tokens a second of the embedded base: two laptop cores, one data-centre GPU."""
COST: Mapping[Kind, float] = {"sft": 1.0, "dpo": 4.0, "grpo": 8.0}
"""Work a token: a pair is read by policy and reference, twice each; a rollout is written token by
token before it is read as often."""
START_SECONDS = 40.0
MEMORY: Mapping[Kind, int] = {"sft": 6 * 2**30, "dpo": 9 * 2**30, "grpo": 10 * 2**30}
"""Measured on the embedded base, the last of them assumed."""
EMBEDDED_PARAMETERS = 134_515_008
BYTES_A_PARAMETER = 4
"""A base is trained on in float32."""
BESIDE_WEIGHTS = 2 / 3
"""What training keeps beside the weights grows as width times depth, the weights as that times
width: assumed, not measured."""


class TooLittle(ValueError):
    """There is nothing to learn from yet; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Phases with their rows, and what they will cost: seconds, and bytes of memory.

    `parameters` are those of a base other than the embedded one, by which the cost was scaled.
    """

    tasks: tuple[str, str]
    phases: tuple[tuple[PhaseSpec, tuple[Row, ...]], ...]
    examples: int
    replayed: int
    pairs: int
    prompts: int
    held_out: int
    tokens: int
    seconds: float
    memory: int
    parameters: int | None = None


def plan(
    data: RunData,
    recipe: Preset,
    *,
    tasks: tuple[str, str],
    tokens_per_second: float | None = None,
    cuda: bool = False,
    seed: int = 7,
    max_steps: int | None = None,
    parameters: int | None = None,
) -> Plan:
    """A recipe's run over the data, which were collected for `tasks`, stage 1 and 2.

    `tokens_per_second` is what a former run on this base reached on this machine, if there was
    one; `max_steps` bounds each phase; `parameters` are those of a base other than the embedded
    one, for which time and memory are scaled. Raises `TooLittle` where nothing could be learned or
    told.
    """
    if not data.examples:
        raise TooLittle("No decided paper to learn from yet: accept or correct a few.")
    if not data.held_out:
        raise TooLittle(
            "No decided paper is held out yet, so a new adapter could not be compared: "
            "decide a few more."
        )
    first, second = map(task, tasks)
    planned: list[tuple[PhaseSpec, tuple[Row, ...]]] = []
    for phase in recipe.phases:
        made = _rows(phase, data, first, second, seed)
        if _own(phase, made, data, tasks) < phase.rows.least or (phase.rows.gpu and not cuda):
            continue
        spec = _spec(phase, len(planned), tasks, made, seed, max_steps)
        planned.append((spec, tuple(made)))
    tokens = [_tokens(spec, made) for spec, made in planned]
    work = sum(COST[spec.kind] * n for (spec, _), n in zip(planned, tokens, strict=True))
    times = (parameters or EMBEDDED_PARAMETERS) / EMBEDDED_PARAMETERS
    speed = tokens_per_second or (GPU_TOKENS if cuda else CPU_TOKENS) / times
    return Plan(
        tasks=tasks,
        phases=tuple(planned),
        examples=len(data.examples),
        replayed=_count(planned, "sft", lambda row: row["source"] != "curated"),
        pairs=_count(planned, "dpo"),
        prompts=_count(planned, "grpo"),
        held_out=len(data.held_out),
        tokens=sum(tokens),
        seconds=START_SECONDS * len(planned) + work / speed,
        memory=_memory(max(MEMORY[spec.kind] for spec, _ in planned), times),
        parameters=parameters,
    )


def _memory(embedded: int, times: float) -> int:
    """Bytes on a base of so many times the parameters, from what the embedded base takes."""
    weights = BYTES_A_PARAMETER * EMBEDDED_PARAMETERS
    grown: float = times**BESIDE_WEIGHTS
    return round(weights * times + (embedded - weights) * grown)


def _rows(phase: PresetPhase, data: RunData, first: Task, second: Task, seed: int) -> list[Row]:
    if phase.kind == "sft":
        return [asdict(it) for it in _examples(phase.rows, data, first, second, seed)]
    if phase.kind == "dpo":
        return list(_pairs(phase.rows, data, (first, second), seed))
    if phase.rows.articles:
        return articles.rows(data.articles, first, second, seed)
    return [_prompt(record, second) for record in data.learned]


def _own(phase: PresetPhase, made: Sequence[Row], data: RunData, tasks: tuple[str, str]) -> int:
    """How many rows of the phase come of decisions: of pairs the corrections, where they count."""
    if phase.kind == "sft":
        return len(data.examples)
    if phase.kind == "dpo" and not phase.rows.negatives:
        return len(_corrections(data, tasks))
    return len(made)


def _corrections(data: RunData, tasks: tuple[str, str]) -> list[PreferencePair]:
    """The pairs of prompts that the adapter answers; another model's are none of its mistakes."""
    return [pair for pair in data.pairs if pair.task in tasks]


def _spec(
    phase: PresetPhase,
    number: int,
    tasks: tuple[str, str],
    made: Sequence[Row],
    seed: int,
    max_steps: int | None,
) -> PhaseSpec:
    given: dict[str, Any] = dict(phase.parameters) | {"seed": seed}
    if phase.kind == "grpo":
        given |= {"reply": task(tasks[1]).reply}
        if "options" in given:
            given["options"] = _possible(given["options"])
        if phase.rows.articles:  # an article's rollouts belong to one step
            given |= {"articles": list(tasks), "batch": articles.slots(made)}
        else:  # a step needs all its prompts
            given["batch"] = min(int(given.get("batch", 2)), len(made))
    if max_steps is not None:
        asked = given.get("max_steps", -1)
        given["max_steps"] = max_steps if asked < 0 else min(asked, max_steps)
    data = f"{phase.kind}.jsonl" if number == 0 else f"{phase.kind}-{number + 1}.jsonl"
    return PhaseSpec(
        kind=phase.kind, name=phase.kind, parameters=given, data=data, merged=phase.merged
    )


def _possible(options: Mapping[str, Any]) -> dict[str, Any]:
    """A reward's options as they can be had here; run and card then say what was really used."""
    if options.get("text") == "minilm" and semantic.packaged() is None:
        return {**options, "text": "lexical"}
    return dict(options)


def _examples(
    wanted: Rows, data: RunData, first: Task, second: Task, seed: int
) -> Iterator[Example]:
    """The decided papers, several times and some of them damaged, among synthetic statements."""
    rng = random.Random(seed)
    finding = [example for example in data.examples if example.task == first.name]
    learned: list[Example] = []
    for _ in range(wanted.passes):
        learned += finding
        for record in data.learned:
            damaged = _damaged(record, rng) if rng.random() < wanted.noise else record
            learned.append(parse_example(damaged, second.name))
    count = max(wanted.least_replay, int(wanted.replay * len(learned)))
    noise = max(REPLAY_NOISE, wanted.noise)
    mixed = learned + list(replay(count, seed, first, second, noise))
    rng.shuffle(mixed)
    yield from mixed


def _damaged(record: LabelledStatement, rng: random.Random) -> LabelledStatement:
    return _labelled(noisy_row(record.model_dump(mode="json"), rng))


def _labelled(made: Mapping[str, Any]) -> LabelledStatement:
    fields = LabelledStatement.model_fields
    return LabelledStatement.model_validate({k: v for k, v in made.items() if k in fields})


def replay(
    count: int, seed: int, first: Task, second: Task, noise: float = REPLAY_NOISE
) -> Iterator[Example]:
    """Synthetic statements, four of five to parse, the others to find the sentences in."""
    names = NameList()
    for number in range(count):
        record = _labelled(row(names, seed, number, noise=noise))
        is_to_find = number % 5 == 4
        yield (
            sentences_example(record, first.name)
            if is_to_find
            else parse_example(record, second.name)
        )


def _pairs(wanted: Rows, data: RunData, both: tuple[Task, Task], seed: int) -> Iterator[Row]:
    """Corrections, then wrong replies made for decided statements: slips, and of wrong form."""
    said = _corrections(data, (both[0].name, both[1].name)) if wanted.mistakes else []
    for pair in said:
        told = pair.model_dump(mode="json")
        yield {key: told[key] for key in ("prompt", "chosen", "rejected")}
    rng = random.Random(seed)
    for record in _drawn(data.learned, wanted.slips * len(said), rng):
        if made := slip(record.funders, record.statement, rng):
            wrong = rows.write_funders(both[1], record.statement, made.funders)
            yield _pair(record, wrong, both[1])
    for record in data.learned:
        right = rows.write_funders(both[1], record.statement, record.funders)
        for _ in range(wanted.negatives):
            yield _pair(record, negatives(right, both[1], rng).rejected, both[1])


def _drawn(
    records: Sequence[LabelledStatement], count: int, rng: random.Random
) -> list[LabelledStatement]:
    """So many records, each as often as any other."""
    if not records:
        return []
    times, rest = divmod(count, len(records))
    return list(records) * times + rng.sample(list(records), rest)


def _pair(record: LabelledStatement, wrong: str, second: Task) -> Row:
    right = rows.write_funders(second, record.statement, record.funders)
    return {
        "prompt": chat(second, record.statement),
        "chosen": [{"role": "assistant", "content": right}],
        "rejected": [{"role": "assistant", "content": wrong}],
    }


def _prompt(record: LabelledStatement, second: Task) -> Row:
    funders = [funder.model_dump(mode="json") for funder in record.funders]
    return {
        "prompt": chat(second, record.statement),
        "statement": record.statement,
        "funders": funders,
    }


def chat(asked: Task, text: str) -> list[dict[str, str]]:
    """A task's prompt about a text, as messages."""
    return [message.model_dump(mode="json") for message in rows.messages(asked.prompt(text))]


def _count(
    planned: Sequence[tuple[PhaseSpec, tuple[Row, ...]]], kind: Kind, are: Any = None
) -> int:
    return sum(
        are is None or are(row) for spec, made in planned if spec.kind == kind for row in made
    )


def _tokens(spec: PhaseSpec, made: Sequence[Row]) -> int:
    """Tokens that a phase goes over: what is read, and for GRPO each rollout."""
    given, steps = spec.parameters, int(spec.parameters.get("max_steps", -1))
    if spec.kind == "sft":
        return _bounded(sum(_sft_tokens(row) for row in made), steps, given["batch_tokens"])
    if spec.kind == "dpo":
        of_pairs = sum(len(str(row)) for row in made) / CHARS_A_TOKEN
        a_step = of_pairs / len(made) * given.get("batch", 4) * given.get("accumulate", 2)
        return _bounded(int(of_pairs), steps, a_step)
    group, batch = int(given.get("group", 8)), int(given.get("batch", 2))
    read = sum(len(str(row.get("prompt", ""))) + len(str(row["funders"])) for row in made)
    tokens = group * read / CHARS_A_TOKEN
    return _bounded(int(tokens), steps, tokens / len(made) * batch)


def _bounded(tokens: int, steps: int, a_step: float) -> int:
    return tokens if steps < 0 else min(tokens, int(steps * a_step))


def _sft_tokens(row: Row) -> int:
    asked = task(row["task"])
    said = len(asked.system) + len(asked.user) + len(row["text"]) + len(row["reply"])
    return FRAME_TOKENS + int(said / CHARS_A_TOKEN)


def speed(run_dir: Path) -> float | None:
    """Trained tokens a second of a run's SFT phase, by the estimate of `plan`; None if unknown."""
    data = run_dir / "sft.jsonl"
    events, _ = metrics(run_dir)
    ended = [e for e in events if e.get("phase") == "sft" and _ran_whole(e)]
    seconds: float = sum(event["train_runtime"] for event in ended)
    if not seconds or not data.is_file():
        return None
    with data.open(encoding="utf-8") as lines:
        return sum(_sft_tokens(json.loads(line)) for line in lines) / seconds


def _ran_whole(event: Mapping[str, Any]) -> bool:
    """Whether the event ends a phase that was trained in one go."""
    return "train_runtime" in event and event.get("epoch", 0) >= 1


def held_out_rows(data: Sequence[LabelledStatement]) -> list[dict[str, Any]]:
    """Held-out gold as it lies in a run's folder, for the gate."""
    return [record.model_dump(mode="json") for record in data]
