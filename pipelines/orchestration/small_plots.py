"""Plots in so few characters that Dagster shows them on a page, not behind a link.

Its pages show Markdown of less than 1,000 characters in place. The report has the large plots.
"""

from __future__ import annotations

import base64
from html import escape

from connectors.core.plots import PlotKind
from pipelines.report.facts import Drawn

MOST = 999
"""Characters of Markdown that a page shows in place."""
WIDTH, HEIGHT = 180, 60
"""Pixels; a page of 1,000 pixels has room for so many."""
POINTS = 32
BARS = 6
BAR = 8
"""Characters of the longest bar."""
LONGEST_LABEL = 18


def small_plot(drawn: Drawn) -> str:
    """Markdown: a picture of a curve, or a list with bars."""
    if drawn.plot.kind is PlotKind.OVER_TIME:
        return _curve(drawn)
    return _bars(drawn)


def _curve(drawn: Drawn) -> str:
    points = _thinned(drawn.points)
    top = max(value for _, value in points) or 1
    spots = [
        f"{round(index * WIDTH / (len(points) - 1))} {round(HEIGHT - value / top * (HEIGHT - 2))}"
        for index, (_, value) in enumerate(points)
    ]
    under = HEIGHT + 13
    drawing = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{under + 5}' "
        "font-family='sans-serif' font-size='11' fill='#888'>"
        f"<path fill='#7aa7f7' d='M0 {HEIGHT}L{'L'.join(spots)}L{WIDTH} {HEIGHT}'/>"
        f"<text y='{under}'>{escape(points[0][0])}</text>"
        f"<text x='{WIDTH}' y='{under}' text-anchor='end'>{escape(points[-1][0])}</text></svg>"
    )
    picture = base64.b64encode(drawing.encode()).decode()
    last = _number(points[-1][1], drawn.plot.unit)
    words = f"{last} at the end, at most {_number(top, drawn.plot.unit)}"
    return f"![{drawn.plot.title}](data:image/svg+xml;base64,{picture})\n\n{words}"


def _thinned(points: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """At most `POINTS` of them, the first and the last among them."""
    if len(points) <= POINTS:
        return points
    step = (len(points) - 1) / (POINTS - 1)
    return [points[round(index * step)] for index in range(POINTS)]


def _bars(drawn: Drawn) -> str:
    shown = drawn.points[:BARS]
    top = max(value for _, value in shown) or 1
    # Lines that may break anywhere: a table would be wider than a narrow page.
    return "\n".join(
        f"- {'█' * max(1, round(value / top * BAR))} {_number(value, drawn.plot.unit)} "
        f"{_label(label)}"
        for label, value in shown
    )


def _label(label: str) -> str:
    """As code, so that nothing of the data can act in the page."""
    text = " ".join(label.replace("`", "'").replace("|", "¦").split())
    return f"`{text[:LONGEST_LABEL] or ' '}`"


def _number(value: float, unit: str) -> str:
    return f"{value:,.10g}{f' {unit}' if unit else ''}"
