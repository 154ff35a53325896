"""llama.cpp's C interface as one object: tokens, sequences, logits, grammars. No policy.

The high-level class of llama-cpp-python serves one sequence; this one serves several over a
common KV cache, which is what a kept prompt and joint decoding need.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from models.errors import ModelUnavailable

_BATCH = 512
_SYSTEM, _USER = "\ue0f0system\ue0f0", "\ue0f0user\ue0f0"


class Refused(Exception):
    """The grammar allows no token of the vocabulary here."""


class Grammar:
    """A grammar's state within one reply."""

    def __init__(self, api: Any, vocab: Any, rules: str) -> None:
        self._api = api
        self._sampler = api.llama_sampler_init_grammar(vocab, rules.encode(), b"root")
        if not self._sampler:
            raise ValueError(f"llama.cpp refuses this grammar:\n{rules}")

    def allows(self, token: int) -> bool:
        """Whether this token may come next."""
        data = (self._api.llama_token_data * 1)(self._api.llama_token_data(token, 0.0, 0.0))
        array = self._api.llama_token_data_array(data, 1, -1, False)
        self._api.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return bool(data[0].logit != float("-inf"))

    def accept(self, token: int) -> None:
        """Move on past this token."""
        self._api.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Give the memory back."""
        if self._sampler:
            self._api.llama_sampler_free(self._sampler)
            self._sampler = None


class Llama:
    """A loaded model with one context of several sequences."""

    def __init__(self, path: Path, threads: int, context: int | None, sequences: int) -> None:
        import llama_cpp as api

        self._api = api
        silence(api)
        api.llama_backend_init()
        params = api.llama_model_default_params()
        self._model = api.llama_model_load_from_file(str(path).encode(), params)
        if not self._model:
            raise ModelUnavailable(f"{path} is damaged or no GGUF model.", "Install it again.")
        self._vocab = api.llama_model_get_vocab(self._model)
        trained = api.llama_model_n_ctx_train(self._model)
        self.context = int(min(context or trained, trained))
        self._ctx = self._open_context(threads, sequences)
        self._memory = api.llama_get_memory(self._ctx)
        self._batch = api.llama_batch_init(_BATCH, 0, 1)
        self._size = api.llama_vocab_n_tokens(self._vocab)
        self._template = self._read_template()
        self._adapter: Any = None
        self._pieces: dict[int, bytes] = {}

    def _open_context(self, threads: int, sequences: int) -> Any:
        params = self._api.llama_context_default_params()
        # Room for one reply at full length beside the fixed prompts that stay in the cache.
        params.n_ctx = self.context + 1024
        params.n_batch = params.n_ubatch = _BATCH
        params.n_seq_max = sequences
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = True
        params.no_perf = True
        ctx = self._api.llama_init_from_model(self._model, params)
        if not ctx:
            raise ModelUnavailable("There is not enough memory for the model.", "Close programs.")
        return ctx

    def close(self) -> None:
        """Free context and model; calling it twice does no harm."""
        if self._ctx:
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._ctx)
            self._api.llama_model_free(self._model)
            self._ctx = self._model = None

    # Tokens

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        """Token ids. Without `special`, control tokens spelled in the text stay plain text."""
        data = text.encode()
        room = len(data) + 8
        buffer = (self._api.llama_token * room)()
        count = self._api.llama_tokenize(self._vocab, data, len(data), buffer, room, False, special)
        return list(buffer[:count])

    def chat_tokens(self, system: str, user: str) -> list[int]:
        """The chat in the model's own template, ready for the reply."""
        before, between, after = self._template
        return (
            self.tokenize(before, special=True)
            + self.tokenize(system)
            + self.tokenize(between, special=True)
            + self.tokenize(user)
            + self.tokenize(after, special=True)
        )

    def fixed_part(self, system: str) -> list[int]:
        """The beginning that all chats with this system prompt share."""
        before, between, _ = self._template
        return (
            self.tokenize(before, special=True)
            + self.tokenize(system)
            + self.tokenize(between, special=True)
        )

    def piece(self, token: int) -> bytes:
        """The bytes of a token; one character may be spread over several."""
        known = self._pieces.get(token)
        if known is None:
            buffer = ctypes.create_string_buffer(256)
            length = self._api.llama_token_to_piece(self._vocab, token, buffer, 256, 0, False)
            known = self._pieces[token] = buffer.raw[: max(0, length)]
        return known

    def pieces(self, tokens: Sequence[int]) -> list[bytes]:
        """The bytes of each token."""
        return [self.piece(token) for token in tokens]

    def text(self, tokens: Sequence[int]) -> tuple[str, list[int]]:
        """The text of some tokens and the offset of the character after each."""
        joined, ends = b"", []
        for piece in self.pieces(tokens):
            joined += piece
            ends.append(len(joined))
        text = joined.decode("utf-8", errors="ignore")
        if text.isascii():
            return text, ends
        return text, [len(joined[:end].decode("utf-8", errors="ignore")) for end in ends]

    def token_ends(self, text: str) -> list[int]:
        """For each token of `text`, the offset of the character after it."""
        ends, offset = [], 0
        pending = b""
        for piece in self.pieces(self.tokenize(text)):
            pending += piece
            with suppress(UnicodeDecodeError):
                offset += len(pending.decode())
                pending = b""
            ends.append(offset)
        return ends

    def ends(self, token: int) -> bool:
        """Whether this token ends a reply."""
        return bool(self._api.llama_vocab_is_eog(self._vocab, token))

    # Sequences

    def read(self, sequence: int, tokens: Sequence[int], position: int) -> Any:
        """Read tokens into a sequence from `position` on; return the last one's logits."""
        for start in range(0, len(tokens), _BATCH):
            part = tokens[start : start + _BATCH]
            last = start + _BATCH >= len(tokens)
            rows = [(sequence, token, position + start + i, False) for i, token in enumerate(part)]
            rows[-1] = (*rows[-1][:3], last)
            self._decode(rows)
        return self._logits((len(tokens) - 1) % _BATCH)

    def advance(self, rows: Sequence[tuple[int, int, int]]) -> list[Any]:
        """One token (sequence, token, position) for each of several sequences; their logits."""
        self._decode([(*row, True) for row in rows])
        return [self._logits(index) for index in range(len(rows))]

    def copy(self, source: int, target: int, length: int) -> None:
        """Let `target` begin with the first `length` tokens of `source`, read already."""
        self._api.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def forget(self, sequence: int, position: int) -> None:
        """Drop a sequence from `position` on."""
        self._api.llama_memory_seq_rm(self._memory, sequence, position, -1)

    def _decode(self, rows: Sequence[tuple[int, int, int, bool]]) -> None:
        batch = self._batch
        batch.n_tokens = len(rows)
        for index, (sequence, token, position, wants_logits) in enumerate(rows):
            batch.token[index] = token
            batch.pos[index] = position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = wants_logits
        status = self._api.llama_decode(self._ctx, batch)
        if status != 0:
            raise RuntimeError(f"llama_decode failed with status {status}")

    def _logits(self, index: int) -> Any:
        import numpy as np

        pointer = self._api.llama_get_logits_ith(self._ctx, index)
        return np.ctypeslib.as_array(pointer, shape=(self._size,))

    # Choice

    def choose(self, logits: Any, allowed: Callable[[int], bool] | None) -> int:
        """The most likely token that is allowed. Raises `Refused` where none is or all are NaN.

        `allowed` is asked about the likeliest first: mostly it is asked once.
        """
        import numpy as np

        best = int(logits.argmax())  # of a NaN, where there is one
        if not np.isfinite(logits[best]):
            raise Refused
        if allowed is None or allowed(best):
            return best
        likely = np.argpartition(logits, -256)[-256:]
        for token in likely[np.argsort(-logits[likely])].tolist():
            if token != best and allowed(token):
                return int(token)
        for token in np.argsort(-logits)[256:].tolist():
            if allowed(token):
                return int(token)
        raise Refused

    def logprob(self, logits: Any, token: int) -> float:
        """Natural logarithm of the token's probability under the model, grammar aside."""
        import numpy as np

        top = float(logits.max())
        return float(logits[token]) - top - float(np.log(np.exp(logits - top).sum()))

    def grammar(self, rules: str) -> Grammar:
        """A fresh state of the grammar `rules` (GBNF)."""
        return Grammar(self._api, self._vocab, rules)

    # Adapters and templates

    def attach(self, path: Path | None) -> None:
        """Replace the adapter; the KV cache is emptied, for it holds the old one's keys."""
        adapter = None
        if path is not None:
            exists = path.is_file()
            adapter = exists and self._api.llama_adapter_lora_init(self._model, str(path).encode())
            if not adapter:
                raise ModelUnavailable(
                    f"The adapter {path} is missing, damaged or made for another base.",
                    "Choose another with `workbench models list`.",
                )
        self._put(adapter)
        self._api.llama_memory_clear(self._memory, True)
        if self._adapter is not None:
            self._api.llama_adapter_lora_free(self._adapter)
        self._adapter = adapter

    def _put(self, adapter: Any) -> None:
        count = int(adapter is not None)
        adapters = (self._api.llama_adapter_lora_p_ctypes * 1)(adapter)
        scales = (ctypes.c_float * 1)(1.0)
        if self._api.llama_set_adapters_lora(self._ctx, adapters, count, scales) != 0:
            raise ModelUnavailable("The adapter does not fit this model.", "Choose another.")

    def _read_template(self) -> tuple[str, str, str]:
        """The fixed texts before the system prompt, before the user's text and after it."""
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        source = self._metadata("tokenizer.chat_template")
        if not source:
            raise ModelUnavailable("The model file carries no chat template.", "Use another file.")
        formatter = Jinja2ChatFormatter(source, eos_token="", bos_token="")
        messages: Any = [
            {"role": "system", "content": _SYSTEM},
            {"role": "user", "content": _USER},
        ]
        rendered = formatter(messages=messages).prompt
        before, _, rest = rendered.partition(_SYSTEM)
        between, _, after = rest.partition(_USER)
        return before, between, after

    def _metadata(self, key: str) -> str:
        size = 65_536
        buffer = ctypes.create_string_buffer(size)
        count = self._api.llama_model_meta_val_str(self._model, key.encode(), buffer, size)
        return buffer.value.decode() if count > 0 else ""


def _ignore(level: int, text: bytes, data: Any) -> None:
    """llama.cpp logs hundreds of lines at every start; errors reach us as return values."""


# Kept for the life of the program: llama.cpp holds the pointer.
_drop = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(_ignore)


def silence(api: Any) -> None:
    """Turn off llama.cpp's log."""
    api.llama_log_set(_drop, None)
