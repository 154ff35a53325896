"""The bytes behind a tokenizer's tokens: rules and places in the text are told in bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedTokenizerBase

    Bytes = np.ndarray[Any, np.dtype[np.int64]]

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Pieces:
    """Bytes of tokens of byte-level BPE (Llama 3, Qwen) and of SentencePiece with byte fallback."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer: Any = tokenizer
        self._special = set(tokenizer.all_special_ids)
        self._added = {int(i): str(t) for i, t in tokenizer.added_tokens_decoder.items()}
        self._bytes = _byte_level() if _is_byte_level(tokenizer) else None
        self._known: dict[int, bytes] = {}
        self._first: Bytes | None = None

    def piece(self, token: int) -> bytes:
        """The bytes of a token; none for a special one."""
        known = self._known.get(token)
        if known is None:
            known = self._known[token] = self._spelled(token)
        return known

    def first_bytes(self, count: int) -> Bytes:
        """The first byte of each of the tokens 0 to `count`, 256 for one without any."""
        import numpy as np

        if self._first is None or len(self._first) != count:
            firsts = ((self.piece(token) or (256,))[0] for token in range(count))
            self._first = np.fromiter(firsts, np.int64, count)
        return self._first

    def text(self, tokens: Sequence[int]) -> tuple[str, list[int]]:
        """The text of some tokens and the offset of the character after each."""
        joined, ends = b"", []
        for token in tokens:
            joined += self.piece(token)
            ends.append(len(joined))
        text = joined.decode("utf-8", errors="ignore")
        if not text.isascii():
            ends = [len(joined[:end].decode("utf-8", errors="ignore")) for end in ends]
        return text, ends

    def ends(self, tokens: Sequence[int]) -> list[int]:
        """For the tokens of a text, the offset of the character after each."""
        ends, offset, pending = [], 0, b""
        for token in tokens:
            pending += self.piece(token)
            with suppress(UnicodeDecodeError):
                offset += len(pending.decode())
                pending = b""
            ends.append(offset)
        return ends

    def _spelled(self, token: int) -> bytes:
        if token in self._special:
            return b""
        if token in self._added:
            return self._added[token].encode()
        spelled = self._tokenizer.convert_ids_to_tokens(token)
        if spelled is None:  # the model's vocabulary is padded beyond the tokenizer's
            return b""
        if self._bytes is not None:
            return bytes(self._bytes[sign] for sign in spelled if sign in self._bytes)
        if match := _BYTE.fullmatch(spelled):
            return bytes([int(match.group(1), 16)])
        return str(spelled).replace("▁", " ").encode()


def _is_byte_level(tokenizer: Any) -> bool:
    """Whether tokens are spelled in the 256 signs of byte-level BPE: a space is then `Ġ`."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return "ByteLevel" in str(getattr(backend, "decoder", ""))


def _byte_level() -> dict[str, int]:
    """Sign to byte: a byte that prints stands for itself, the nth other one for 256 + n."""
    prints = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in prints]
    return {chr(b): b for b in prints} | {chr(256 + n): b for n, b in enumerate(others)}
