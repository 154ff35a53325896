"""A model in transformers' own format, on a GPU where there is one: for published chains of LoRAs.

Prompts of like length are read together, padded on the left. Replies are greedy: a processor
of the logits looks at the likeliest token, and where JSON schema or rule refuse it at the next
best ones, so that schema and rules hold as with the other backends. Whatever a model's own
generation_config.json asks for (sampling, repetition penalties) is left out.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from models.backends import DEFAULT_TASKS, Completion, Prompt, Token
from models.calibration import UNCALIBRATED, Calibration
from models.chains import Chain, load, model_type
from models.choosing import Chooser, Reply
from models.errors import ModelUnavailable
from models.peft_files import refuse_unfit, renaming
from models.pieces import Pieces
from models.rules import Rule
from models.schema_rule import SchemaRule

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TOGETHER = 8
"""Prompts read together at most."""
TOKENS_TOGETHER = 32_768
"""Tokens of prompts and replies held together: 4 GB of keys and values for a Llama 3.1 8B."""


def open_backend(
    path: Path,
    adapters: Path | None = None,
    chain: Chain | None = None,
    dtype: str = "auto",
    device: str | None = None,
    adapter: str | None = None,
    calibration: Calibration = UNCALIBRATED,
) -> HfBackend:
    """Load a chain from the folders of its base and its adapters, or a transformers folder alone.

    `dtype` is a torch type by name, "auto" that of the files; `device` None is CUDA where there
    is one, else the CPU. `adapter` names the one merged in where the chain does not, and
    `calibration` tells how sure its probabilities are. Raises `ModelUnavailable`.
    """
    chain = chain or plain(path)
    model, tokenizer = load(chain, path, adapters, dtype=dtype, device=device)
    backend = HfBackend(model, tokenizer, chain)
    backend.calibration, backend._merged = calibration, adapter
    return backend


def plain(path: Path) -> Chain:
    """A transformers folder with no adapters, asked the prompts of `DEFAULT_TASKS`."""
    name = path.resolve().name
    return Chain(name, name, base=str(path), architecture=model_type(path), license="")


class HfBackend:
    """A `Backend` over a causal language model of transformers."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, chain: Chain
    ) -> None:
        self._model: Any = model
        self._tokenizer: Any = tokenizer
        self._chain = chain
        self._pieces = Pieces(tokenizer)
        self._ends = _end_tokens(model, tokenizer)
        self._attached: Path | None = None
        self._merged: str | None = None
        self.calibration: Calibration = UNCALIBRATED
        self._forget_settings()

    @property
    def name(self) -> str:
        return self._chain.name

    @property
    def adapter(self) -> str | None:
        if self._attached:
            return self._attached.stem
        return self._merged or self._chain.adapter

    @property
    def tasks(self) -> tuple[str, str]:
        return self._chain.tasks or DEFAULT_TASKS

    @property
    def context(self) -> int:
        config = self._model.config.get_text_config()
        most = int(config.max_position_embeddings)
        return min(most, self._chain.context or most)

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        schema: Mapping[str, Any] | None,
        max_tokens: int,
        rules: Sequence[Rule | None] | None = None,
    ) -> list[Completion]:
        tokens = [self._tokens(prompt) for prompt in prompts]
        for each in tokens:
            self._refuse_long(each, max_tokens)
        bound = [
            tuple(filter(None, (SchemaRule(schema) if schema else None, rule)))
            for rule in rules or [None] * len(prompts)
        ]
        completions: dict[int, Completion] = {}
        for batch in _batches([len(each) for each in tokens], max_tokens):
            replies = [Reply(bound[index]) for index in batch]
            started = perf_counter()
            self._run([tokens[index] for index in batch], replies, max_tokens)
            seconds = (perf_counter() - started) / len(batch)
            for index, reply in zip(batch, replies, strict=True):
                completions[index] = self._completion(reply, len(tokens[index]), seconds)
        return [completions[index] for index in range(len(prompts))]

    def prompt_text(self, prompt: Prompt) -> str:
        """The prompt as the model reads it, up to where its reply begins."""
        if self._chain.prompt is not None:
            filled = self._chain.prompt.replace("{system}", prompt.system)
            return filled.replace("{user}", prompt.user)
        chat = [{"role": "system", "content": prompt.system}] if prompt.system else []
        chat.append({"role": "user", "content": prompt.user})
        text: str = self._tokenizer.apply_chat_template(
            chat, tokenize=False, add_generation_prompt=True, **self._chain.template
        )
        return text

    def token_ends(self, text: str) -> list[int]:
        return self._pieces.ends(self._tokenizer.encode(text, add_special_tokens=False))

    def attach(self, adapter: Path | None) -> None:
        """Put a PEFT folder on top of the chain's weights, unmerged; None takes it off again."""
        if adapter is not None:
            refuse_unfit(adapter, _layers(self._model))
        before, self._attached = self._attached, None
        if before is not None:
            self._model = self._model.unload()
        try:
            self._put_on(adapter)
        except (OSError, ValueError) as error:
            self._put_on(before)
            raise ModelUnavailable(
                f"The adapter {adapter} does not load: {error}.", "Choose or train another."
            ) from error

    def close(self) -> None:
        self._model = None
        gc.collect()
        with suppress(ImportError):
            import torch

            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _put_on(self, adapter: Path | None) -> None:
        if adapter is not None:
            from peft import PeftModel

            renamed = renaming(adapter, _layers(self._model))
            peft = PeftModel.from_pretrained(self._model, adapter, key_mapping=renamed)
            self._model, self._attached = peft.eval(), adapter
        self._forget_settings()

    def _forget_settings(self) -> None:
        """Replies are greedy whatever the model's publisher advises for a conversation."""
        from transformers import GenerationConfig

        greedy: dict[str, Any] = {"eos_token_id": self._ends, "pad_token_id": self._ends[0]}
        config: Any = GenerationConfig
        self._model.generation_config = config(do_sample=False, **greedy)

    def _run(self, tokens: Sequence[list[int]], replies: Sequence[Reply], most: int) -> None:
        """Let the model reply to prompts together; the replies are filled in as it goes."""
        import torch
        from transformers import LogitsProcessorList

        width = max(map(len, tokens))
        padded = [[self._ends[0]] * (width - len(each)) + each for each in tokens]
        mask = [[0] * (width - len(each)) + [1] * len(each) for each in tokens]
        device = self._model.device
        chooser = Chooser(replies, self._ends, self._pieces, most)
        try:
            with torch.inference_mode():
                self._model.generate(
                    input_ids=torch.tensor(padded, device=device),
                    attention_mask=torch.tensor(mask, device=device),
                    logits_processor=LogitsProcessorList([chooser]),
                    max_new_tokens=most,
                )
        except torch.OutOfMemoryError as error:
            raise ModelUnavailable(
                f"Memory does not hold a text of {width:,} tokens.", "Split the text."
            ) from error

    def _tokens(self, prompt: Prompt) -> list[int]:
        # A chat template writes the special tokens itself; a plain prompt gets the tokenizer's.
        is_plain = self._chain.prompt is not None
        text = self.prompt_text(prompt)
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=is_plain)
        return tokens

    def _refuse_long(self, tokens: Sequence[int], max_tokens: int) -> None:
        if len(tokens) + max_tokens > self.context:
            raise ModelUnavailable(
                f"A text of {len(tokens):,} tokens and a reply of {max_tokens:,} do not fit the "
                f"model's {self.context:,}.",
                "Split the text.",
            )

    def _completion(self, reply: Reply, prompt_tokens: int, seconds: float) -> Completion:
        text, ends = self._pieces.text(reply.tokens)
        tokens = tuple(map(Token, [0, *ends[:-1]], ends, reply.logprobs))
        return Completion(text, tokens, reply.finish or "length", prompt_tokens, 0, seconds)


def _batches(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Prompts that are read together: of like length, so that little is padding."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        room = (len(batches[-1]) + 1) * (lengths[index] + max_tokens) if batches else 0
        if not batches or len(batches[-1]) == TOGETHER or room > TOKENS_TOGETHER:
            batches.append([])
        batches[-1].append(index)
    return batches


def _end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end a reply: those that the model names, and the tokenizer's."""
    named = model.generation_config.eos_token_id if model.generation_config else None
    listed = named if isinstance(named, list) else [named]
    ends = [token for token in (*listed, tokenizer.eos_token_id) if token is not None]
    if not ends:
        raise ModelUnavailable("The model names no token that ends a reply.", "Use another model.")
    return list(dict.fromkeys(ends))


def _layers(model: Any) -> dict[str, Any]:
    """The model's layers by name, as they are without the adapter put on them."""
    bare = model.get_base_model() if hasattr(model, "get_base_model") else model
    return {name: getattr(layer, "base_layer", layer) for name, layer in bare.named_modules()}
