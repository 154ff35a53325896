"""The plot of a dataset card, as an SVG that needs neither script nor font."""

from __future__ import annotations

from collections import Counter
from html import escape

MOST, WIDTH, LINE, LEFT, BAR = 15, 720, 24, 330, 300
LETTERS = 48


def bars(title: str, counts: Counter[str]) -> str:
    """The largest counts as bars, the largest first."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    height = LINE * (len(rows) + 2)
    top = max((count for _, count in rows), default=1)
    drawn = "".join(
        _bar(place, name, count, count / top) for place, (name, count) in enumerate(rows, 2)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" font-family="sans-serif" font-size="13">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        f'<text x="12" y="{LINE}" font-weight="bold" fill="#0f172a">{escape(title)}</text>'
        f"{drawn}</svg>\n"
    )


def _bar(place: int, name: str, count: int, share: float) -> str:
    y = LINE * place
    told = _printable(name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…")
    return (
        f'<text x="{LEFT - 8}" y="{y}" text-anchor="end" fill="#0f172a">{escape(told)}</text>'
        f'<rect x="{LEFT}" y="{y - 13}" width="{BAR * share:.1f}" height="17" fill="#0f766e"/>'
        f'<text x="{LEFT + BAR * share + 6:.1f}" y="{y}" fill="#0f172a">{count:,}</text>'
    )


def _printable(text: str) -> str:
    """Without the characters that XML forbids."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
