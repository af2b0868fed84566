"""The interfaces of the record mapper: where rows go, and who is told of what it finds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.core.resources import Rows
from connectors.core.schema import Column, Record, Table


@dataclass(frozen=True)
class Cut:
    """A list inside a record that shows only some of its items."""

    inherited: Mapping[str, Any]
    """The inherited columns of the items: whose list it is."""
    count: int
    """How many items there are."""
    shown: tuple[Hashable, ...]
    """The identities of those that were shown."""


@dataclass(frozen=True)
class Broken:
    """A record that the connector could not bring into its form."""

    record: Any
    reason: str


class Watcher(Protocol):
    """Who hears of what the mapping finds; `connectors.core.evidence` decides what it means."""

    def unreadable(self, rows: Rows, reason: str) -> None:
        """A record was rejected: its table is not complete."""

    def may_doubt(self, rows: Rows) -> bool:
        """Whether any list of these rows may be doubted when it is empty."""

    def doubts_empty(self, rows: Rows, inherited: Mapping[str, Any]) -> bool:
        """Whether a list inside a record, which is there and empty, ends nothing."""


class Sink(Protocol):
    """Where rows go: the loader's incoming tables, or a list in a test."""

    def extra_columns(self, table: Table) -> tuple[Column, ...]:
        """Columns that appeared by themselves in earlier runs."""

    def add(self, table: Table, lines: list[Record], *, sparse: bool) -> None:
        """Rows in the order read, as {"p": inherited values, "r": record}.

        "v" holds the values of unversioned fields, "n" the `RecordSource` where it is no list.
        """

    def reject(self, table: Table, record: Any, reason: str) -> None:
        """A record that cannot be read at all."""

    def without(self, table: Table, inherited: Mapping[str, Any]) -> None:
        """This parent's answer did not hold the list of these children: nothing ends there."""

    def holds(self, table: Table, inherited: Mapping[str, Any]) -> None:
        """This parent, although read in part, showed the whole list of these children."""

    def fresh_field(self, table: Table, field: str, sample: Any) -> None:
        """A scalar field that no column is declared for."""

    def forget(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        """Records (by key columns) that a later look no longer showed: they never came."""
