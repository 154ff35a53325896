"""Direct preference optimisation of an adapter on its own mistakes, over TRL's DPOTrainer.

The chosen reply is the gold one, the rejected the model's own, so that what is pushed down is what
it really says (Rafailov et al. 2023; MeXtract 2510.06889 after its SFT).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from training import checkpoints, together
from training.sft import metrics_writer, write_phase


@dataclass(frozen=True, slots=True)
class Preference:
    """One prompt, rendered with the chat template, and two replies to it, ends included."""

    prompt: str
    chosen: str
    rejected: str


@dataclass(frozen=True, slots=True)
class DpoPhase:
    """How hard to prefer: `beta` is DPO's temperature, `sft_weight` of a likelihood term beside.

    The likelihood term (RPO) keeps the chosen reply itself likely: on near-equal pairs plain DPO
    lowers both. `longest` tokens of prompt and reply are read.
    """

    name: str = "dpo"
    learning_rate: float = 5e-6
    beta: float = 0.1
    sft_weight: float = 1.0
    batch: int = 2
    accumulate: int = 4
    warmup_steps: int = 5
    max_steps: int = -1
    longest: int = 1024
    save_steps: int = 50
    seed: int = 17
    precision: Literal["bf16", "fp32"] = "bf16"


def train(
    base: Path,
    pairs: Sequence[Preference],
    phase: DpoPhase,
    run_dir: Path,
    adapter: Path,
    callbacks: Sequence[Any] = (),
) -> Path:
    """Train one pass over the pairs; return the folder of the adapter. Resumes from `run_dir`.

    The reference is the adapter that the phase starts from, also after a resume.
    """
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    done = run_dir / "trained"
    if (done / "adapter_config.json").is_file():
        return done
    set_seed(phase.seed)
    write_phase(run_dir, phase)
    batch, accumulate = together.share(phase.batch, phase.accumulate, together.count())
    config = DPOConfig(
        output_dir=str(run_dir / "checkpoints"),
        learning_rate=phase.learning_rate,
        beta=phase.beta,
        loss_type=["sigmoid", "sft"],
        loss_weights=[1.0, phase.sft_weight],
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=accumulate,
        num_train_epochs=1,
        max_steps=phase.max_steps,
        warmup_steps=phase.warmup_steps,
        lr_scheduler_type="linear",
        bf16=phase.precision == "bf16",
        gradient_checkpointing=False,
        logging_steps=2,
        save_steps=phase.save_steps,
        save_total_limit=2,
        seed=phase.seed,
        report_to="none",
        disable_tqdm=True,
        max_length=phase.longest,
        use_cpu=not torch.cuda.is_available(),
    )
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = checkpoints.put_on(plain, adapter, base)
    trainer = DPOTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list([asdict(pair) for pair in pairs]),
        processing_class=AutoTokenizer.from_pretrained(base),
        callbacks=[metrics_writer(run_dir / "metrics.jsonl"), *callbacks],
    )
    return checkpoints.finish(trainer, run_dir / "checkpoints", done)
