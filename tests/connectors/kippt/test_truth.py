"""Kippt: the copy equals the sandbox's truth, whatever form the unknowns take.

The form that is assumed is in test_five_services_truth.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.account import Bench

FORMS: dict[str, dict[str, Any]] = {
    "the other way round": {
        "limit_above_200": "refuse",
        "next_keeps": "all",
        "total_count": True,
        "order": "insertion",
        "since_boundary": "inclusive",
        "empty_list": "envelope",
        "embedded_cap": 1,
        "media_always": True,
        "stream_holds_collaborators_clips": True,
        "list_collaborators_route": True,
        "lists_following": False,
        "notification_user_key": "item",
        "delete_list": "to_inbox",
    },
    "2012": {
        "era": "2012",
        "next_keeps": "nothing",
        "missing_slash": "answer",
        "versions_change_payload": True,
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_copy_equals_the_truth_after_first_incremental_and_full_passes(
    made: Callable[..., Bench], form: str
) -> None:
    """After a first sync and a full pass everything is equal, row by row; after an incremental
    pass lists and favourites are, and all that hangs on the clips that it showed."""
    kippt = made("kippt", size=24, switches=FORMS[form])
    assert kippt.sync().status == "complete"
    kippt.assert_true()
    held = kippt.world.truth()
    kippt.world.change(1)
    assert kippt.sync().status == "complete"
    kippt.assert_true(kippt.world.expected(held))
    kippt.world.change(2)
    assert kippt.sync(full=True).status == "complete"
    kippt.assert_true()
    assert kippt.query("SELECT * FROM _kollect.rejects") == []
    assert kippt.query("SELECT * FROM _kollect.schema_changes") == []
