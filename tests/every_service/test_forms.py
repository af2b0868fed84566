"""The copy equals the sandbox's truth, whatever form a service gives to what its pages leave open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.kit.account import Bench, named


class Forms(NamedTuple):
    """How the forms of one service are tried; the assumed form is in test_truth.py."""

    size: int | None
    together: tuple[dict[str, Any], ...]
    """Several switches at once, by default."""
    alone: tuple[dict[str, Any], ...] = ()
    """Single ones and other groups, in `make test-all`."""


FORMS = {
    "kinopio": Forms(
        size=None,
        together=(
            {
                "era": "2023",
                "spelling": "newer",
                "numbers": "text",
                "owner_field": "ownerUserId",
                "listing_flaws": "duplicate_and_null",
                "batch_missing": "empty",
            },
        ),
        alone=(
            {"era": "2026", "listing_rows": "full", "listing_flaws": "duplicate_and_null"},
            {"batch_cards": "no_cards", "batch_missing": "empty", "dropped_routes": "gone"},
            {"era": "2023"},
            {"era": "2026"},
            {"spelling": "newer"},
            {"listing_rows": "full"},
            {"batch_cards": "metadata"},
            {"removed_cards_inline": True},
            {"favorite_colors": "text"},
            {"owner_field": "ownerUserId"},
            {"collaborator_key": "object"},
            {"numbers": "text"},
            {"positions": "whole"},
            {"full_owner": False},
            {"errors": "in_body"},
        ),
    ),
    "kippt": Forms(
        size=24,
        together=(
            {
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
            {
                "era": "2012",
                "next_keeps": "nothing",
                "missing_slash": "answer",
                "versions_change_payload": True,
            },
        ),
    ),
}


def cases() -> Iterator[Any]:
    for service, forms in FORMS.items():
        for switches in forms.together:
            yield pytest.param(service, switches, id=f"{service}: {named(switches)[:60]}")
        for switches in forms.alone:
            name = f"{service}: {named(switches)}"
            yield pytest.param(service, switches, id=name, marks=pytest.mark.slow)


@pytest.mark.parametrize(("service", "switches"), list(cases()))
def test_copy_equals_the_truth_in_each_form(
    made: Callable[..., Bench], service: str, switches: dict[str, Any]
) -> None:
    """After a first sync, after an incremental pass (as far as the pages say that it shows
    changes), and after a full pass; no value is rejected."""
    at = made(service, size=FORMS[service].size, switches=switches)
    assert at.sync().status == "complete"
    # Given, not asked for: payloads of an older era lack whole tables.
    held = at.world.truth()
    at.assert_true(held)
    at.world.change(1)
    assert at.sync().status == "complete"
    at.assert_true(at.world.expected(held))
    at.world.change(2)
    assert at.sync(full=True).status == "complete"
    at.assert_true(at.world.truth())
    assert at.query("SELECT * FROM _kollect.rejects") == []
