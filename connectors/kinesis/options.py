"""Kinesis API: lists that an instance serves at another address, under other names, or beside
those that are known.

Today's product documents two of its addresses; the rest is deduced (API page, sections 5 and 14).
Where an instance's own description (`/scalar`) says otherwise, kollect.toml may say so too:

    [accounts.kinesis.lists]
    records = { path = "/data/all", rows = "entries", key = "uuid" }
    tickets = { path = "/ticket/fetch/all", rows = "tickets", leave_out = ["subscriptions"] }

`path` is below the base address, `rows` the member that holds the records, `key` the member of a
record that holds its id. A name that is none of the known lists becomes a table; `leave_out` names
members that are not kept. Answers of known lists are brought into the usual form before anything
is written, so that secrets are taken out of them as of any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connectors.core import Connector, Cost, Costing, Family, Record, Resource, Table, col, snake
from connectors.kinesis.endpoints import PAGE_ROWS, rows
from connectors.kinesis.estimate import cost_of_events, cost_of_projects
from connectors.kinesis.normalize import beside, rows_of
from connectors.kinesis.redact import ENVELOPE, without_secrets
from connectors.kinesis.sync import read_list
from connectors.paging import PageIndexes

EXAMPLE = (
    'lists = { tickets = { path = "/ticket/fetch/all", rows = "tickets", key = "id" } }'
    "  # where it serves lists elsewhere, or others"
)
USUAL = {
    "users": ("user", "users"),
    "configs": ("config", "configs"),
    "constraints": ("constraint", "constraints"),
    "media": ("media", "medias"),
    "events": ("event", "events"),
    "projects": ("project", "projects"),
    "routes": ("routing", "routes"),
    "collections": ("collection", "collections"),
    "records": ("data", "pairs"),
}
"""List -> the first part of its usual address, and the member that holds its rows."""
KEYS = {
    "records": "data_id",
    "configs": "name",
    "routes": "route_id",
    "constraints": "component_name",
}
"""The member that holds a record's id, where it is not `id`."""
TAKEN = {"constraint_components", "project_members", "custom_structures", "structures"}
"""Tables without a list of their own."""
TABLE = re.compile(r"(?!.*_(history|at)$)[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""A name whose table meets no history, no macro, and no view of a collection (`a__b`)."""
PATH = re.compile(r"(/[\w-][\w.-]*)+/?|/")
MEMBER = re.compile(r"[A-Za-z]\w*")
PLACE = re.compile(r"[A-Za-z]\w*(\[\])?(\.[A-Za-z]\w*(\[\])?)*")

Parts = Mapping[str, Any]


def are_lists(value: Any) -> bool:
    """Whether a setting names lists and says how they are served."""
    if not isinstance(value, dict) or not all(isinstance(parts, dict) for parts in value.values()):
        return False
    paths = [parts["path"] for parts in value.values() if "path" in parts]
    return len({str(path).strip("/") for path in paths}) == len(paths) and all(
        _is_known_list(parts) if name in USUAL else _is_further_list(name, parts)
        for name, parts in value.items()
    )


def _is_known_list(parts: Parts) -> bool:
    return (
        parts.keys() <= {"path", "rows", "key"}
        and all(isinstance(text, str) and text for text in parts.values())
        and _is_path(parts.get("path", "/"))
    )


def _is_further_list(name: str, parts: Parts) -> bool:
    """Whether it has a path and rows, and is none of the known lists under another name: their
    secrets are known by their addresses."""
    left_out = parts.get("leave_out", [])
    return (
        TABLE.fullmatch(name) is not None
        and name not in TAKEN
        and {"path", "rows"} <= parts.keys() <= {"path", "rows", "key", "leave_out"}
        and _is_path(parts["path"])
        and parts["path"].strip("/").partition("/")[0] not in {kind for kind, _ in USUAL.values()}
        and all(
            isinstance(parts.get(part, "id"), str) and MEMBER.fullmatch(parts.get(part, "id"))
            for part in ("rows", "key")
        )
        and isinstance(left_out, list)
        and all(isinstance(place, str) and PLACE.fullmatch(place) for place in left_out)
    )


def _is_path(path: Any) -> bool:
    return isinstance(path, str) and PATH.fullmatch(path) is not None


def with_lists(connector: Connector, options: Mapping[str, Any]) -> Connector:
    """The connector with the lists of `options` where, and as, they are served."""
    lists: Mapping[str, Parts] = options["lists"]
    if not lists:
        return connector
    resources = {r.name: r for family in connector.families for r in family.resources}
    families = list(connector.families)
    for name, parts in lists.items():
        if name not in USUAL:
            resources[name] = _further_list(name, parts)
            families.append(Family(name, (resources[name],), plan=read_list))
        elif "path" in parts:
            resources[name] = replace(resources[name], get=parts["path"], fallback_path="")
    costs: dict[str, Callable[[Costing], list[Cost]]] = {
        "events": cost_of_events(resources["events"]),
        "projects": cost_of_projects(
            *(resources[name] for name in ("projects", "collections", "records"))
        ),
    }
    projects = resources["projects"]
    return replace(
        connector,
        families=tuple(
            replace(
                family,
                resources=tuple(resources[r.name] for r in family.resources),
                cost=costs.get(family.name),
            )
            for family in families
        ),
        check=replace(connector.check, get=projects.get, fallback_path=projects.fallback_path),
        secret_paths=(
            *connector.secret_paths,
            *(
                f"{parts['rows']}[].{place}"
                for parts in lists.values()
                for place in parts.get("leave_out", ())
            ),
        ),
        redact=_redact([(resources[name], name, parts) for name, parts in lists.items()]),
    )


def _further_list(name: str, parts: Parts) -> Resource:
    """A list that no document describes: its key, and a column for each plain member that comes."""
    key = str(parts.get("key", "id"))
    table = Table(
        name,
        f"One row of the list at {parts['path']}, which the settings name",
        (col(key, "text", "the row's id"),),
        key=(snake(key),),
    )
    return Resource(
        name, parts["path"], (rows(table, parts["rows"]),), paging=PageIndexes(limit=PAGE_ROWS)
    )


def _redact(lists: list[tuple[Resource, str, Parts]]) -> Callable[[Record, Any], Any]:
    """Brings the answers of these lists into their usual form, then takes secrets out."""
    at = {
        path: (name, parts)
        for resource, name, parts in lists
        for path in (resource.get, resource.fallback_path)
        if path
    }

    def redact(request: Record, payload: Any) -> Any:
        name, parts = at.get(request["path"], ("", {}))
        if not name:
            return without_secrets(request, payload)
        kind, member = USUAL.get(name, ("", parts.get("rows", "")))
        usual = _in_usual_form(payload, member, parts, KEYS.get(name, "id") if kind else "")
        if not kind:
            return usual
        return without_secrets({**request, "path": f"/{kind}/fetch/all"}, usual)

    return redact


def _in_usual_form(payload: Any, member: str, parts: Parts, own: str) -> Any:
    """The envelope and the rows under their usual names; without rows, the envelope alone.

    `own` is the usual name of a record's id; empty where it has none.
    """
    if not isinstance(payload, dict):
        return payload
    shown = {part: payload[part] for part in ENVELOPE if part in payload}
    if ids := beside(payload, "data_ids"):
        shown["data_ids"] = ids
    found = rows_of(payload, parts.get("rows", member))
    if found is None:
        return shown
    if own and "key" in parts:
        for row in found:
            if isinstance(row, dict) and parts["key"] in row:
                row[own] = row.pop(parts["key"])
    return {**shown, member: found}
