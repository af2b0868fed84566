"""How results look on a terminal: tables, times and numbers that people like to read."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import IO, Any

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and marks that turn the direction of writing."""
LONGEST_CELL = 120
"""Letters that one cell of a printed table shows; CSV and JSON show all."""


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[str] = (),
    file: IO[str] | None = None,
) -> None:
    """Print a table; columns named in `numbers` are set to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        shown.add_column(column, justify="right" if column in numbers else "left")
    for row in rows:
        shown.add_row(*(cell(value) for value in row))
    stream = file or sys.stdout
    width = None if stream.isatty() else 140
    Console(file=stream, width=width, highlight=False, soft_wrap=False).print(shown)


def cell(value: Any) -> str:
    """One value as text: thousands in groups, times without fractions, NULL as nothing."""
    from rich.markup import escape

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    text = harmless(" ".join(str(value).split("\n")))
    return escape(text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 3]}...")


def harmless(text: str) -> str:
    """The text without what a terminal would obey: control characters and changes of direction
    are shown as their codes."""
    return UNSAFE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def plain(value: Any) -> Any:
    """A value for JSON and CSV: times as ISO 8601, other types that JSON does not know as text."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit that says enough."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def span(seconds: float) -> str:
    """A length of time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
