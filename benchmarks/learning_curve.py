"""What corrections are worth: an adapter retrained on a new source, batch of corrections by batch.

    python -m benchmarks.learning_curve DATA -o RESULTS [--batches 3] [--fill docs/retraining.md]

A simulated curator corrects papers of one source of `labelled.jsonl`, which the adapter to begin
with has not seen (`--start`, else one is trained here on the other sources). A labelled statement
stands for a paper, its gold for the correction. Before each batch the adapter in use reads it, so
that its mistakes become preference pairs; then the adapter is retrained on all corrections so far,
with the phases, rows and parameters of the Retrain button (`training.planning`):

- SFT: the button's first phase, from the adapter in use. The chain goes on from its result.
- DPO: the button's second phase, from that SFT, where there are enough pairs.
- GRPO: a few steps from that DPO, on the corrected statements.

DPO and GRPO are end points: they are measured after each batch, and the next one does not build on
them. `--arm` picks among them; SFT is always measured. Held out are dev records of the source;
nothing that shares twelve words with a dev record or a labelled PDF is trained on. What was trained
or read stays in RESULTS: killed, it goes on there. `--fill` puts the table between the marks
`<!-- learning-curve -->` and `<!-- /learning-curve -->` of a file.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.extraction import Row, answer, fill, funders, kept
from benchmarks.learning_report import START, Point, edits, plot, point, table
from models import catalog
from models.extract import Pipeline
from models.merging import write_base
from models.schemas import Answer, Extraction, FunderList, ModelCard, Proposal, Statement
from models.tasks import task
from training import curated, mistakes, phases, planning, presets, rows
from training import run as folders
from training.contamination import shared_wording
from training.corpora import LabelledStatement
from training.curated import Decided, RunData
from training.examples import Encoder
from training.mixture import SET_PHRASE, Corpora, Mix, draw
from training.run import PhaseSpec, RunSpec

Rows = Sequence[Mapping[str, Any]]
Phases = Sequence[tuple[PhaseSpec, Rows]]
SOURCE = "petermr/tigr2ess"
ARMS = ("SFT", "DPO", "GRPO")
START_MIX = Mix(gold=2, joined=150, synthetic=600, fresh_ids=0.7, noise=0.25)
TASKS = ("funding_statements_lines", "funding_parse_lines")
BATCH_TOKENS = 1024
SEED = 41
TOGETHER = 16
"""Statements that are read at once."""
DPO_SECONDS, REPLY_SECONDS, READ_SECONDS, OPEN_SECONDS = 12.0, 6.5, 0.6, 12.0
"""Expected on two cores: a pair, a drawn reply, a statement that is read, and a model opened."""
SETTINGS = ("source", "held_out", "batch", "start", "start_steps", "train_steps", "pairs",
            "grpo_steps", "group")  # fmt: skip
"""What decides the figures: another value needs another folder."""


def main() -> None:
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    remember(given)
    curve = Curve(given)
    order = (START, *ARMS)
    points = sorted(
        curve.points(given.arm or ARMS), key=lambda p: (p.corrections, order.index(p.arm))
    )
    text = table(points)
    (given.out / "learning_curve.md").write_text(text, "utf-8")
    (given.out / "learning_curve.svg").write_text(plot(points), "utf-8")
    print(text)
    for path in given.fill:
        fill(path, text, "learning-curve")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--source", default=SOURCE, help="the source that is new")
    parser.add_argument("--start", type=Path, help="PEFT folder that has not seen the source")
    parser.add_argument("--start-steps", type=int, default=120)
    parser.add_argument("--batches", type=int, default=3)
    parser.add_argument("--batch", type=int, default=25, help="corrections a batch")
    parser.add_argument("--held-out", type=int, default=80)
    parser.add_argument("--arm", action="append", choices=ARMS, default=[])
    parser.add_argument("--train-steps", type=int, help="steps of SFT after a batch at most")
    parser.add_argument("--pairs", type=int, default=24, help="newest preference pairs for DPO")
    parser.add_argument("--grpo-steps", type=int, default=4)
    parser.add_argument("--group", type=int, default=4, help="replies to a prompt in GRPO")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--speed", type=float, default=300, help="expected trained tokens a second")
    parser.add_argument("--fill", type=Path, action="append", default=[])
    return parser.parse_args()


def remember(given: argparse.Namespace) -> None:
    """Note the settings in RESULTS, or leave where it holds figures of other ones."""
    path = given.out / "settings.json"
    now = {name: str(getattr(given, name)) for name in SETTINGS}
    if path.is_file() and (before := json.loads(path.read_text("utf-8"))) != now:
        other = ", ".join(
            f"{name} {before.get(name)}" for name in now if before.get(name) != now[name]
        )
        raise SystemExit(f"{given.out} holds a measurement with {other}; give another folder.")
    folders.replace(path, json.dumps(now, indent=2))


@dataclass(frozen=True)
class Given(Corpora):
    """Corpora whose labelled statements to train on are handed over."""

    records: Sequence[LabelledStatement] = ()

    @cached_property
    def gold_records(self) -> list[LabelledStatement]:
        """The statements as given."""
        return list(self.records)


class Curve:
    """Corrects, retrains and measures."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        clean = Corpora(given.data, gold="labelled.jsonl", papers="pdf_labels.jsonl")
        rng = random.Random(SEED)
        dev = [record for record in clean.held_out if record.source == given.source]
        self.held_out = rng.sample(dev, min(given.held_out, len(dev)))
        self.pool = [record for record in clean.gold_records if record.source == given.source]
        rng.shuffle(self.pool)
        self.elsewhere = apart(clean.gold_records, self.pool, given.source)
        if not self.held_out or len(self.pool) < given.batch * given.batches:
            raise SystemExit(f"Too few statements of {given.source} in {given.data}.")
        say(
            f"{len(self.held_out)} held out, {len(self.pool)} to correct, {len(self.elsewhere)} of "
            f"other sources; {clean.dropped['gold']} left out for shared wording"
        )

    def points(self, arms: Sequence[str]) -> Iterator[Point]:
        """The start, then every arm after each batch; trained and read where that is missing."""
        decided: list[Decided] = []
        live = self.start()
        now = self.measured(START, 0, live)
        for number in range(1, self.given.batches + 1):
            batch = self.pool[(number - 1) * self.given.batch : number * self.given.batch]
            read = self.read(f"batch-{number}", live, batch)
            done = edits(read, batch)
            yield now._replace(ahead=sum(done) / len(done))
            decided += map(decision, read, batch)
            live, ends = self.retrained(number, live, decided, arms)
            now = self.measured("SFT", number, live)
            for arm, adapter in ends.items():
                yield self.measured(arm, number, adapter)
        yield now

    def start(self) -> Path:
        """The adapter that has not seen the source."""
        if self.given.start is not None:
            return Path(self.given.start)
        corpus = Given(
            self.given.data, "labelled.jsonl", names="funders_lexicon.txt", records=self.elsewhere
        )
        parameters = {
            "learning_rate": 6e-4,
            "schedule": "linear",
            "warmup_steps": min(10, self.given.start_steps // 2),
            "batch_tokens": BATCH_TOKENS,
            "max_steps": self.given.start_steps,
            "compiled": True,
            "seed": SEED,
        }
        phase = PhaseSpec(kind="sft", name="sft", parameters=parameters, data="sft.jsonl")
        drawn = [asdict(example) for example in draw(corpus, START_MIX, SEED)]
        seconds = self.given.start_steps * BATCH_TOKENS / self.given.speed
        return self.trained("start", [(phase, drawn)], None, seconds + planning.START_SECONDS)

    def retrained(
        self, number: int, live: Path, decided: Sequence[Decided], arms: Sequence[str]
    ) -> tuple[Path, dict[str, Path]]:
        """The next adapter of the chain, and the ends of the arms that go on from it."""
        data = run_data(decided, self.held_out, self.given.pairs)
        how = {"tokens_per_second": self.given.speed, "max_steps": self.given.train_steps}
        sft, *more = plan(data, **how).phases
        seconds = plan(replace(data, pairs=()), **how).seconds
        live = end = self.trained(f"{number}-sft", [compiled(sft)], live, seconds)
        ends: dict[str, Path] = {}
        if more and {"DPO", "GRPO"} & set(arms):
            seconds = OPEN_SECONDS + len(data.pairs) * DPO_SECONDS
            end = self.trained(f"{number}-dpo", more, live, seconds)
        if "DPO" in arms:
            ends["DPO"] = end
        if "GRPO" in arms:
            seconds = OPEN_SECONDS + self.given.grpo_steps * 2 * self.given.group * REPLY_SECONDS
            phase = self.grpo(self.pool[: number * self.given.batch])
            ends["GRPO"] = self.trained(f"{number}-grpo", [phase], end, seconds)
        return live, ends

    def grpo(self, corrected: Sequence[LabelledStatement]) -> tuple[PhaseSpec, Rows]:
        """Some steps over corrected papers, two a step, rewarded for funders and award ids."""
        steps = self.given.grpo_steps
        chosen = mistakes.sample(corrected, 2 * steps, SEED)
        parse = task(TASKS[1])
        prompts = [
            {
                "prompt": self.encoder.render(parse, record.statement),
                "funders": FunderList.dump_python(record.funders, mode="json"),
            }
            for record in chosen
        ]
        parameters = {
            "reward": "funding_shaped",
            "reply": "lines",
            "group": self.given.group,
            "batch": 2,
            "max_completion": 192,
            "max_steps": steps,
            "seed": SEED,
        }
        phase = PhaseSpec(kind="grpo", name="grpo", parameters=parameters, data="grpo.jsonl")
        return phase, prompts

    def trained(self, name: str, planned: Phases, adapter: Path | None, seconds: float) -> Path:
        """The adapter of a run of phases, trained where it is not there yet."""
        folder: Path = self.given.out / name
        if (folder / "adapter" / "adapter_config.json").is_file():
            return folder / "adapter"
        frozen = [
            phase.model_copy(update={"sha256": folders.write_rows(folder, phase.data, made)})
            for phase, made in planned
        ]
        spec = RunSpec(
            id=name,
            recipe="learning-curve",
            base=self.base,
            base_name=catalog.default_base(),
            adapter=adapter,
            parent=adapter.parent.name if adapter else None,
            phases=tuple(frozen),
            threads=self.given.threads,
            made=folders.made("+".join(phase.sha256 or "" for phase in frozen)),
        )
        folders.save_spec(folder, spec)
        with self.timed(f"train {name}", seconds):
            made: Path = phases.run(spec, folder, lambda number, phase: ())
        for checkpoints in folder.glob("*/checkpoints"):
            shutil.rmtree(checkpoints)
        gc.collect()  # a trainer is a circle: without this the next one trains beside it
        return made

    def measured(self, arm: str, number: int, adapter: Path) -> Point:
        """The figures of an adapter on the held-out statements."""
        read = self.read(f"held-out-{number}-{arm.lower()}", adapter, self.held_out)
        return point(arm, number * self.given.batch, read, self.held_out)

    def read(self, name: str, adapter: Path, records: Sequence[LabelledStatement]) -> list[Row]:
        """What an adapter says of statements, through the pipeline that curators use; kept."""

        def ask() -> Iterable[Row]:
            with self.timed(f"read {name}", OPEN_SECONDS + READ_SECONDS * len(records)):
                return list(self.asked(adapter, records))

        return kept(self.given.out / f"{name}.jsonl", ask)

    def asked(self, adapter: Path, records: Sequence[LabelledStatement]) -> Iterator[Row]:
        backend = catalog.open_model(str(adapter), self.given.out / "models", self.given.threads)
        try:
            pipeline = Pipeline.funding(backend)
            card = pipeline.card().model_dump(mode="json")
            for start in range(0, len(records), TOGETHER):
                part = records[start : start + TOGETHER]
                started = time.perf_counter()
                said = pipeline.parse([record.statement for record in part])
                seconds = (time.perf_counter() - started) / len(part)
                for record, it in zip(part, said, strict=True):
                    yield answer(record.id, it.funders, seconds) | {"raw": it.raw, "card": card}
        finally:
            backend.close()

    @cached_property
    def base(self) -> Path:
        """The base's weights as a transformers folder."""
        package_file = catalog.bases()[catalog.default_base()].path
        if package_file is None:
            raise SystemExit(f"The base {catalog.default_base()} is not installed.")
        return write_base(package_file, self.given.out / "base")

    @cached_property
    def encoder(self) -> Encoder:
        from transformers import AutoTokenizer

        return Encoder(AutoTokenizer.from_pretrained(self.base))

    @contextmanager
    def timed(self, what: str, expected: float) -> Iterator[None]:
        """Say how long a step should take and took; the latter stays in `seconds.jsonl`."""
        say(f"{what}: {expected:.0f} s expected")
        started = time.perf_counter()
        yield
        took = time.perf_counter() - started
        say(f"{what}: {took:.0f} s")
        with (self.given.out / "seconds.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"step": what, "expected": expected, "seconds": took}) + "\n")


def apart(
    records: Sequence[LabelledStatement], pool: Sequence[LabelledStatement], source: str
) -> list[LabelledStatement]:
    """The records of other sources that share no wording with the new source's."""
    others = [record for record in records if record.source != source]
    shared = shared_wording(
        [record.statement for record in others],
        [record.statement for record in pool],
        common=SET_PHRASE,
    )
    return [record for number, record in enumerate(others) if number not in shared]


def decision(row: Row, record: LabelledStatement) -> Decided:
    """A corrected paper as the store hands it to a run: what was said, and what is right."""
    said = Extraction(raw=row["raw"], funders=funders(row))
    return Decided(
        identity=record.id,
        text=record.statement,
        answer=Answer(statements=(Statement(text=record.statement),), funders=record.funders),
        proposal=Proposal(
            statements=(),
            parsed_text=record.statement,
            extraction=said,
            card=ModelCard(**row["card"]),
        ),
    )


def run_data(
    decided: Sequence[Decided], held_out: Sequence[LabelledStatement], pairs: int
) -> RunData:
    """The data of the button's run, of stage 2 alone: here the statements are given."""
    first, second = map(task, TASKS)
    examples = [e for it in decided for e in curated.examples(it, first, second)]
    found = [
        pair
        for it in decided
        if it.proposal is not None
        for pair in rows.pairs(it.text, it.proposal, it.answer, it.source)
    ]
    return RunData(
        examples=tuple(example for example in examples if example.task == second.name),
        pairs=tuple(found[max(0, len(found) - pairs) :]),
        learned=tuple(record for it in decided for record in curated.learned(it)),
        articles=(),
        held_out=tuple(held_out),
        trained_on=len(decided),
        dropped=0,
    )


def plan(data: RunData, **sizes: Any) -> planning.Plan:
    """What the button would do with the data."""
    return planning.plan(data, presets.load(presets.AUTO), tasks=TASKS, **sizes)


def compiled(planned: tuple[PhaseSpec, Rows]) -> tuple[PhaseSpec, Rows]:
    """The same training in less time."""
    phase, made = planned
    return phase.model_copy(update={"parameters": {**phase.parameters, "compiled": True}}), made


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
