"""Lists, single records and files of the Kinesis stand-in, in each form that is open."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from sandbox.kinesis import Kinesis
from sandbox.kinesis.switches import SWITCHES
from sandbox.kinesis.visitor import ask, body, login, read
from sandbox.service import Request

EVERY = {"project_id": "_lab", "collection_id": "every_type"}


@pytest.mark.parametrize("suffix", ["fetch/all", "fetch", "both"])
def test_lists_answer_under_their_ending_only(suffix: str) -> None:
    """The other ending is an unknown address: 404 as HTML."""
    service = Kinesis(switches={"list_suffix": suffix})
    for ending in ("fetch/all", "fetch"):
        response = ask(service, f"/project/{ending}")
        good = suffix in (ending, "both")
        assert response.status == (200 if good else 404)
        assert response.headers["Content-Type"].startswith("application/json") is good


def test_offset_counts_pages() -> None:
    """limit 0 or absent is everything; past the end is empty with the same amount; what is
    no number counts as absent."""
    service = Kinesis()
    whole = read(service, "/event/fetch/all")
    assert len(whole["events"]) == whole["amount"] == 36
    second = read(service, "/event/fetch/all", limit=10, offset=1)
    assert second["events"] == whole["events"][10:20]
    past = read(service, "/event/fetch/all", limit=10, offset=9)
    assert (past["events"], past["amount"]) == ([], 36)
    for odd in ({"limit": 0, "offset": 3}, {"limit": -5}, {"limit": "x"}, {"offset": 2}):
        assert read(service, "/event/fetch/all", **odd) == whole
    assert len(read(service, "/event/fetch/all", limit=10, offset=-1)["events"]) == 10


def test_offset_can_count_items_and_limits_can_differ() -> None:
    """The switches of paging: unit, default, maximum, amount, order."""
    service = Kinesis(switches={"offset_unit": "item"})
    whole = read(service, "/event/fetch/all")["events"]
    page = read(service, "/event/fetch/all", limit=10, offset=1)["events"]
    assert page == whole[1:11]
    service.switch("offset_unit", "page")
    service.switch("maximum_limit", 7)
    assert read(service, "/event/fetch/all", limit=10, offset=1)["events"] == whole[7:14]
    assert len(read(service, "/event/fetch/all")["events"]) == 7
    service.switch("maximum_limit", 0)
    service.switch("default_limit", 5)
    assert read(service, "/event/fetch/all", offset=1)["events"] == whole[5:10]
    service.switch("default_limit", 0)
    service.switch("event_order", "newest_first")
    assert read(service, "/event/fetch/all")["events"] == whole[::-1]
    users = read(service, "/user/fetch/all")["users"]
    service.switch("list_order", "newest_first")
    assert read(service, "/user/fetch/all")["users"] == users[::-1]
    service.switch("amount", "absent")
    assert "amount" not in read(service, "/event/fetch/all")


def test_payloads_come_under_their_name_or_under_data() -> None:
    """Three forms with the same rows; login keeps its named members."""
    service = Kinesis()
    rows = read(service, "/data/fetch/all", **EVERY)["pairs"]
    service.switch("payload_key", "data")
    answer = read(service, "/data/fetch/all", **EVERY)
    assert answer["data"] == rows and "pairs" not in answer
    service.switch("payload_key", "data_object")
    answer = read(service, "/data/fetch/all", **EVERY)
    assert answer["data"]["pairs"] == rows and answer["amount"] == len(rows)
    assert login(service)["jwt"]


@pytest.mark.parametrize("form", ["named", "data", "data_object"])
def test_a_list_can_be_spuriously_empty_once(form: str) -> None:
    """Status 200, no rows, amount 0; the next answer is whole. The server's own fault of
    that kind reads the same."""
    service = Kinesis(switches={"payload_key": form})
    whole = ask(service, "/data/fetch/all", **EVERY)
    service.spoil_next("data", "empty")
    empty = body(ask(service, "/data/fetch/all", **EVERY))
    assert (empty["status"], empty["amount"]) == (200, 0)
    assert service.rows_in(empty) == []
    harmed = service.emptied(whole)
    assert harmed is not None and json.loads(harmed.body)["amount"] == 0
    assert b"data_id" not in harmed.body.replace(b'"data_ids":[]', b"")
    assert ask(service, "/data/fetch/all", **EVERY) == whole
    assert service.emptied(ask(service, "/", **EVERY)) is None


def test_single_records_have_no_amount_and_missing_ones_are_404() -> None:
    """Each single address gives what its list gives; a setting's is only its value."""
    service = Kinesis()
    truth = service.truth()
    single = {
        "user": {"target_uid": "1"},
        "config": {"key": "ENV"},
        "constraint": {"component_name": "media"},
        "project": {"project_id": "bookshop"},
        "collection": {"project_id": "bookshop", "collection_id": "books"},
        "data": {**EVERY, "data_id": "d1"},
        "media": {"media_id": truth["media"][0]["id"]},
        "event": {"event_id": truth["events"][0]["id"]},
        "routing": {"project_id": "bookshop", "route_id": "list_books"},
    }
    for resource, query in single.items():
        answer = read(service, f"/{resource}/fetch/one", **query)
        assert "amount" not in answer and len(answer) in (3, 4)
        last = list(query)[-1]
        gone = body(ask(service, f"/{resource}/fetch/one", **{**query, last: "88"}))
        assert gone["status"] == 404, gone
    assert read(service, "/config/fetch/one", key="ENV")["value"] == "production"
    kdl = read(service, "/routing/fetch/one/kdl", **single["routing"])
    assert isinstance(kdl["route"], str) and kdl["route_id"] == "list_books"


def test_pictures_have_bytes_without_authorization() -> None:
    """Public files are open, also under names that need quoting; private ones need their
    token; what is known of a picture outlives its file and the other way round."""
    service = Kinesis(size=80, switches={"media_fields": "current"})
    for media in service.store.medias:
        response = service.answer(Request("GET", f"/{quote(media.name)}", {}))
        assert response.status == (404 if media.id == "logo" else 200)
        if media.security == "PUBLIC" and media.id != "logo":
            direct = service.answer(Request("GET", f"/{media.path}", {}))
            assert direct.body == response.body and len(direct.body) == media.file_size
    assert any(" " in media.name for media in service.store.medias)
    private = next(media for media in service.store.medias if media.access_token)
    assert service.answer(Request("GET", f"/{private.path}", {})).status == 404
    address = f"/media/stream?media_id={private.id}&access_token="
    good = service.answer(Request("GET", address + private.access_token, {}))
    assert good.headers["Content-Type"].startswith("image/")
    assert body(service.answer(Request("GET", f"{address}x", {})))["status"] == 403
    shown = {row["id"]: row for row in read(service, "/media/fetch/all")["medias"]}
    assert shown[private.id]["access_token"] == private.access_token
    assert "access_token" not in json.dumps(service.truth()["media"])
    name = private.name
    service.delete_media(private.id)
    assert service.answer(Request("GET", f"/{quote(name)}", {})).status == 200
    service.lose_file(service.store.medias[0].id)
    lost = service.store.medias[0].name
    assert service.answer(Request("GET", f"/{quote(lost)}", {})).status == 404


def test_the_prefix_moves_the_api_but_not_the_files() -> None:
    """API_PRE stands before every API address and is the base path; pictures stay."""
    service = Kinesis(switches={"api_prefix": "/api/v1"})
    assert service.base_path == "/api/v1"
    assert ask(service, "/project/fetch/all").status == 404
    assert read(service, "/api/v1/project/fetch/all")["amount"] == 5
    picture = quote(service.store.medias[0].name)
    assert service.answer(Request("GET", f"/{picture}", {})).status == 200
    values = {row["name"]: row.get("value") for row in service.truth()["configs"]}
    assert values["API_PRE"] == "/api/v1"


def test_older_fields_nulls_and_new_fields() -> None:
    """Seven fields in the older generation; empty texts can be null or left out, which is
    NULL in a copy; a new field comes with every record."""
    service = Kinesis(switches={"user_fields": "legacy"})
    assert len(read(service, "/user/fetch/all")["users"][0]) == 7
    service.switch("user_fields", "current")
    for form in ("null", "absent"):
        service.switch("empty_text", form)
        user = read(service, "/user/fetch/all")["users"][0]
        assert user.get("bio") is None and ("bio" in user) is (form == "null")
        assert service.truth()["users"][0]["bio"] is None
        assert {row["description"] for row in service.truth()["projects"]} >= {None}
    service.grow_field("routing", "method", "GET")
    service.grow_field("data", "version", 3)
    assert {row["method"] for row in service.truth()["routes"]} == {"GET"}
    assert {row["version"] for row in service.truth()["records"]} == {3}
    assert read(service, "/data/fetch/all", **EVERY)["pairs"][0]["version"] == 3


def test_every_switch_has_a_default_among_its_choices() -> None:
    """And each choice serves a list or refuses it in words, without failing."""
    for switch in SWITCHES:
        assert not switch.choices or switch.default in switch.choices
        for choice in switch.choices:
            service = Kinesis(size=12, switches={switch.name: choice})
            assert service.answered == 0
            ask(service, "/project/fetch/all")
            assert service.truth()["users"] and service.truth_views()
