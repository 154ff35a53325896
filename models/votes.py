"""Two readers of every sentence: the language model and the finder's judge. Who is believed when.

The judge has seen a thousand papers and no context, the model reads the passage and understands it,
but is small. Chosen on the 62 labelled PDFs of the development set: together they find statements
with F1 (best@0.85) 0.88, the judge alone with 0.86, the model alone with 0.76.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

DOUBT = 0.3
"""Below this probability of the judge the model's choice is not believed."""
CERTAINTY = 0.95
"""From this probability on the judge is believed without the model."""

Scored = tuple[int, int, float]
"""Characters `[start, end)` of the document's text, and a probability."""


def elect(
    judged: Sequence[Scored], chosen: Sequence[Scored], windows: Sequence[tuple[int, int]]
) -> list[Scored]:
    """Statements that both readers together find, neighbouring sentences as one.

    `judged` are all sentences with the judge's probability, `chosen` what the model chose with its
    own; only sentences inside the windows that the model read are elected. A statement's
    probability is that of its least sure sentence, a sentence's the mean of both readers'.
    """
    elected: list[Scored] = []
    for start, end, probability in _votes(judged, chosen, windows):
        if elected and start - elected[-1][1] <= 2:
            first, _, before = elected.pop()
            start, probability = first, min(before, probability)
        elected.append((start, end, probability))
    return elected


def _votes(
    judged: Sequence[Scored], chosen: Sequence[Scored], windows: Sequence[tuple[int, int]]
) -> Iterator[Scored]:
    for start, end, judge in judged:
        if not any(start < stop and first < end for first, stop in windows):
            continue
        model = max((p for a, b, p in chosen if a < end and start < b), default=None)
        if judge >= CERTAINTY or (model is not None and judge >= DOUBT):
            yield start, end, (judge + (model or 0.0)) / 2
