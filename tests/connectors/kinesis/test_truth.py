"""Kinesis API: the copy equals the sandbox's truth, whatever form the unknowns take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.account import Bench

SLOW = "payload in an object"
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


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param(form, id=name, marks=[pytest.mark.slow] if name == SLOW else [])
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
