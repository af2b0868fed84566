"""The comparison of a copy with the truth finds each kind of difference and allows what it should."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.core import Lagging, differences, lagging

WAS = {"id": 1, "text": "was"}
NOW = {"id": 1, "text": "now"}


def compared(truth: list[Any], *kept: dict[str, Any], more: bool = False) -> list[str]:
    return differences("things", ["id"], truth, {(row["id"],): row for row in kept}, more)


def test_missing_more_and_other_rows_are_found() -> None:
    """Each is one sentence; more rows are right where the table may hold more."""
    assert compared([NOW], NOW) == []
    assert compared([NOW]) == ["things (1,) is missing"]
    assert compared([], NOW) == ["things (1,) should be gone"]
    assert compared([], NOW, more=True) == []
    assert compared([NOW], WAS) == ["things (1,) text: 'was' is not 'now'"]
    assert compared([{**NOW, "other": 2}], NOW) == ["things.other is no column (truth 2)"]


@pytest.mark.parametrize(
    ("truth", "kept", "equal"),
    [
        ("2025-03-03T09:00:00Z", datetime(2025, 3, 3, 9, tzinfo=UTC), True),
        ([1, {"a": None}], '[1, {"a": null}]', True),
        (5, "5", True),
        (True, 1, False),
        (None, "", False),
    ],
)
def test_values_are_equal_by_their_meaning(truth: Any, kept: Any, equal: bool) -> None:
    """Times as moments, JSON as values; a boolean is no number and null no empty text."""
    found = compared([{"id": 1, "value": truth}], {"id": 1, "value": kept})
    assert (found == []) is equal


def test_what_an_increment_need_not_show_may_be_old_or_new() -> None:
    """A lagging row may be as before, as now, or missing where it was; nothing else."""
    rows = lagging([WAS], [NOW], ["id"], lambda row: False)
    for kept in (WAS, NOW):
        assert compared(rows, kept) == []
    assert compared(rows, {"id": 1, "text": "other"})
    assert compared(rows)
    removed = lagging([WAS], [], ["id"], lambda row: False)
    assert compared(removed) == compared(removed, WAS) == []
    later = lagging(removed, [NOW], ["id"], lambda row: False)
    assert isinstance(later[0], Lagging)
    for kept_rows in ((), (WAS,), (NOW,)):
        assert compared(later, *kept_rows) == []


def test_what_an_increment_shows_must_be_as_it_is_now() -> None:
    """Shown rows do not lag, gone ones included."""
    assert lagging([WAS], [NOW], ["id"], lambda row: True) == [NOW]
    assert lagging([WAS], [], ["id"], lambda row: True) == []
