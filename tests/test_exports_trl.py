"""TRL itself takes the exported rows: a step of its trainers on them, as they lie in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db import store
from db.engine import connect, writing
from db.migrations import upgrade
from models.schemas import Answer, Award, Extraction, Funder, ModelCard, Proposal, Span, Statement
from models.tasks import task
from tests.formats import written
from tests.stores import document, save
from tests.tiny_run import PAYERS, tiny_base
from training.curated import is_held_out
from training.rewards import funding_shaped

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]
TASKS = task("funding_statements"), task("funding_parse")
CARD = ModelCard(
    model="tiny",
    prompt_sha256="+".join(it.prompt_sha256[:16] for it in TASKS),
    schema_sha256="+".join(it.schema_sha256[:16] for it in TASKS),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Papers that the model had read in part; one of the decisions is that nobody paid."""
    engine = connect(tmp_path_factory.mktemp("home") / "store.sqlite3")
    upgrade(engine)
    for number in range(12):
        decide(engine, number)
    yield engine
    engine.dispose()


def decide(engine: Engine, number: int) -> None:
    payer = PAYERS[number % 5]
    said = f"Study {number} was supported by the {payer} (grant A-{number})."
    text = f"Moss is green. {said} Thanks to all."
    span = Span(page=1, start=15, end=15 + len(said))
    statement = Statement(text=said, span=span, alignment="exact")
    award = Award(award_ids=(f"A-{number}",))
    right = Answer(statements=(statement,), funders=(Funder(funder_name=payer, awards=(award,)),))
    missed = [{"funder_name": payer, "awards": []}]
    proposal = Proposal(
        windows=((0, len(text)),),
        parsed_text=said,
        statements=(statement,),
        statements_raw=(json.dumps({"statements": []}),),
        extraction=Extraction(raw=json.dumps(missed), funders=(Funder(funder_name=payer),)),
        card=CARD,
    )
    nobody = number == 11
    with writing(engine) as session:
        record = store.add_document(session, document(f"moss {number}", text))
        store.add_proposal(session, record.id, proposal)
        verdict, answer = ("no_funding", Answer()) if nobody else ("corrected", right)
        save(session, record.id, verdict=verdict, answer=answer)


def exported(engine: Engine, name: str, folder: Path) -> Any:
    """The rows of an export, read by the library that TRL reads with."""
    from datasets import load_dataset

    path = folder / f"{name}.jsonl"
    written(engine, name, path)
    return load_dataset("json", data_files=str(path), cache_dir=str(folder / "cache"))["train"]


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "output_dir": str(folder / "out"),
        "max_steps": 1,
        "per_device_train_batch_size": 2,
        "learning_rate": 1e-3,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        "bf16": False,
        "logging_steps": 1,
        **more,
    }


def opened(base: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return model, AutoTokenizer.from_pretrained(base)


def test_each_row_says_on_which_side_of_the_split_its_paper_is(
    engine: Engine, tmp_path: Path
) -> None:
    for name in ("sft", "pairs", "grpo"):
        rows = exported(engine, name, tmp_path)
        sides = {
            row["sha256"] if "sha256" in row else row["source"]["sha256"]: row["split"]
            for row in rows
        }
        assert len(sides) > 8, name
        assert set(sides.values()) == {"train", "test"}, name
        for sha, side in sides.items():
            assert side == ("test" if is_held_out(sha) else "train")


def test_trl_takes_a_step_of_sft_on_replies_only(
    engine: Engine, base: Path, tmp_path: Path
) -> None:
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    rows = exported(engine, "sft", tmp_path)
    model, tokenizer = opened(base)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**settings(tmp_path, max_length=1024)),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    batch = next(iter(trainer.get_train_dataloader()))
    taught = [
        tokenizer.decode([token for token in labels.tolist() if token != -100])
        for labels in batch["labels"]
    ]
    replies = [row["completion"][0]["content"] for row in rows]
    assert all(any(reply in text for reply in replies) for text in taught), taught
    assert not any("Moss is green" in text for text in taught)
    before = model.model.embed_tokens.weight.detach().clone()
    loss = trainer.train().training_loss
    assert 0 < loss < 100
    assert not before.equal(model.model.embed_tokens.weight)


def test_trl_takes_a_step_of_dpo(engine: Engine, base: Path, tmp_path: Path) -> None:
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    rows = exported(engine, "pairs", tmp_path)
    assert {row["error_type"] for row in rows} >= {"missed_statement", "missed_award"}
    model, tokenizer = opened(base)
    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(**settings(tmp_path, max_length=1024)),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    before = model.model.embed_tokens.weight.detach().clone()
    trainer.train()
    logged = [event for event in trainer.state.log_history if "rewards/margins" in event]
    assert logged and logged[0]["loss"] == pytest.approx(0.6931, abs=1e-3)  # no preference yet
    assert not before.equal(model.model.embed_tokens.weight)


def test_trl_takes_a_step_of_grpo_with_the_rows_own_funders_as_the_reward_s(
    engine: Engine, base: Path, tmp_path: Path
) -> None:
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    rows = exported(engine, "grpo", tmp_path)
    seen: list[tuple[str, float | None]] = []

    def reward(completions: list[Any], **columns: Any) -> list[float | None]:
        right = [json.dumps(funders) for funders in columns["funders"]]
        for text, answer in zip(columns["text"], right, strict=True):
            (name,) = [payer for payer in PAYERS if payer in text]
            assert json.loads(answer)[0]["funder_name"] == name
        perfect = [[{"role": "assistant", "content": answer}] for answer in right]
        seen.extend(zip(right, funding_shaped(perfect, **columns), strict=True))
        return funding_shaped(completions, **columns)

    model, tokenizer = opened(base)
    given = settings(tmp_path, num_generations=2, max_completion_length=4, beta=0.0)
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=reward,
        args=GRPOConfig(**given, remove_unused_columns=False),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    trainer.train()
    assert trainer.state.global_step == 1
    assert seen and all(worth == 1.0 for _, worth in seen)
