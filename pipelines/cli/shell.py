"""`kollect shell`: read-only SQL with history and completion."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.core.errors import BadSettings, KollectError, nearest
from pipelines.cli.query import read_only, run
from pipelines.cli.render import harmless, utc_option
from pipelines.cli.result_set import FORMATS, print_result
from pipelines.settings import read_settings
from warehouse.store.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb

PROGRAMS = {"duckdb": ["duckdb", "-readonly"], "harlequin": ["harlequin", "--read-only"]}
HELP = """\
End a query with ; and Enter. Up and down: history; Tab: names.
.tables [NAME]     tables, or one table's columns and examples
.format FORMAT     table, record, csv or json
.help  .quit       (Ctrl-D ends, too)"""
KEYWORDS = (
    "SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "JOIN", "LEFT", "USING", "ON",
    "DISTINCT", "HAVING", "UNION ALL", "WITH", "CASE", "WHEN", "THEN", "ELSE", "END", "DESC",
    "SUMMARIZE", "DESCRIBE", "INTERVAL", "count", "sum", "min", "max", "avg", "date_trunc",
)  # fmt: skip


@click.command()
@click.option("--with", "program", type=click.Choice(list(PROGRAMS)), help="Open another program.")
@utc_option
@click.pass_obj
def shell(config: Path | None, program: str | None, utc: bool) -> None:
    """Ask the warehouse in SQL, read-only, with history and completion. After a sync the next
    query reads the new data."""
    settings = read_settings(config)
    if program is not None:
        sys.exit(_other_program(program, settings.warehouse))
    session = Session(settings.warehouse, utc=utc)
    try:
        if sys.stdin.isatty():
            click.echo(f"{settings.warehouse.name}, read-only; .help for help")
        for text in _statements(settings.warehouse, session):
            if not session.do(text):
                break
    finally:
        session.close()


def _other_program(program: str, warehouse: Path) -> int:
    found = shutil.which(program)
    if found is None:
        raise BadSettings(
            f"{program} is not installed", guidance="install it, or use `kollect shell` alone"
        )
    Warehouse(warehouse).publish_ledger()
    with Warehouse(warehouse).reading():
        pass  # raises where there is none
    return subprocess.run([found, *PROGRAMS[program][1:], str(warehouse)], check=False).returncode


class Session:
    """Runs what is typed; opens the published file anew after a sync has replaced it."""

    def __init__(self, warehouse: Path, *, utc: bool) -> None:
        self._warehouse = warehouse
        self._utc = utc
        self._form = "table"
        self._opened: ExitStack | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._mark: Any = None
        self.connection()  # raises where there is no warehouse

    def connection(self) -> duckdb.DuckDBPyConnection:
        found = os.stat(self._warehouse) if self._warehouse.exists() else None
        mark = (found.st_ino, found.st_mtime_ns) if found else None
        if self._connection is None or mark != self._mark:
            self.close()
            self._opened = ExitStack()
            self._connection = self._opened.enter_context(read_only(self._warehouse, utc=self._utc))
            self._mark = mark
        return self._connection

    def do(self, text: str) -> bool:
        """Run a statement or a command; False where it ends the session."""
        words = text.rstrip("; \n").split()
        if not words:
            return True
        if words[0].lower() in (".quit", ".exit", "quit", "exit"):
            return False
        try:
            if words[0].startswith("."):
                self._command(words)
            else:
                print_result(run(self.connection(), text), self._form, None)
        except KollectError as error:
            click.echo(harmless(str(error)), err=True)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
        return True

    def _command(self, words: list[str]) -> None:
        from pipelines.cli.tables import show_tables

        name, *more = words
        if name == ".help":
            click.echo(HELP)
        elif name == ".tables":
            show_tables(self.connection(), more[0] if more else "")
        elif name == ".format" and more and more[0] in FORMATS:
            self._form = more[0]
        elif name == ".format":
            raise BadSettings("there is no such format", guidance=f"use {', '.join(FORMATS)}")
        else:
            known = (".help", ".tables", ".format", ".quit")
            raise BadSettings(
                f"there is no command {name}{nearest(name, known)}", guidance=".help lists them"
            )

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened = self._connection = None


def _statements(warehouse: Path, session: Session) -> Iterator[str]:
    """What is typed, or comes through a pipe: statements that end with `;`, and dot commands."""
    lines: list[str] = []
    for line in _typed(warehouse, session, lines) if sys.stdin.isatty() else sys.stdin:
        lines.append(line)
        alone = len(lines) == 1 and line.lstrip().startswith((".", "quit", "exit"))
        if alone or line.rstrip().endswith(";") or not line.strip():
            text = "\n".join(lines)
            lines.clear()
            yield text
    if lines:
        yield "\n".join(lines)


def _typed(warehouse: Path, session: Session, lines: list[str]) -> Iterator[str]:
    """Lines from a prompt; Ctrl-C forgets what was begun, Ctrl-D ends."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory

    history = Warehouse(warehouse).home / "shell_history"
    with suppress(OSError):
        history.touch(mode=0o600)
    words = [*KEYWORDS, *_names(session.connection())]
    prompt: Any = PromptSession(
        history=FileHistory(str(history)),
        completer=WordCompleter(words, ignore_case=True, WORD=True),
        complete_while_typing=False,
    )
    while True:
        try:
            yield prompt.prompt("   ...> " if lines else "kollect> ")
        except KeyboardInterrupt:
            lines.clear()
        except EOFError:
            return


def _names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables with their schemas, and columns, for completion."""
    rows = connection.execute(
        "SELECT DISTINCT unnest([schema_name || '.' || table_name, column_name]) AS name "
        "FROM duckdb_columns() WHERE database_name = current_database() ORDER BY name"
    ).fetchall()
    return [name for (name,) in rows]
