"""What each part of the training is worth: arms that differ in one thing, equal in steps.

    python -m benchmarks.ablation DATA -o RESULTS --start ADAPTER --steps 120

Every arm is trained from the same start (a PEFT folder, or the base without `--start`) for the same
number of steps on batches of the same size, and read on the dev split twice: as printed, and with
the noise of `training.noise`. `--arm` picks arms. What was trained or read is kept in RESULTS.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from transformers import AutoTokenizer

from benchmarks.extraction import LEVELS, funders, kept
from models import catalog
from models.extract import Pipeline
from models.merging import write_base
from models.schemas import Funder, FunderList
from models.scoring.corpus import score_corpus
from models.tasks import task
from training import corpora, dpo, grpo, mistakes, recipe, sft
from training.examples import Encoder
from training.mixture import Corpora, Mix, draw
from training.noise import noisy_row
from training.rows import write_funders
from training.slips import slip

FULL = Mix(gold=2, joined=150, synthetic=600, fresh_ids=0.7, noise=0.25)
ARMS = {
    "all": FULL,
    "no noise": replace(FULL, noise=0.0),
    "no synthetic statements": replace(FULL, synthetic=0),
    "no fresh ids": replace(FULL, fresh_ids=0.0),
    "no joined statements": replace(FULL, joined=0),
}
FREE = "all, not bound to copy"
DPO = "all, then DPO"
SLIPS = "all, then DPO with slips"
GRPO = "all, then GRPO"
AFTER = (DPO, SLIPS, GRPO)
SEED = 31


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="PEFT folder that all arms go on from")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--arm", action="append", choices=[*ARMS, FREE, *AFTER], default=[])
    parser.add_argument("--limit", type=int, help="dev statements at most")
    parser.add_argument("--mistakes", type=int, default=400, help="statements read for DPO")
    parser.add_argument("--grpo-steps", type=int, default=30)
    given = parser.parse_args()
    arms = Arms(given)
    print("| arm | text | " + " | ".join(LEVELS) + " |")
    print("|---|---|" + "---|" * len(LEVELS))
    for arm in given.arm or [*ARMS, FREE, *AFTER]:
        adapter = arms.trained(arm)
        for text, records in arms.texts.items():
            print(f"| {arm} | {text} | " + " | ".join(arms.scores(arm, adapter, text, records)))


class Arms:
    """Trains arms and reads the dev split with them."""

    def __init__(self, given: argparse.Namespace) -> None:
        chosen = recipe.load("embedded")
        self.given = given
        self.recipe = chosen
        self.corpus = Corpora(given.data, **chosen.corpora)
        package_file = catalog.bases()[chosen.base].path
        if package_file is None:
            raise SystemExit(f"The base {chosen.base} is not installed.")
        self.base = write_base(package_file, given.out / "base")
        self.asked = task("funding_parse_lines")
        self.encoder = Encoder(AutoTokenizer.from_pretrained(self.base))
        records = self.corpus.held_out[: given.limit]
        self.texts = {"printed": records, "noisy": noisy(records)}

    def trained(self, arm: str) -> Path:
        """The PEFT folder of an arm, trained where it is not there yet."""
        if arm == FREE:
            return self.trained("all")
        folder = self.given.out / slug(arm)
        if (folder / "adapter" / "adapter_config.json").is_file():
            return folder / "adapter"
        if arm == GRPO:
            weights = self.rewarded(folder, self.trained("all"))
        elif arm in AFTER:
            weights = self.preferred(folder, self.trained("all"), slips=arm == SLIPS)
        else:
            weights = self.tuned(folder, ARMS[arm])
        return recipe.finish(weights, folder / "adapter", self.recipe)

    def tuned(self, folder: Path, mix: Mix) -> Path:
        rows = map(self.encoder.encode, draw(self.corpus, mix, SEED))
        phase = sft.Phase(
            "arm",
            learning_rate=6e-4,
            schedule="linear",
            warmup_steps=10,
            batch_tokens=1024,
            max_steps=self.given.steps,
            compiled=True,
            seed=SEED,
        )
        short = [row for row in rows if len(row.input_ids) <= phase.longest]
        return sft.train(self.base, short, phase, folder / "run", self.given.start)

    def preferred(self, folder: Path, adapter: Path, slips: bool) -> Path:
        """DPO on the adapter's own mistakes; with `slips`, as many made-up ones beside them."""
        backend = catalog.open_model(str(adapter), self.given.out / "models")
        phase = dpo.DpoPhase()
        records = mistakes.sample(self.corpus.gold_records, self.given.mistakes, phase.seed)
        pairs = list(mistakes.preferences(Pipeline.funding(backend), records, self.encoder))
        backend.close()
        if slips:
            pairs += self.slips(records[: len(pairs)])
            random.Random(SEED).shuffle(pairs)
        return dpo.train(self.base, pairs, phase, folder / "run", adapter)

    def slips(self, records: Sequence[corpora.LabelledStatement]) -> Iterator[dpo.Preference]:
        """Gold replies over the same with one fact made wrong."""
        rng = random.Random(SEED)
        for record in records:
            if made := slip(record.funders, record.statement, rng):
                yield dpo.Preference(
                    prompt=self.encoder.render(self.asked, record.statement),
                    chosen=self.reply(record, record.funders),
                    rejected=self.reply(record, made.funders),
                )

    def reply(self, record: corpora.LabelledStatement, answer: Sequence[Funder]) -> str:
        return write_funders(self.asked, record.statement, answer) + self.encoder.end

    def rewarded(self, folder: Path, adapter: Path) -> Path:
        """Some steps of GRPO, two statements a step, rewarded for funders and award ids."""
        phase = grpo.GrpoPhase(
            reply=self.asked.reply, group=4, max_completion=192, max_steps=self.given.grpo_steps
        )
        count = phase.batch * phase.max_steps
        rows = [
            {
                "prompt": self.encoder.render(self.asked, record.statement),
                "funders": FunderList.dump_python(record.funders, mode="json"),
            }
            for record in mistakes.sample(self.corpus.gold_records, count, phase.seed)
        ]
        return grpo.train(self.base, rows, phase, folder / "run", adapter)

    def scores(
        self, arm: str, adapter: Path, text: str, records: Sequence[corpora.LabelledStatement]
    ) -> list[str]:
        rows = kept(
            self.given.out / f"{slug(arm)}.{text}.jsonl",
            lambda: self.read(arm, adapter, records),
        )
        answers = [(funders(row), r.funders) for row, r in zip(rows, records, strict=True)]
        levels = score_corpus(answers, ["balanced"]).modes["balanced"]
        scored = [levels[name] for name in LEVELS]
        return [f"{s.counts.f():.3f} ({s.f1_low:.3f}–{s.f1_high:.3f})" for s in scored]

    def read(
        self, arm: str, adapter: Path, records: Sequence[corpora.LabelledStatement]
    ) -> list[dict[str, object]]:
        backend = catalog.open_model(str(adapter), self.given.out / "models")
        try:
            said = Pipeline.funding(backend, copy=arm != FREE).parse([r.statement for r in records])
        finally:
            backend.close()
        return [
            {
                "funders": None
                if it.funders is None
                else FunderList.dump_python(it.funders, mode="json")
            }
            for it in said
        ]


def noisy(records: Sequence[corpora.LabelledStatement]) -> list[corpora.LabelledStatement]:
    """The records with damage, gold as printed; those whose gold is not printed are left out."""
    rng = random.Random(SEED)
    rows = [noisy_row(record.model_dump(mode="json"), rng) for record in records]
    fields = corpora.LabelledStatement.model_fields
    return [
        corpora.LabelledStatement.model_validate({k: v for k, v in row.items() if k in fields})
        for row in rows
        if row.get("noise")
    ]


def slug(arm: str) -> str:
    return "-".join(arm.replace(",", "").split())


if __name__ == "__main__":
    main()
