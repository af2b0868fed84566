"""Whether a copy equals what a stand-in holds: row by row, field by field, in sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]
CopiedRows = Mapping[Key, Mapping[str, Any]]
"""Rows of a copy by their keys."""


class Lagging(Row):
    """A row whose last changes an incremental pass need not show.

    The copy may hold any of `allowed`, the newest last; None among them means no row at all.
    """

    def __init__(self, allowed: Sequence[Row | None]) -> None:
        super().__init__(next(row for row in reversed(allowed) if row is not None))
        self.allowed = list(allowed)


def lagging(
    before: Iterable[Row], now: Iterable[Row], key: Sequence[str], shown: Callable[[Row], bool]
) -> list[Row]:
    """A table after an incremental pass that shows the changes of some rows only.

    A row for which `shown` is true is as it is now, or gone; any other may still be as before.
    """
    old = {_key(row, key): row for row in before}
    new = {_key(row, key): row for row in now}
    found: list[Row] = []
    for place in [*new, *(place for place in old if place not in new)]:
        row, was = new.get(place), old.get(place)
        current = was if row is None else row
        assert current is not None
        settled = was == row and not isinstance(was, Lagging)
        if shown(current) or settled:
            found += [] if row is None else [row]
        else:
            found.append(Lagging([*(was.allowed if isinstance(was, Lagging) else [was]), row]))
    return found


def differences(
    table: str,
    key: Sequence[str],
    truth: Iterable[Row],
    kept: CopiedRows,
    may_hold_more: bool = False,
) -> list[str]:
    """Where the kept rows of a table differ from the truth."""
    found: list[str] = []
    expected: set[Key] = set()
    for row in truth:
        place = _key(row, key)
        expected.add(place)
        allowed = row.allowed if isinstance(row, Lagging) else [row]
        problems = [_row_differences(table, place, one, kept.get(place)) for one in allowed]
        fewest = min(problems[::-1], key=len)
        found += fewest
    if not may_hold_more:
        found += [f"{table} {place} should be gone" for place in kept if place not in expected]
    return found


def _row_differences(
    table: str, place: Key, row: Row | None, kept: Mapping[str, Any] | None
) -> list[str]:
    if row is None or kept is None:
        if row is kept:
            return []
        return [f"{table} {place} {'should be gone' if row is None else 'is missing'}"]
    found = []
    for name, value in row.items():
        if name not in kept:
            if value is not None:
                found.append(f"{table}.{name} is no column (truth {value!r:.60})")
        elif not same(value, kept[name]):
            found.append(f"{table} {place} {name}: {kept[name]!r:.90} is not {value!r:.90}")
    return found


def _key(row: Mapping[str, Any], key: Sequence[str]) -> Key:
    return tuple(row[name] for name in key)


def same(truth: Any, kept: Any) -> bool:
    """Whether a stored value is the true one: times as moments, JSON as values."""
    if isinstance(kept, datetime):
        return isinstance(truth, str) and datetime.fromisoformat(truth) == kept
    if isinstance(kept, date):
        return bool(str(kept) == truth)
    if isinstance(truth, (list, dict)):
        return isinstance(kept, str) and bool(json.loads(kept) == truth)
    if isinstance(truth, bool) or isinstance(kept, bool):
        return truth is kept
    if truth == kept:
        return True
    if isinstance(kept, str) and isinstance(truth, (int, float)):
        return kept == str(truth)
    return False
