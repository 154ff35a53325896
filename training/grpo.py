"""Reinforcement learning of an adapter on its own replies, over TRL's GRPOTrainer.

A group of replies to one prompt is drawn, each is rewarded, and what is better than its group's
mean becomes likelier (GRPO, arXiv 2402.03300; DAPO's clipping and token mean, arXiv 2503.14476).
With `beta` above 0 a KL penalty holds the policy near where it started: TRL keeps a frozen copy of
the adapter, named "ref", beside the trained one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from models import compact, reasoned
from models.scoring.reading import funders_from_text, read_funders
from models.tasks import Reply, task
from training import articles, checkpoints, together
from training.collapse import CollapseGuard
from training.difficulty import ordered
from training.rewards import REWARDS
from training.rewards.registry import Completion, Log, Read, Reward, reply_text
from training.rows import dump_funders
from training.sft import LoraShape, metrics_writer, write_phase

Row = TypeVar("Row")
Loss = Literal["grpo", "dapo", "dr_grpo", "bnpo", "cispo"]
READERS: dict[str, Read] = {
    "json": funders_from_text,
    "lines": compact.read_funders,
    "reasoned": lambda reply: funders_from_text(reasoned.answer(reply)),
}
"""How a reply is read, by the form that the model speaks."""


@dataclass(frozen=True, slots=True)
class GrpoPhase:
    """One pass of GRPO over prompts. The defaults are those of cometadata's Qwen3.5-9B card.

    `batch` prompts a step with `group` replies each, seen by the model in `accumulate` parts;
    `max_completion` tokens a reply at most. `reward` is a name of `training.rewards.REWARDS`,
    `options` its arguments (`{"loopholes": true}`), `reply` the form that the model speaks. `beta`
    weighs the KL to the start; `epsilon` and `epsilon_high` clip the ratio below and above 1;
    `entropy` weighs the bonus for varied tokens. `curriculum`: rows in order from easy to hard.
    `articles` names the tasks, stage 1 and 2, where the rows are those of whole articles
    (`training.articles`); `batch` is then a multiple of the rows of one. `precision` "bf16"
    computes in bfloat16; weights stay float32.
    """

    name: str = "grpo"
    reward: str = "funding_shaped"
    options: Mapping[str, Any] = field(default_factory=dict)
    reply: Reply = "json"
    group: int = 8
    batch: int = 2
    accumulate: int = 1
    temperature: float = 0.8
    top_p: float = 1.0
    max_completion: int = 256
    beta: float = 0.03
    epsilon: float = 0.2
    epsilon_high: float = 0.2
    loss: Loss = "grpo"
    importance_sampling: Literal["token", "sequence"] = "token"
    mask_truncated: bool = False
    entropy: float = 0.0
    learning_rate: float = 3e-5
    schedule: str = "constant_with_warmup"
    warmup_steps: int = 0
    max_grad_norm: float = 1.0
    max_steps: int = -1
    save_steps: int = 25
    log_steps: int = 1
    curriculum: bool = False
    articles: Sequence[str] = ()
    seed: int = 23
    precision: Literal["bf16", "fp32"] = "bf16"
    lora: LoraShape = field(default_factory=LoraShape)
    guard: CollapseGuard = field(default_factory=CollapseGuard)

    def __post_init__(self) -> None:
        if self.reward not in REWARDS:
            known = ", ".join(sorted(REWARDS))
            raise ValueError(f"unknown reward {self.reward!r}; known: {known}")
        if self.group < 2 or self.group * self.batch % self.accumulate:
            raise ValueError("a group needs two replies, and group x batch whole parts")
        for name, kind in (("lora", LoraShape), ("guard", CollapseGuard)):
            if isinstance(given := getattr(self, name), Mapping):  # out of a file
                object.__setattr__(self, name, kind(**given))


def train(
    base: Path,
    rows: Sequence[Mapping[str, Any]],
    phase: GrpoPhase,
    run_dir: Path,
    adapter: Path | None = None,
    callbacks: Sequence[Any] = (),
    read: Read | None = None,
) -> Path:
    """Train one phase; return the folder of the adapter. A killed phase resumes from `run_dir`.

    A row has a `prompt` (text as the model reads it, or a chat), the right `funders` (None where
    nothing is asked) and whatever columns the reward takes. `read` replaces the phase's reader.
    Raises `Collapsed` where learning has come to nothing; see `training.collapse`.
    """
    from datasets import Dataset
    from transformers import AutoTokenizer, set_seed
    from trl.trainer.grpo_trainer import GRPOTrainer

    done = run_dir / "trained"
    if (done / "adapter_config.json").is_file():
        return done
    set_seed(phase.seed)
    write_phase(run_dir, phase)
    model = _model(base, phase, adapter)
    tokenizer = AutoTokenizer.from_pretrained(base, padding_side="left")
    reward = _watched(phase, read)
    if phase.curriculum:
        kept = run_dir / "difficulty.json"
        with together.first_before_the_others():
            rows = ordered(model, tokenizer, rows, reward, phase.max_completion, kept)
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=reward,
        args=_config(phase, run_dir),
        train_dataset=Dataset.from_list([_row(row) for row in rows]),
        processing_class=tokenizer,
        rollout_func=_rollout(phase, rows),
        callbacks=[metrics_writer(run_dir / "metrics.jsonl"), phase.guard.callback(), *callbacks],
    )
    return checkpoints.finish(trainer, run_dir / "checkpoints", done)


def _config(phase: GrpoPhase, run_dir: Path) -> Any:
    import torch
    from trl.trainer.grpo_config import GRPOConfig

    at_once = phase.group * phase.batch // phase.accumulate
    at_once, accumulate = together.share(at_once, phase.accumulate, together.count())
    return GRPOConfig(
        output_dir=str(run_dir / "checkpoints"),
        num_generations=phase.group,
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=accumulate,
        temperature=phase.temperature,
        top_p=phase.top_p,
        max_completion_length=phase.max_completion,
        beta=phase.beta,
        epsilon=phase.epsilon,
        epsilon_high=phase.epsilon_high,
        loss_type=phase.loss,
        importance_sampling_level=phase.importance_sampling,
        mask_truncated_completions=phase.mask_truncated,
        entropy_coef=phase.entropy,
        learning_rate=phase.learning_rate,
        lr_scheduler_type=phase.schedule,
        warmup_steps=phase.warmup_steps,
        max_grad_norm=phase.max_grad_norm,
        num_train_epochs=1,
        max_steps=phase.max_steps,
        save_steps=phase.save_steps,
        save_total_limit=2,
        logging_steps=phase.log_steps,
        shuffle_dataset=not (phase.curriculum or phase.articles),
        seed=phase.seed,
        bf16=phase.precision == "bf16",
        gradient_checkpointing=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,  # the reward reads them
        use_cpu=not torch.cuda.is_available(),
    )


def _rollout(phase: GrpoPhase, rows: Sequence[Mapping[str, Any]]) -> articles.Rollout | None:
    if not phase.articles:
        return None
    return articles.rollout(
        rows,
        *map(task, phase.articles),
        max_tokens=phase.max_completion,
        temperature=phase.temperature,
        top_p=phase.top_p,
    )


def _model(base: Path, phase: GrpoPhase, adapter: Path | None) -> Any:
    """The base with the adapter to train: the given one, else a fresh one that changes nothing."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if adapter is not None:
        return checkpoints.put_on(plain, adapter, base)
    shape = LoraConfig(
        r=phase.lora.r,
        lora_alpha=phase.lora.alpha,
        lora_dropout=phase.lora.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(plain, shape)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the dataset keeps it: objects as JSON text, since Arrow gives all the same keys."""
    funders = row.get("funders")
    text = None if funders is None else dump_funders(read_funders(funders))
    plain = {k: json.dumps(v) if isinstance(v, Mapping) else v for k, v in row.items()}
    return {**plain, "funders": text}


def _watched(phase: GrpoPhase, read: Read | None) -> Reward:
    """The phase's reward, which also logs what shows that it is being hacked.

    `answers/unreadable` and `answers/empty` are shares of all replies; `answers/wrongly_empty` is
    the share of empty answers to the prompts that name funders.
    """
    reader = read or READERS[phase.reply]
    # The reward reads JSON in its own way, which may be stricter.
    own = {} if read is None and phase.reply == "json" else {"read": reader}

    def rewarded(
        completions: Sequence[Completion],
        funders: Sequence[Any],
        log_metric: Log | None = None,
        **columns: Any,
    ) -> list[float | None]:
        completions = columns.pop(articles.REPLY, completions)  # of an article its parse counts
        if log_metric is not None:
            for name, share in shares(completions, funders, reader).items():
                log_metric(f"answers/{name}", share)
        given = {**columns, "log_metric": log_metric, **own, **phase.options}
        return REWARDS[phase.reward](completions, funders=funders, **given)

    rewarded.__name__ = phase.reward
    return rewarded


def shares(
    completions: Sequence[Completion], funders: Sequence[Any], read: Read
) -> dict[str, float]:
    """What share of the replies is unreadable, empty, and empty where there are funders.

    The last one is left out where no row has any.
    """
    said = [read(reply_text(completion)) for completion in completions]
    wanted = [answer for answer, right in zip(said, funders, strict=True) if read_funders(right)]
    made = {
        "unreadable": sum(answer is None for answer in said) / len(said),
        "empty": sum(answer == () for answer in said) / len(said),
    }
    if wanted:
        made["wrongly_empty"] = sum(answer == () for answer in wanted) / len(wanted)
    return made
