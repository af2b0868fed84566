"""Kinesis API: answers that mislead end no record that still exists, and lose none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pipelines.sync.runtime import Runtime
from sandbox import Request
from tests.kit.account import Bench
from tests.kit.kinesis import pages, plan

Make = Callable[..., Bench]


def deleted(result: Any) -> dict[str, int]:
    """How many rows ended, by table."""
    return {name: row["deleted"] for name, row in result.tables.items() if row["deleted"]}


def incomplete(result: Any) -> set[str]:
    """The tables that are not proved complete."""
    return {name for name, row in result.tables.items() if not row["complete"]}


def test_an_edit_between_two_pages_hides_no_record(made: Make) -> None:
    """An edit removes a row of page one and adds one at the end: the total stays the same, and
    the row that slipped over the border is neither lost at first nor deleted later. Pages
    overlap to show it, and still are no more than pages of 100 side by side would be."""
    kinesis = made("kinesis", size=700, max_in_flight=1)
    books = kinesis.world.collection("bookshop", "books").records
    edited: list[str] = []

    def edit(request: Request, _: int) -> None:
        if request.query.get("collection_id") == "books" and wanted:
            edited.append(wanted.pop())
            kinesis.world.edit_record("bookshop", "books", edited[-1], title="edited meanwhile")

    kinesis.world.after_answer.append(edit)
    for place in (3, 5):
        wanted = [books[place].data_id]
        assert kinesis.sync().status == "complete"
        assert len(books) > 100 and not wanted
        kinesis.assert_true({"records": kinesis.world.truth()["records"]})
        assert ("bookshop", "books", edited[-1]) not in kinesis.rows("records")
    kinesis.stand_in.reset()
    kinesis.sync()
    assert kinesis.stand_in.count() <= plan(kinesis) <= plan(kinesis, pages)


def test_lists_that_come_empty_end_nothing(synced: Make) -> None:
    """A file that is being rewritten reads as an empty list: the second look counts, and where
    the list stays empty, its rows stay with all that is in them."""
    kinesis = synced("kinesis", size=24)
    for resource in ("user", "config", "constraint", "media", "event", "project", "collection",
                     "data", "routing"):  # fmt: skip
        kinesis.world.spoil_next(resource, "empty")
    result = kinesis.sync()
    assert (result.status, deleted(result)) == ("complete", {})
    assert not kinesis.world.spoiling["data"]
    kinesis.confirm_empty_hours = 20
    kinesis.stand_in.faults.add("empty_list", match="/project/", times=None)
    result = kinesis.sync("projects", "records")
    assert incomplete(result) == set(result.tables)
    assert not deleted(result)
    kinesis.assert_true()


def test_who_is_not_root_deletes_nothing(synced: Make) -> None:
    """Lists of others are shortened without a word: every row stays, no such table is complete,
    and the same account as ROOT heals it."""
    kinesis = synced("kinesis", size=24)
    kinesis.world.switch("role", "AUTHOR")
    kinesis.world.change(4)
    kinesis.world.delete_structure("bookshop", "order", "Total")
    kinesis.world.delete_media(kinesis.world.store.medias[0].id)
    result = kinesis.sync()
    assert result.status == "partial"
    assert not deleted(result)
    # Everyone sees the constraints and the media; of these, one is missing.
    open_lists = {"constraints", "constraint_components"}
    assert incomplete(result) == set(kinesis.account.tables) - open_lists
    assert "not seen to be ROOT" in result.tables["projects"]["reason"]
    assert "1 row came no more" in result.tables["media"]["reason"]
    assert "_lab" in {row["id"] for row in kinesis.rows("projects").values()}
    assert not deleted(kinesis.sync("media"))
    kinesis.world.switch("role", "ROOT")
    assert kinesis.sync(full=True).status == "complete"
    kinesis.assert_true()


def test_lists_that_everyone_sees_whole_are_complete_without_root(synced: Make) -> None:
    """An ADMIN gets all constraints, media and events: an account that keeps these is complete
    until one of them vanishes, which only ROOT can tell from a list that was shortened."""
    keeps = ["constraints", "constraint_components", "media", "events"]
    kinesis = synced("kinesis", size=12, switches={"role": "ADMIN"}, include=keeps)
    kinesis.world.delete_event(kinesis.world.store.events[0].id)
    result = kinesis.sync()
    assert (incomplete(result), deleted(result)) == ({"events"}, {})
    kinesis.world.switch("role", "ROOT")
    result = kinesis.sync(full=True)
    assert (result.status, deleted(result)) == ("complete", {"events": 1})


def test_a_token_that_may_not_read_one_list_fails_that_list_alone(synced: Make) -> None:
    """A refused list is no empty list, and the other tables are complete."""
    kinesis = synced("kinesis", size=24)
    kinesis.world.switch("token_lacks", ("event", "config"))
    result = kinesis.sync()
    assert result.status == "partial"
    assert (incomplete(result), deleted(result)) == ({"events", "configs"}, {})


@pytest.mark.parametrize("status", [500, 401])
def test_a_token_out_of_its_time_is_named_at_once(made: Make, status: int) -> None:
    """It looks like a fault of the service and is none: no retry, and a word on what to do."""
    switches = {"token_state": "expired", "expired_token": status, "credential": "token"}
    result = made("kinesis", switches=switches).sync()
    assert (result.status, result.requests) == ("failed", 1)
    assert "KINESIS_API_TOKEN" in str(result.error)


class Strict(httpx.BaseTransport):
    """The stand-in behind a limit: more than 100 rows at once are refused, in the 200's body."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.refused = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if int(request.url.params.get("limit", "0")) > 100:
            self.refused += 1
            return httpx.Response(200, json={"status": 422, "message": "Error: limit too high"})
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def test_a_limit_that_is_refused_becomes_a_usual_one(made: Make) -> None:
    """Nobody knows the greatest one: where 120 rows are too many, 100 are asked for."""
    kinesis, strict = made("kinesis", size=24), Strict()
    for full in (False, False, True):
        strict.refused = 0
        result = kinesis.sync(full=full, runtime=Runtime(transport=strict))
        assert (result.status, deleted(result)) == ("complete", {})
        assert strict.refused > 10
    kinesis.assert_true()


def test_renamed_ids_move_everything_inside(synced: Make) -> None:
    """New ids are new keys: the rows under the old ones end with their parent."""
    kinesis = synced("kinesis", size=24)
    kinesis.world.rename_project("bookshop", "book-shop")
    kinesis.world.rename_collection("_lab", "every_type", "any_type")
    kinesis.world.move_structure("field-notes", "2025-trips", "photos", 0)
    result = kinesis.sync("projects")
    assert result.status == "complete"
    truth = kinesis.world.truth()
    kinesis.assert_true({table: truth[table] for table in result.tables})
    assert kinesis.query(
        "SELECT DISTINCT _ended_by, _evidence FROM kinesis.records_history "
        "WHERE project_id = 'bookshop' AND collection_id = 'customers'"
    ) == [("deleted", "its collections row ended")]
    # The order of values follows the structures and says nothing of the record.
    assert result.tables["records"]["updated"] == 0
    assert result.tables["structures"]["updated"] == 5


def test_most_records_gone_at_once_wait_for_a_second_word(synced: Make) -> None:
    """A few of each collection add up to a suspicious whole: it is held back, then believed."""
    kinesis = synced("kinesis", size=100)
    standing = len(kinesis.rows("records"))
    for _, collection in kinesis.world.collections():
        del collection.records[1:]
    left = len(kinesis.world.truth()["records"])
    assert 0 < left < standing / 2
    result = kinesis.sync("records")
    assert incomplete(result) == {"records"}
    assert f"{standing - left} of {standing} rows vanished" in result.tables["records"]["reason"]
    assert len(kinesis.rows("records")) == standing
    assert kinesis.sync("records").status == "complete"
    assert len(kinesis.rows("records")) == left


def test_records_alone_end_with_their_collection(synced: Make) -> None:
    """An account that keeps only records loses those of a collection that is gone."""
    kinesis = synced("kinesis", size=24, include=["records"])
    kinesis.world.delete_collection("bookshop", "customers")
    kinesis.world.delete_project("elsewhere")
    assert kinesis.sync().status == "complete"
    kinesis.assert_true()
