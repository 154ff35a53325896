"""A training run small enough to be killed often: a random two-layer Llama, quick steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from training import run as runs
from training.run import PhaseSpec, RunSpec

PAYERS = ("Amber Foundation", "Basalt Trust", "Cedar Council", "Delta Academy", "Ember Ministry")
SFT: dict[str, Any] = {
    "learning_rate": 1e-3,
    "batch_tokens": 60,
    "save_steps": 10,
    "precision": "fp32",
    "lora": {"r": 4, "alpha": 8},
}
DPO: dict[str, Any] = {"batch": 1, "accumulate": 1, "save_steps": 5, "precision": "fp32"}


def tiny_base(folder: Path) -> Path:
    """A transformers folder with the embedded base's tokenizer and random weights."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from models.catalog import bases

    gguf = bases()["smollm2-135m-instruct"].path
    assert gguf is not None
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def examples(count: int) -> Iterator[dict[str, str]]:
    """Rows of the phase kind "sft"."""
    for number in range(count):
        payer = PAYERS[number % 5]
        yield {
            "task": "funding_parse_lines",
            "text": f"Study {number} was funded by the {payer} (grant A{number}).",
            "reply": f"F {payer}\nI A{number}",
            "source": "tests",
        }


def preferences(count: int) -> Iterator[dict[str, str]]:
    """Rows of the phase kind "dpo"."""
    for number in range(count):
        payer = PAYERS[number % 5]
        yield {
            "prompt": f"Study {number} was funded by the {payer}.",
            "chosen": f"F {payer}",
            "rejected": f"F Study {number}",
        }


def make_run(folder: Path, base: Path, **changes: Any) -> Path:
    """The folder of a run of two phases, 150 steps of SFT and 30 of DPO; `changes` of its spec."""
    phases = (
        PhaseSpec(
            kind="sft",
            name="first",
            parameters=SFT,
            data="sft.jsonl",
            sha256=runs.write_rows(folder, "sft.jsonl", examples(150)),
        ),
        PhaseSpec(
            kind="dpo",
            name="second",
            parameters=DPO,
            data="dpo.jsonl",
            sha256=runs.write_rows(folder, "dpo.jsonl", preferences(30)),
        ),
    )
    given: dict[str, Any] = {
        "id": folder.name,
        "recipe": "tiny",
        "base": base,
        "base_name": "tiny-llama",
        "phases": phases,
        "threads": 1,
        "made": runs.made("0" * 64),
    }
    return runs.save_spec(folder, RunSpec(**{**given, **changes}))


def wait(is_so: Callable[[], bool], what: str, seconds: float = 600.0) -> None:
    """Poll until it is so; fail with `what` was waited for."""
    import time

    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.02)
