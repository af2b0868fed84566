"""Writes the report to a file: by `kollect report`, by Dagster every night, and for an alert."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipelines.report.facts import Facts, read_facts
from pipelines.settings import Settings
from warehouse.store.durable import replace_file

FILE = "kollect-report.html"


def write_report(settings: Settings, target: Path | None = None) -> tuple[Path, Facts]:
    """The page of this moment in `target`, by default beside the warehouse; replaced all at once.

    Raises WarehouseProblem where the warehouse cannot be read, OSError where the page cannot be
    written.
    """
    from pipelines.report.page import render  # the plotting library, when a page is written

    place = (target or settings.warehouse.with_name(FILE)).absolute()
    facts = read_facts(settings, datetime.now().astimezone())
    place.parent.mkdir(parents=True, exist_ok=True)
    replace_file(place, render(facts).encode())
    return place, facts
