"""Declared increments: a list that is read from where it was read last.

Two ways are common. The service takes a parameter (`updated_since=...`), or it shows what changed
last first, and reading stops at rows from before. Neither shows what was deleted: that is for
full passes, which read the whole list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.paging import Completeness, Paginator, SeenPage, get_path


@dataclass(frozen=True)
class Since:
    """How far a list was read is told by the newest value of a field."""

    field: str
    """Dotted path of the time in a record that moves with each change."""
    param: str = ""
    """The parameter that takes such a time; without it, the list must be newest first."""
    overlap_seconds: float = 300.0
    """Read again from so far before the newest record: rows may appear late, and whether the
    parameter is inclusive is often unknown."""
    epoch: bool = False
    """Times are Unix seconds, in records and in the parameter; ISO 8601 otherwise."""

    def time_of(self, record: Any) -> datetime | None:
        """When a record changed, or None where it does not say."""
        value = get_path(record, self.field)
        try:
            if self.epoch:
                return datetime.fromtimestamp(float(value), UTC)
            found = datetime.fromisoformat(value)
        except (TypeError, ValueError, OverflowError, OSError):
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def begin_at(self, cursor: datetime) -> datetime:
        """From when on to read, if everything up to the cursor was read before."""
        return cursor - timedelta(seconds=self.overlap_seconds)

    def text(self, time: datetime) -> str:
        """A time as the parameter takes it."""
        if self.epoch:
            return str(int(time.timestamp()))
        return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class NewestFirstPaginator:
    """Another paginator's pages, until one reaches rows from before."""

    def __init__(self, inner: Paginator, reached_known: Callable[[], bool]) -> None:
        self._inner = inner
        self._reached_known = reached_known
        self._result: Completeness | None = None

    def first(self) -> dict[str, str]:
        return self._inner.first()

    def after(self, page: SeenPage) -> list[dict[str, str]]:
        if self._result is None and self._reached_known():
            self._result = Completeness(True, "read back to known rows", whole=False)
        return [] if self._result else self._inner.after(page)

    def completeness(self) -> Completeness:
        return self._result or self._inner.completeness()

    def refused(self) -> list[dict[str, str]] | None:
        return self._inner.refused()
