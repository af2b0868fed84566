"""What is kept: tables, their columns and what refers to what. Frozen dataclasses, no behaviour.

A wrong declaration raises `DeclarationError` when the connector is imported: it names the
connector, the table or resource, the field, and the cure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]
TYPES = ("text", "integer", "number", "boolean", "time", "json")
PARSES = ("", "epoch_seconds", "epoch_milliseconds", "utc_word", "address")
"""How a time is written: ISO 8601, Unix seconds (number or text), Unix milliseconds (or ISO
8601), or `2023-01-24 16:30:35.613638555 UTC`. An `address` is a number that stands at the end
of a resource's address, as in `/api/lists/13/`."""


class DeclarationError(Exception):
    """A connector's page contradicts itself; the text says where and how to mend it."""


def snake(name: str) -> str:
    """The column name for an API field: `urlPreviewUrl` and `a.b` become snake_case."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name))
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


@dataclass(frozen=True)
class Column:
    """One typed column and the field of the record that it is read from."""

    name: str
    type: str
    meaning: str
    source: str
    """Dotted path inside the record; for an inherited column, where its value comes from."""
    unit: str = ""
    unversioned: bool = False
    """Changes without anyone's edit: kept up to date, but never makes a version."""
    aliases: tuple[str, ...] = ()
    """Other fields that carry the same value in payloads of another era."""
    parse: str = ""
    inherited: bool = False
    """The value comes from the enclosing record or the request, not from the record."""
    backfilled: bool = False
    """Only some answers show it: its first value makes no version, a later change does."""


def col(
    source: str,
    type: str = "text",
    meaning: str = "",
    *,
    name: str = "",
    unit: str = "",
    unversioned: bool = False,
    aliases: Iterable[str] = (),
    parse: str = "",
    backfilled: bool = False,
) -> Column:
    """A column read from `source` (dotted for a nested object), named in snake_case."""
    return Column(
        name=name or snake(source),
        type=type,
        meaning=meaning,
        source=source,
        unit=unit,
        unversioned=unversioned or backfilled,
        aliases=tuple(aliases),
        parse=parse,
        backfilled=backfilled,
    )


def inherited(name: str, type: str = "text", meaning: str = "") -> Column:
    """A column whose value comes from the enclosing record or the request (`Rows.inherit`)."""
    return Column(name=name, type=type, meaning=meaning, source=name, inherited=True)


@dataclass(frozen=True)
class Reference:
    """`columns` hold the key of a row of `table`, in its order; for checks and cascades."""

    columns: str | tuple[str, ...]
    table: str
    orphans: float = 0.0
    """The share (0 to 1) of rows whose parent the service may legitimately not show."""
    owner: bool = False
    """The rows live inside that parent: with its end (proved) they end as well."""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.columns,) if isinstance(self.columns, str) else self.columns


@dataclass(frozen=True)
class Table:
    """What is kept of one kind of record."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("id",)
    parents: tuple[Reference, ...] = ()
    newest: str = ""
    """The time column that shows how new the newest record is."""
    sparse: bool = False
    """Records arrive in pieces: fields that a piece lacks keep their known value."""
    append_only: bool = False
    """Absence from a listing proves nothing (a feed of the last 50, a window of days)."""
    unordered: tuple[str, ...] = ()
    """Fields holding lists whose order means nothing: sorted before they are compared."""
    ignored: tuple[str, ...] = ()
    """Fields that are known and wanted in no column (the raw record keeps them)."""
    unversioned: tuple[str, ...] = ()
    """Further fields without a column that change without an edit."""

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)
