"""Plots as SVG text, small enough to be read in a diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from training.calibrate import Bin

_SIZE, _EDGE = 320, 44
_COLOURS = ("#b45309", "#1d4ed8", "#047857", "#7c3aed")


def reliability(curves: Mapping[str, Sequence[Bin]]) -> str:
    """How often values were right (up) that the model was so sure of (right), a curve each.

    On the diagonal a probability means what it says. A dot's area is the number of values.
    """
    total = max((sum(b.count for b in bins) for bins in curves.values()), default=1)
    parts = [_frame()]
    for row, ((name, bins), colour) in enumerate(zip(curves.items(), _COLOURS, strict=False)):
        points = " ".join(f"{_x(b.said):.1f},{_y(b.right):.1f}" for b in bins)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{_x(b.said):.1f}" cy="{_y(b.right):.1f}" '
            f'r="{3 + 12 * (b.count / total) ** 0.5:.1f}" fill="{colour}" fill-opacity="0.5">'
            f"<title>{name}: {b.count} values, said {b.said:.2f}, right {b.right:.2f}</title>"
            "</circle>"
            for b in bins
        ]
        parts.append(
            f'<text x="{_EDGE + 8}" y="{_EDGE - 12 + 14 * row}" fill="{colour}">{name}</text>'
        )
    return _svg(_SIZE + 2 * _EDGE, "\n".join(parts))


class Measured(NamedTuple):
    """A figure `y` at `x`, and the ends of its interval."""

    x: float
    y: float
    low: float
    high: float


def panels(shown: Mapping[str, Mapping[str, Sequence[Measured]]], below: str) -> str:
    """Plots side by side by their titles, in each a curve a name; `below` names what is right.

    The heights of a plot begin at 0; a bar at a point is its interval.
    """
    parts = [
        f'<g transform="translate({number * (_SIZE + 2 * _EDGE)} 0)">'
        f"{_panel(title, curves, below)}</g>"
        for number, (title, curves) in enumerate(shown.items())
    ]
    return _svg(len(parts) * (_SIZE + 2 * _EDGE), "\n".join(parts))


def _panel(title: str, curves: Mapping[str, Sequence[Measured]], below: str) -> str:
    points = [point for curve in curves.values() for point in curve]
    right = max((p.x for p in points), default=1.0) or 1.0
    top = max((p.high for p in points), default=1.0) or 1.0
    ticks = sorted({p.x for p in points})
    parts = [
        f'<rect x="{_EDGE}" y="{_EDGE}" width="{_SIZE}" height="{_SIZE}" fill="none" '
        'stroke="#999"/>',
        f'<text x="{_x(0.5):.0f}" y="{_EDGE - 30}" text-anchor="middle" font-weight="bold">'
        f"{title}</text>",
        f'<text x="{_x(0.5):.0f}" y="{_y(0) + 32:.0f}" text-anchor="middle">{below}</text>',
        *(
            f'<text x="{_x(x / right):.0f}" y="{_y(0) + 14:.0f}" text-anchor="middle">{x:g}</text>'
            for x in ticks
        ),
        *(
            f'<text x="{_x(0) - 6:.0f}" y="{_y(share) + 4:.0f}" text-anchor="end">'
            f"{share * top:.2g}</text>"
            for share in (0, 0.25, 0.5, 0.75, 1)
        ),
    ]
    for row, ((name, curve), colour) in enumerate(zip(curves.items(), _COLOURS, strict=False)):
        aside = 3 * row - 3  # bars of one x beside each other
        line = " ".join(f"{_x(p.x / right) + aside:.1f},{_y(p.y / top):.1f}" for p in curve)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<line x1="{_x(p.x / right) + aside:.1f}" y1="{_y(p.low / top):.1f}" '
            f'x2="{_x(p.x / right) + aside:.1f}" y2="{_y(p.high / top):.1f}" stroke="{colour}" '
            f'stroke-opacity="0.4" stroke-width="2"><title>{name}: {p.y:.3f} '
            f"({p.low:.3f} to {p.high:.3f}) at {p.x:g}</title></line>"
            for p in curve
        ]
        parts.append(
            f'<text x="{_EDGE + 8 + 70 * row}" y="{_EDGE - 12}" fill="{colour}">{name}</text>'
        )
    return "\n".join(parts)


def _svg(width: int, drawn: str) -> str:
    height = _SIZE + 2 * _EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{drawn}</svg>\n'
    )


def _frame() -> str:
    ticks = [
        f'<text x="{_x(v):.0f}" y="{_y(0) + 14:.0f}" text-anchor="middle">{v:g}</text>'
        f'<text x="{_x(0) - 6:.0f}" y="{_y(v) + 4:.0f}" text-anchor="end">{v:g}</text>'
        for v in (0, 0.25, 0.5, 0.75, 1)
    ]
    return "\n".join(
        [
            f'<rect x="{_EDGE}" y="{_EDGE}" width="{_SIZE}" height="{_SIZE}" fill="none" '
            'stroke="#999"/>',
            f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999" '
            'stroke-dasharray="4 4"/>',
            *ticks,
            f'<text x="{_x(0.5):.0f}" y="{_y(0) + 32:.0f}" text-anchor="middle">'
            "probability said</text>",
            f'<text transform="translate(12 {_y(0.5):.0f}) rotate(-90)" text-anchor="middle">'
            "share that is right</text>",
        ]
    )


def _x(value: float) -> float:
    return _EDGE + _SIZE * value


def _y(value: float) -> float:
    return _EDGE + _SIZE * (1 - value)
