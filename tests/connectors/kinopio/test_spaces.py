"""Kinopio: spaces that come, go and are shown elsewhere; and who wrote their cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.account import Bench

Make = Callable[..., Bench]


@pytest.fixture
def kinopio(synced: Make) -> Bench:
    return synced("kinopio", size=30)


def space(bench: Bench, space_id: str) -> dict[str, Any] | None:
    return bench.rows("spaces").get((space_id,))


def test_a_space_to_which_access_was_lost_stays_and_goes_on_when_it_is_regained(
    kinopio: Bench,
) -> None:
    """A 401 at its address is no end, in no pass; what it holds stays as well."""
    lost = kinopio.world.space_ids("shared")[0]
    cards = len([key for key in kinopio.rows("cards") if key[0] == lost])
    kinopio.world.lose_access(lost)
    for full in (False, True):
        assert kinopio.sync(full=full).tables["spaces"]["deleted"] == 0
        assert space(kinopio, lost) is not None
        assert len([key for key in kinopio.rows("cards") if key[0] == lost]) == cards
    kinopio.world.regain_access(lost)
    kinopio.world.rename_space(lost, "Back again")
    assert kinopio.sync().status == "complete"
    found = space(kinopio, lost)
    assert found is not None
    assert found["name"] == "Back again"


def test_a_space_removed_by_a_collaborator_is_read_at_its_own_address(kinopio: Bench) -> None:
    """No list shows it any more, yet it exists: it stays, with its flag."""
    removed = kinopio.world.space_ids("owned")[0]
    kinopio.world.remove_space_by_collaborator(removed)
    assert kinopio.sync().tables["spaces"]["deleted"] == 0
    found = space(kinopio, removed)
    assert found is not None
    assert found["is_removed"]


def test_a_deleted_space_ends_with_all_in_it(kinopio: Bench) -> None:
    """404 at its own address is the evidence, kept beside the last version."""
    deleted = kinopio.world.space_ids("owned")[0]
    kinopio.world.delete_space(deleted)
    assert kinopio.sync().status == "complete"
    assert space(kinopio, deleted) is None
    assert not [key for key in kinopio.rows("cards") if key[0] == deleted]
    ended = kinopio.query(
        "SELECT _ended_by, _evidence FROM kinopio.spaces_history WHERE id = ? AND _ended_by = "
        "'deleted'",
        deleted,
    )
    assert ended == [("deleted", "404 on its own address")]


SPECIAL = {"hidden": "is_hidden", "template": "is_template", "group": "group_id IS NOT NULL"}
"""Kind of space -> its mark."""


def test_spaces_that_only_a_list_of_their_kind_names_are_kept_and_kept_current(made: Make) -> None:
    """Hidden spaces, templates and spaces of groups may be missing in the list of all spaces."""
    kinopio = made("kinopio", size=20, switches={f"{kind}_spaces": "left_out" for kind in SPECIAL})
    assert kinopio.sync().status == "complete"
    kinopio.assert_true()
    renamed = {
        row[0]: f"Renamed {kind}"
        for kind, mark in SPECIAL.items()
        for row in kinopio.query(f"SELECT id FROM kinopio.spaces WHERE {mark} AND NOT is_removed")
    }
    assert set(renamed.values()) == {f"Renamed {kind}" for kind in SPECIAL}
    for space_id, name in renamed.items():
        kinopio.world.rename_space(space_id, name)
    kinopio.stand_in.reset()
    assert kinopio.sync().status == "complete"
    for kind in SPECIAL:
        assert kinopio.stand_in.count(f"/user/{kind}-spaces") == 1
    names = {key[0]: row["name"] for key, row in kinopio.rows("spaces").items()}
    assert {space_id: names[space_id] for space_id in renamed} == renamed


def test_lists_that_are_not_served_cost_nothing_but_one_request_each_in_full_passes(
    made: Make,
) -> None:
    """A 404 is a soft skip: every table is complete, and other passes do not ask."""
    kinopio = made("kinopio", size=12, switches={"newer_lists": "gone"})
    assert kinopio.sync().status == "complete"
    kinopio.stand_in.reset()
    assert kinopio.sync().status == "complete"
    assert not kinopio.stand_in.count("/user/hidden-spaces")


def test_authors_of_cards_are_kept_and_asked_for_once(kinopio: Bench) -> None:
    """Whoever wrote a card is among the users; unknown ones are not asked for at each sync."""
    users = {key[0] for key in kinopio.rows("users")}
    authors = {row["user_id"] for row in kinopio.rows("cards").values()} - {None}
    unknown = {author for author in authors if author.startswith("gone-account")}
    assert unknown
    assert authors - users == unknown
    kinopio.stand_in.reset()
    kinopio.sync()
    assert not kinopio.stand_in.count("/user/public/multiple")
    kinopio.sync(full=True)
    assert kinopio.stand_in.count("/user/public/multiple") == 1


def test_removed_cards_that_come_empty_once_or_are_refused_end_nothing(kinopio: Bench) -> None:
    """An empty list is doubted, and a refusal shows nothing."""
    owned = [s for s in kinopio.world.space_ids("owned") if kinopio.world.card_ids(s, True)]
    emptied, refused = owned[:2]
    known = {key for key, row in kinopio.rows("cards").items() if row["is_removed"]}
    for space_id in (emptied, refused):
        kinopio.world.rename_space(space_id, "Touched")
    faults = kinopio.stand_in.faults
    faults.add("empty_list", match=f"*{emptied}/removed*", times=1)
    faults.add("status", match=f"*{refused}/removed*", status=401, times=None)
    kinopio.sync()
    assert faults.fired("empty_list") == 1
    assert faults.fired("status") >= 1
    assert known == {key for key, row in kinopio.rows("cards").items() if row["is_removed"]}
