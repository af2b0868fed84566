"""Kinesis API: the copy equals the sandbox's truth, whatever form the unknowns take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.account import Bench

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


ALONE = {"payload in an object"}
"""Tried by `make test-all`."""


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


def test_a_sync_with_nothing_changed_makes_no_version_and_a_full_pass_ends_events(
    made: Callable[..., Bench],
) -> None:
    """Nothing tells what changed: everything is read and compared. Single events can be deleted,
    which a full pass shows."""
    kinesis = made("kinesis")
    assert kinesis.sync().status == "complete"
    before = versions(kinesis)
    again = kinesis.sync()
    assert again.status == "complete"
    assert versions(kinesis) == before
    assert {row["unchanged"] for row in again.tables.values()} != {0}
    kinesis.world.delete_event(kinesis.world.store.events[0].id)
    assert kinesis.sync(full=True).status == "complete"
    kinesis.assert_true()
    assert len(kinesis.rows("events")) == len(kinesis.world.truth()["events"])


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param(form, id=name, marks=[pytest.mark.slow] if name in ALONE else [])
        for name, form in FORMS.items()
    ],
)
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
