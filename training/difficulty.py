"""How hard a prompt is for the model as it stands: the reward of its own reply.

R2GRPO trains on samples sorted by difficulty (training code ranlislz/R2GRPO).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.rollouts import generate
from training.run import replace

Score = Callable[..., list[float | None]]


def ordered(
    model: Any,
    tokenizer: Any,
    rows: Sequence[Mapping[str, Any]],
    reward: Score,
    max_tokens: int,
    kept: Path,
) -> list[Mapping[str, Any]]:
    """Rows from easy to hard by the reward of a greedy reply; unscored ones come last.

    The scores stay in the file `kept`, so that a resumed run has the same order.
    """
    if kept.is_file():
        scores = json.loads(kept.read_text("utf-8"))
    else:
        prompts = [_tokens(tokenizer, row["prompt"]) for row in rows]
        replies = generate(model, tokenizer, prompts, max_tokens=max_tokens)
        said = tokenizer.batch_decode(replies, skip_special_tokens=True)
        columns = {key: [row.get(key) for row in rows] for key in rows[0] if key != "prompt"}
        scores = reward(said, **columns)
        replace(kept, json.dumps(scores))
    return easy_first(rows, scores)


def easy_first(
    rows: Sequence[Mapping[str, Any]], scores: Sequence[float | None]
) -> list[Mapping[str, Any]]:
    """Rows from easy to hard by their scores; unscored rows come last, equals keep their order.

    Raises `ValueError` where a score is missing.
    """
    scored = zip(rows, scores, strict=True)
    ranked = sorted(scored, key=lambda pair: (pair[1] is None, -(pair[1] or 0.0)))
    return [row for row, _ in ranked]


def _tokens(tokenizer: Any, prompt: Any) -> list[int]:
    if isinstance(prompt, str):
        return list(tokenizer(prompt, add_special_tokens=False)["input_ids"])
    text = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
