"""The report as one HTML page without any address outside of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pygal
from markupsafe import Markup
from pygal.style import Style

from connectors.core.plots import PlotKind
from pipelines.report.facts import Drawn, Facts
from pipelines.sentences import account_sentence, since
from warehouse.progress import counted

# pygal leaves a finder for its plug-ins behind, of a form that Python warns about at each import.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

TEMPLATE = Path(__file__).with_name("page.html.j2")
LABELS = 4
"""A line shows about so many of its labels."""
STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#8a8f98",
    foreground_strong="#8a8f98",
    foreground_subtle="#8a8f9855",
    guide_stroke_color="#8a8f9833",
    major_guide_stroke_color="#8a8f9833",
    guide_stroke_dasharray="none",
    major_guide_stroke_dasharray="none",
    colors=("#3b82f6",),
    font_family="system-ui, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    value_font_size=13,
    tooltip_font_size=13,
    no_data_font_size=14,
)


def render(facts: Facts) -> str:
    """The page. Every text of the data is escaped."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(ago=lambda moment: _ago(moment, facts.now), svg=svg)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return str(
        template.render(facts=facts, sentence=_sentence(facts), counted=counted, amounts=amounts)
    )


def amounts(changes: Sequence[Mapping[str, Any]]) -> str:
    """Changes of several tables in words: `12 new, 3 changed, 1 gone`."""
    words = {"inserted": "new", "updated": "changed", "deleted": "gone"}
    sums = {word: sum(row[kind] for row in changes) for kind, word in words.items()}
    return ", ".join(f"{number:,} {word}" for word, number in sums.items() if number)


def _sentence(facts: Facts) -> Any:
    def of(name: str) -> str:
        status = next(account.status for account in facts.accounts if account.name == name)
        return account_sentence(name, status, facts.now).partition(": ")[2]

    return of


def _ago(moment: datetime | str | None, now: datetime) -> str:
    if moment is None:
        return "never"
    return since(datetime.fromisoformat(moment) if isinstance(moment, str) else moment, now)


def svg(drawn: Drawn) -> Markup:
    """A plot as an SVG element."""
    shape = {"style": STYLE, "show_legend": False, "js": [], "height": 260, "width": 560,
             "explicit_size": False, "margin": 8, "truncate_label": 24,
             "disable_xml_declaration": True, "max_scale": 6, "print_values": False}  # fmt: skip
    labels = [label for label, _ in drawn.points]
    values = [value for _, value in drawn.points]
    if drawn.plot.kind is PlotKind.OVER_TIME:
        step = max(1, len(labels) // LABELS)
        chart = pygal.Line(
            **shape, show_minor_x_labels=False, fill=True, dots_size=2, range=(0, max(values) or 1)
        )
        chart.x_labels_major = labels[::step]
    else:
        labels, values = labels[::-1], values[::-1]
        chart = pygal.HorizontalBar(**shape)
    chart.x_labels = labels
    unit = f" {drawn.plot.unit}" if drawn.plot.unit else ""
    chart.value_formatter = lambda value: f"{value:,.10g}{unit}"
    chart.add(drawn.plot.title, values)
    # Tooltips would need a script from elsewhere; the page has none.
    drawing = chart.render(is_unicode=True)
    return Markup(re.sub(r"<script.*?</script>|<!--.*?-->", "", drawing, flags=re.DOTALL))
