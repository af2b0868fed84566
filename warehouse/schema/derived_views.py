"""Derived views: SQL files in the services' folders, made only over tables that exist.

`connectors/SERVICE/sql/NAME.sql` is one view. Where several services have a file of one name,
these are the parts of a view that spans services, of which those are joined whose tables exist. A
file is one SELECT with a comment before it: the meaning, then, after an empty comment line, a
`-- column: meaning` line for each column. One part of a view has the lines for all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

import connectors
from warehouse.schema.types import literal, quoted
from warehouse.store.names import CATALOG
from warehouse.store.transactions import count_generation, transaction
from warehouse.store.warehouse import Warehouse

NO_TABLES = "the tables that it needs are not here yet"
FOLDER = Path(connectors.__file__).parent
TABLE = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)\.([a-z_]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One SELECT and the tables that it needs, as `service.table`."""

    sql: str
    tables: frozenset[str]


@dataclass(frozen=True)
class DerivedView:
    """A view in schema `main`, over the tables of one service or of several."""

    name: str
    meaning: str
    columns: dict[str, str]
    """Column -> meaning, in order."""
    parts: tuple[Part, ...]
    spans: bool
    """Made of parts by service: those are joined whose tables exist."""

    def over(self, tables: Iterable[str]) -> tuple[Part, ...]:
        """The parts that can be made over these tables; empty where the view cannot be made."""
        there = frozenset(tables)
        return tuple(part for part in self.parts if part.tables <= there)

    def select(self, parts: Iterable[Part]) -> str:
        """The SELECT over some of the parts."""
        if not self.spans:
            return next(iter(parts)).sql
        joined = "\nUNION ALL BY NAME\n".join(part.sql for part in parts)
        first = quoted(next(iter(self.columns)))
        return f"SELECT * FROM (\n{joined}\n) ORDER BY {first} DESC NULLS LAST"


@cache
def derived_views(folder: Path = FOLDER) -> tuple[DerivedView, ...]:
    """Every view in `folder`/*/sql by name; raises ValueError where a file is not as it should
    be."""
    files: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*/sql/*.sql")):
        files.setdefault(file.stem, []).append(file)
    return tuple(_read(name, found) for name, found in sorted(files.items()))


def _read(name: str, files: list[Path]) -> DerivedView:
    parts: list[Part] = []
    meaning, columns = "", dict[str, str]()
    for file in files:
        comment, sql = _split(file.read_text(encoding="utf-8"))
        tables = frozenset(f"{s}.{t}".lower() for s, t in TABLE.findall(sql))
        if not tables or ";" in sql:
            raise ValueError(f"{file.name} is not one SELECT over tables of the services")
        parts.append(Part(sql, tables))
        head, _, listed = comment.partition("\n\n")
        if listed:
            meaning = " ".join(head.split())
            pairs = (line.partition(":") for line in listed.splitlines() if line.strip())
            columns = {column.strip(): said.strip() for column, _, said in pairs}
    if not columns:
        raise ValueError(f"{files[0].name} has no line `-- column: meaning`")
    return DerivedView(name, meaning, columns, tuple(parts), spans=len(files) > 1)


def _split(text: str) -> tuple[str, str]:
    lines = text.strip().splitlines()
    number = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    comment = "\n".join(line.removeprefix("--").strip() for line in lines[:number])
    return comment, "\n".join(lines[number:]).strip()


def tables_of(connection: duckdb.DuckDBPyConnection, catalog: str | None = None) -> set[str]:
    """The tables of a warehouse, as `service.table`."""
    name = f"'{catalog}'" if catalog else "current_database()"
    rows = connection.execute(
        f"SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = {name}"
    ).fetchall()
    return {row[0] for row in rows}


def make_views(warehouse: Warehouse) -> dict[str, str]:
    """Make every view that can be made and publish; view -> why it is not there (empty: it is).

    Where all are there already, as their files say, nothing is written. One view that cannot be
    made keeps no other from being made.
    """
    with warehouse.reading() as connection:
        there = tables_of(connection)
        wanted = {
            view.name: view.select(parts) if (parts := view.over(there)) else ""
            for view in derived_views()
        }
        made = _made(connection)
    stale = {name for name, sql in wanted.items() if sql and made.get(name) != _hash(sql)}
    reasons = {name: "" if sql else NO_TABLES for name, sql in wanted.items()}
    if stale:
        with duckdb.connect(":memory:") as connection, warehouse.writing(connection):
            for view in derived_views():
                if view.name in stale:
                    try:
                        _make(connection, view, wanted[view.name])
                    except duckdb.Error as error:
                        reasons[view.name] = str(error).splitlines()[0]
        warehouse.publish()
    return reasons


def _made(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """View -> hash of the SELECT that it was made from, for views that are there."""
    rows = connection.execute(
        "SELECT v.view_name, m.value FROM duckdb_views() v JOIN _kollect.meta m "
        "ON m.name = 'view ' || v.view_name WHERE v.database_name = current_database() "
        "AND v.schema_name = 'main'"
    ).fetchall()
    return dict(rows)


def _make(connection: duckdb.DuckDBPyConnection, view: DerivedView, sql: str) -> None:
    """Make one view in the attached warehouse; nothing stays half done."""
    connection.execute(f"USE {CATALOG}")
    try:
        with transaction(connection):
            name = f"main.{quoted(view.name)}"
            connection.execute(f"CREATE OR REPLACE VIEW {name} AS {sql}")
            connection.execute(f"COMMENT ON VIEW {name} IS {literal(view.meaning)}")
            connection.execute("DELETE FROM _kollect.meta WHERE name = ?", [f"view {view.name}"])
            connection.execute(
                "INSERT INTO _kollect.meta VALUES (?, ?)", [f"view {view.name}", _hash(sql)]
            )
            count_generation(connection)
    finally:
        connection.execute("USE memory")


def _hash(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()[:32]
