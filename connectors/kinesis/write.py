"""Kinesis API: how projects and what people built in them are put back (API page, section 11).

Every id is kept. A project comes first, then its collections, their groups and structures, one
request each, then records and routes. Files have no route that keeps their address.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from connectors.core.write import Restored, Row, Write, Writer
from connectors.kinesis.tables import (
    COLLECTIONS,
    CONFIGS,
    CUSTOM_STRUCTURES,
    PROJECT_MEMBERS,
    PROJECTS,
    RECORDS,
    ROUTES,
    STRUCTURES,
)

CALLER = ("uid",)
"""The part of the credential that every body names."""


def post(path: str, body: Callable[[Restored], Any], **more: Any) -> Write:
    return Write("POST", path, body, open_parts=CALLER, **more)


def same(record: Restored, *names: str) -> dict[str, Any]:
    return {name: record.row[name] for name in names}


def absent(*names: str) -> Callable[[Row], frozenset[str]]:
    """Texts that the service showed as null come back empty."""
    return lambda row: frozenset(name for name in names if row.get(name) is None)


def config_body(record: Restored) -> dict[str, Any]:
    return {"key": record.row["name"], "value": record.row["value"]}


def refuse_config(row: Row, _: str) -> str:
    return "a value that may be secret was not kept" if row["value"] is None else ""


def as_id(user_id: str) -> int | str:
    """Ids of users are numbers in today's product and UUIDs in the older one."""
    return int(user_id) if user_id.isdecimal() else user_id


def project_body(record: Restored) -> dict[str, Any]:
    project = same(record, "id", "name", "description", "api_path")
    members = [as_id(child.row["user_id"]) for child in record.children["project_members"]]
    return {"project": project | {"members": members}}


def member_body(record: Restored) -> dict[str, Any]:
    row = record.row
    return {"project_id": row["project_id"], "target_uid": as_id(row["user_id"])}


def collection_body(record: Restored) -> dict[str, Any]:
    return {"collection": same(record, "id", "project_id", "name", "description")}


def group_body(record: Restored) -> dict[str, Any]:
    group = same(record, "id", "name", "description") | {"structures": []}
    return same(record, "project_id", "collection_id") | {"custom_structure": group}


def structure_body(record: Restored) -> dict[str, Any]:
    kind = record.row["stype"]
    structure = same(
        record, "id", "name", "description", "min", "max", "encrypted", "unique",
        "regex_pattern", "array", "required",
    )  # fmt: skip
    structure["default_val"] = record.row["default_val"] or ""
    structure["stype"] = json.loads(kind) if kind and kind.startswith("{") else kind
    place = same(record, "project_id", "collection_id", "custom_structure_id")
    return place | {"structure": structure}


def record_body(record: Restored) -> dict[str, Any]:
    names = ("data_id", "published", "structures", "custom_structures")
    pair = {name: record.raw[name] for name in names if name in record.raw}
    pair["data_id"] = record.row["data_id"]
    return same(record, "project_id", "collection_id") | {"raw_pair": pair}


def route_body(record: Restored) -> dict[str, Any]:
    place = same(record, "project_id")
    return place | {"update": False, "route": {**record.raw, **place}}


STRUCTURE_COLUMNS = (
    "name", "description", "stype", "default_val", "min", "max", "encrypted", "unique",
    "regex_pattern", "array", "required",
)  # fmt: skip
ROUTE_COLUMNS = ("route_path", "body", "flow", "params_delimiter", "params_pairs")
WRITERS = (
    Writer(
        CONFIGS,
        restores=("value",),
        loses="values that may be secret",
        create=post("/config/add", config_body, repeatable=True),
        update=post("/config/add", config_body, repeatable=True),
        refuses=refuse_config,
    ),
    Writer(
        PROJECTS,
        restores=("name", "description", "api_path"),
        loses="members who are gone; whoever restores it is a member",
        create=post("/project/create", project_body),
        made_up=absent("description"),
        carries=("project_members",),
    ),
    Writer(
        PROJECT_MEMBERS,
        restores=(),
        loses="nothing",
        create=Write("PATCH", "/project/member/add", member_body, open_parts=CALLER,
                     repeatable=True),
    ),
    Writer(
        COLLECTIONS,
        restores=("name", "description"),
        loses="nothing",
        create=post("/collection/create", collection_body),
        made_up=absent("description"),
    ),
    Writer(
        CUSTOM_STRUCTURES,
        restores=("name", "description"),
        loses="its place among others",
        create=post("/custom_structure/add", group_body),
        made_up=absent("description"),
        order=("project_id", "collection_id", "position"),
    ),
    Writer(
        STRUCTURES,
        restores=STRUCTURE_COLUMNS,
        loses="its place among others, and a default that is secret",
        create=post("/structure/add", structure_body),
        after=("custom_structures",),
        made_up=absent(*STRUCTURE_COLUMNS),
        order=("project_id", "collection_id", "custom_structure_id", "position"),
    ),
    Writer(
        RECORDS,
        restores=("published", "values", "custom_values"),
        loses="values of passwords and encrypted fields, the character § and who made it",
        create=post("/data/create", record_body),
        after=("custom_structures", "structures"),
    ),
    Writer(
        ROUTES,
        restores=ROUTE_COLUMNS,
        loses="nothing",
        create=post("/routing/create", route_body),
    ),
)  # fmt: skip
