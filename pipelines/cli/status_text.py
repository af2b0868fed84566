"""What `kollect status` and the end of a sync say of an account: one sentence, then what needs
attention."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import click

from pipelines.cli.render import output_width, since, table
from pipelines.status import A_DAY, AccountStatus
from warehouse.progress import counted
from warehouse.store.status import TableStatus

NAMED = 3
"""So many tables are named in a sentence; the others are counted."""
CLOSE_TOGETHER = timedelta(hours=1)
"""Proofs that are no further apart are told as one time."""


def account_sentence(name: str, status: AccountStatus, now: datetime) -> str:
    """The verdict first, then since when and why, and what to do.

    `kinopio: safe, proved 12 minutes ago, 15 tables, 4,210 rows`
    """
    if status.verdict == "safe":
        rows = sum(found.rows for found in status.tables.values())
        tables = counted(len(status.tables), "table")
        return f"{name}: safe, {_proved(status, now)}, {tables}, {counted(rows, 'row')}"
    if status.verdict == "never" and not status.unproved:
        return f"{name}: never synced; run `kollect sync {name}`"
    if status.ahead:
        return f"{name}: {status.verdict}, {status.reason}"
    wanting = status.attention
    reasons = [bare_reason(name, status.tables[table].reason) for table in wanting]
    why = max(filter(None, reasons), key=reasons.count, default="")
    if status.verdict == "never":
        return f"{name}: never read{_because(name, why)}"
    proved = [status.tables[table].proved_at for table in wanting]
    oldest = min((at for at in proved if at is not None), default=None)
    proof = f"{_named(wanting, len(status.tables))} last proved {since(oldest, now)}"
    return f"{name}: {status.verdict}, {proof}{_because(name, why)}"


def _proved(status: AccountStatus, now: datetime) -> str:
    times = [found.proved_at for found in status.tables.values() if found.proved_at]
    oldest, newest = min(times), max(times)
    if newest - oldest <= CLOSE_TOGETHER:
        return f"proved {since(newest, now)}"
    if newest - oldest <= A_DAY:
        return f"proved {since(newest, now)}, every table within a day"
    days = -(-(now - oldest) // A_DAY)
    return f"proved {since(newest, now)}, every table within {days} days"


def _because(account: str, why: str) -> str:
    """The reason; what to do where there is none."""
    return f": {why}" if why else f"; run `kollect sync {account}`"


def bare_reason(account: str, reason: str) -> str:
    """A reason without the account's name, and the family's before it: the reader knows both, and
    tables of several families share the reason."""
    return re.sub(rf"^(?:\w+: )?{re.escape(account)}: ", "", reason)


def _named(tables: Sequence[str], of: int) -> str:
    if len(tables) == of:
        return f"all {counted(of, 'table')}"
    if len(tables) <= NAMED:
        return ", ".join(tables)
    return f"{counted(len(tables), 'table')} of {of}"


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
