"""Rollouts over whole articles: one for each passage, then one that parses what they found.

The two-stage Llama-3.1-8B card rewards the parse alone and credits the rollouts that led to it: all
replies of a trajectory, those that find and the one that parses, get its reward. In TRL's terms an
article is `slots` rows that stand together in a step, one for each passage (empty ones fill up) and
the last for the parse; the g-th reply of each row belongs to the g-th trajectory.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.extract import distinct, join_statements
from models.schemas import Funder, Statement
from models.tasks import Task
from training.examples import Encoder
from training.rollouts import generate
from training.rows import messages, parse_statements, write_funders

MOST_PASSAGES = 10
"""Find rollouts an article, as in the card."""
REPLY = "article_reply"
"""The column with the parse of the trajectory that a reply belongs to."""
Rollout = Callable[[list[Any], Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Article:
    """The passages that the model reads, and who paid."""

    passages: tuple[str, ...]
    funders: tuple[Funder, ...]


def rows(
    articles: Sequence[Article], first: Task, second: Task, seed: int
) -> list[Mapping[str, Any]]:
    """The rows of all articles, in random order; those of one article follow each other.

    `part` says what a row is for: find, none (nothing is asked, so nothing is rewarded) or parse.
    """
    shuffled = list(articles)
    random.Random(seed).shuffle(shuffled)
    most = min(MOST_PASSAGES, max((len(it.passages) for it in shuffled), default=0))
    made: list[Mapping[str, Any]] = []
    for number, article in enumerate(shuffled):
        passages = article.passages[:most]
        parts = ["find"] * len(passages) + ["none"] * (most - len(passages))
        texts = [*passages, *[""] * (most - len(passages))]
        funders = [funder.model_dump(mode="json") for funder in article.funders]
        made += [
            _row(number, part, text, first, funders if part == "find" else None)
            for part, text in zip(parts, texts, strict=True)
        ]
        made.append(_row(number, "parse", "", second, funders))
    return made


def _row(number: int, part: str, text: str, asked: Task, funders: Any) -> Mapping[str, Any]:
    chat = [message.model_dump(mode="json") for message in messages(asked.prompt(text))]
    return {"article": number, "part": part, "text": text, "prompt": chat, "funders": funders}


def slots(made: Sequence[Mapping[str, Any]]) -> int:
    """Rows an article."""
    return sum(row["article"] == made[0]["article"] for row in made) if made else 1


def rollout(
    made: Sequence[Mapping[str, Any]],
    first: Task,
    second: Task,
    *,
    max_tokens: int,
    temperature: float,
    top_p: float,
) -> Rollout:
    """TRL's `rollout_func`: the replies to a step's prompts, group by group.

    It gives the trajectory's parse beside each reply, in the column `REPLY`. Where nothing was
    found there is nothing to parse: that trajectory says that nobody paid, as inference does.
    """
    texts = {json.dumps(row["prompt"]): (row["part"], row["text"]) for row in made}
    size = slots(made)

    def roll(prompts: list[Any], trainer: Any) -> dict[str, Any]:
        group = trainer.num_generations
        tokenizer = trainer.processing_class
        encoder = Encoder(tokenizer)
        told = [texts[json.dumps(prompt)] for prompt in prompts]
        model = trainer.accelerator.unwrap_model(trainer.model)

        def say(asked: Task, wanted: Sequence[str]) -> list[tuple[list[int], list[int]]]:
            ids = [encoder.prompt(asked, text) for text in wanted]
            replies = generate(
                model, tokenizer, ids, max_tokens=max_tokens, temperature=temperature, top_p=top_p
            )
            return list(zip(ids, replies, strict=True))

        blank = [tokenizer.eos_token_id]
        made_up: list[tuple[list[int], list[int]]] = [(blank, blank)] * len(prompts)
        finding = [index for index, (part, _) in enumerate(told) if part == "find"]
        for index, pair in zip(finding, say(first, [told[i][1] for i in finding]), strict=True):
            made_up[index] = pair
        found = _found(told, made_up, tokenizer, first, group, size)
        parsing = [index for index, text in found.items() if text]
        for index, pair in zip(parsing, say(second, [found[i] for i in parsing]), strict=True):
            made_up[index] = pair
        said = {
            index: tokenizer.decode(made_up[index][1], skip_special_tokens=True)
            if found[index]
            else write_funders(second, "", ())
            for index in found
        }
        spoke = {*finding, *parsing}
        return {
            "prompt_ids": [prompt for prompt, _ in made_up],
            "completion_ids": [reply for _, reply in made_up],
            "logprobs": None,
            "env_mask": [
                [int(index in spoke)] * len(reply) for index, (_, reply) in enumerate(made_up)
            ],
            REPLY: [said[parse_of(index, group, size)] for index in range(len(prompts))],
        }

    return roll


def parse_of(index: int, group: int, size: int) -> int:
    """The reply that parses the trajectory of the reply at `index` of a step's replies."""
    article, member = index // (group * size), index % group
    return article * group * size + (size - 1) * group + member


def _found(
    told: Sequence[tuple[str, str]],
    replies: Sequence[tuple[list[int], list[int]]],
    tokenizer: Any,
    first: Task,
    group: int,
    size: int,
) -> dict[int, str]:
    """By the place of each parse: the statements that its trajectory found, joined."""
    found: dict[int, list[Statement]] = {
        index: [] for index, (part, _) in enumerate(told) if part == "parse"
    }
    for index, ((part, passage), (_, reply)) in enumerate(zip(told, replies, strict=True)):
        if part == "find":
            raw = tokenizer.decode(reply, skip_special_tokens=True)
            said = parse_statements(raw, first, passage) or []
            whole = [Statement(text=text, alignment="exact") for text in said if text.strip()]
            found[parse_of(index, group, size)] += whole
    return {index: join_statements(distinct(it)) for index, it in found.items()}
