"""How fast the cockpit is in a browser, and what its page weighs after many papers.

    python -m benchmarks.desk_speed --papers 200

The real app with its workers and a real Chromium. Every paper is a sample under another name, with
all that the model should have found, so that one press of A accepts it. Measured in the page: from
that press until the next paper's name, form and drawn page are on the screen; each save from its
request to the end of its answer; heap and DOM nodes after a garbage collection. Prints a Markdown
table. Traffic stays on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page

from tests.desks import Desk, running_desk, wait_for
from tests.prepared import GOLD, prepare

PAUSE_MS = 600
"""A curator looks at a paper first; the cockpit takes a sooner press for a slip."""
FIRST = 10
"""Papers after which the page is weighed for the first time."""
WATCH = """() => {
  performance.setResourceTimingBufferSize(100000);
  const times = (window.deskTimes = []);
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'A') return;
    const pressed = event.timeStamp;
    const root = document.querySelector('.wb-cockpit');
    const was = root.dataset.record;
    const split = root.querySelector('.wb-split');
    const view = () => root.querySelector('.wb-scroll').getBoundingClientRect();
    const drawn = () => [...root.querySelectorAll('.wb-canvas')].some((canvas) => {
      const [box, seen] = [canvas.getBoundingClientRect(), view()];
      return box.bottom > seen.top && box.top < seen.bottom;
    });
    const look = () => {
      const there = root.dataset.record !== was && !split.matches('.wb-waiting') && drawn();
      if (!there) return requestAnimationFrame(look);
      requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - pressed)));
    };
    requestAnimationFrame(look);
  }, true);
}"""
SAVES = """() => performance.getEntriesByType('resource')
  .filter((entry) => entry.initiatorType === 'fetch' && entry.name.includes('/revisions'))
  .map((entry) => entry.responseEnd - entry.startTime)"""


@dataclass
class Measured:
    """Milliseconds to the next paper and of each save; weights by the number of papers."""

    turns: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    weights: dict[int, tuple[float, int]] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--papers", type=int, default=200)
    given = parser.parse_args()
    samples = sorted(name for name, gold in GOLD.items() if gold["funders"])
    names = [f"paper-{number:04d}.pdf" for number in range(given.papers + 1)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        papers = [(name, samples[n % len(samples)], "none") for n, name in enumerate(names)]
        prepare(home, papers)  # type: ignore[arg-type]
        with running_desk(home) as desk:
            found = drive(desk, given.papers)
    print("| | p50 | p95 | max |")
    print("|---|---|---|---|")
    print(f"| key press to next paper on the screen | {_cells(found.turns)} |")
    print(f"| save round trip | {_cells(found.saves)} |")
    print("\n| | JavaScript heap | DOM nodes |")
    print("|---|---|---|")
    for papers_done, (heap, nodes) in found.weights.items():
        print(f"| after {papers_done} papers | {heap:.1f} MiB | {nodes} |")
    return int(len(found.turns) != given.papers)


def drive(desk: Desk, papers: int) -> Measured:
    """Accept paper after paper with one key."""
    page = desk.open()
    page.locator("#wb-queue tr[data-record]").first.click()
    page.wait_for_selector(".wb-page canvas", timeout=60_000)
    page.wait_for_timeout(2_000)
    page.evaluate(WATCH)
    weigh = page.context.new_cdp_session(page)
    found = Measured()
    for done in range(1, papers + 1):
        page.keyboard.press("A")
        page.wait_for_function("(n) => window.deskTimes.length >= n", arg=done, timeout=60_000)
        page.wait_for_timeout(PAUSE_MS)
        if done in (FIRST, papers // 2, papers):
            found.weights[done] = weight(weigh, page)
    wait_for(lambda: desk.get("/api/records?status=accepted&limit=1")["total"] == papers, 60, page)
    found.turns = page.evaluate("window.deskTimes")
    found.saves = page.evaluate(SAVES)
    page.close()
    return found


def weight(session: CDPSession, page: Page) -> tuple[float, int]:
    """MiB of the heap that is in use, and nodes of the page, once the garbage is gone."""
    page.wait_for_timeout(7_000)  # the last message fades, what was fetched ahead is in
    session.send("Performance.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    told: dict[str, Any] = session.send("Performance.getMetrics")
    metrics = {entry["name"]: entry["value"] for entry in told["metrics"]}
    return metrics["JSHeapUsedSize"] / 2**20, int(metrics["Nodes"])


def _cells(times: list[float]) -> str:
    ordered = sorted(times)
    shown = (ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))], ordered[-1])
    return " | ".join(f"{value:.0f} ms" for value in shown)


if __name__ == "__main__":
    raise SystemExit(main())
