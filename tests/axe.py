"""axe-core on a page of the browser: what breaks WCAG 2.2 AA gravely."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (tags) => {
  const found = await axe.run(document, {runOnly: tags, resultTypes: ['violations']});
  return found.violations.map((v) => [v.impact, v.id, v.nodes.map((n) => n.html.slice(0, 160))]);
}"""


def axe(page: Page) -> list[Any]:
    """What a curator with a screen reader, or without a mouse, would stumble over."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found: list[Any] = page.evaluate(RUN, TAGS)
    return [violation for violation in found if violation[0] in ("serious", "critical")]
