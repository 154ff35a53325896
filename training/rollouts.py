"""Replies of the model in training, many at once: what a policy says before it is rewarded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

TOGETHER = 16
"""Prompts that are answered in one batch."""


def generate(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    *,
    max_tokens: int,
    temperature: float | None = None,
    top_p: float = 1.0,
) -> list[list[int]]:
    """The tokens of one reply to each prompt, its end included; greedy without a temperature.

    Prompts of like length are answered together, since the shorter ones are padded on the left.
    The model comes back in the mode, training or not, that it was in.
    """
    import torch

    was_training = model.training
    model.eval()
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    replies: list[list[int]] = [[] for _ in prompts]
    sampled = {"do_sample": False} if temperature is None else {
        "do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": 0,
    }  # fmt: skip
    try:
        for start in range(0, len(order), TOGETHER):
            part = order[start : start + TOGETHER]
            ids, mask = _padded([prompts[index] for index in part], tokenizer.pad_token_id)
            with torch.no_grad():
                said = model.generate(
                    input_ids=ids.to(model.device),
                    attention_mask=mask.to(model.device),
                    max_new_tokens=max_tokens,
                    pad_token_id=tokenizer.pad_token_id,
                    eos_token_id=tokenizer.eos_token_id,
                    use_cache=True,
                    **sampled,
                )
            for index, row in zip(part, said[:, ids.shape[1] :].tolist(), strict=True):
                replies[index] = _up_to_end(row, tokenizer.eos_token_id)
    finally:
        model.train(was_training)
    return replies


def _padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[Any, Any]:
    """Token ids and attention mask, shape (rows, longest)."""
    import torch

    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), pad, dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, longest - len(row) :] = torch.tensor(row)
        mask[number, longest - len(row) :] = 1
    return ids, mask


def _up_to_end(row: Sequence[int], end: int) -> list[int]:
    return list(row[: row.index(end) + 1] if end in row else row)
