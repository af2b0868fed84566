"""The rows of a complete copy, table by table: the whole account, as ROOT sees it.

- A secret, or a value that a copy may redact, is absent from its row; an access token is cut out
  of the addresses that hold one.
- `tickets`, `snippets` and `redirects` have rows where the switch serves their lists.
- Left out are fields that came with `grow_field`.
- In the older generation the fields that its users and media lack are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sandbox.core import Row, Tables, blob, pick, true_file
from sandbox.kinesis.changes import Changes
from sandbox.kinesis.records import Route, Structure

OPEN_CONFIGS = frozenset(
    (
        "ENV", "PROJECT_NAME", "FRONT_URL", "API_URL", "API_PORT", "API_PRE", "WS_PORT",
        "JWT_EXPIRE", "USE_REDIS", "UPLOAD_SIZE", "SHOULD_INITIALIZE",
    )
)  # fmt: skip
"""Settings whose values can hold no secret."""
STRUCTURE = (
    "id", "name", "description", "stype", "min", "max", "encrypted", "unique", "regex_pattern",
    "array", "required",
)  # fmt: skip
BOUNDS = (
    "component_name", "property_name", "is_alphabetic", "is_numeric", "min", "max",
    "not_allowed", "additional_allowed",
)  # fmt: skip
MORE = ("tickets", "snippets", "redirects")
SIGNED = re.compile(r"[?&]access_token=[^&#\s,\"]*")


def tables(service: Changes) -> Tables:
    store, served = service.store, service.switches.more_lists == "served"
    components = dict.fromkeys(bound.component_name for bound in store.constraints)
    return {
        "users": _users(service),
        "configs": [
            {"name": name, **({"value": value} if name in OPEN_CONFIGS else {})}
            for name, value in store.configs.items()
        ],
        "constraint_components": [{"component_name": name} for name in components],
        "constraints": [pick(bound, *BOUNDS) for bound in store.constraints],
        "media": _media(service),
        "events": [
            {
                **pick(event, "id", "event_type"),
                "description": service.described(event.description),
                "timestamp": event_moment(event.timestamp),
                "timestamp_raw": event.timestamp,
                "redirect": _optional(service, event.redirect),
            }
            for event in store.events
        ],
        **{name: getattr(store, name) if served else [] for name in MORE},
        **_projects(service),
        **_collections(service),
    }


def files(service: Changes) -> list[dict[str, Any]]:
    """The pictures behind the media records, as the present form of those names them."""
    store, legacy = service.store, service.switches.media_fields == "legacy"
    found = []
    for media in store.medias:
        is_private = media.security == "PRIVATE"
        stored = store.files.get(media.name if legacy or is_private else media.path)
        found.append(true_file("media", media.id, "path", None if stored is None else blob(stored)))
    return found


def _users(service: Changes) -> list[Row]:
    rows = []
    for user in service.store.users:
        row: Row = {"id": str(service.user_id(user.number)), "role": service.role(user)}
        row |= pick(user, "first_name", "last_name", "username", "email")
        if service.switches.user_fields == "current":
            row |= pick(user, "is_public", "links")
            row["bio"] = _optional(service, user.bio)
            row["profile_picture"] = _optional(service, without_token(user.profile_picture))
        rows.append(row)
    return rows


def _media(service: Changes) -> list[Row]:
    older = service.switches.media_fields == "legacy"
    names = ("id", "name") if older else ("id", "path", "file_type", "file_size", "security")
    return [pick(media, *names) for media in service.store.medias]


def _projects(service: Changes) -> Tables:
    projects = service.store.projects
    return {
        "projects": [
            {
                **pick(project, "id", "name", "api_path"),
                "description": _optional(service, project.description),
            }
            for project in projects
        ],
        "project_members": [
            {"project_id": project.id, "user_id": str(service.user_id(number))}
            for project in projects
            for number in dict.fromkeys(project.members)
        ],
        "routes": [_route(project.id, route) for project in projects for route in project.routes],
    }


def _route(project_id: str, route: Route) -> Row:
    """The nested login and parameters as columns, NULL where there are none."""
    login, params = route.auth_jwt or {}, route.params or {}
    return {
        "project_id": project_id,
        **pick(route, "route_id", "route_path", "body", "flow"),
        **{f"auth_jwt_{name}": login.get(name) for name in ("active", "field", "ref_col")},
        **{f"params_{name}": params.get(name) for name in ("delimiter", "pairs")},
    }


def _collections(service: Changes) -> Tables:
    """Collections with their structures, groups of these, and records."""
    found: Tables = {"collections": [], "structures": [], "custom_structures": [], "records": []}
    for project, collection in service.store.collections():
        place: Row = {"project_id": project.id, "collection_id": collection.id}
        description = _optional(service, collection.description)
        found["collections"].append(
            {"project_id": project.id, **pick(collection, "id", "name"), "description": description}
        )
        found["structures"] += _structures(place, "", collection.structures)
        for position, group in enumerate(collection.custom_structures):
            row = pick(group, "id", "name", "description")
            found["custom_structures"].append({**place, "position": position, **row})
            found["structures"] += _structures(place, group.id, group.structures)
        for record in collection.records:
            groups = {
                group.id: _values(group.structures, record.custom_values.get(group.id, {}))
                for group in collection.custom_structures
            }
            values = {
                "values": _values(collection.structures, record.values),
                "custom_values": groups,
            }
            found["records"].append({**place, **pick(record, "data_id", "published"), **values})
    return found


def _structures(place: Row, group_id: str, structures: Iterable[Structure]) -> list[Row]:
    rows = []
    for position, part in enumerate(structures):
        row = {**place, "custom_structure_id": group_id, "position": position}
        row |= pick(part, *STRUCTURE)
        row["stype_custom"] = part.stype["CUSTOM"] if isinstance(part.stype, dict) else None
        if not part.secret:  # its default is read in place of an empty value
            row["default_val"] = part.default_val
        rows.append(row)
    return rows


def _values(structures: Iterable[Structure], kept: dict[str, str]) -> dict[str, str]:
    """Structure id -> what is read: the default where nothing is stored or the text is empty."""
    return {part.id: read_value(part, kept) for part in structures if not part.secret}


def read_value(structure: Structure, kept: dict[str, str]) -> str:
    return without_token(kept.get(structure.id, "") or structure.default_val)


def _optional(service: Changes, text: str) -> str | None:
    """A text that the service leaves out is NULL in a copy."""
    return text or ("" if service.switches.empty_text == "text" else None)


def without_token(text: str) -> str:
    """The text without access tokens in addresses; the rest of it stays."""
    return SIGNED.sub("", text) if "access_token=" in text else text


def event_moment(text: str) -> str:
    """An event's time as ISO 8601 with microseconds; what is finer is cut off."""
    day, clock, _ = text.split(" ")
    whole, _, fraction = clock.partition(".")
    moment = datetime.strptime(f"{day} {whole}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    return moment.isoformat(timespec="microseconds")
