"""Kinopio: the copy equals the sandbox's truth, whatever form the unknowns take."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kit.account import Bench, forms, named

QUICK: list[dict[str, object]] = [
    {
        "era": "2023", "spelling": "newer", "numbers": "text", "owner_field": "ownerUserId",
        "listing_flaws": "duplicate_and_null", "batch_missing": "empty",
    },
]  # fmt: skip
"""Several forms at once; each of them alone is tried by `make test-all`, and the default one in
test_five_services_truth.py."""
FORMS: list[dict[str, object]] = [
    {"era": "2023", "spelling": "newer", "numbers": "text", "owner_field": "ownerUserId"},
    {"era": "2026", "listing_rows": "full", "listing_flaws": "duplicate_and_null"},
    {"batch_cards": "no_cards", "batch_missing": "empty", "dropped_routes": "gone"},
    {"era": "2023"},
    {"era": "2026"},
    {"spelling": "newer"},
    {"listing_rows": "full"},
    {"listing_flaws": "duplicate_and_null"},
    {"batch_cards": "no_cards"},
    {"batch_cards": "metadata"},
    {"batch_missing": "empty"},
    {"removed_cards_inline": True},
    {"dropped_routes": "gone"},
    {"favorite_colors": "text"},
    {"owner_field": "ownerUserId"},
    {"collaborator_key": "object"},
    {"numbers": "text"},
    {"positions": "whole"},
    {"full_owner": False},
    {"errors": "in_body"},
]


@pytest.mark.parametrize("switches", forms(QUICK, FORMS), ids=named)
def test_copy_equals_the_truth_after_a_first_sync_and_after_changes(
    made: Callable[..., Bench], switches: dict[str, object]
) -> None:
    """A first sync and one after each of two rounds of changes end equal, row by row."""
    kinopio = made("kinopio", switches=switches)
    assert kinopio.sync().status == "complete"
    kinopio.assert_true()
    for seed in (1, 2):
        kinopio.world.change(seed)
        assert kinopio.sync().status == "complete"
        kinopio.assert_true()


@pytest.mark.slow
def test_three_hundred_spaces_equal_the_truth_after_changes(made: Callable[..., Bench]) -> None:
    """The size of a real account: every row, after a first sync and after changes."""
    kinopio = made("kinopio", size=300)
    assert kinopio.sync().status == "complete"
    kinopio.assert_true()
    for seed in (1, 2, 3):
        kinopio.world.change(seed)
    assert kinopio.sync().status == "complete"
    kinopio.assert_true()
