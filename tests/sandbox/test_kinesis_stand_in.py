"""The made account of the Kinesis stand-in, and the truth about it."""

from __future__ import annotations

import json
from typing import Any

from sandbox.kinesis import Kinesis
from sandbox.kinesis.visitor import every_list, read

TABLES = {
    "users": ("id",),
    "configs": ("name",),
    "constraints": ("component_name", "property_name"),
    "projects": ("id",),
    "project_members": ("project_id", "user_id"),
    "collections": ("project_id", "id"),
    "structures": ("project_id", "collection_id", "custom_structure_id", "id"),
    "records": ("project_id", "collection_id", "data_id"),
    "media": ("id",),
    "events": ("id",),
    "routes": ("project_id", "route_id"),
}
EVERY = {"project_id": "_lab", "collection_id": "every_type"}


def test_the_same_seed_gives_the_same_account_and_the_same_changes() -> None:
    """Two stand-ins made alike are alike, also after the same rounds; another seed differs."""
    one, two, other = Kinesis(seed=4), Kinesis(seed=4), Kinesis(seed=5)
    assert one.truth() == two.truth() != other.truth()
    assert one.change(9) == two.change(9)
    assert (one.truth(), one.secrets()) == (two.truth(), two.secrets())
    assert one.truth_views() == two.truth_views()


def test_every_table_of_the_contract_has_unique_rows() -> None:
    """At the default size no table is empty, and keys are unique also after many rounds."""
    service = Kinesis()
    assert set(service.truth()) == set(TABLES)
    for number in range(30):
        for table, key in TABLES.items():
            rows = service.truth()[table]
            keys = [tuple(row[part] for part in key) for row in rows]
            assert keys and len(set(keys)) == len(keys), table
        assert service.change(number)


def test_size_is_the_number_of_records() -> None:
    """The rest follows in proportion; even one record makes an account."""
    for size in (1, 2, 48, 900):
        assert len(Kinesis(size=size).truth()["records"]) == size
    assert len(Kinesis(size=900).truth()["projects"]) == 7


def counts(service: Kinesis) -> dict[str, int]:
    tables = {"data": "records", "routing": "routes", "media": "media"}
    found: dict[str, int] = {}
    for resource, _, rows in every_list(service):
        table = tables.get(resource, f"{resource}s")
        found[table] = found.get(table, 0) + len(rows)
    return found


def test_lists_hold_as_much_as_the_truth() -> None:
    """What ROOT can read over the addresses is counted by the truth, before and after
    changes."""
    service = Kinesis()
    for number in range(8):
        found, truth = counts(service), service.truth()
        for table in set(found) - {"constraints"}:
            assert found[table] == len(truth[table]), table
        service.change(number)


def test_a_plain_reader_of_the_lists_arrives_at_the_truth() -> None:
    """Records, structures and members, put together from the answers by hand."""
    service = Kinesis()
    for number in range(6):
        service.change(number)
    records, structures, members = [], [], set()
    secret = set()
    for resource, asked, rows in every_list(service):
        for row in rows:
            if resource == "project":
                members |= {(row["id"], str(member)) for member in row["members"]}
            if resource == "collection":
                groups = [{"id": "", "structures": row["structures"]}, *row["custom_structures"]]
                for group in groups:
                    for position, part in enumerate(group["structures"]):
                        key = (row["project_id"], row["id"], group["id"], part["id"])
                        structures.append((*key, position, str(part["stype"]), part["min"]))
                        if part["stype"] == "PASSWORD" or part["encrypted"]:
                            secret.add(key)
            if resource == "data":
                where = (asked["project_id"], asked["collection_id"])
                values = {
                    part["id"]: part["value"].partition("&access_token")[0]
                    for part in row["structures"]
                    if (*where, "", part["id"]) not in secret
                }
                records.append((*where, row["data_id"], row["published"], values))
    truth = service.truth()
    assert records == [(*_key(row), row["published"], row["values"]) for row in truth["records"]]
    assert sorted(structures) == sorted(
        (
            row["project_id"],
            row["collection_id"],
            row["custom_structure_id"],
            row["id"],
            row["position"],
            str(row["stype"]),
            row["min"],
        )
        for row in truth["structures"]
    )
    assert members == {(row["project_id"], row["user_id"]) for row in truth["project_members"]}


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["project_id"], row["collection_id"], row["data_id"]


def test_the_traps_of_the_page_are_in_the_data() -> None:
    """Shared ids, odd beginnings, repeated names, missing values, long and odd texts, users
    who are gone, records and collections without content."""
    service = Kinesis()
    truth = service.truth()
    records = truth["records"]
    assert [row["data_id"] for row in records].count("d1") > 5
    beginnings = {row["data_id"][0] for row in records} | {row["id"][0] for row in truth["media"]}
    assert {"-", "_"} <= beginnings
    assert [row["id"] for row in truth["collections"]].count("posts") == 2
    assert [row["name"] for row in truth["projects"]].count("Corner Bookshop") == 2
    texts = json.dumps([row["values"] for row in records], ensure_ascii=False)
    for piece in ("👩\u200d👩", "\u00a0", "מימין", "ثلاثة", "\\n", '\\"', "DROP TABLE", "夜の"):
        assert piece in texts, piece
    assert max(len(text) for row in records for text in row["values"].values()) > 5000
    assert {row["published"] for row in records} == {True, False}
    assert any(not row["values"] for row in records)
    books = read(service, "/data/fetch/all", project_id="bookshop", collection_id="books")
    price = {"id": "price", "value": "0", "rtype": "STRING"}  # nothing stored, the default shown
    assert price in books["pairs"][3]["structures"]
    users = {row["id"] for row in truth["users"]}
    assert {row["user_id"] for row in truth["project_members"]} - users
    assert {row["auth_jwt_active"] for row in truth["routes"]} == {True, False, None}
    assert {row["params_delimiter"] for row in truth["routes"]} == {"&", None}


def test_no_secret_is_in_the_truth_but_all_are_in_the_answers() -> None:
    """A search for canaries finds them in every secret place of the answers, and none in
    truth and views."""
    service = Kinesis(switches={"password_hash": "everywhere", "media_fields": "current"})
    for number in range(10):
        service.change(number)
    told = json.dumps([service.truth(), service.truth_views()], ensure_ascii=False)
    assert "canary" not in told.lower()
    assert not [secret for secret in service.secrets() if secret in told]
    shown = json.dumps(list(every_list(service)), ensure_ascii=False)
    for kind in ("config", "hash", "reset", "media", "sealed"):
        assert f"canary-{kind}-" in shown
    fresh = Kinesis()
    collections = read(fresh, "/collection/fetch/all", project_id="_lab")
    assert "canary-default-" in json.dumps(collections)
    assert "canary-default-" in json.dumps(read(fresh, "/data/fetch/all", **EVERY))
    assert all("canary" in secret for secret in fresh.secrets())


def test_signed_addresses_lose_only_their_token_in_the_truth() -> None:
    """A value with an access token is sent whole and compared without it."""
    service = Kinesis()
    sent = json.dumps(list(every_list(service)))
    assert "&access_token=canary-media-" in sent
    told = json.dumps(service.truth())
    assert "/media/stream?media_id=" in told and "access_token" not in told
    assert service.truth()["users"][3]["profile_picture"].startswith("/media/stream?media_id=")


def test_the_caller_is_user_0_whose_id_is_false_in_python() -> None:
    """The integer profile has number ids and the caller's is 0; the other profile UUIDs."""
    service = Kinesis()
    assert service.credentials()["KINESIS_UID"] == "0"
    users = read(service, "/user/fetch/all")["users"]
    assert users[0]["id"] == 0 and all(isinstance(user["id"], int) for user in users)
    service.switch("ids", "uuid")
    users = read(service, "/user/fetch/all")["users"]
    assert all(len(user["id"]) == 36 for user in users)
    assert {user["id"] for user in users} == {row["id"] for row in service.truth()["users"]}
    events = read(service, "/event/fetch/all")["events"]
    assert f"usr[{users[0]['id']}]" in events[0]["description"]
    members = {row["user_id"] for row in service.truth()["project_members"]}
    assert users[0]["id"] in members and members - {user["id"] for user in users}


def test_records_are_text_in_parallel_lists() -> None:
    """pairs[i] belongs to data_ids[i]; values are text; types are derived, and STRING where
    nothing is stored; a default stands for empty text."""
    service = Kinesis()
    answer = read(service, "/data/fetch/all", **EVERY)
    assert [pair["data_id"] for pair in answer["pairs"]] == answer["data_ids"]
    service.add_structure("_lab", "every_type", "later", "INTEGER", default="41")
    pair = read(service, "/data/fetch/all", **EVERY)["pairs"][0]
    entries = {entry["id"]: entry for entry in pair["structures"]}
    assert all(isinstance(entry["value"], str) for entry in entries.values())
    assert entries["later"] == {"id": "later", "value": "41", "rtype": "STRING"}
    assert {name: entries[name]["rtype"] for name in ("enum", "text_list", "float", "remark")} == {
        "enum": "ARRAY",
        "text_list": "ARRAY",
        "float": "FLOAT",
        "remark": "OTHER",
    }
    assert [part["id"] for part in pair["custom_structures"]] == ["comment", "-nothing"]
    collections = read(service, "/collection/fetch/all", project_id="_lab")["collections"]
    stypes = [part["stype"] for part in collections[0]["structures"]]
    assert {"CUSTOM": "comment"} in stypes
    assert len({stype for stype in stypes if isinstance(stype, str)}) == 13


def test_settings_are_served_in_clear_and_compared_only_where_harmless() -> None:
    """Truth has no value but those that are plainly harmless."""
    service = Kinesis()
    shown = {row["name"]: row["value"] for row in read(service, "/config/fetch/all")["configs"]}
    assert "canary" in shown["MONGO_URI"] and "canary" in shown["PAYMENTS"]
    valued = {row["name"] for row in service.truth()["configs"] if "value" in row}
    assert len(shown) == 29 and valued == {
        "ENV",
        "PROJECT_NAME",
        "FRONT_URL",
        "API_URL",
        "API_PORT",
        "API_PRE",
        "WS_PORT",
        "JWT_EXPIRE",
        "USE_REDIS",
        "UPLOAD_SIZE",
        "SHOULD_INITIALIZE",
    }
    service.set_config("TOKEN_KEY", "canary-new")
    assert "canary-new" in service.secrets()


def test_constraints_are_29_components_with_67_properties() -> None:
    """The defaults of a new installation."""
    service = Kinesis()
    answer = read(service, "/constraint/fetch/all")
    assert (answer["amount"], len(service.truth()["constraints"])) == (29, 67)
    assert set(answer["constraints"][0]["properties"][0]) == {
        "property_name",
        "is_alphabetic",
        "is_numeric",
        "min",
        "max",
        "not_allowed",
        "additional_allowed",
    }
    rows = {
        (row["component_name"], row["property_name"]): row for row in service.truth()["constraints"]
    }
    assert rows["user", "first_name"]["additional_allowed"] == ["-", " "]
    assert rows["structure", "stype"]["not_allowed"] == [";", "@", ">", "#"]
    service.change_constraint("media", "name", low=2, high=None)
    now = next(
        row
        for row in service.truth()["constraints"]
        if row["component_name"] == "media" and row["property_name"] == "name"
    )
    assert (now["min"], now["max"], rows["media", "name"]["min"]) == (2, 500, 1)


def test_a_view_has_each_structure_in_its_type() -> None:
    """Arrays are lists, empty ones too; what does not fit is None; times are UTC; secret
    structures have no column; groups are named in front."""
    service = Kinesis()
    where = ("_lab", "every_type")
    values = {
        "text": "",
        "integer": "9007199254740993",
        "float": "1e-7",
        "boolean": "true",
        "date": "2025-02-29",
        "datetime": "2025-01-01 01:30:00 +02:00",
        "json": '{"a": [1, null]}',
        "integer_list": "1,x,3",
        "boolean_list": "",
        "text_list": "null,true",
        "list_with_default": "",
    }
    data_id = service.edit_record(*where, "d1", **values)
    row = service.truth_views()["_lab__every_type"][-1]
    assert row["_data_id"] == data_id and row["_published"] is True
    assert {name: row[name] for name in values} == {
        "text": "",
        "integer": 9007199254740993,
        "float": 1e-7,
        "boolean": True,
        "date": None,
        "datetime": "2024-12-31T23:30:00+00:00",
        "json": {"a": [1, None]},
        "integer_list": [1, None, 3],
        "boolean_list": [],
        "text_list": ["null", "true"],
        "list_with_default": ["a", "b"],
    }
    assert "password" not in row and "locked_text" not in row and "comment.pin" not in row
    assert isinstance(row["comment.stars"], int) and isinstance(row["comment.value"], str)
    service.edit_structure(*where, "text_with_default", stype="INTEGER")
    assert service.truth_views()["_lab__every_type"][0]["text_with_default"] is None


def test_views_tell_apart_names_that_a_database_cannot() -> None:
    """`Total` and `total` are one name in a database: the later gets a number."""
    service = Kinesis()
    views = service.truth_views()
    assert set(views) == {
        f"{row['project_id']}__{row['id']}" for row in service.truth()["collections"]
    }
    row = views["bookshop__order"][0]
    assert "Total" in row and "total_2" in row and "total" not in row
    assert views["_lab__bare"] == [{"_data_id": "d1", "_published": True}]
    assert views["bookshop__drafts"] == []
