"""Kitemaker: what ends, and what only looks as if it had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import Request
from tests.kit.account import Bench
from tests.kit.kitemaker import all_shown, assert_true, items_of, spaces_of, synced


def deleted(result: Any) -> dict[str, int]:
    """Table -> rows that a sync ended."""
    return {name: row["deleted"] for name, row in result.tables.items() if row["deleted"]}


def evidence(kitemaker: Bench, table: str, row_id: str) -> list[str]:
    return [
        row[0]
        for row in kitemaker.query(
            f"SELECT _evidence FROM kitemaker.{table}_history "
            "WHERE id = ? AND _ended_by = 'deleted'",
            row_id,
        )
    ]


def test_a_move_is_no_end_even_in_the_middle_of_a_pass(tmp_path: Path) -> None:
    """An item that moves from a space that is still to be read into one that was read is on no
    page; its id finds it, and the row goes on with a new number in another space."""
    with synced(tmp_path) as kitemaker:
        item, others = items_of(kitemaker, "MOB")[0], spaces_of(kitemaker)
        number = item.number

        def move(request: Request, _: int) -> None:
            if others["KM"].encode() in request.body and item.space.key == "MOB":
                kitemaker.world.move_work_item(item.id, others["KM"])

        kitemaker.world.after_answer.append(move)
        result = kitemaker.sync(full=True)
        assert result.status == "complete"
        assert "work_items" not in deleted(result)
        past = kitemaker.query(
            "SELECT number, space_id, _ended_by FROM kitemaker.work_items_history WHERE id = ?",
            item.id,
        )
        assert past == [(number, others["MOB"], "updated")]
        assert_true(kitemaker)
        kitemaker.world.move_work_item(item.id, others["EMPTY"])
        assert "work_items" not in deleted(kitemaker.sync())
        assert_true(kitemaker)


def test_a_deleted_work_item_takes_its_comments_and_may_return(tmp_path: Path) -> None:
    """Its evidence names how it was looked for; the same id, number and times come back."""
    with synced(tmp_path) as kitemaker:
        item = next(i for i in items_of(kitemaker, "KM") if len(i.comments) > 1)
        gone = item.comments[0].id
        other = next(i for i in items_of(kitemaker, "KM") if i.comments and i is not item)
        kitemaker.world.delete_comment(other.comments[0].id)
        kitemaker.world.delete_work_item(item.id)
        result = kitemaker.sync()
        assert deleted(result)["work_items"] == 1
        assert deleted(result)["comments"] == len(item.comments) + 1
        assert evidence(kitemaker, "work_items", item.id) == [
            "in no list of any space, and 404 on its own address"
        ]
        assert evidence(kitemaker, "comments", gone) == ["its work_items row ended"]
        assert_true(kitemaker)
        kitemaker.world.return_work_item(item.id)
        assert kitemaker.sync().tables["work_items"]["inserted"] == 1
        assert_true(kitemaker)


def test_another_token_ends_nothing(tmp_path: Path) -> None:
    """An application's token does not see the private space: it stays, in this pass and later,
    while what both tokens see ends in the pass after this one."""
    with synced(tmp_path) as kitemaker:
        private = len(items_of(kitemaker, "SEC"))
        item = items_of(kitemaker, "KM")[0]
        kitemaker.world.switch("token", "application")
        kitemaker.world.delete_work_item(item.id)
        first = kitemaker.sync(full=True)
        held_back = {row["reason"] for row in first.tables.values() if not row["complete"]}
        assert all("the token is another one than last time" in reason for reason in held_back)
        assert deleted(first) == {}
        assert any("the token has changed" in message for message in first.messages)
        second = kitemaker.sync(full=True)
        assert deleted(second)["work_items"] == 1
        assert any("it is kept" in message for message in second.messages)
        kept = (
            "SELECT count(*) FROM kitemaker.work_items "
            "JOIN kitemaker.spaces s ON s.id = space_id AND s.key = 'SEC'"
        )
        assert kitemaker.query(kept) == [(private,)]
        links = "SELECT count(*) > 0 FROM kitemaker.initiative_spaces i JOIN kitemaker.spaces s "
        assert kitemaker.query(links + "ON s.id = i.space_id AND s.key = 'SEC'") == [(True,)]


@pytest.mark.slow
def test_a_space_that_becomes_private_ends_and_comes_back(tmp_path: Path) -> None:
    """The same token saw it and its address answers 404: it goes with all that is in it."""
    with synced(tmp_path) as kitemaker:
        mobile = spaces_of(kitemaker)["MOB"]
        count = len(items_of(kitemaker, "MOB"))
        kitemaker.world.hide_space(mobile)
        result = kitemaker.sync()
        assert result.status == "complete"
        assert deleted(result)["work_items"] == count
        assert (deleted(result)["spaces"], deleted(result)["statuses"]) == (1, 5)
        assert_true(kitemaker)
        kitemaker.world.show_space(mobile)
        assert kitemaker.sync().tables["work_items"]["inserted"] == count
        assert_true(kitemaker)


@pytest.mark.parametrize(
    "transport", ["auto", *(pytest.param(t, marks=pytest.mark.slow) for t in ("graphql", "rest"))]
)
def test_a_space_that_may_no_longer_be_seen_is_kept(tmp_path: Path, transport: str) -> None:
    """The service says forbidden, which is not gone: the space stays with all that is in it and
    all that links to it, the sync says so, and it goes on where access is given back."""
    with synced(tmp_path, transport) as kitemaker:
        mobile = spaces_of(kitemaker)["MOB"]
        held = {name: len(kitemaker.rows(name)) for name in ("spaces", "work_items", "comments")}
        kitemaker.world.switch("hidden_space", "forbidden")
        kitemaker.world.hide_space(mobile)
        for full in (False, True):
            result = kitemaker.sync(full=full)
            assert all_shown(result)
            assert deleted(result) == {}
            assert any(mobile in message and "kept" in message for message in result.messages)
        assert held == {name: len(kitemaker.rows(name)) for name in held}
        kitemaker.world.show_space(mobile)
        kitemaker.world.edit_work_item(items_of(kitemaker, "MOB")[0].id, title="Back again")
        assert deleted(kitemaker.sync()) == {}
        assert_true(kitemaker)


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["auto", "rest", "graphql"])
def test_lists_that_come_empty_end_nothing(tmp_path: Path, transport: str) -> None:
    """Every list of a later and of a full pass comes empty: nothing ends, the tables say why,
    and the next calm pass finds everything as it was."""
    with synced(tmp_path, transport) as kitemaker:
        kitemaker.confirm_empty_hours = 20
        recent = kitemaker.stand_in.faults.add("empty_list", match="/rest/", times=None)
        lied = kitemaker.sync()
        assert (transport == "graphql") is not bool(recent.fired)
        assert deleted(lied) == {}
        fault = kitemaker.stand_in.faults.add("empty_list", times=None)
        lied = kitemaker.sync(full=True)
        assert fault.fired or recent.fired
        assert deleted(lied) == {}
        assert lied.status == "partial"
        assert all(row["complete"] or row["reason"] for row in lied.tables.values())
        kitemaker.stand_in.faults.clear()
        assert all_shown(kitemaker.sync(full=True))
        assert_true(kitemaker)


def test_partial_data_beside_errors_is_no_answer(tmp_path: Path) -> None:
    """GraphQL's errors come with HTTP 200, here with half of the rows: nothing ends."""
    with synced(tmp_path, "graphql") as kitemaker:
        kitemaker.world.fail_graphql(times=100, partly=True)
        result = kitemaker.sync(full=True)
        assert result.status == "failed"
        assert "Something went wrong" in str(result.error)
        assert kitemaker.query("SELECT count(*) FROM kitemaker.work_items_history") == [(0,)]


def test_rest_ends_a_number_only_while_others_are_found(tmp_path: Path) -> None:
    """A deleted initiative answers 404 and ends. When every feedback does, the address is gone:
    the other one is found, and nothing ends; where that is gone too, all is kept."""
    with synced(tmp_path, "rest") as kitemaker:
        initiative = next(iter(kitemaker.world.world.initiatives.values()))
        kitemaker.world.delete_initiative(initiative.id)
        kitemaker.world.switch("feedback_address", "path")
        result = kitemaker.sync()
        assert deleted(result)["initiatives"] == 1
        assert evidence(kitemaker, "initiatives", initiative.id) == ["404 on its own address"]
        assert result.tables["feedback"]["complete"]
        assert "feedback" not in deleted(result)
        kitemaker.stand_in.faults.add("status", match="/feedback", status=404, times=None)
        result = kitemaker.sync()
        assert kitemaker.stand_in.faults.fired() > 1
        assert not result.tables["feedback"]["complete"]
        assert "feedback" not in deleted(result)
        kitemaker.stand_in.faults.clear()
        assert all_shown(kitemaker.sync())
        assert_true(kitemaker)
