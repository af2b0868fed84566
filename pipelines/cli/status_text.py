"""What `kollect status` prints below the sentence of an account: what needs attention, and all
tables."""

from __future__ import annotations

from datetime import datetime

import click

from pipelines.cli.render import output_width, table
from pipelines.sentences import NAMED, bare_reason, since
from pipelines.status import AccountStatus
from warehouse.store.status import TableStatus


def show_attention(name: str, status: AccountStatus, now: datetime) -> None:
    """The tables that are not proved and those with rejects; tables of one reason are one line.

    Nothing is printed where the sentence has said all of it.
    """
    if status.verdict == "never":
        return
    wanting = status.attention
    groups: dict[tuple[str, str, str], list[str]] = {}
    for table_name, found in status.tables.items():
        if state := _state(found, table_name in wanting):
            reason = bare_reason(name, found.reason) if table_name in wanting else ""
            group = (state, since(found.proved_at, now), reason)
            groups.setdefault(group, []).append(table_name)
    rejects = any(found.rejected for found in status.tables.values())
    said = len(wanting) in (len(status.tables), *range(NAMED + 1))
    reasons = {group[2] for group in groups}
    if said and len(reasons) <= 1 and not rejects:
        return
    columns = ("tables", "state", "proved", "why")
    # One reason for all stands in the sentence.
    shown = len(columns) if len(reasons) > 1 else len(columns) - 1
    rows = [(", ".join(names), *group)[:shown] for group, names in groups.items()]
    table(name, columns[:shown], rows)


def _state(found: TableStatus, wanting: bool) -> str:
    if wanting:
        return "not proved" if found.tried_at else "not synced yet"
    return f"{found.rejected:,} rejected" if found.rejected else ""


def show_tables(
    name: str,
    status: AccountStatus,
    newest: dict[str, datetime | None],
    now: datetime,
    *,
    utc: bool,
) -> None:
    """Every table of an account; columns that say nothing are left out, and a reason that
    several tables share stands once, below them."""
    why = {table: bare_reason(name, found.reason) for table, found in status.tables.items()}
    reasons = list(dict.fromkeys(filter(None, why.values())))
    columns = ("table", "rows", "read", "proved", "newest record", "rejected", "deleted", "why not")
    rows = [
        (
            table_name,
            found.rows,
            since(found.read_at, now),
            since(found.proved_at, now),
            newest.get(table_name),
            found.rejected or None,
            found.deleted or None,
            f"({reasons.index(why[table_name]) + 1})" if why[table_name] else None,
        )
        for table_name, found in status.tables.items()
    ]
    kept = [n for n in range(len(columns)) if n < 4 or any(row[n] is not None for row in rows)]
    if output_width() < 100 and 4 in kept:
        kept.remove(4)
    shown = [[row[n] for n in kept] for row in rows]
    numbers = ("rows", "rejected", "deleted")
    table("", [columns[n] for n in kept], shown, numbers=numbers, utc=utc)
    for number, reason in enumerate(reasons, 1):
        print_folded(f"({number}) {reason}")


def print_folded(text: str, indent: int = 2) -> None:
    """A sentence, folded to the width of the output."""
    import textwrap

    for line in textwrap.wrap(
        text, output_width(), subsequent_indent=" " * indent, break_long_words=False,
        break_on_hyphens=False,
    ):  # fmt: skip
        click.echo(line)
