"""How much a curator has to do: the edits that turn what was said into what is right.

Counted over values, on the pairs and errors of the scorer itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.normalise import squeeze
from models.schemas import Funder
from models.scoring.errors import find_errors
from models.scoring.funders import VALUE_FIELDS, Pair, match_level, pair_funders
from models.scoring.matching import Criteria, Mode, criteria


def count_edits(
    pred: Sequence[Funder] | None, gold: Sequence[Funder], how: Mode | Criteria = "balanced"
) -> int:
    """The edits of one document, over funders' names, award ids, schemes and titles.

    A missing value is one edit and so is a surplus one; a value whose partner is spelt otherwise
    is one (case, space, dashes and quotes aside), and a value under the wrong funder one, its move.
    A name that was cut short is one. An id said as n pieces, or n ids said as one, are n. Without
    an answer (None) every right value is missing. How the awards of a funder are grouped does not
    count, as in the scores.
    """
    how = criteria(how)
    said = pred or ()
    findings = find_errors(said, gold, how)
    unmatched = sum(max(len(f.gold), len(f.pred)) for f in findings if f.counted)
    matched = (both for pair in pair_funders(said, gold, how) for both in _matched(pair, how))
    return unmatched + sum(squeeze(a)[0] != squeeze(b)[0] for a, b in matched)


def _matched(pair: Pair, how: Criteria) -> Iterator[tuple[str, str]]:
    """The right values of a pair and what was said of each, names first."""
    if pair.gold and pair.pred and pair.gold.name and pair.pred.name:
        yield pair.gold.name, pair.pred.name
    for level in VALUE_FIELDS:
        gold, pred = pair.sides(level)
        for i, j, _ in match_level(gold, pred, level, how):
            yield gold[i], pred[j]
