"""Output of the commands of the backups: progress, the list, and the result of a verification."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from warehouse.backup.listing import BackupInfo
    from warehouse.backup.verify import Report
    from warehouse.progress import Step

LINE_SECONDS = 5.0
"""Without a terminal, a line of progress is written at most this often."""


def print_list(found: list[BackupInfo], changes: bool) -> None:
    """The list as a table, and with `changes` what differs from one to the next."""
    from pipelines.cli.render import table
    from pipelines.sentences import since
    from warehouse.progress import size_text

    now = datetime.now(UTC)
    rows = []
    for each in found:
        total = each.total_changes
        changed = (
            f"+{total.added:,} ~{total.changed:,} -{total.deleted:,}" if each.previous else "first"
        )
        rows.append(
            (
                each.name + (" (encrypted)" if each.encrypted else ""),
                since(each.made_at, now) if each.made_at <= now else "dated ahead",
                each.rows,
                size_text(each.bytes) if each.bytes is not None else None,
                size_text(each.new_bytes) if each.new_bytes is not None else None,
                changed if each.rows is not None else None,
                _proof(each, now),
            )
        )
    columns = ("backup", "age", "rows", "size", "new", "changes", "proved")
    table("backups", columns, rows, numbers=("rows", "size", "new"))
    for each in found:
        if each.problem is not None:
            click.echo(f"kollect: {each.problem}", err=True)
    if changes:
        listed = [
            (each.name, name, c.added, c.changed, c.deleted)
            for each in found
            for name, c in each.changes.items()
            if each.previous
        ]
        numbers = ("added", "changed", "deleted")
        table("changes", ("backup", "table", *numbers), listed, numbers=numbers)


def _proof(info: BackupInfo, now: datetime) -> str:
    """How and how long ago it was last proved."""
    from pipelines.sentences import since

    best = info.proofs.best
    if info.problem is not None or info.proofs.last_bad is not None or best is None:
        return info.proof
    return f"{best[0]} {since(datetime.fromisoformat(best[1].at), now)}"


def print_report(report: Report, as_json: bool) -> None:
    """Damage by name on standard error, a line for each; else one line of what was proved."""
    from warehouse.progress import counted, size_text

    if report.foreign:
        first, more = report.foreign[0], len(report.foreign) - 1
        others = f" and {counted(more, 'other file')}" if more else ""
        click.echo(
            f"kollect: {report.name}: {first}{others} did not come from kollect. "
            "That is no damage; remove what you do not need there",
            err=True,
        )
    if not report.good:
        count = len(report.problems)
        for problem in report.problems[:50]:
            click.echo(f"kollect: {report.name}: {problem}", err=True)
        if count > 50:
            click.echo(f"kollect: {report.name}: and {count - 50:,} more", err=True)
        click.echo(
            f"kollect: {report.name} is damaged. Take another backup with `kollect backup`: "
            "it takes over nothing damaged",
            err=True,
        )
    elif not as_json:
        words = {
            "quick": "structure and sizes are right",
            "full": f"{size_text(report.bytes)} in {counted(report.files, 'file')} are as written",
            "rebuild": "rebuilt and compared, all tables are equal",
        }[report.depth]
        if report.sample is not None:
            words = f"{size_text(report.bytes)} are as written, {report.covered:.0%} of this round"
        click.echo(f"{report.name}: {words}")


@contextmanager
def showing() -> Iterator[Callable[[Step], None]]:
    """Shows steps on standard error: one moving line on a terminal, some plain lines elsewhere."""
    from pipelines.cli.log_file import LOGGER
    from warehouse.store.open import without_pandas

    stream = sys.stderr
    terminal = stream.isatty()
    last = [time.monotonic()]
    moving = [False]

    def show(step: Step) -> None:
        passing = step.kind in ("step", "bytes")
        if not passing:
            LOGGER.info(step.text)
        if passing and time.monotonic() - last[0] < (0.1 if terminal else LINE_SECONDS):
            return
        last[0] = time.monotonic()
        text = step.text
        if step.total:
            share = f"{100 * step.done // step.total}%"
            text = f"{text} ({share if step.kind == 'bytes' else f'{step.done}/{step.total}'})"
        if step.kind == "problem":
            text = f"kollect: {text}"
        if terminal:
            stream.write(f"\r\x1b[K{text[:200]}" + ("" if passing else "\n"))
            moving[0] = passing
        else:
            stream.write(f"{text}\n")
        stream.flush()

    try:
        with without_pandas():
            yield show
    finally:
        if terminal and moving[0]:
            stream.write("\r\x1b[K")
            stream.flush()
