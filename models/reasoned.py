"""Replies that reason before they answer: `<think>…</think>` and JSON in `<answer>…</answer>`.

The form of MimicSFT and R2GRPO (code ranlislz/R2GRPO). Only the answer is read; a reply without
the tags is taken to be the answer itself.
"""

from __future__ import annotations

import re

_OPEN = re.compile(r"<answer>\s*", re.IGNORECASE)
_CLOSE = re.compile(r"\s*</answer>", re.IGNORECASE)


def write(reasons: str, answer: str) -> str:
    """A reply of this form."""
    return f"<think>\n{reasons}\n</think>\n<answer>{answer}</answer>"


def answer_span(reply: str) -> tuple[int, int]:
    """The characters of the answer; to the end where its closing tag is missing."""
    opened = _OPEN.search(reply)
    if opened is None:
        return (len(reply), len(reply)) if "<think>" in reply else (0, len(reply))
    closed = _CLOSE.search(reply, opened.end())
    return opened.end(), closed.start() if closed else len(reply)


def answer(reply: str) -> str:
    """The answer alone, "" where the reply never comes to it."""
    start, end = answer_span(reply)
    return reply[start:end]
