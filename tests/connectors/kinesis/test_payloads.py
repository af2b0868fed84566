"""Kinesis API: the sample payloads of the documentation and of the 2023 server load whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.kinesis.normalize import session_of
from sandbox import Request
from tests.kit.payloads import DATA, payload, recorded

pytestmark = pytest.mark.skipif(
    not (DATA / "kinesis").is_dir(), reason="no sample payloads beside the repository"
)
BOOK = "x_engine_clients/bookshelf_book.json"


def take(member: str, name: str) -> dict[str, Any]:
    """A sample list whose rows are complete, whatever page of it was recorded."""
    found = payload("kinesis", f"fixtures/{name}.json")
    rows = found if isinstance(found, list) else found[member]
    return {"status": 200, "message": "ok", member: rows, "amount": len(rows)}


def book_collection() -> dict[str, Any]:
    """A collection that holds what somebody's own route answered, each field in its type."""
    kinds = {"rating": "FLOAT", "num_pages": "INTEGER", "position": "INTEGER",
             "date_started": "DATE", "summary": "MARKDOWN", "status": "ENUM"}  # fmt: skip
    fields = [
        {
            "id": name,
            "name": name.title(),
            "description": "",
            "stype": kinds.get(name, "TEXT"),
            "default_val": "",
            "encrypted": False,
            "array": isinstance(value, list),
        }
        for name, value in sorted(payload("kinesis", BOOK).items())
    ]
    return {"id": "book", "project_id": "bookshelf", "name": "Books", "description": "",
            "structures": fields, "custom_structures": []}  # fmt: skip


def book_record() -> dict[str, Any]:
    """Its one record, in the shape of the record lists."""
    book = payload("kinesis", BOOK)
    pairs = [
        {"id": name, "value": ",".join(value) if isinstance(value, list) else str(value)}
        for name, value in sorted(book.items())
    ]
    return {"data_id": book["id"], "structures": pairs, "custom_structures": [], "published": True}


def answers() -> dict[str, Any]:
    users = take("users", "users_fetch")
    users["users"].append(payload("kinesis", "seed/login_response.json")["user"])
    users["amount"] += 1
    collections = [*take("collections", "collections_fetch")["collections"], book_collection()]
    projects = take("projects", "projects_fetch")
    named = {project["id"] for project in projects["projects"]}
    for name in {part["project_id"] for part in collections} - named:
        projects["projects"].append({"id": name, "name": name, "members": []})
    projects["amount"] = len(projects["projects"])

    def collections_of(request: Request) -> dict[str, Any]:
        found = [c for c in collections if c["project_id"] == request.query["project_id"]]
        return {"status": 200, "message": "ok", "collections": found, "amount": len(found)}

    def records_of(request: Request) -> dict[str, Any]:
        found = [book_record()] if request.query["collection_id"] == "book" else []
        return {"status": 200, "message": "ok", "pairs": found, "amount": len(found)}

    return {
        "/user/fetch": users,
        "/config/fetch": take("configs", "configs_fetch"),
        "/constraint/fetch": take("constraints", "constraints_default"),
        "/media/fetch": take("medias", "medias_fetch"),
        "/event/fetch": take("events", "events_fetch"),
        "/project/fetch": projects,
        "/collection/fetch": collections_of,
        "/routing/fetch": {"status": 200, "message": "ok", "routes": [], "amount": 0},
        "/data/fetch": records_of,
        "collections": collections,
    }


def less(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def test_samples_load_without_a_reject_and_come_back_whole(tmp_path: Path) -> None:
    """Nothing is rejected or unknown, and `_raw` gives back what came, less secrets and rows."""
    pages = answers()
    root = pages["/user/fetch"]["users"][0]
    assert root["role"] == "ROOT"
    login = {"KINESIS_API_TOKEN": "a-token-of-tests", "KINESIS_UID": root["id"]}
    with recorded(tmp_path, "kinesis", pages, login) as kinesis:
        result = kinesis.sync()
        assert result.status == "complete", result.tables
        assert kinesis.query("SELECT * FROM _kollect.rejects") == []
        assert kinesis.query("SELECT * FROM _kollect.schema_changes") == []

        def raw(table: str, *key: str) -> dict[Any, Any]:
            listed = ", ".join(f'"{name}"' for name in key)
            found = kinesis.query(f"SELECT _raw, {listed} FROM kinesis.{table}")
            return {row[1:]: json.loads(row[0]) for row in found}

        users = raw("users", "id")
        for user in pages["/user/fetch"]["users"]:
            assert users[(str(user["id"]),)] == less(user, "password", "reset_token")
        for table, member, page in (
            ("media", "medias", "/media/fetch"),
            ("events", "events", "/event/fetch"),
        ):
            kept = raw(table, "id")
            assert kept == {(row["id"],): row for row in pages[page][member]}
        configs = {(row["name"],): less(row, "value") for row in pages["/config/fetch"]["configs"]}
        assert raw("configs", "name") == configs
        bounds = {
            (part["component_name"], inner["property_name"]): inner
            for part in pages["/constraint/fetch"]["constraints"]
            for inner in part["properties"]
        }
        assert raw("constraints", "component_name", "property_name") == bounds
        assert len(bounds) == 67
        assert len(raw("constraint_components", "component_name")) == 29
        projects = {
            (row["id"],): less(row, "members") for row in pages["/project/fetch"]["projects"]
        }
        assert raw("projects", "id") == projects
        collections = {
            (row["project_id"], row["id"]): less(row, "structures", "custom_structures")
            for row in pages["collections"]
        }
        assert raw("collections", "project_id", "id") == collections
        structures = {
            (row["id"], custom, part["id"]): part
            for row in pages["collections"]
            for custom, parts in [
                ("", row["structures"]),
                *((group["id"], group["structures"]) for group in row["custom_structures"]),
            ]
            for part in parts
        }
        kept = raw("structures", "collection_id", "custom_structure_id", "id")
        assert kept == structures
        moments = kinesis.query("SELECT timestamp::VARCHAR, timestamp_raw FROM kinesis.events")
        assert ("2023-01-24 16:30:35.613638+00", "2023-01-24 16:30:35.613638555 UTC") in moments
        views = kinesis.query("SELECT view_name FROM duckdb_views() WHERE schema_name = 'kinesis'")
        assert len(views) == len(collections)
        assert raw("records", "data_id") == {(book_record()["data_id"],): book_record()}
        assert kinesis.query(
            "SELECT title, rating, num_pages, date_started::VARCHAR, genres, created_at "
            "FROM kinesis.bookshelf__book"
        ) == [
            ("My first book", 4.5, 10, "2026-09-20", ["first", "book"],
             "2026-10-02T14:01:35.584853+00:00"),
        ]  # fmt: skip


def test_the_documented_login_is_read(tmp_path: Path) -> None:
    """The seed's own answer gives a token and the caller's id; 0 is one as well."""
    answer = payload("kinesis", "seed/login_response.json")
    assert session_of(answer) == {"token": "<jwt>", "uid": "1"}
    assert session_of({"data": {**answer, "uid": 0}})["uid"] == "0"
