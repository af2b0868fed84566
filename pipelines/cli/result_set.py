"""The answer of a query in one of four forms: table, record, CSV, JSON.

A table drops columns that do not fit, as DuckDB's shell does, and says which; `record` shows
every column, one a line. CSV and JSON are written as the rows come.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any

import click

from pipelines.cli.render import harmless, output_width, plain, shortened
from warehouse.progress import counted

if TYPE_CHECKING:
    import duckdb

FORMATS = ("table", "record", "csv", "json")
BATCH = 2_000
"""Rows that are fetched at once."""
ROWS_FOR_PEOPLE = 100
"""Rows of a table or of records where nobody asks for more."""
CELL_WIDTHS = (60, 40, 24)
"""The widest cell of a table: it is narrowed in these steps before a column is dropped."""
LONGEST_VALUE = 600
"""Letters of one value that `record` shows."""
GAP = 2
NAMED_DROPPED = 8
"""So many dropped columns are named."""


def print_result(
    cursor: duckdb.DuckDBPyConnection, form: str, most: int | None, stream: IO[str] | None = None
) -> None:
    """Print the rows of an executed query; `most` of them (0: all, None: what the form prints)."""
    out = stream or sys.stdout
    names = [str(column[0]) for column in cursor.description or []]
    readable = form in ("table", "record")
    limit = ROWS_FOR_PEOPLE if most is None and readable else most or 0
    rows = _rows(cursor)
    if form == "csv":
        _print_csv(names, islice(rows, limit or None), out)
    elif form == "json":
        _print_json(names, islice(rows, limit or None), out)
    else:
        found = list(islice(rows, limit or None))
        more = limit > 0 and next(rows, None) is not None
        print_table(names, found, out) if form == "table" else print_records(names, found, out)
        if more:
            click.echo(f"The first {limit:,} rows; --rows 0 shows all.", file=out)


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(iter(lambda: cursor.fetchmany(BATCH), []))


def print_table(names: Sequence[str], rows: Sequence[Sequence[Any]], out: IO[str]) -> None:
    """Rows as a table no wider than the output; columns that do not fit are named below it."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = output_width(out)
    headings = [harmless(name) for name in names]
    texts = [[value_text(value, CELL_WIDTHS[0]) for value in row] for row in rows]
    kept, cap = _fit(headings, texts, width)
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place in kept:
        values = [row[place] for row in rows if row[place] is not None]
        number = bool(values) and all(_is_number(value) for value in values)
        shown.add_column(
            Text(headings[place]),
            justify="right" if number else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
    for row, cells in zip(rows, texts, strict=True):
        shown.add_row(*(
            Text(shortened(cells[place], cap), style="dim" if row[place] is None else "")
            for place in kept
        ))  # fmt: skip
    if names:
        Console(file=out, width=width, highlight=False).print(shown)
    dropped = [headings[place] for place in range(len(names)) if place not in kept]
    for line in textwrap.wrap(_footer(len(rows), len(names), dropped), width):
        click.echo(line, file=out)


def _fit(
    headings: Sequence[str], texts: Sequence[Sequence[str]], width: int
) -> tuple[list[int], int]:
    """The columns that fit, and the widest cell. System columns are dropped first, then those
    that hold nothing, then those at the end."""
    from rich.cells import cell_len

    widths = [
        max([cell_len(heading), *(cell_len(row[place]) for row in texts)])
        for place, heading in enumerate(headings)
    ]

    def total(columns: Iterable[int], cap: int) -> int:
        parts = [max(min(widths[c], cap), cell_len(headings[c])) + GAP for c in columns]
        return sum(parts)

    kept = list(range(len(headings)))
    for cap in CELL_WIDTHS:
        if total(kept, cap) <= width:
            return kept, cap
    system = {place for place in kept if headings[place].startswith("_")}
    empty = {place for place in kept if all(row[place] in ("NULL", "") for row in texts)}
    order = sorted(kept, key=lambda c: (0 if c in system else 1 if c in empty else 2, -c))
    for place in order[:-1]:
        kept.remove(place)
        if total(kept, cap) <= width:
            break
    return kept, cap


def _footer(rows: int, columns: int, dropped: Sequence[str]) -> str:
    text = counted(rows, "row")
    if not dropped:
        return f"({text})"
    more = len(dropped) - NAMED_DROPPED
    named = ", ".join(dropped[:NAMED_DROPPED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"({text}, {columns - len(dropped)} of {columns} columns; not shown: {named}. "
        "--format record shows every column.)"
    )


def print_records(names: Sequence[str], rows: Sequence[Sequence[Any]], out: IO[str]) -> None:
    """Each row as a block, one column a line; long values are folded below themselves."""
    from rich.cells import cell_len, chop_cells

    width = output_width(out)
    headings = [harmless(name) for name in names]
    indent = max((cell_len(heading) for heading in headings), default=0)
    for number, row in enumerate(rows, 1):
        click.echo(f"-- {number} {'-' * max(0, min(width, 60) - len(str(number)) - 4)}", file=out)
        for heading, value in zip(headings, row, strict=True):
            text = value_text(value, LONGEST_VALUE)
            lines = chop_cells(text, max(20, width - indent - GAP)) or [""]
            click.echo(f"{' ' * (indent - cell_len(heading))}{heading}  {lines[0]}", file=out)
            for line in lines[1:]:
                click.echo(f"{' ' * (indent + GAP)}{line}", file=out)
    click.echo(f"({counted(len(rows), 'row')})", file=out)


def _print_csv(names: Sequence[str], rows: Iterable[Sequence[Any]], out: IO[str]) -> None:
    """With plain line ends. A terminal gets codes for what it would obey; a pipe or file gets
    every text as it is."""
    terminal = out.isatty()
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in chain([names], rows):
        writer.writerow([csv_text(value) for value in row])
        text = buffer.getvalue()
        out.write(harmless(text) if terminal else text)
        buffer.seek(0)
        buffer.truncate()


def _print_json(names: Sequence[str], rows: Iterable[Sequence[Any]], out: IO[str]) -> None:
    unique = unique_names(names)
    between = "[\n"
    for row in rows:
        item = dict(zip(unique, row, strict=True))
        out.write(between + textwrap.indent(json_text(item, indent=2), "  "))
        between = ",\n"
    out.write("[]\n" if between == "[\n" else "\n]\n")


def json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON in which characters that a terminal would obey are escaped."""
    from pipelines.cli.render import UNSAFE

    text = json.dumps(value, default=plain, ensure_ascii=False, indent=indent)
    # json.dumps has escaped those below U+0020 itself; the line ends left are its own.
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def csv_text(value: Any) -> Any:
    """A value in a CSV file: nothing for NULL, `true` and `false`, times as ISO 8601."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else plain(value)


def value_text(value: Any, most: int) -> str:
    """A value as SQL writes it, on one line of at most so many letters."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec=_precision(value))
    if isinstance(value, (list, dict, tuple)):
        value = json.dumps(value, default=plain, ensure_ascii=False)
    return shortened(harmless(" ".join(str(value).split("\n"))), most)


def _precision(value: datetime) -> str:
    """The fewest decimals that say the whole time."""
    if not value.microsecond:
        return "seconds"
    return "microseconds" if value.microsecond % 1000 else "milliseconds"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def unique_names(names: Sequence[str]) -> list[str]:
    """Names of columns, each once: of two columns `a` the second becomes `a_2`."""
    found: list[str] = []
    for name in names:
        number, unique = 2, name
        while unique in found:
            unique, number = f"{name}_{number}", number + 1
        found.append(unique)
    return found
