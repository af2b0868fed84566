"""Kinesis API: answers that mislead end no record that still exists, and lose none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.sync.runtime import Runtime
from sandbox import Request
from tests.kit.account import Bench, bench
from tests.kit.kinesis import pages, plan

INSIDE_PROJECTS = ("projects", "project_members", "collections", "custom_structures", "structures",
                   "records", "routes")  # fmt: skip


def deleted(result: Any) -> dict[str, int]:
    """How many rows ended, by table."""
    return {name: row["deleted"] for name, row in result.tables.items() if row["deleted"]}


def incomplete(result: Any) -> set[str]:
    """The tables that are not proved complete."""
    return {name for name, row in result.tables.items() if not row["complete"]}


def at_answer(bench: Bench, path: str, number: int, change: Callable[[], Any]) -> None:
    """Make a change once, right after the given answer (from 1) to a path."""
    seen = [0]

    def call(request: Request, _: int) -> None:
        seen[0] += request.path.startswith(path)
        if seen[0] == number and request.path.startswith(path):
            seen[0] += 1
            change()

    bench.world.after_answer.append(call)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An account that was synced once; the tests go on from each other."""
    yield from shared(tmp_path_factory.mktemp("kinesis"))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One whose lists take several pages, asked for one after the other."""
    yield from shared(tmp_path_factory.mktemp("long"), size=700, max_in_flight=1)


def shared(folder: Path, **more: Any) -> Iterator[Bench]:
    found = bench(folder, "kinesis", **more)
    assert found.sync().status == "complete"
    yield found
    found.box.__exit__(None, None, None)
    assert not found.stand_in.errors


def test_lists_of_several_pages_come_whole(long: Bench) -> None:
    """Page by page, and again after a round of changes; so do the new events at their end.
    Pages overlap, so that an edit between two of them shows, and still are not more."""
    assert len(long.world.store.events) > 300
    assert long.stand_in.count() == plan(long) <= plan(long, pages)
    long.assert_true()
    long.world.change(3)
    assert long.sync().status == "complete"
    long.assert_true()


def test_an_edit_between_two_pages_hides_no_record(made: Callable[..., Bench], long: Bench) -> None:
    """An edit removes a row of page one and adds one at the end: the total stays the same, and
    the row that slipped over the border is neither lost at first nor deleted later."""
    first = made("kinesis", size=700, max_in_flight=1, include=["records"])
    for kinesis in (first, long):
        books = kinesis.world.collection("bookshop", "books").records
        assert len(books) > 100
        old = books[3].data_id

        def edit(kinesis: Bench = kinesis, old: str = old) -> None:
            kinesis.world.edit_record("bookshop", "books", old, title="edited between the pages")

        at_answer(kinesis, "/data/", 1, edit)
        assert kinesis.sync("records").status == "complete"
        kinesis.assert_true({"records": kinesis.world.truth()["records"]})
        assert ("bookshop", "books", old) not in kinesis.rows("records")
        kinesis.world.after_answer.clear()


def test_a_list_that_moves_in_each_pass_ends_nothing(long: Bench) -> None:
    """What keeps moving is loaded, called incomplete, and deletes nothing."""
    kinesis = long
    kept = len(kinesis.rows("records"))
    books = [record.data_id for record in kinesis.world.collection("bookshop", "books").records]

    def edit(request: Request, _: int) -> None:
        if request.query.get("collection_id") == "books":
            kinesis.world.edit_record("bookshop", "books", books.pop(0))

    kinesis.world.after_answer.append(edit)
    result = kinesis.sync("records")
    assert incomplete(result) == {"records"}
    assert "moved while the pages were read" in result.tables["records"]["reason"]
    assert not deleted(result)
    assert len(kinesis.rows("records")) > kept
    kinesis.world.after_answer.clear()
    assert kinesis.sync().status == "complete"
    kinesis.assert_true()


def test_a_list_that_is_empty_once_is_asked_again(synced: Bench) -> None:
    """A file that is being rewritten reads as an empty list: the second look counts."""
    kinesis = synced
    for resource in ("user", "config", "constraint", "media", "event", "project", "collection",
                     "data", "routing"):  # fmt: skip
        kinesis.world.spoil_next(resource, "empty")
    result = kinesis.sync()
    assert result.status == "complete"
    assert not deleted(result)
    assert not kinesis.world.spoiling["data"]
    kinesis.assert_true()


def test_lists_that_stay_empty_are_believed_a_day_later(synced: Bench) -> None:
    """Projects (with all that is in them) while others have rows, and emptied collections."""
    kinesis, world = synced, synced.world
    kinesis.confirm_empty_hours = 20
    everything = len(kinesis.rows("records"))
    kinesis.stand_in.faults.add("empty_list", match="/project/", times=None)
    result = kinesis.sync("records")
    assert incomplete(result) >= set(INSIDE_PROJECTS)
    assert not deleted(result)
    assert len(kinesis.rows("records")) == everything

    kinesis.stand_in.faults.clear()
    for place in (("elsewhere", "ledger"), ("bookshop", "books")):
        world.collection(*place).records.clear()
    result = kinesis.sync("records")
    assert incomplete(result) == {"records"}
    assert "came empty where rows were" in result.tables["records"]["reason"]
    assert len(kinesis.rows("records")) == everything
    tomorrow = replace(kinesis.runtime, now=lambda: datetime.now(UTC) + timedelta(hours=21))
    assert kinesis.sync("records", runtime=tomorrow).status == "complete"
    kinesis.confirm_empty_hours = 0
    kinesis.assert_true()


def test_who_is_not_root_deletes_nothing(synced: Bench) -> None:
    """Lists of others are shortened without a word: every row stays, no such table is complete,
    and the same account as ROOT heals it."""
    kinesis = synced
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
    assert "came no more" in result.tables["media"]["reason"]
    assert "_lab" in {row["id"] for row in kinesis.rows("projects").values()}
    result = kinesis.sync("media")
    assert not deleted(result)
    kinesis.world.switch("role", "ROOT")
    assert kinesis.sync(full=True).status == "complete"
    kinesis.assert_true()


def test_lists_that_everyone_sees_whole_are_complete_without_root(
    made: Callable[..., Bench],
) -> None:
    """An ADMIN gets all constraints, media and events: an account that keeps these is complete
    until one of them vanishes, which only ROOT can tell from a list that was shortened."""
    keeps = ["constraints", "constraint_components", "media", "events"]
    kinesis = made("kinesis", size=12, switches={"role": "ADMIN"}, include=keeps)
    assert kinesis.sync().status == "complete"
    kinesis.world.delete_event(kinesis.world.store.events[0].id)
    result = kinesis.sync()
    assert incomplete(result) == {"events"}
    assert not deleted(result)
    kinesis.world.switch("role", "ROOT")
    result = kinesis.sync(full=True)
    assert (result.status, deleted(result)) == ("complete", {"events": 1})


def test_a_token_that_may_not_read_one_list_fails_that_list_alone(synced: Bench) -> None:
    """A refused list is no empty list, and the other tables are complete."""
    kinesis = synced
    kinesis.world.switch("token_lacks", ("event", "config"))
    result = kinesis.sync()
    kinesis.world.switch("token_lacks", ())
    assert result.status == "partial"
    assert incomplete(result) == {"events", "configs"}
    assert not deleted(result)


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


def test_a_limit_that_is_refused_becomes_a_usual_one(synced: Bench) -> None:
    """Nobody knows the greatest one: where 120 rows are too many, 100 are asked for."""
    kinesis, strict = synced, Strict()
    for full in (False, True):
        strict.refused = 0
        result = kinesis.sync(full=full, runtime=Runtime(transport=strict))
        assert result.status == "complete"
        assert strict.refused > 10
        assert not deleted(result)
    kinesis.assert_true()


def test_failures_in_odd_bodies_are_asked_again(synced: Bench) -> None:
    """Status 200 around an error without a status, or with one as text, is a failure."""
    kinesis = synced
    for resource, form in (("user", "statusless"), ("data", "string_status"), ("event", "storage")):
        kinesis.world.spoil_next(resource, form)
    result = kinesis.sync()
    assert result.status == "complete"
    assert result.retries == 3
    kinesis.assert_true()


def test_renamed_ids_move_everything_inside(synced: Bench) -> None:
    """New ids are new keys: the rows under the old ones end with their parent."""
    kinesis = synced
    kinesis.world.rename_project("bookshop", "book-shop")
    kinesis.world.rename_collection("_lab", "every_type", "any_type")
    kinesis.world.move_structure("field-notes", "2025-trips", "photos", 0)
    result = kinesis.sync("projects")
    assert result.status == "complete"
    truth = kinesis.world.truth()
    kinesis.assert_true({table: truth[table] for table in result.tables if table in truth})
    ended = kinesis.query(
        "SELECT DISTINCT _ended_by, _evidence FROM kinesis.records_history "
        "WHERE project_id = 'bookshop' AND collection_id = 'customers' "
        "AND _valid_to = (SELECT max(_valid_to) FROM kinesis.records_history)"
    )
    assert ended == [("deleted", "its collections row ended")]
    # The order of values follows the structures and says nothing of the record.
    assert result.tables["records"]["updated"] == 0
    assert result.tables["structures"]["updated"] == 5


def test_a_new_field_becomes_a_column(synced: Bench) -> None:
    """Fields of a later release are kept beside the known ones; `_raw` keeps nested ones."""
    kinesis = synced
    for resource in ("user", "project", "collection", "structure", "data", "routing", "media"):
        kinesis.world.grow_field(resource, "lastEdited", 17)
    kinesis.world.grow_field("constraint", "since", "2.0")
    kinesis.world.grow_field("user", "badges", [{"name": "early"}])
    assert kinesis.sync().status == "complete"
    for table in ("users", "projects", "collections", "structures", "records", "routes", "media"):
        assert {row["last_edited"] for row in kinesis.rows(table).values()} == {17}
    assert {row["since"] for row in kinesis.rows("constraint_components").values()} == {"2.0"}
    raw = kinesis.query("SELECT DISTINCT _raw->>'$.badges[0].name' FROM kinesis.users")
    assert raw == [("early",)]


def test_most_records_gone_at_once_wait_for_a_second_word(synced: Bench) -> None:
    """A few of each collection add up to a suspicious whole: it is held back, then believed."""
    kinesis = synced
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


def test_records_alone_end_with_their_collection(made: Callable[..., Bench]) -> None:
    """An account that keeps only records loses those of a collection that is gone."""
    kinesis = made("kinesis", size=24, include=["records"])
    assert kinesis.sync().status == "complete"
    kinesis.world.delete_collection("bookshop", "customers")
    kinesis.world.delete_project("elsewhere")
    assert kinesis.sync().status == "complete"
    kinesis.assert_true()


@pytest.mark.parametrize("status", [500, 401])
def test_a_token_out_of_its_time_is_named_at_once(made: Callable[..., Bench], status: int) -> None:
    """It looks like a fault of the service and is none: no retry, and a word on what to do."""
    kinesis = made(
        "kinesis",
        switches={"token_state": "expired", "expired_token": status, "credential": "token"},
    )
    result = kinesis.sync()
    assert result.status == "failed"
    assert "KINESIS_API_TOKEN" in str(result.error)
    assert result.requests == 1
