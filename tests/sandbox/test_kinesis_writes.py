"""Kinesis API's write routes do what the API page says, and refuse what it forbids."""

from __future__ import annotations

import json
from typing import Any

from sandbox.core import Request
from sandbox.kinesis import Kinesis


class Writer:
    """Sends writes to one stand-in as the caller; errors have their status in the body."""

    def __init__(self, **switches: Any) -> None:
        self.service = Kinesis(size=6, switches=switches)
        self.token = self.service.credentials()["KINESIS_API_TOKEN"]
        self.uid = self.service.user_id(0)

    def post(self, path: str, **body: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        sent = json.dumps({"uid": self.uid, **body}).encode()
        return json.loads(self.service.answer(Request("POST", path, headers, sent)).body)


def test_a_project_is_built_piece_by_piece_under_its_own_ids() -> None:
    """Nested structures are dropped and come singly; an id of a record is kept where it is free."""
    writer = Writer()
    project = {"id": "new", "name": "New", "description": "", "api_path": "/new", "members": [2]}
    assert writer.post("/project/create", project=project)["status"] == 200
    assert writer.service.store.project("new").members[0] == 0
    assert writer.post("/project/create", project=project)["status"] == 403
    made = {"id": "things", "project_id": "new", "name": "Things", "description": ""}
    assert writer.post("/collection/create", collection=made)["status"] == 200
    place = {"project_id": "new", "collection_id": "things"}
    group = {"id": "size", "name": "Size", "description": "", "structures": [{"id": "dropped"}]}
    writer.post("/custom_structure/add", **place, custom_structure=group)
    for group_id, structure in (("", "title"), ("size", "height")):
        part = {"id": structure, "name": structure, "stype": "TEXT"}
        told = writer.post("/structure/add", **place, custom_structure_id=group_id, structure=part)
        assert told["status"] == 200
    pair = {
        "data_id": "kept",
        "published": True,
        "structures": [
            {"id": "title", "value": "§ 1_newline_next", "rtype": "STRING"},
            {"id": "unknown", "value": "x", "rtype": "STRING"},
        ],
        "custom_structures": [
            {"id": "size", "structures": [{"id": "height", "value": "3", "rtype": "STRING"}]}
        ],
    }
    assert writer.post("/data/create", **place, raw_pair=pair)["data_id"] == "kept"
    assert writer.post("/data/create", **place, raw_pair=pair)["status"] == 403
    record = writer.service.record("new", "things", "kept")
    assert record.values == {"title": "_ 1\nnext"}
    assert record.custom_values == {"size": {"height": "3"}}


def test_roles_and_unknown_places_are_refused() -> None:
    """An ADMIN may not create records; who asks stands in the body."""
    place = {"project_id": "unknown", "collection_id": "x"}
    assert Writer().post("/data/create", **place, raw_pair={})["status"] == 404
    assert Writer(role="ADMIN").post("/data/create", **place, raw_pair={})["status"] == 403
    assert Writer().post("/config/add", key="A", value="a|b")["status"] == 400
    other = Writer()
    other.uid = 1
    assert other.post("/config/add", key="A", value="b")["status"] == 403
