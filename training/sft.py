"""Supervised fine-tuning of a LoRA on prompts and replies, over TRL's SFTTrainer.

What is ours: batches are made up beforehand (equal in tokens, of like length, in a fixed order, so
that a resumed run goes on where it stopped), and the loss looks at the reply's tokens alone: with
49,152 words in the vocabulary the other logits would cost a CPU a fifth of its time. Processes that
train together share the rows of each batch, so that a step is the same step however many they are.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from training import checkpoints, together
from training.examples import Encoded

EVALUATIONS = 5
"""How often a phase looks at the held-out rows."""


@dataclass(frozen=True, slots=True)
class LoraShape:
    """The adapter's size; all linear layers carry one (cometadata two-stage card)."""

    r: int = 32
    alpha: int = 64
    dropout: float = 0.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One pass over one mixture with its own learning rate.

    `schedule` is a name of transformers' schedulers; `batch_tokens` bounds a step's padded tokens,
    `longest` an example's; `max_steps` of -1 means the whole mixture. `compiled`: the layers run as
    code made for this machine, half again as fast on a CPU after half a minute of compiling.
    """

    name: str
    learning_rate: float
    schedule: str = "constant_with_warmup"
    warmup_steps: int = 20
    batch_tokens: int = 2048
    max_steps: int = -1
    longest: int = 1024
    save_steps: int = 100
    seed: int = 7
    precision: Literal["bf16", "fp32"] = "bf16"
    compiled: bool = False
    lora: LoraShape = field(default_factory=LoraShape)


def batches(rows: Sequence[Encoded], batch_tokens: int, seed: int) -> list[list[Encoded]]:
    """Rows of like length in batches of at most `batch_tokens` padded tokens, in random order.

    A row longer than that is a batch of its own. Ties in length are broken at random, so that two
    epochs differ.
    """
    rng = random.Random(seed)
    order = sorted(rows, key=lambda row: (len(row.input_ids), rng.random()))
    made: list[list[Encoded]] = [[]]
    for row in order:
        if made[-1] and len(row.input_ids) * (len(made[-1]) + 1) > batch_tokens:
            made.append([])
        made[-1].append(row)
    made = [batch for batch in made if batch]
    rng.shuffle(made)
    return made


def shared(planned: Sequence[Sequence[Encoded]], count: int) -> list[list[Encoded]]:
    """Each batch in `count` parts, one after the other, as `count` processes take them in turn.

    Where a batch has fewer rows, its shortest one stands in with nothing of it to be learned.
    """
    parts = []
    for batch in planned:
        shortest = min(batch, key=lambda row: len(row.input_ids))
        blank = Encoded(shortest.input_ids, [-100] * len(shortest.labels))
        parts += [list(batch[rank::count]) or [blank] for rank in range(count)]
    return parts


def train(
    base: Path,
    rows: Sequence[Encoded],
    phase: Phase,
    run_dir: Path,
    adapter: Path | None = None,
    threads: int | None = None,
    callbacks: Sequence[Any] = (),
    held_out: Sequence[Encoded] = (),
) -> Path:
    """Train one phase; return the folder of the adapter. A killed phase resumes from `run_dir`.

    `adapter` is where the phase starts from; without one a fresh LoRA is made. Metrics go to
    `run_dir/metrics.jsonl`, one object a line; `callbacks` are the trainer's. The loss on
    `held_out` rows is told some times, as `eval_loss`.
    """
    import torch
    from datasets import Dataset
    from transformers import AutoTokenizer, set_seed
    from trl.trainer.sft_config import SFTConfig

    done = run_dir / "adapter"
    if (done / "adapter_config.json").is_file():
        return done
    if threads:
        torch.set_num_threads(threads)
    set_seed(phase.seed)
    planned = batches(rows, phase.batch_tokens, phase.seed)
    steps = phase.max_steps if phase.max_steps > 0 else len(planned)
    write_phase(run_dir, phase)
    config = SFTConfig(
        output_dir=str(run_dir / "checkpoints"),
        learning_rate=phase.learning_rate,
        lr_scheduler_type=phase.schedule,
        warmup_steps=phase.warmup_steps,
        num_train_epochs=1,
        max_steps=phase.max_steps,
        per_device_train_batch_size=1,  # an item of the dataset is a whole batch
        train_sampling_strategy="sequential",
        bf16=phase.precision == "bf16",
        gradient_checkpointing=False,
        logging_steps=max(1, min(10, steps // 20)),
        save_steps=phase.save_steps,
        save_total_limit=2,
        eval_strategy="steps" if held_out else "no",
        eval_steps=max(1, steps // EVALUATIONS),
        per_device_eval_batch_size=1,
        seed=phase.seed,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        use_cpu=not torch.cuda.is_available(),
    )
    compared = batches(held_out, phase.batch_tokens, phase.seed) if held_out else []
    tokenizer = AutoTokenizer.from_pretrained(base)
    trainer = _trainer_class()(
        model=_model(base, phase, adapter),
        args=config,
        train_dataset=Dataset.from_list(_items(shared(planned, together.count()))),
        eval_dataset=Dataset.from_list(_items(compared)) if compared else None,
        processing_class=tokenizer,
        data_collator=Collator(tokenizer.eos_token_id),
        callbacks=[metrics_writer(run_dir / "metrics.jsonl"), *callbacks],
    )
    return checkpoints.finish(trainer, run_dir / "checkpoints", done)


def _items(planned: Sequence[Sequence[Encoded]]) -> list[dict[str, Any]]:
    """Batches as items of a dataset."""
    return [
        {"input_ids": [r.input_ids for r in rows], "labels": [r.labels for r in rows]}
        for rows in planned
    ]


@dataclass(frozen=True, slots=True)
class Collator:
    """Pads the rows of one planned batch on the right."""

    pad: int

    def __call__(self, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Tensors of shape (rows, longest row): input_ids, attention_mask, labels."""
        import torch

        (batch,) = items
        longest = max(map(len, batch["input_ids"]))

        def padded(rows: Sequence[Sequence[int]], value: int) -> Any:
            return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])

        return {
            "input_ids": padded(batch["input_ids"], self.pad),
            "labels": padded(batch["labels"], -100),
            "attention_mask": padded([[1] * len(row) for row in batch["input_ids"]], 0),
        }


def reply_loss(model: Any, inputs: dict[str, Any], num_items: Any = None) -> Any:
    """Cross entropy over the reply's tokens; only their logits are computed.

    Returns a scalar: the sum over `num_items` where the trainer counts them, else the mean.
    """
    import torch

    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = plain.model(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        use_cache=False,
    ).last_hidden_state
    targets = inputs["labels"][:, 1:]
    wanted = targets != -100
    logits = plain.lm_head(hidden[:, :-1][wanted]).float()
    loss = torch.nn.functional.cross_entropy(logits, targets[wanted], reduction="sum")
    return loss / (num_items if num_items is not None else wanted.sum())


def _through(wrapper: Any, model: Any, called: Callable[..., Any], *given: Any) -> Any:
    """`called(model, *given)`, as the forward of `model` that its `wrapper` calls.

    DistributedDataParallel averages the gradients of what went through its own forward, and only of
    that; without a wrapper the model calls itself.
    """
    plain = model.forward

    def forward(*moved: Any) -> Any:
        model.forward = plain
        return called(model, *moved)

    model.forward = forward
    try:
        return wrapper(*given)
    finally:
        model.forward = plain


def _trainer_class() -> type[Any]:
    from trl.trainer.sft_trainer import SFTTrainer

    class ReplyTrainer(SFTTrainer):
        """SFTTrainer with the loss of the reply alone."""

        def compute_loss(
            self,
            model: Any,
            inputs: dict[str, Any],
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            plain = self.accelerator.unwrap_model(model)
            with (
                self.accelerator.autocast()
            ):  # the trainer's own wraps a forward that is not called
                loss = _through(model, plain, reply_loss, inputs, num_items_in_batch)
            if num_items_in_batch is not None:  # they are those of all processes
                loss = loss * self.accelerator.num_processes  # and gradients are averaged
            return (loss, {}) if return_outputs else loss

    return ReplyTrainer


def _model(base: Path, phase: Phase, adapter: Path | None) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base_model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if adapter is not None:
        model = checkpoints.put_on(base_model, adapter, base)
    else:
        shape = LoraConfig(
            r=phase.lora.r,
            lora_alpha=phase.lora.alpha,
            lora_dropout=phase.lora.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        model = get_peft_model(base_model, shape)
    if phase.precision == "bf16":
        _round_frozen(model)
    if phase.compiled and (torch.cuda.is_available() or shutil.which("c++")):
        for layer in base_model.model.layers:  # one by one: thirty equal layers compile once
            layer.compile(dynamic=True)
    return model


def _round_frozen(model: Any) -> None:
    """Frozen matrices as bfloat16: autocast would round them so at every step."""
    import torch

    for name, module in model.named_modules():
        if name.endswith(".base_layer"):
            module.weight.data = module.weight.data.to(torch.bfloat16)


def write_phase(run_dir: Path, phase: Any) -> None:
    """Make a phase's folder, and write what it is told to do."""
    if together.is_first():
        run_dir.mkdir(parents=True, exist_ok=True)
        (run_dir / "phase.json").write_text(json.dumps(asdict(phase), indent=2, default=str))


def metrics_writer(path: Path) -> Any:
    """A callback that writes each log event as one line of JSON."""
    from transformers import TrainerCallback

    class Writer(TrainerCallback):
        """One line a log event, flushed at once."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if not state.is_world_process_zero:
                return
            with path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"step": state.global_step, **(logs or {})}) + "\n")

    return Writer()
