"""How many keys, clicks and drags it takes to correct ten records: here, and in Label Studio.

    python -m benchmarks.actions

Here it is **measured**: the real app and a real Chromium on ten prepared papers, of which a model
said something that is wrong in a set way. The fewest actions that docs/desk.md allows are done by
hands that count, and what was saved must be the gold. In Label Studio it is **counted** from its
documentation (benchmarks/actions_elsewhere.py). Seconds are by the keystroke-level model. Prints
the tables of docs/actions.md. Traffic stays on 127.0.0.1.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from benchmarks.actions_elsewhere import ELSEWHERE
from benchmarks.keystrokes import Step, click, drag, press, seconds
from models.schemas import Award, Funder, FunderList
from tests.cockpits import begin, begin_again, told
from tests.desks import Desk, running_desk, wait_for
from tests.prepared import GOLD, add, proposed
from workbench.context import Context, Settings

SETTLED_MS = 700
"""A curator looks first; the cockpit takes a sooner press for a slip."""
SWIFT, EELGRASS, CHERRY, BEES, NONE = (
    GOLD[f"{name}.pdf"]
    for name in ("swift-calls", "eelgrass-sound", "cherry-chill", "abelhas-telhado", "entropy-game")
)
RANGE = """(wanted) => {
  const spans = [...document.querySelectorAll('.wb-words [data-start]')];
  const places = [];
  let text = '';
  for (const span of spans) {
    const said = span.textContent.trim();
    const lead = span.textContent.indexOf(said);
    [...said].forEach((_, at) => places.push([span, lead + at]));
    text += said + ' ';
    places.push(null);
  }
  const at = text.indexOf(wanted);
  if (at < 0) return null;
  const box = ([span, offset]) => {
    const range = document.createRange();
    range.setStart(span.firstChild, offset);
    range.setEnd(span.firstChild, offset + 1);
    return range.getBoundingClientRect();
  };
  const ends = [places[at], places[at + wanted.length - 1]];
  ends[0][0].scrollIntoView({ block: 'center', behavior: 'instant' });
  const [a, b] = ends.map(box);
  const past = places[at + wanted.length] ? 0.3 : 1; // a hand ends a little behind a whole word
  return [a.left + 0.3, a.top + a.height / 2, b.right + past, b.top + b.height / 2];
}"""
MARK = """(value) => {
  const field = [...document.querySelectorAll('.wb-field')]
    .find((each) => each.querySelector('textarea').value === value);
  const mark = document.querySelector(`.wb-mark[data-key="${field?.dataset.key}"]`);
  if (!mark) return null;
  mark.scrollIntoView({ block: 'center', behavior: 'instant' });
  const box = mark.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
}"""


@dataclass
class Hands:
    """A curator's hands on the cockpit, which count what they do. Looking costs nothing."""

    page: Page
    done: list[Step] = field(default_factory=list)

    def press(self, keys: str, why: str) -> None:
        self.done.append(press(keys, why))
        self.page.keyboard.press(keys)
        self.page.wait_for_timeout(150)

    def click_mark(self, value: str) -> None:
        """Click the highlight of a value on the page, which selects its field."""
        self.done.append(click(f"highlight of “{value}”"))
        self.page.mouse.click(*self._place(MARK, value))
        chosen = self.page.locator(".wb-field.wb-selected textarea")
        wait_for(lambda: chosen.input_value() == value, 10, self.page)

    def drag_over(self, words: str) -> None:
        """Select words of the page with the mouse."""
        self.done.append(drag(f"over “{words}”" if len(words) < 60 else "over the statement"))
        x0, y0, x1, y1 = self._place(RANGE, words)
        self.page.mouse.move(x0, y0)
        self.page.mouse.down()
        self.page.mouse.move(x1, y1, steps=8)
        self.page.mouse.up()
        self.page.wait_for_selector(".wb-menu:not([hidden])")

    def _place(self, script: str, wanted: str) -> list[float]:
        self.page.wait_for_function(script, arg=wanted, timeout=20_000)
        self.page.wait_for_timeout(500)  # the scrolling comes to rest
        found: list[float] = self.page.evaluate(script, wanted)
        return found


@dataclass(frozen=True)
class Case:
    """A record: what is right, what the model says, and the way from the one to the other."""

    wrong: str
    sample: dict[str, Any]
    said: Callable[[tuple[Funder, ...]], tuple[Funder, ...]]
    way: Callable[[Hands], None]
    statement: Callable[[str], str] = str
    empty: bool = False


def _renamed(funders: tuple[Funder, ...], at: int, name: str) -> tuple[Funder, ...]:
    return _with(funders, at, funders[at].model_copy(update={"funder_name": name}))


def _awarded(funders: tuple[Funder, ...], at: int, *ids: str) -> tuple[Funder, ...]:
    """A funder with one award for each of these ids."""
    awards = tuple(Award(award_ids=(one,)) for one in ids)
    return _with(funders, at, funders[at].model_copy(update={"awards": awards}))


def _with(funders: tuple[Funder, ...], at: int, funder: Funder) -> tuple[Funder, ...]:
    return (*funders[:at], funder, *funders[at + 1 :])


def _none(hands: Hands) -> None:
    hands.press("N", "no funding")


def _accept(hands: Hands) -> None:
    hands.press("A", "save")


def _name(hands: Hands) -> None:
    hands.press("j", "to the first funder")
    hands.drag_over("US National Science Foundation")
    hands.press("Shift+2", "replace the funder")
    _accept(hands)


def _cut_id(hands: Hands) -> None:
    hands.click_mark("NE/X999062")
    hands.drag_over("NE/X999062/1")
    hands.press("Shift+3", "replace the award id")
    _accept(hands)


def _missing_id(hands: Hands) -> None:
    hands.click_mark("Natural Environment Research Council")
    hands.drag_over("NE/X999062/1")
    hands.press("3", "award id of the selected funder")
    _accept(hands)


def _missing_funder(hands: Hands) -> None:
    hands.drag_over("Carlsberg Foundation")
    hands.press("2", "funder")
    hands.drag_over("CF22-9931")
    hands.press("3", "award id")
    _accept(hands)


def _extra(hands: Hands) -> None:
    hands.click_mark("Tern Bay Dive Club")
    hands.press("x", "reject the funder with its award")
    _accept(hands)


def _two_ids(hands: Hands) -> None:
    hands.click_mark("JP23K99217 and JP22H99408")
    hands.press("v", "split the award id")
    _accept(hands)


def _moved(hands: Hands) -> None:
    hands.click_mark("999316/2022-7")
    hands.press("]", "move the award to the next funder")
    _accept(hands)


def _statement(hands: Hands) -> None:
    hands.drag_over(SWIFT["statements"][0])
    hands.press("Shift+1", "replace the selected statement")
    _accept(hands)


def _one_value(funders: tuple[Funder, ...]) -> tuple[Funder, ...]:
    both = Award(award_ids=("JP23K99217 and JP22H99408",), funding_scheme=("KAKENHI",))
    return _with(funders, 0, funders[0].model_copy(update={"awards": (both,)}))


CLUB = Funder(
    funder_name="Tern Bay Dive Club", awards=(Award(funding_scheme=("doctoral fellowship",)),)
)
SHORT = "US National Science"
FALSE = Funder(funder_name="not-for-profit sectors")
CASES = (
    Case("nothing", SWIFT, lambda right: right, _accept),
    Case("no funding, though the model said some", NONE, lambda _: (FALSE,), _none, empty=True),
    Case("funder's name too short", EELGRASS, lambda right: _renamed(right, 0, SHORT), _name),
    Case("award id cut short", EELGRASS, lambda right: _awarded(right, 1, "NE/X999062"), _cut_id),
    Case("award id missing", EELGRASS, lambda right: _awarded(right, 1), _missing_id),
    Case("funder with its award missing", CHERRY, lambda right: right[:-1], _missing_funder),
    Case("a funder with an award too many", EELGRASS, lambda right: (*right, CLUB), _extra),
    Case("two ids in one value", CHERRY, _one_value, _two_ids),
    Case(
        "award under the wrong funder",
        BEES,
        lambda right: _awarded(_awarded(right, 0, "2023/99143-0", "999316/2022-7"), 1),
        _moved,
    ),
    Case(
        "statement cut short",
        SWIFT,
        lambda right: right,
        _statement,
        statement=lambda text: text[: text.index(" Callum")],
    ),
)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        records = _prepare(home)
        with running_desk(home) as desk:
            ways, wrong = _drive(desk, records)
    for number, saved in wrong.items():
        print(f"Record {number} is not its gold: {json.dumps(saved)}", file=sys.stderr)
    print("\n".join(tables(ways)))
    return len(wrong)


def _prepare(home: Path) -> list[int]:
    ctx = Context(Settings(home=home, actor="curator"))
    found = []
    for number, case in enumerate(CASES, 1):
        right = FunderList.validate_python(case.sample["funders"])
        texts = [case.statement(text) for text in case.sample["statements"]]
        make = partial(proposed, texts=texts, funders=case.said(right))
        found.append(add(ctx, f"record-{number:02d}.pdf", case.sample["file"], make))
    ctx.engine.dispose()
    return found


def _drive(desk: Desk, records: list[int]) -> tuple[list[list[Step]], dict[int, Any]]:
    """What the hands did on each record, and the answers that are not the gold."""
    page = desk.open()
    ways, wrong = [], {}
    for number, (case, record) in enumerate(zip(CASES, records, strict=True), 1):
        (begin if number == 1 else begin_again)(page, record)
        page.wait_for_timeout(SETTLED_MS)
        hands = Hands(page)
        case.way(hands)
        wait_for(lambda record=record: told(desk, record)["head"], 30, page)
        saved = told(desk, record)["answer"]
        if not _is_gold(case, saved):
            wrong[number] = saved
        ways.append(hands.done)
    page.close()
    return ways, wrong


def _is_gold(case: Case, saved: dict[str, Any]) -> bool:
    """Whether a saved answer says what is right; the order of funders says nothing."""
    ordered = sorted(saved["funders"], key=json.dumps)
    if ordered != sorted(case.sample["funders"], key=json.dumps):
        return False
    texts = [statement["text"] for statement in saved["statements"]]
    return case.empty or texts == case.sample["statements"]


def tables(ways: list[list[Step]]) -> list[str]:
    """Both tables in Markdown, from what was done here."""
    lines = [
        "| # | what is wrong | here | s | Label Studio | s |",
        "|---|---|---|---|---|---|",
    ]
    for number, (case, here, there) in enumerate(zip(CASES, ways, ELSEWHERE, strict=True), 1):
        cells = f"{len(here)} | {seconds(here):.1f} | {len(there)} | {seconds(there):.1f}"
        lines.append(f"| {number} | {case.wrong} | {cells} |")
    sums = " | ".join(
        f"{sum(map(len, side))} | {sum(map(seconds, side)):.1f}" for side in (ways, ELSEWHERE)
    )
    lines += [f"| | **together** | {sums} |", "", "| # | here | Label Studio |", "|---|---|---|"]
    for number, (here, there) in enumerate(zip(ways, ELSEWHERE, strict=True), 1):
        lines.append(f"| {number} | {_told(here)} | {_told(there)} |")
    return lines


def _told(steps: list[Step] | tuple[Step, ...]) -> str:
    return " · ".join(map(str, steps))


if __name__ == "__main__":
    raise SystemExit(main())
