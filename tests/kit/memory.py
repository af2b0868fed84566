"""A warehouse that knows nothing and a sink that keeps lines: what a reader needs, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.core import Column, Record, StateKey, StateKind, Table


class NothingKnown:
    """A `KnownRows` before the first load."""

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        return []

    def count(self, table: str, scope: Mapping[str, Any] | None = None) -> int:
        return 0

    def has(self, table: str, scope: Mapping[str, Any]) -> bool:
        return False

    def cursor(self, resource: str, scope: str = "") -> str | None:
        return None

    def cursors(self, resource: str) -> dict[str, str]:
        return {}

    def state(self, key: StateKey) -> str | None:
        return None

    def states(self, kind: StateKind, name: str = "") -> dict[str, str]:
        return {}

    def due(
        self,
        resource: str,
        table: str,
        columns: Sequence[str],
        again_days: int,
        after: str = "",
        most: int = 0,
        oldest_first: bool = False,
    ) -> list[tuple[str, str, tuple[Any, ...]]]:
        return []

    def waiting(self, resource: str, table: str) -> int:
        return 0

    def first_time(self, family: str) -> bool:
        return True


@dataclass
class Lines:
    """A sink that keeps lines and rejects by table."""

    lines: dict[str, list[Record]] = field(default_factory=dict)
    rejects: list[tuple[str, Any, str]] = field(default_factory=list)

    def extra_columns(self, table: Table) -> tuple[Column, ...]:
        return ()

    def add(self, table: Table, lines: list[Record], **_: Any) -> None:
        self.lines.setdefault(table.name, []).extend(lines)

    def reject(self, table: Table, record: Any, reason: str) -> None:
        self.rejects.append((table.name, record, reason))

    def without(self, table: Table, inherited: Mapping[str, Any]) -> None:
        hash(tuple(inherited.items()))

    def holds(self, table: Table, inherited: Mapping[str, Any]) -> None:
        hash(tuple(inherited.items()))

    def fresh_field(self, table: Table, field: str, sample: Any) -> None:
        """Columns are not made here."""

    def forget(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        """Lines stay here."""
