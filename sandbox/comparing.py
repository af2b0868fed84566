"""Whether a copy equals what a stand-in holds: row by row, field by field, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

Kept = Mapping[tuple[Any, ...], Mapping[str, Any]]
"""Rows of a copy by their keys."""

SUPERSETS = {
    "kinopio": {"users", "notifications", "ai_images"},
    "kinescope": {"analytics", "billing_usage"},
    "kippt": {"users", "notifications", "clip_saves", "list_collaborators"},
    "kitemaker": {"users"},
    "kinesis": {"events"},
}
"""Tables that may rightly hold more than the service shows at this moment."""


def differences(
    table: str,
    key: Sequence[str],
    truth: Iterable[Mapping[str, Any]],
    kept: Kept,
    may_hold_more: bool = False,
) -> list[str]:
    """Where the kept rows of a table differ from the truth."""
    found: list[str] = []
    expected: set[tuple[Any, ...]] = set()
    for row in truth:
        place = tuple(row[name] for name in key)
        expected.add(place)
        if place not in kept:
            found.append(f"{table} {place} is missing")
            continue
        for name, value in row.items():
            if name not in kept[place]:
                if value is not None:
                    found.append(f"{table}.{name} is no column (truth {value!r:.60})")
            elif not same(value, kept[place][name]):
                shown = f"{kept[place][name]!r:.90} is not {value!r:.90}"
                found.append(f"{table} {place} {name}: {shown}")
    if not may_hold_more:
        found += [f"{table} {place} should be gone" for place in kept if place not in expected]
    return found


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
