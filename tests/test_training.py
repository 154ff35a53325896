"""A small but real training run: the embedded base, TRL, a merged GGUF, scores before and after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.backends import open_backend
from models.catalog import bases, prepare
from models.extract import Pipeline
from models.merging import merge, write_base
from models.scoring import score_corpus
from training import corpora, examples, recipe, sft
from training.corpora import LabelledStatement

TASKS = ("funding_statements_lines", "funding_parse_lines")
PAYERS = (
    "Amber Foundation", "Basalt Trust", "Cedar Council", "Delta Academy of Sciences",
    "Ember Ministry of Research", "Fjord Fund", "Granite Society", "Harbour Commission",
)  # fmt: skip
RECIPE = """
name = "small"
title = "A small run"
source = "tests"
base = "smollm2-135m-instruct"
adapter = "small"
[corpora]
gold = "labelled.jsonl"
[lora]
r = 8
alpha = 32
[[phases]]
name = "only"
learning_rate = 2e-3
warmup_steps = 3
batch_tokens = 512
max_steps = 24
precision = "fp32"
mix = { gold = 3 }
"""


def statement(number: int) -> dict[str, object]:
    payer, other = PAYERS[number % 8], PAYERS[(number * 3 + 1) % 8]
    award = f"{'ABCDEFGH'[number % 8]}{1000 + 37 * number}"
    return {
        "id": f"s{number}",
        "source": "tests",
        "license": "CC0-1.0",
        "split": "dev" if number % 6 == 5 else "train",
        "statement": f"Study {number} was funded by the {payer} (grant {award}) and the {other}.",
        "funders": [
            {"funder_name": payer, "awards": [{"award_ids": [award]}]},
            {"funder_name": other, "awards": []},
        ],
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rows = [json.dumps(statement(number)) for number in range(48)]
    (folder / "labelled.jsonl").write_text("\n".join(rows))
    (folder / "small.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = bases()["smollm2-135m-instruct"].path
    assert path is not None
    return write_base(path, tmp_path_factory.mktemp("base") / "float32")


@pytest.fixture(scope="module")
def run_dir(data: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    recipe.run(recipe.load(data / "small.toml"), data, folder, base, tell=lambda line: None)
    return folder


def funder_f1(model: Path, records: list[LabelledStatement]) -> float:
    backend = open_backend("gguf", path=model, tasks=TASKS)
    try:
        said = Pipeline.funding(backend).parse([record.statement for record in records])
    finally:
        backend.close()
    answers = [(s.funders, r.funders) for s, r in zip(said, records, strict=True)]
    return score_corpus(answers, ["balanced"], rounds=10).modes["balanced"]["funder"].counts.f()


@pytest.mark.slow
def test_the_loss_falls_and_the_run_says_what_made_it(run_dir: Path) -> None:
    lines = (run_dir / "1-only" / "metrics.jsonl").read_text().splitlines()
    losses = [row["loss"] for row in map(json.loads, lines) if "loss" in row]
    assert losses[-1] < 0.5 * losses[0]
    made = json.loads((run_dir / "adapter" / "training.json").read_text())
    assert made["recipe"] == "small"
    assert made["phases"][0]["mix"]["gold"] == 3
    told = json.loads((run_dir / "1-only" / "data.json").read_text())
    assert told["examples"] == {"funding_parse_lines tests": 120}


@pytest.mark.slow
def test_a_finished_run_is_not_trained_again(run_dir: Path, data: Path, base: Path) -> None:
    before = (run_dir / "adapter" / "adapter_model.safetensors").read_bytes()
    told: list[str] = []
    recipe.run(recipe.load(data / "small.toml"), data, run_dir, base, tell=told.append)
    assert told == []
    assert (run_dir / "adapter" / "adapter_model.safetensors").read_bytes() == before


@pytest.mark.slow
def test_held_out_statements_are_read_better_than_before(
    run_dir: Path, data: Path, tmp_path: Path
) -> None:
    plain = bases()["smollm2-135m-instruct"]
    held_out = list(corpora.statements(data / "labelled.jsonl", "dev"))
    assert plain.path is not None
    merged = merge(plain.path, run_dir / "adapter", tmp_path / "merged.gguf")
    before = funder_f1(prepare(plain, tmp_path), held_out)
    after = funder_f1(merged, held_out)
    assert after > before
    assert after > 0.5


@pytest.mark.slow
def test_the_merged_file_says_what_the_trained_model_says(
    run_dir: Path, data: Path, base: Path, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from models.tasks import task

    plain = bases()["smollm2-135m-instruct"].path
    assert plain is not None
    merged = merge(plain, run_dir / "adapter", tmp_path / "merged.gguf", kind="F16")
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    trained = PeftModel.from_pretrained(model, str(run_dir / "adapter")).eval()
    asked = task(TASKS[1])
    texts = [r.statement for r in corpora.statements(data / "labelled.jsonl", "dev")][:3]
    backend = open_backend("gguf", path=merged, tasks=TASKS)
    replies = backend.generate([asked.prompt(t) for t in texts], schema=None, max_tokens=48)
    backend.close()
    for text, reply in zip(texts, replies, strict=True):
        prompt = torch.tensor([examples.Encoder(tokenizer).prompt(asked, text)])
        with torch.no_grad():
            out = trained.generate(prompt, max_new_tokens=48, do_sample=False)
        said = tokenizer.decode(out[0, prompt.shape[1] :], skip_special_tokens=True)
        assert said == reply.text


def test_batches_hold_like_lengths_and_every_row_once() -> None:
    rows = [examples.Encoded([7] * n, [-100] * n) for n in (5, 90, 6, 5, 40, 41, 300)]
    made = sft.batches(rows, batch_tokens=100, seed=1)
    assert sorted(len(row.input_ids) for batch in made for row in batch) == [
        5,
        5,
        6,
        40,
        41,
        90,
        300,
    ]
    for batch in made:
        longest = max(len(row.input_ids) for row in batch)
        assert len(batch) == 1 or longest * len(batch) <= 100
    assert made == sft.batches(rows, batch_tokens=100, seed=1)
    assert made != sft.batches(rows, batch_tokens=100, seed=2)
