"""How results look on a terminal: tables, times and numbers that people like to read.

Whatever is printed goes through `harmless` first, so that no data can command a terminal.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import IO, Any, Literal

import click

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and marks that turn the direction of writing."""
LONGEST_CELL = 300
"""Letters that one cell of a printed table shows; CSV and JSON show all."""
DEFAULT_WIDTH = 80
"""Columns where neither COLUMNS nor a terminal says how many there are."""
GAP = 2
"""Columns between two columns of a table."""
LONGEST_WORD = 24
"""A longer word is broken where a table is too wide."""

utc_option: Callable[[Any], Any] = click.option(
    "--utc", is_flag=True, help="Times in UTC instead of the local time zone."
)


def output_width(stream: IO[str] | None = None) -> int:
    """The columns to print into: COLUMNS, else the terminal's own width, also when the output
    goes through a pipe to a pager."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    for each in (stream or sys.stdout, sys.stderr, sys.stdin):
        try:
            columns = os.get_terminal_size(each.fileno()).columns
        except (OSError, ValueError, AttributeError):  # closed, captured, or no terminal
            continue
        if columns > 0:
            return columns
    return DEFAULT_WIDTH


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[str] = (),
    file: IO[str] | None = None,
    utc: bool = False,
) -> None:
    """Print a table as wide as the output; columns named in `numbers` are set to the right.

    Where it is too wide, columns of long texts are folded; names and numbers stay whole.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[cell(value, utc=utc) for value in row] for row in rows]
    stream = file or sys.stdout
    width = output_width(stream)
    widths = _column_widths(columns, cells, numbers, width - GAP * len(columns))
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column, size in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column in numbers else "left"
        shown.add_column(column, justify=justify, width=size, overflow="fold")
    for row in cells:
        shown.add_row(*row)
    needed = max(width, sum(widths) + GAP * len(columns) + 1)
    console = Console(file=stream, width=needed, highlight=False)
    if title:
        console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(shown)


def _column_widths(
    columns: Sequence[str], cells: Sequence[Sequence[str]], numbers: Sequence[str], room: int
) -> list[int]:
    """What each column needs; where that is too much, headings are folded, then the widest texts,
    but no word. Where even that is too much, the table is wider than the output."""
    from rich.cells import cell_len

    texts = [[row[n] for row in cells] for n in range(len(columns))]
    longest = [max(map(cell_len, found), default=0) for found in texts]
    widths = [max(cell_len(c), found) for c, found in zip(columns, longest, strict=True)]
    if sum(widths) <= room:
        return widths
    words = [max(map(cell_len, column.split()), default=0) for column in columns]
    widths = [max(word, found) for word, found in zip(words, longest, strict=True)]
    least = [
        widths[n]
        if column in numbers
        else max([words[n], *(min(cell_len(w), LONGEST_WORD) for t in texts[n] for w in t.split())])
        for n, column in enumerate(columns)
    ]
    while sum(widths) > room:
        foldable = [n for n in range(len(columns)) if widths[n] > least[n]]
        if not foldable:
            break
        widths[max(foldable, key=lambda n: widths[n])] -= 1
    return widths


def cell(value: Any, *, utc: bool = False) -> str:
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
        return moment_text(value, utc=utc)
    return escape(shortened(harmless(" ".join(str(value).split("\n"))), LONGEST_CELL))


def shortened(text: str, most: int) -> str:
    """The text, or its beginning with three dots."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def moment_text(moment: datetime, *, utc: bool = False, seconds: bool = False) -> str:
    """A time with its zone: `2026-05-01 14:03 CEST`, local unless `utc`."""
    zone: tzinfo | None = UTC if utc else None
    form = "%Y-%m-%d %H:%M:%S %Z" if seconds else "%Y-%m-%d %H:%M %Z"
    return moment.astimezone(zone).strftime(form)


def harmless(text: str) -> str:
    """The text without what a terminal would obey: control characters and changes of direction
    are shown as their codes."""
    return UNSAFE.sub(_code, text)


def _code(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def plain(value: Any) -> Any:
    """A value for JSON and CSV: times as ISO 8601, other types that JSON does not know as text."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def span(seconds: float) -> str:
    """A length of time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
