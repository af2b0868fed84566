"""Kinesis API: lists that an instance serves at another address or under other names.

Today's product documents two of its addresses; the rest is deduced (API page, sections 5 and 14).
Where an instance's own description (`/scalar`) says otherwise, kollect.toml may say so too:

    [accounts.kinesis.lists]
    records = { path = "/data/all", rows = "entries", key = "uuid" }

`path` is below the base address, `rows` the member that holds the records, `key` the member of a
record that holds its id. Answers are brought into the usual form before anything is written, so
that secrets are taken out of them as of any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connectors.core import Connector, Cost, Costing, Record, Resource
from connectors.kinesis.estimate import cost_of_events, cost_of_projects
from connectors.kinesis.normalize import beside, rows_of
from connectors.kinesis.redact import ENVELOPE, without_secrets

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
PARTS = {"path", "rows", "key"}


def are_lists(value: Any) -> bool:
    """Whether a setting names lists and says how they are served."""
    return isinstance(value, dict) and all(
        name in USUAL
        and isinstance(parts, dict)
        and parts.keys() <= PARTS
        and all(isinstance(text, str) and text for text in parts.values())
        and parts.get("path", "/").startswith("/")
        and not set("{}?#") & set(parts.get("path", ""))
        for name, parts in value.items()
    )


def adapted(connector: Connector, options: Mapping[str, Any]) -> Connector:
    """The connector with the lists of `options` where, and as, they are served."""
    lists: Mapping[str, Mapping[str, str]] = options["lists"]
    if not lists:
        return connector
    resources = {r.name: r for family in connector.families for r in family.resources}
    for name, parts in lists.items():
        if "path" in parts:
            resources[name] = replace(resources[name], get=parts["path"], fallback_path="")
    costs: dict[str, Callable[[Costing], list[Cost]]] = {
        "events": cost_of_events(resources["events"]),
        "projects": cost_of_projects(
            *(resources[name] for name in ("projects", "collections", "records"))
        ),
    }
    check = replace(
        connector.check,
        get=resources["projects"].get,
        fallback_path=resources["projects"].fallback_path,
    )
    return replace(
        connector,
        families=tuple(
            replace(
                family,
                resources=tuple(resources[r.name] for r in family.resources),
                cost=costs.get(family.name),
            )
            for family in connector.families
        ),
        check=check,
        redact=_cleanse([(resources[name], name, parts) for name, parts in lists.items()]),
    )


def _cleanse(
    lists: list[tuple[Resource, str, Mapping[str, str]]],
) -> Callable[[Record, Any], Any]:
    """Brings the answers of these lists into their usual form, then takes secrets out."""
    at = {
        path: (name, parts)
        for resource, name, parts in lists
        for path in (resource.get, resource.fallback_path)
        if path
    }

    def redact(request: Record, payload: Any) -> Any:
        if request["path"] not in at:
            return without_secrets(request, payload)
        name, parts = at[request["path"]]
        kind, member = USUAL[name]
        usual = {**request, "path": f"/{kind}/fetch/all"}
        return without_secrets(usual, _in_usual_form(payload, member, parts, name))

    return redact


def _in_usual_form(payload: Any, member: str, parts: Mapping[str, str], name: str) -> Any:
    """The envelope and the rows under their usual names; without rows, the envelope alone."""
    if not isinstance(payload, dict):
        return payload
    shown = {part: payload[part] for part in ENVELOPE if part in payload}
    if ids := beside(payload, "data_ids"):
        shown["data_ids"] = ids
    rows = rows_of(payload, parts.get("rows", member))
    if rows is None:
        return shown
    own = {"records": "data_id", "configs": "name", "routes": "route_id",
           "constraints": "component_name"}.get(name, "id")  # fmt: skip
    if "key" in parts:
        for row in rows:
            if isinstance(row, dict) and parts["key"] in row:
                row[own] = row.pop(parts["key"])
    return {**shown, member: rows}
