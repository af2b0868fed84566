"""Kinesis API: the copy equals the sandbox's truth, whatever form the unknowns take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import Bench

FORMS: dict[str, dict[str, Any]] = {
    "2023": {
        "list_suffix": "fetch",
        "ids": "uuid",
        "user_fields": "legacy",
        "uid_required": False,
    },
    "payload in an object": {
        "payload_key": "data_object",
        "media_fields": "current",
        "errors": "http",
        "empty_text": "null",
        "list_suffix": "both",
    },
    "payload under data, no amount, few at once": {
        "payload_key": "data",
        "amount": "absent",
        "maximum_limit": 7,
        "empty_text": "absent",
        "get_needs_content_type": True,
    },
    "offsets count rows, newest first, few at once": {
        "offset_unit": "item",
        "list_order": "newest_first",
        "event_order": "newest_first",
        "maximum_limit": 7,
        "api_prefix": "/api/v1",
    },
}


def versions(bench: Bench) -> dict[str, tuple[Any, ...]]:
    """By table: how many rows are superseded, and when the newest version began."""
    tables = bench.account.connector.tables
    return {
        name: bench.query(
            f"SELECT (SELECT count(*) FROM kinesis.{name}_history), max(_valid_from) "
            f"FROM kinesis.{name}"
        )[0]
        for name in tables
    }


def test_copy_stays_true_through_changes_and_a_full_pass(made: Callable[..., Bench]) -> None:
    """A first sync, one after each of two rounds of changes, and a full pass end equal;
    one with nothing changed in between makes no version of anything."""
    kinesis = made("kinesis")
    assert kinesis.sync().status == "complete"
    kinesis.assert_true()
    before = versions(kinesis)
    again = kinesis.sync()
    assert again.status == "complete"
    assert versions(kinesis) == before
    assert {row["unchanged"] for row in again.tables.values()} != {0}
    for seed in (1, 4):
        kinesis.world.change(seed)
        assert kinesis.sync().status == "complete"
        kinesis.assert_true()
    kinesis.world.delete_event(kinesis.world.store.events[0].id)
    assert kinesis.sync(full=True).status == "complete"
    kinesis.assert_true()
    assert len(kinesis.rows("events")) == len(kinesis.world.truth()["events"])
    assert kinesis.query("SELECT * FROM _kollect.rejects") == []


@pytest.mark.parametrize("switches", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_the_answers_gives_the_same_copy(
    made: Callable[..., Bench], switches: dict[str, Any]
) -> None:
    """A first sync and one after a round of changes end equal, in each form."""
    kinesis = made("kinesis", switches=switches)
    assert kinesis.sync().status == "complete"
    kinesis.assert_true()
    kinesis.world.change(2)
    assert kinesis.sync().status == "complete"
    kinesis.assert_true()
