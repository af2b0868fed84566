"""Records as the service sends them, in the present profile (page, section 6)."""

from __future__ import annotations

from sandbox.core import Call, Row, pick
from sandbox.kinesis.changes import Changes
from sandbox.kinesis.records import (
    Collection,
    Constraint,
    Event,
    Media,
    Project,
    Record,
    Route,
    Structure,
    User,
)

KinesisCall = Call[Changes]
LEGACY_USER = ("id", "first_name", "last_name", "username", "email", "password", "role")
OPTIONAL_TEXTS = {
    "user": ("bio", "profile_picture"),
    "project": ("description",),
    "collection": ("description",),
    "event": ("redirect",),
}
RTYPES = {"INTEGER": "INTEGER", "FLOAT": "FLOAT", "BOOLEAN": "BOOLEAN", "CUSTOM": "OTHER"}


def finished(call: KinesisCall, resource: str, payload: Row) -> Row:
    """With empty texts as the switch says, and the fields of a later release."""
    form = call.service.switches.empty_text
    for name in OPTIONAL_TEXTS.get(resource, ()) if form != "text" else ():
        if payload.get(name) == "":
            payload[name] = None
            if form == "absent":
                del payload[name]
    return payload | call.service.store.grown_fields.get(resource, {})


def user(call: KinesisCall, row: User, *, at_login: bool = False) -> Row:
    hashed = call.service.switches.password_hash
    shown = hashed == "everywhere" or (hashed == "login" and at_login)
    payload = {
        "id": call.service.user_id(row.number),
        **pick(row, "first_name", "last_name", "username", "email"),
        "password": row.password_hash if shown else "",
        "role": call.service.role(row),
        **pick(row, "reset_token", "bio", "profile_picture", "is_public", "links"),
    }
    if call.service.switches.user_fields == "legacy":
        payload = {name: payload[name] for name in LEGACY_USER}
    return finished(call, "user", payload)


def config(call: KinesisCall, entry: tuple[str, str]) -> Row:
    return finished(call, "config", {"name": entry[0], "value": entry[1]})


def constraint(call: KinesisCall, component: list[Constraint]) -> Row:
    properties = [dict(vars(part)) for part in component]
    names = {part.pop("component_name") for part in properties}
    payload = {"component_name": names.pop(), "properties": properties}
    return finished(call, "constraint", payload)


def project(call: KinesisCall, row: Project) -> Row:
    payload = pick(row, "id", "name", "description", "api_path")
    payload["members"] = [call.service.user_id(number) for number in row.members]
    return finished(call, "project", payload)


def structure(call: KinesisCall, row: Structure) -> Row:
    return finished(call, "structure", dict(vars(row)))


def collection(call: KinesisCall, row: Collection) -> Row:
    payload: Row = {
        "id": row.id,
        "project_id": call.query["project_id"],
        **pick(row, "name", "description"),
        "structures": [structure(call, part) for part in row.structures],
        "custom_structures": [
            {
                **pick(group, "id", "name", "description"),
                "structures": [structure(call, part) for part in group.structures],
            }
            for group in row.custom_structures
        ],
    }
    return finished(call, "collection", payload)


def record(call: KinesisCall, row: Record) -> Row:
    home = call.service.collection(call.query["project_id"], call.query["collection_id"])
    payload: Row = {
        "data_id": row.data_id,
        "structures": values(home.structures, row.values),
        "custom_structures": [
            {
                "id": group.id,
                "structures": values(group.structures, row.custom_values.get(group.id, {})),
            }
            for group in home.custom_structures
        ],
        "published": row.published,
    }
    return finished(call, "data", payload)


def values(structures: list[Structure], stored: dict[str, str]) -> list[dict[str, str]]:
    """One entry for each structure, in the structures' order: the default in place of empty
    text, and a type that is derived only where something is stored."""
    found = []
    for part in structures:
        kind = "ARRAY" if part.array or part.kind == "ENUM" else RTYPES.get(part.kind, "STRING")
        value = stored.get(part.id) or part.default_val
        rtype = kind if part.id in stored else "STRING"
        found.append({"id": part.id, "value": value, "rtype": rtype})
    return found


def media(call: KinesisCall, row: Media) -> Row:
    if call.service.switches.media_fields == "legacy":
        return finished(call, "media", pick(row, "id", "name"))
    payload = pick(row, "id", "path", "file_type", "file_size", "security")
    if row.access_token:
        payload["access_token"] = row.access_token
    return finished(call, "media", payload)


def event(call: KinesisCall, row: Event) -> Row:
    payload = dict(vars(row)) | {"description": call.service.described(row.description)}
    return finished(call, "event", payload)


def route(call: KinesisCall, row: Route) -> Row:
    return finished(call, "routing", {**vars(row), "project_id": call.query["project_id"]})


def other(call: KinesisCall, row: Row) -> Row:
    return dict(row)
