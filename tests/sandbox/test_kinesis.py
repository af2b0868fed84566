"""Kinesis API: the traps of its page, and that the truth follows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.core import Request, Response
from sandbox.kinesis import Kinesis
from tests.sandbox.client import get

EVERY = {"project_id": "_lab", "collection_id": "every_type"}
BOOKS = {"project_id": "bookshop", "collection_id": "books"}


@pytest.fixture
def kinesis() -> Kinesis:
    return Kinesis()


def ask(service: Kinesis, path: str, *, token: str | None = None, **query: Any) -> Response:
    """GET as the caller, with the access token unless another is given ("" for none);
    a query parameter that is None is left out."""
    token = service.tokens.access_token if token is None else token
    wanted = {"uid": service.user_id(0), **query}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return get(service, f"{path}?{urlencode(wanted)}", **headers)


def answer(service: Kinesis, path: str, **query: Any) -> Any:
    return json.loads(ask(service, path, **query).body)


def listed(service: Kinesis, kind: str, **query: Any) -> Any:
    """The JSON of a list that was answered well."""
    found = answer(service, f"/{kind}/fetch/all", **query)
    assert found["status"] == 200, found
    return found


def post(service: Kinesis, path: str, content: Any, token: str = "") -> Response:
    """POST JSON (or bytes as they are), with a token if one is given."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return service.answer(Request("POST", path, headers, body))


def login(service: Kinesis, **other: str) -> Any:
    """The JSON of a login as the caller."""
    caller = service.user(service.user_id(0))
    content = {"auth_data": caller.username, "password": caller.login_password, **other}
    return json.loads(post(service, "/user/login", content).body)


def every_list(service: Kinesis) -> Iterator[tuple[str, dict[str, str], list[Any]]]:
    """All lists of a full export as (resource, what was asked for, rows)."""
    for resource in ("user", "config", "constraint", "media", "event", "ticket"):
        rows = listed(service, resource)[f"{resource}s"]
        yield resource, {}, rows
    projects = listed(service, "project")["projects"]
    yield "project", {}, projects
    for project in projects:
        inside = {"project_id": project["id"]}
        yield "routing", inside, listed(service, "routing", **inside)["routes"]
        collections = listed(service, "collection", **inside)["collections"]
        yield "collection", inside, collections
        for collection in collections:
            inner = {**inside, "collection_id": collection["id"]}
            yield "data", inner, listed(service, "data", **inner)["pairs"]


def test_the_traps_of_the_page_are_in_the_data(kinesis: Kinesis) -> None:
    """Shared ids, odd beginnings, repeated names, missing values, long and odd texts, users
    who are gone, records and collections without content, one record or many."""
    truth = kinesis.truth()
    records = truth["records"]
    assert [row["data_id"] for row in records].count("d1") > 5
    assert {"-", "_"} <= {row["data_id"][0] for row in records}
    assert [row["id"] for row in truth["collections"]].count("posts") == 2
    assert [row["name"] for row in truth["projects"]].count("Corner Bookshop") == 2
    texts = json.dumps([row["values"] for row in records], ensure_ascii=False)
    for piece in ("👩\u200d👩", "\u00a0", "מימין", "ثلاثة", "\\n", '\\"', "DROP TABLE", "夜の"):
        assert piece in texts, piece
    assert max(len(text) for row in records for text in row["values"].values()) > 5000
    assert {row["published"] for row in records} == {True, False}
    assert any(not row["values"] for row in records)
    price = {"id": "price", "value": "0", "rtype": "STRING"}  # nothing stored, the default shown
    assert price in listed(kinesis, "data", **BOOKS)["pairs"][3]["structures"]
    members = {row["user_id"] for row in truth["project_members"]}
    assert members - {row["id"] for row in truth["users"]}
    assert {row["auth_jwt_active"] for row in truth["routes"]} == {True, False, None}
    for size in (1, 2, 900):
        assert len(Kinesis(size=size).truth()["records"]) == size


def test_no_secret_is_in_the_truth_but_all_are_in_the_answers() -> None:
    """Canaries are in every secret place of the answers, and none in truth and views; a signed
    address loses only its token; settings have values only where they can be no secret."""
    kinesis = Kinesis(switches={"password_hash": "everywhere", "media_fields": "current"})
    shown = json.dumps(list(every_list(kinesis)), ensure_ascii=False)
    for kind in ("config", "hash", "reset", "media", "sealed", "default"):
        assert f"canary-{kind}-" in shown
    assert "&access_token=canary-media-" in shown
    for number in range(5):
        kinesis.change(number)
    told = json.dumps([kinesis.truth(), kinesis.truth_views()], ensure_ascii=False)
    assert "canary" not in told.lower()
    assert "/media/stream?media_id=" in told
    assert "access_token" not in told
    kinesis.set_config("TOKEN_KEY", "canary-new")
    assert "canary-new" in kinesis.secrets()
    rows = {row["name"]: row.get("value") for row in kinesis.truth()["configs"]}
    assert (rows["ENV"], rows["TOKEN_KEY"], rows["SMTP_HOST"]) == ("production", None, None)


def test_records_are_text_in_parallel_lists(kinesis: Kinesis) -> None:
    """pairs[i] belongs to data_ids[i]; values are text; types are derived, and STRING where
    nothing is stored; a default stands for empty text."""
    found = listed(kinesis, "data", **EVERY)
    assert [pair["data_id"] for pair in found["pairs"]] == found["data_ids"]
    kinesis.add_structure("_lab", "every_type", "later", "INTEGER", default="41")
    pair = listed(kinesis, "data", **EVERY)["pairs"][0]
    entries = {entry["id"]: entry for entry in pair["structures"]}
    assert all(isinstance(entry["value"], str) for entry in entries.values())
    assert entries["later"] == {"id": "later", "value": "41", "rtype": "STRING"}
    types = [entries[name]["rtype"] for name in ("enum", "text_list", "float", "remark")]
    assert types == ["ARRAY", "ARRAY", "FLOAT", "OTHER"]
    kinds = [row["stype"] for row in kinesis.truth()["structures"] if row["id"] == "remark"]
    assert kinds == [{"CUSTOM": "comment"}]


def test_who_asks_is_checked_in_the_services_order(kinesis: Kinesis) -> None:
    """No header: 401 as HTML. No uid, a parameter missing, unknown uid, bad token, another's
    uid: bodies with 400, 400, 404, 500, 403, as HTTP 200 or with their status."""
    refused = ask(kinesis, "/project/fetch/all", token="")
    assert (refused.status, b"<html>" in refused.body) == (401, True)
    cases: tuple[tuple[dict[str, Any], int], ...] = (
        ({"uid": None, "token": "x"}, 400), ({"uid": "77", "token": "x"}, 404),
        ({"token": "x"}, 500), ({"uid": "1"}, 403),
    )  # fmt: skip
    for query, status in cases:
        kinesis.switch("errors", "body")
        first = ask(kinesis, "/project/fetch/all", **query)
        assert (first.status, json.loads(first.body)["status"]) == (200, status)
        kinesis.switch("errors", "http")
        second = ask(kinesis, "/project/fetch/all", **query)
        assert (second.status, second.body) == (status, first.body)
    missing = answer(kinesis, "/data/fetch/all", project_id="_lab", uid="77")
    assert missing["message"] == "Error: No collection_id provided"
    kinesis.switch("uid_required", False)
    bare = get(kinesis, "/project/fetch/all", authorization=kinesis.tokens.access_token)
    assert json.loads(bare.body)["amount"] == 5


def test_sessions_end_and_are_renewed(kinesis: Kinesis) -> None:
    """By answers, by seconds, or at once; the error is the body status 500, or 401. A renewal
    needs a token that still lives; the hash comes at login where the switch says so."""
    now = [0.0]
    kinesis.tokens.seconds = lambda: now[0]
    kinesis.switch("token_life", 2)
    first = login(kinesis, auth_data="INES_OK@mail.example")
    assert (first["uid"], first["user"]["password"]) == (0, "")
    assert first["jwt"] in kinesis.secrets()
    found = [answer(kinesis, "/project/fetch/all", token=first["jwt"]) for _ in range(3)]
    assert [one["status"] for one in found] == [200, 200, 500]
    assert found[2]["message"] == "Error: Failed decoding JWT (ExpiredSignature)"
    kinesis.switch("token_life", 0)
    kinesis.switch("password_hash", "login")
    second = login(kinesis)
    assert "canary-hash-" in second["user"]["password"]
    renewed = json.loads(post(kinesis, "/user/login/jwt", {"uid": 0}, second["jwt"]).body)["jwt"]
    kinesis.switch("expired_token", 401)
    now[0] = 901.0
    assert answer(kinesis, "/project/fetch/all", token=renewed)["status"] == 401
    third = login(kinesis)["jwt"]
    kinesis.expire_tokens()
    assert answer(kinesis, "/project/fetch/all", token=third)["status"] == 401
    kinesis.switch("renewal", False)
    assert post(kinesis, "/user/login/jwt", {"uid": 0}, third).status == 404
    assert login(kinesis, password="other")["status"] == 401
    assert login(kinesis, auth_data="nobody")["status"] == 404


def test_an_edited_record_gets_a_new_id_at_the_end(kinesis: Kinesis) -> None:
    """An edit reads as a deletion and an insertion; a publication and a change by a
    user-built route keep the id."""

    def books() -> list[dict[str, Any]]:
        return [row for row in kinesis.truth()["records"] if row["collection_id"] == "books"]

    before = [row["data_id"] for row in books()]
    new_id = kinesis.edit_record(*BOOKS.values(), "d1", title="Neu")
    assert [row["data_id"] for row in books()] == [*before[1:], new_id]
    assert books()[-1]["values"]["title"] == "Neu"
    kinesis.edit_record_unseen(*BOOKS.values(), new_id, title="Still")
    kinesis.publish_record(*BOOKS.values(), new_id, False)
    last = books()[-1]
    assert (last["data_id"], last["published"], last["values"]["title"]) == (new_id, False, "Still")
    gone = kinesis.delete_record(*BOOKS.values(), new_id)
    kinesis.restore_record(*BOOKS.values(), gone)
    assert kinesis.record(*BOOKS.values(), new_id) is gone


def test_events_tell_some_changes_at_times_of_up_to_nine_digits(kinesis: Kinesis) -> None:
    """The text as sent is kept beside the moment in microseconds; a profile change and an upload
    write none."""
    added = kinesis.add_user()
    events = kinesis.truth()["events"]
    assert events[-1]["description"].endswith("@mail.example>")
    assert {len(row["timestamp_raw"]) for row in events} == {23, 27, 30, 33}
    kinesis.edit_user(added, bio="new")
    kinesis.rename_media(kinesis.add_media(), "x.png")
    assert kinesis.truth()["events"] == events
    kinesis.add_event("test", "x", timestamp="2023-01-24 16:30:35.613638999 UTC")
    assert kinesis.truth()["events"][-1]["timestamp"] == "2023-01-24T16:30:35.613638+00:00"
    first = kinesis.truth()["events"][0]["id"]
    kinesis.delete_event(first)
    assert first not in {row["id"] for row in kinesis.truth()["events"]}
