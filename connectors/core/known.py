"""What a sync may ask of the warehouse before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from connectors.core.state import StateKey, StateKind


class KnownRows(Protocol):
    """What the warehouse already holds of this account."""

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """The given columns of every current row."""

    def count(self, table: str, scope: Mapping[str, Any] | None = None) -> int:
        """How many current rows there are, in all or where columns have these values."""

    def has(self, table: str, scope: Mapping[str, Any]) -> bool:
        """Whether any current row has these values; cheap when asked for many scopes."""

    def cursor(self, resource: str, scope: str = "") -> str | None:
        """The stored cursor, or None before the first load."""

    def cursors(self, resource: str) -> dict[str, str]:
        """Every stored cursor of a resource by scope."""

    def state(self, key: StateKey) -> str | None:
        """A remembered value, or None."""

    def states(self, kind: StateKind, name: str = "") -> dict[str, str]:
        """Every remembered value of this kind and name, by scope."""

    def due(
        self,
        resource: str,
        table: str,
        columns: Sequence[str],
        again_days: int,
        after: str = "",
        most: int = 0,
        *,
        oldest_first: bool = False,
    ) -> list[tuple[str, str, tuple[Any, ...]]]:
        """(scope, content, values) of rows that are to be asked for again; all for 0 days.

        In the order of their scopes: those behind `after`, at `most` so many. With
        `oldest_first`, those that `waiting` counts come first, then those longest not asked for.
        """

    def waiting(self, resource: str, table: str) -> int:
        """How many rows changed since the resource was asked for them, or never were asked for."""

    def first_time(self, family: str) -> bool:
        """Whether this family was never loaded completely."""
