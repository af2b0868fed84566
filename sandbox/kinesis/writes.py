"""The write routes that a restore needs (page, section 11): JSON with the caller's `uid` in the
body, 200 for everything that was done.

Ids are kept where nothing has them. Structures come one by one: those inside of a posted
collection or group are dropped. Some characters do not survive in values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.core import Refused, Response, Route, Row
from sandbox.kinesis.records import (
    Collection,
    CustomStructure,
    Project,
    Record,
    Structure,
    User,
    named,
)
from sandbox.kinesis.records import Route as MadeRoute
from sandbox.kinesis.routes import body_of, envelope
from sandbox.kinesis.shapes import KinesisCall

STRUCTURE = {
    "id": "", "name": "", "description": "", "stype": "TEXT", "default_val": "", "min": 0,
    "max": 8000, "encrypted": False, "unique": False, "regex_pattern": "", "array": False,
    "required": False,
}  # fmt: skip


def write(
    *members: str, roles: tuple[str, ...] = ("ROOT", "ADMIN")
) -> Callable[[Callable[[KinesisCall, Row], Row]], Callable[[KinesisCall], Response]]:
    """A write by somebody with one of these roles; the body must have these members."""

    def decorate(answer: Callable[[KinesisCall, Row], Row]) -> Callable[[KinesisCall], Response]:
        def answered(call: KinesisCall) -> Response:
            body = body_of(call, "uid", *members)
            caller: User = call.service.admitted(call.request, str(body["uid"]))
            if call.service.role(caller) not in roles:
                raise Refused(403, "Not enough privileges to carry out this operation")
            done = envelope(call, "Done successfully!", answer(call, body | {"caller": caller}))
            return Response.of_json(done)

        return answered

    return decorate


def project_of(call: KinesisCall, project_id: Any) -> Project:
    try:
        return call.service.store.project(str(project_id))
    except KeyError:
        raise Refused(404, "No Project with this project_id found") from None


def collection_of(call: KinesisCall, body: Row) -> Collection:
    try:
        return named(project_of(call, body["project_id"]).collections, body["collection_id"])
    except KeyError:
        raise Refused(404, "No Collection with this collection_id found") from None


def unused(things: list[Any], wanted: Any, kind: str, name: str = "id") -> str:
    """The id, unless something has it."""
    if not isinstance(wanted, str) or not wanted:
        raise Refused(400, f"{kind} id is empty")
    if any(getattr(thing, name) == wanted for thing in things):
        raise Refused(403, f"A {kind} with that id already exists")
    return wanted


def text(value: Any) -> str:
    """A value as it is stored."""
    return str(value or "").replace("§", "_").replace("_newline_", "\n")


@write("key", "value", roles=("ROOT",))
def add_config(call: KinesisCall, body: Row) -> Row:
    """Sets a setting, whether it was there or not."""
    if len(str(body["value"])) > 200 or "|" in str(body["value"]):
        raise Refused(400, "Invalid value")
    call.service.store.configs[str(body["key"])] = str(body["value"])
    return {}


@write("project")
def create_project(call: KinesisCall, body: Row) -> Row:
    """Whoever creates it becomes a member; members that do not exist are left out."""
    given, store = body["project"], call.service.store
    project_id = unused(store.projects, given.get("id"), "Project")
    members = [body["caller"].number]
    for member in given.get("members") or []:
        number = member_number(call, member)
        if number is not None and number not in members:
            members.append(number)
    name, description = text(given.get("name")), text(given.get("description"))
    path = text(given.get("api_path"))
    store.projects.append(Project(project_id, name, description, path, members))
    return {}


def member_number(call: KinesisCall, user_id: Any) -> int | None:
    try:
        return call.service.user(user_id).number
    except KeyError:
        return None


@write("project_id", "target_uid")
def add_member(call: KinesisCall, body: Row) -> Row:
    project, number = project_of(call, body["project_id"]), member_number(call, body["target_uid"])
    if number is None:
        raise Refused(404, "No User with this uid found")
    if number not in project.members:
        project.members.append(number)
    return {}


@write("collection")
def create_collection(call: KinesisCall, body: Row) -> Row:
    given = body["collection"]
    project = project_of(call, given.get("project_id"))
    collection_id = unused(project.collections, given.get("id"), "Collection")
    name, description = text(given.get("name")), text(given.get("description"))
    project.collections.append(Collection(collection_id, name, description, []))
    return {}


@write("project_id", "collection_id", "custom_structure")
def add_custom_structure(call: KinesisCall, body: Row) -> Row:
    groups, given = collection_of(call, body).custom_structures, body["custom_structure"]
    group_id = unused(groups, given.get("id"), "Custom Structure")
    name, description = text(given.get("name")), text(given.get("description"))
    groups.append(CustomStructure(group_id, name, description, []))
    return {}


@write("project_id", "collection_id", "custom_structure_id", "structure")
def add_structure(call: KinesisCall, body: Row) -> Row:
    """One structure, plain where `custom_structure_id` is empty."""
    collection, group_id = collection_of(call, body), body["custom_structure_id"]
    structures = collection.structures
    if group_id:
        try:
            structures = named(collection.custom_structures, group_id).structures
        except KeyError:
            raise Refused(404, "No Custom Structure with this id found") from None
    given = STRUCTURE | {k: v for k, v in body["structure"].items() if k in STRUCTURE}
    unused(structures, given["id"], "Structure")
    structures.append(Structure(**given))
    return {}


@write("project_id", "collection_id", "raw_pair", roles=("ROOT", "AUTHOR"))
def create_data(call: KinesisCall, body: Row) -> Row:
    """A record; an id that nothing has is kept. Values of unknown structures are dropped."""
    collection, pair = collection_of(call, body), body["raw_pair"]
    data_id = pair.get("data_id") or call.service.store.id_of(6, 6, 6, 6)
    unused(collection.records, data_id, "Data", "data_id")
    groups = {group.id: group.structures for group in collection.custom_structures}
    values = stored_values(collection.structures, pair.get("structures"))
    custom = {
        part["id"]: stored_values(groups[part["id"]], part.get("structures"))
        for part in pair.get("custom_structures") or []
        if part.get("id") in groups
    }
    record = Record(data_id, pair.get("published") is True, values, custom)
    collection.records.append(record)
    return {"data_id": data_id}


def stored_values(structures: list[Structure], pairs: Any) -> dict[str, str]:
    known = {part.id for part in structures}
    found = {}
    for pair in pairs or []:
        if "rtype" not in pair:
            raise Refused(422)
        if pair.get("id") in known:
            found[pair["id"]] = text(pair.get("value"))
    return found


@write("project_id", "route")
def create_route(call: KinesisCall, body: Row) -> Row:
    project, given = project_of(call, body["project_id"]), body["route"]
    route_id = unused(project.routes, given.get("route_id"), "Route", "route_id")
    project.routes.append(
        MadeRoute(
            route_id,
            text(given.get("route_path")),
            given.get("auth_jwt"),
            given.get("body") or [],
            given.get("params"),
            given.get("flow") or {},
        )
    )
    return {"route_id": given["route_id"]}


WRITE_ROUTES = (
    Route("POST", "/config/add", add_config, public=True),
    Route("POST", "/project/create", create_project, public=True),
    Route("PATCH", "/project/member/add", add_member, public=True),
    Route("POST", "/collection/create", create_collection, public=True),
    Route("POST", "/custom_structure/add", add_custom_structure, public=True),
    Route("POST", "/structure/add", add_structure, public=True),
    Route("POST", "/data/create", create_data, public=True),
    Route("POST", "/routing/create", create_route, public=True),
)
"""Public, since who asks stands in the body."""
