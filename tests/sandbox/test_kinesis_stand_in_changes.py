"""What happens in the Kinesis stand-in between two reads."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kinesis import Kinesis
from sandbox.kinesis.visitor import read
from sandbox.service import Request


def test_an_edited_record_gets_a_new_id_at_the_end() -> None:
    """An edit reads as a deletion and an insertion; a publication and a change by a
    user-built route keep the id."""
    service = Kinesis()
    before = [row["data_id"] for row in service.truth()["records"] if _in_books(row)]
    new_id = service.edit_record("bookshop", "books", "d1", title="Neu")
    after = [row for row in service.truth()["records"] if _in_books(row)]
    assert [row["data_id"] for row in after] == [*before[1:], new_id]
    assert after[-1]["values"]["title"] == "Neu"
    service.edit_record_unseen("bookshop", "books", new_id, title="Still")
    service.publish_record("bookshop", "books", new_id, False)
    last = service.truth()["records"][len(before) - 1]
    assert (last["data_id"], last["published"], last["values"]["title"]) == (new_id, False, "Still")
    gone = service.delete_record("bookshop", "books", new_id)
    service.restore_record("bookshop", "books", gone)
    assert service.record("bookshop", "books", new_id) is gone
    with pytest.raises(KeyError):
        service.delete_record("bookshop", "books", "d1")


def _in_books(row: dict[str, Any]) -> bool:
    return bool(row["collection_id"] == "books")


def test_a_hook_changes_things_between_pages() -> None:
    """It is called with the number of the answer; a deletion moves the next page."""
    service = Kinesis()

    def delete_first(request: Request, number: int) -> None:
        if number == 1:
            service.delete_event(service.truth()["events"][0]["id"])

    ids = [row["id"] for row in service.truth()["events"]]
    service.after_answer.append(delete_first)
    first = read(service, "/event/fetch/all", limit=5, offset=0)
    second = read(service, "/event/fetch/all", limit=5, offset=1)
    assert [row["id"] for row in first["events"]] == ids[:5]
    assert [row["id"] for row in second["events"]] == ids[6:11]
    assert (first["amount"], second["amount"]) == (36, 35)


def test_event_times_have_up_to_nine_digits_and_truth_cuts_them() -> None:
    """The text as sent is kept beside the moment in microseconds."""
    service = Kinesis(size=100)
    service.add_event("test", "x", timestamp="2023-01-24 16:30:35.613638999 UTC")
    rows = service.truth()["events"]
    assert rows[-1]["timestamp"] == "2023-01-24T16:30:35.613638+00:00"
    assert {len(row["timestamp_raw"]) for row in rows} == {23, 27, 30, 33}
    assert all(row["timestamp_raw"].endswith(" UTC") for row in rows)
    service.jump_clock(-86400)
    service.add_event("test", "y")
    assert service.truth()["events"][-1]["timestamp"] < rows[-2]["timestamp"]


def test_renames_change_the_keys_of_everything_inside() -> None:
    """Projects, collections, structures and groups; values follow their structures."""
    service = Kinesis()
    service.rename_project("_lab", "lab2")
    service.rename_collection("lab2", "every_type", "all-types")
    service.rename_structure("lab2", "all-types", "text", "Text-2")
    service.rename_custom_structure("lab2", "all-types", "comment", "remark")
    truth = service.truth()
    for table in ("collections", "structures", "records", "routes"):
        assert not [row for row in truth[table] if row["project_id"] == "_lab"], table
    record = next(row for row in truth["records"] if row["collection_id"] == "all-types")
    assert record["values"]["Text-2"] and "text" not in record["values"]
    groups = {row["custom_structure_id"] for row in truth["structures"]}
    assert "remark" in groups and "comment" not in groups


def test_deleting_a_parent_deletes_all_inside_and_restoring_brings_it_back() -> None:
    """A project takes its collections, records and routes along; a collection its records."""
    service = Kinesis()
    before = service.truth()
    gone = service.delete_project("bookshop")
    assert not [row for row in service.truth()["records"] if row["project_id"] == "bookshop"]
    service.restore_project(gone)
    after = service.truth()
    for table in ("records", "routes", "structures", "project_members"):
        assert sorted(map(str, before[table])) == sorted(map(str, after[table]))
    service.delete_collection("bookshop", "books")
    assert not [row for row in service.truth()["structures"] if row["collection_id"] == "books"]


def test_structures_keep_their_positions_and_defaults_change_records() -> None:
    """Positions count from 0 in each group; another default alters how empty values read."""
    service = Kinesis()
    service.move_structure("_lab", "every_type", "text", 3)
    rows = [row for row in service.truth()["structures"] if row["collection_id"] == "every_type"]
    plain = [row for row in rows if not row["custom_structure_id"]]
    assert [row["position"] for row in plain] == list(range(len(plain)))
    assert plain[3]["id"] == "text"
    assert not [row for row in plain if row["id"] == "password" and "default_val" in row]
    before = service.truth()["records"]
    service.edit_structure("_lab", "every_type", "text_with_default", default_val="other")
    changed = [
        one for one, two in zip(before, service.truth()["records"], strict=True) if one != two
    ]
    assert changed and {row["collection_id"] for row in changed} == {"every_type"}


def test_people_change_with_and_without_events() -> None:
    """A registration tells an address, a profile change nothing; who is gone stays a member."""
    service = Kinesis()
    added = service.add_user()
    events = service.truth()["events"]
    assert events[-1]["description"].endswith("@mail.example>")
    service.edit_user(added, bio="new")
    service.rename_media(service.add_media(), "x.png")
    assert service.truth()["events"] == events
    service.add_member("empty", added)
    service.delete_user(added)
    truth = service.truth()
    assert {"project_id": "empty", "user_id": added} in truth["project_members"]
    assert added not in {row["id"] for row in truth["users"]}
    with pytest.raises(AttributeError, match="nonsense"):
        service.edit_user("1", nonsense=1)
