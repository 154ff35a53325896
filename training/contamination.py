"""Whether texts to train on repeat texts to measure on: runs of words that both contain.

Twelve words in a row are hardly ever the same by chance; where they are, it is a set phrase ("the
funders had no role in study design ..."), and leaving out a text too many does no harm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

GRAM = 12
"""Words in a row that count as the same wording."""
_WORD = re.compile(r"\w+")


def grams(text: str, n: int = GRAM) -> Iterator[str]:
    """Each run of `n` words, case and punctuation folded; a shorter text is one run."""
    words = _WORD.findall(text.casefold())
    for start in range(max(1, len(words) - n + 1) if words else 0):
        yield " ".join(words[start : start + n])


def overlaps(
    texts_a: Sequence[str], texts_b: Sequence[str], n: int = GRAM
) -> list[tuple[int, int, str]]:
    """Pairs `(i, j, gram)`: `texts_a[i]` and `texts_b[j]` share wording, `gram` their first.

    A text of fewer than `n` words overlaps only with one that is the same word for word.
    """
    places: dict[str, list[int]] = {}
    for j, text in enumerate(texts_b):
        for gram in dict.fromkeys(grams(text, n)):
            places.setdefault(gram, []).append(j)
    found: list[tuple[int, int, str]] = []
    for i, text in enumerate(texts_a):
        first: dict[int, str] = {}
        for gram in grams(text, n):
            for j in places.get(gram, ()):
                first.setdefault(j, gram)
        found += [(i, j, gram) for j, gram in sorted(first.items())]
    return found


def shared_wording(
    texts: Sequence[str], held_out: Iterable[str], n: int = GRAM, common: int | None = None
) -> set[int]:
    """Indexes of the texts that share a run of `n` words with a held-out one.

    With `common`, runs that stand in at least so many of the texts are set phrases of the field
    ("was supported by the National Natural Science Foundation of China") and do not count.
    """
    told = {gram for text in held_out for gram in grams(text, n)}
    shared = [told.intersection(grams(text, n)) for text in texts]
    counts = Counter(gram for found in shared for gram in found)
    return {
        index
        for index, found in enumerate(shared)
        if any(common is None or counts[gram] < common for gram in found)
    }
