"""Kitemaker: the copy equals the sandbox's truth, by either transport and in whatever form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.account import Bench, forms, named
from tests.kit.kitemaker import (
    all_shown,
    assert_true,
    full_by_graphql,
    full_by_rest,
    later,
    nothing_changed,
    synced,
)

DEFAULT: dict[str, Any] = {}
MIXED = {
    "token": "application",
    "recent_order": "unordered",
    "graphql_number": "prefixed",
    "cursor_key": "id",
    "cursor_direction": "newest_first",
    "count_above_50": "refuse",
    "graphql_default_count": 20,
    "recent_default_count": 10,
    "work_items_without_space": "refuse",
    "comment_bumps_work_item": True,
    "rename_bumps_work_item": True,
}
SEEN_ALIKE = {name: value for name, value in MIXED.items() if name != "token"}
"""Another token has a first sync of its own, further below."""
HIDDEN = {
    "rest_lists_hold_archived": False,
    "archived_unless_asked": "left_out",
    "move_bumps_work_item": False,
    "graphql_error_status": 400,
    "graphql_unauthorized_status": 200,
}
OBJECTS = {
    "initiative_shape": "object",
    "feedback_address": "path",
    "rest_person": "object",
    "rest_lists_hold_archived": False,
    "move_bumps_work_item": False,
    "recent_order": "unordered",
}
NAMES = {"feedback_address": "parameter", "rest_person": "name"}


def alone(*groups: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value} for group in groups for name, value in group.items()]


@pytest.mark.parametrize(
    "switches", forms([], [HIDDEN, DEFAULT, *alone(SEEN_ALIKE, HIDDEN)]), ids=named
)
def test_auto_equals_the_truth_after_every_kind_of_pass(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    """After a first sync, after two rounds of changes (by REST), and after a full pass."""
    with synced(tmp_path, switches=switches) as kitemaker:
        assert_true(kitemaker)
        for seed in (1, 2):
            kitemaker.world.change(seed)
            assert kitemaker.sync().status == "complete"
            assert_true(kitemaker)
        if switches is not HIDDEN:
            assert nothing_changed(kitemaker.sync(full=True))
            assert_true(kitemaker)


@pytest.mark.parametrize("transport", ["auto", pytest.param("graphql", marks=pytest.mark.slow)])
def test_every_other_form_of_what_is_unknown_is_taken(
    made: Callable[..., Bench], transport: str
) -> None:
    """An application's token, numbers with prefixes, pages in another order, lists without one."""
    kitemaker = made("kitemaker", switches=MIXED, transport=transport)
    assert kitemaker.sync().requests == 1 + full_by_graphql(kitemaker)  # whose data it is
    assert_true(kitemaker)
    kitemaker.world.change(1)
    assert kitemaker.sync().status == "complete"
    assert_true(kitemaker)


def test_graphql_alone_equals_the_truth(tmp_path: Path) -> None:
    """Without REST every pass reads all work items, initiatives and feedback."""
    with synced(tmp_path, "graphql") as kitemaker:
        kitemaker.world.change(1)
        assert kitemaker.sync().status == "complete"
        assert_true(kitemaker)
        assert kitemaker.stand_in.count("/developers/rest") == 0


@pytest.mark.parametrize(
    "switches", forms([OBJECTS], [DEFAULT, NAMES, *alone(OBJECTS, MIXED)]), ids=named
)
def test_rest_alone_equals_what_rest_can_show(
    made: Callable[..., Bench], switches: dict[str, Any]
) -> None:
    """Numbers at first, recent lists later; statuses, labels and hidden items once a day."""
    kitemaker = made("kitemaker", switches=switches, transport="rest")
    asked = full_by_rest(kitemaker)
    found_out = 1 if switches.get("feedback_address") == "path" else 0
    first = kitemaker.sync()
    assert all_shown(first), first.tables
    assert first.requests == asked + found_out
    assert_true(kitemaker)
    kitemaker.world.change(1)
    assert all_shown(later(kitemaker, days=1))
    assert_true(kitemaker)
    kitemaker.world.change(2)
    assert all_shown(later(kitemaker, days=2, full="feedback_address" in switches))
    assert_true(kitemaker)
    assert kitemaker.stand_in.count("/developers/graphql") == 0


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["auto", "graphql"])
def test_spaces_of_many_pages_equal_the_truth(made: Callable[..., Bench], transport: str) -> None:
    """More than 50 work items and comments in a space; a comment deleted from an old work item
    shows in the next full pass alone."""
    kitemaker = made("kitemaker", size=260, transport=transport)
    assert kitemaker.sync().requests == 1 + full_by_graphql(kitemaker)  # whose data it is
    assert_true(kitemaker)
    for seed in (2, 3):
        kitemaker.world.change(seed)
        assert kitemaker.sync().status == "complete"
    kitemaker.sync(full=True)
    assert_true(kitemaker)
