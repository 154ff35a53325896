"""Small line charts for the sample papers; knows series of numbers, nothing about papers."""

from __future__ import annotations

from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, String
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib.colors import HexColor

_INKS = tuple(map(HexColor, ("#1b4965", "#c1666b", "#6b8f71")))
_MARKERS = ("FilledCircle", "FilledSquare", "FilledDiamond")
_SIZE = 7

HEIGHT = 150.0
Series = list[tuple[float, float]]


def chart(source: str, width: float, height: float = HEIGHT) -> Drawing:
    """A chart from "x label | y label" and one line a series: `Name: x y, x y, ...`."""
    labels, *lines = source.splitlines()
    x_label, y_label = (label.strip() for label in labels.split("|"))
    named = [_series(line) for line in lines]
    drawing = Drawing(width, height)
    drawing.add(_plot([points for _, points in named], width, height))
    drawing.add(_text(4, height - 9, y_label, "start"))
    drawing.add(_text(width / 2, 3, x_label, "middle"))
    for index, (name, _) in enumerate(named):
        _add_key(drawing, index, name, width, height)
    return drawing


def _series(line: str) -> tuple[str, Series]:
    name, _, numbers = line.partition(":")
    pairs = (pair.split() for pair in numbers.split(","))
    return name.strip(), [(float(x), float(y)) for x, y in pairs]


def _plot(data: list[Series], width: float, height: float) -> LinePlot:
    plot = LinePlot()
    plot.x, plot.y, plot.width, plot.height = 26, 28, width - 36, height - 48
    plot.data = data
    for index in range(len(data)):
        plot.lines[index].strokeColor = _INKS[index]
        plot.lines[index].strokeWidth = 1.1
        plot.lines[index].symbol = makeMarker(
            _MARKERS[index], size=4, fillColor=_INKS[index], strokeColor=_INKS[index]
        )
    for axis in (plot.xValueAxis, plot.yValueAxis):
        axis.labels.fontName, axis.labels.fontSize = "Helvetica", _SIZE
        axis.strokeWidth = 0.5
    plot.yValueAxis.valueMin = 0
    plot.yValueAxis.avoidBoundFrac = (0, 0.06)
    return plot


def _add_key(drawing: Drawing, index: int, name: str, width: float, height: float) -> None:
    x = width - 8 - 58 * (index + 1)
    marker = makeMarker(_MARKERS[index], size=4, fillColor=_INKS[index], strokeColor=_INKS[index])
    marker.x, marker.y = x, height - 7
    drawing.add(marker)
    drawing.add(_text(x + 5, height - 9, name, "start"))


def _text(x: float, y: float, text: str, anchor: str) -> String:
    return String(x, y, text, fontName="Helvetica", fontSize=_SIZE, textAnchor=anchor)
