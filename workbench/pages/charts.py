"""Line charts as SVG, drawn on the server: they need no script and no network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 320, 150, 56, 20, 8, 8
COLOURS = ("#0f766e", "#b45309", "#1d4ed8", "#be123c", "#6d28d9", "#4d7c0f")
MOST_POINTS = 400
Axis = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """How a chart is drawn. `text` is read to those who do not see it."""

    text: str = ""
    x_axis: Axis | None = None
    y_axis: Axis | None = None
    x_name: Callable[[float], str] = "{:g}".format
    point: str = "{name}: {y:.4g} ({x})"
    diagonal: bool = False
    dots: bool = False


PLAIN = Look()


def line_chart(title: str, series: Mapping[str, Sequence[Point]], look: Look = PLAIN) -> str:
    """One chart with a line a series; empty where no series has a point."""
    drawn = {
        name: _thinned([p for p in points if all(map(math.isfinite, p))])
        for name, points in series.items()
    }
    drawn = {name: points for name, points in drawn.items() if points}
    if not drawn:
        return ""
    xs = [x for points in drawn.values() for x, _ in points]
    ys = [y for points in drawn.values() for _, y in points]
    x_axis, y_axis = look.x_axis or _bounds(xs), look.y_axis or _bounds(ys)
    lines = "".join(
        _line(name, points, colour, x_axis, y_axis, look)
        for (name, points), colour in zip(drawn.items(), _colours(len(drawn)), strict=True)
    )
    return (
        f'<figure class="wb-chart"><figcaption>{escape(title)}{_legend(drawn)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{_told(title, look)}{_axes(x_axis, y_axis, look)}{lines}</svg></figure>"
    )


def _told(title: str, look: Look) -> str:
    """Name and description inside the picture, for screen readers."""
    if not look.text:
        return ""
    return f"<title>{escape(title)}</title><desc>{escape(look.text)}</desc>"


def _colours(count: int) -> list[str]:
    return [COLOURS[n % len(COLOURS)] for n in range(count)]


def _legend(series: Mapping[str, Sequence[Point]]) -> str:
    if len(series) < 2:
        return ""
    return "".join(
        f' <span style="color:{colour}">&#9644;&thinsp;{escape(name)}</span>'
        for name, colour in zip(series, _colours(len(series)), strict=True)
    )


def _thinned(points: Sequence[Point]) -> list[Point]:
    """At most some hundred points, the last one kept: more do not show."""
    step = max(1, len(points) // MOST_POINTS)
    kept = list(points[::step])
    return kept if not points or kept[-1] == points[-1] else [*kept, points[-1]]


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if low == high:
        room = abs(low) * 0.1 or 1.0
        return low - room, high + room
    return low, high


def _line(
    name: str,
    points: Sequence[Point],
    colour: str,
    x_axis: Axis,
    y_axis: Axis,
    look: Look,
) -> str:
    placed = [(_x(x, x_axis), _y(y, y_axis)) for x, y in points]
    last = points[-1]
    told = f"<title>{escape(_said(name, last, look))}</title>"
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}">'
        f"<title>{escape(_said(name, point, look))}</title></circle>"
        for (x, y), point in zip(placed, points, strict=True)
        if look.dots or len(placed) == 1
    )
    if len(placed) == 1:
        return dots
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5">'
        f"{told}</polyline>{dots}"
    )


def _said(name: str, point: Point, look: Look) -> str:
    return look.point.format(name=name, x=look.x_name(point[0]), y=point[1])


def _axes(x_axis: Axis, y_axis: Axis, look: Look) -> str:
    floor, ceiling, end = HEIGHT - BOTTOM, TOP, WIDTH - RIGHT
    first, last = (escape(look.x_name(edge)) for edge in x_axis)
    line = f'<path d="M{LEFT},{floor} L{end},{ceiling}" fill="none" class="wb-axis"/>'
    return (line if look.diagonal else "") + (
        f'<path d="M{LEFT},{ceiling} V{floor} H{end}" fill="none" class="wb-axis"/>'
        f'<text x="{LEFT - 4}" y="{floor}" text-anchor="end">{y_axis[0]:.3g}</text>'
        f'<text x="{LEFT - 4}" y="{ceiling + 8}" text-anchor="end">{y_axis[1]:.3g}</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{first}</text>'
        f'<text x="{end}" y="{HEIGHT - 6}" text-anchor="end">{last}</text>'
    )


def _x(value: float, axis: tuple[float, float]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - axis[0]) / (axis[1] - axis[0])


def _y(value: float, axis: tuple[float, float]) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - axis[0]) / (axis[1] - axis[0])
