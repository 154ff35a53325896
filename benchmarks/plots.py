"""Plots as SVG text, small enough to be read in a diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    side = _SIZE + 2 * _EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        'font-family="sans-serif" font-size="11">'
        f'<rect width="{side}" height="{side}" fill="#fff"/>' + "\n".join(parts) + "</svg>\n"
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
