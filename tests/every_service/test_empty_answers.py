"""A service that answers every list with nothing for a while loses no row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.kit.account import Bench, sampled


@pytest.mark.parametrize("service", sampled("kippt", "kitemaker"))
def test_a_service_that_answers_every_list_empty_ends_nothing(
    synced: Callable[..., Bench], service: str
) -> None:
    """In a full pass and in one after two days, since no list at all has rows; then everything is
    as it was."""
    at = synced(service)
    at.confirm_empty_hours = 20
    fault = at.stand_in.faults.add("empty_list", times=None)
    # Kitemaker's spaces stand in the answer for the organization, which the fault leaves alone: after
    # two days they speak for the other lists.
    for hours in (0, 12) if service == "kitemaker" else (0, 48):
        later = replace(
            at.runtime, now=lambda hours=hours: datetime.now(UTC) + timedelta(hours=hours)
        )
        result = at.sync(full=True, runtime=later)
        assert fault.fired
        assert result.status != "complete"
        assert {
            table: row["deleted"] for table, row in result.tables.items() if row["deleted"]
        } == {}
        assert all(row["complete"] or row["reason"] for row in result.tables.values())
    at.stand_in.faults.clear()
    last = replace(at.runtime, now=lambda: datetime.now(UTC) + timedelta(hours=49))
    assert at.sync(full=True, runtime=last).status == "complete"
    at.assert_true()
