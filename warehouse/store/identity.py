"""Identity, generation and format of a warehouse file, from `_kollect.meta`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.schema.types import quoted
from warehouse.store.names import STATE

FORMAT = 2
"""Grows when an older kollect could no longer work on the file; `migrate` raises older files."""
LEDGER = 9
"""Grows when `_kollect` gets another table, view or fact, or a macro another meaning: the next load
completes older files."""


@dataclass(frozen=True)
class Identity:
    """Which warehouse a file is, and in which state."""

    warehouse: str
    """Equal for all copies of one warehouse."""
    generation: int
    """Grows with every change."""
    format: int
    mark: str = ""
    """Random, and another after every change: tells states apart that have the same generation
    (a copied folder, a file put back). Empty in files of an older kollect."""
    rows_changed: int = 0
    """The generation in which anything but the ledger changed last."""


def identity_of(connection: duckdb.DuckDBPyConnection, catalog: str | None) -> Identity | None:
    """The identity of a database, the attached one of that name or the open one; None where it
    is no warehouse."""
    place = f"{quoted(catalog)}." if catalog else ""
    try:
        rows = connection.execute(f"SELECT name, value FROM {place}{STATE}.meta").fetchall()
    except duckdb.CatalogException:
        return None
    meta = dict(rows)
    try:
        generation = int(meta["generation"])
        return Identity(
            meta["warehouse"],
            generation,
            int(meta["format"]),
            meta.get("mark", ""),
            int(meta.get("rows_changed", generation)),
        )
    except (KeyError, ValueError):
        return None


def refuse_newer_format(identity: Identity, file: Path) -> None:
    """Raise WarehouseProblem where a newer kollect wrote the file."""
    if identity.format > FORMAT:
        raise WarehouseProblem(
            f"{file.name} was written by a newer kollect (format {identity.format}, this one "
            f"knows {FORMAT})",
            guidance="upgrade kollect; the file was not touched",
        )


def not_a_warehouse(file: Path, error: Exception | None = None) -> WarehouseProblem:
    """What to raise where a file cannot be opened as a warehouse."""
    text = str(error).splitlines()[0] if error else "it has no _kollect.meta"
    if isinstance(error, duckdb.IOException) and "lock" in text.lower():
        return WarehouseProblem(
            f"{file.name} is open for writing in another program",
            guidance="close it there, or open it there read-only",
        )
    return WarehouseProblem(
        f"{file.name} is no warehouse of kollect ({text[:160]})",
        guidance="move it away, or name another file in kollect.toml, [warehouse] path",
    )


def new_warehouse_id() -> str:
    """An identity for a new warehouse file."""
    return uuid.uuid4().hex


def new_mark() -> str:
    """A mark for a new state of a warehouse file."""
    return uuid.uuid4().hex


def kollect_version() -> str:
    """The installed version, `unknown` in a tree that was never installed."""
    try:
        return version("kollect")
    except PackageNotFoundError:
        return "unknown"
