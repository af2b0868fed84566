"""Kinesis API: every address that is asked, and the rows in its answers (API page, section 5)."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.core import (
    Inherit,
    Resource,
    Rows,
    Table,
    constant,
    member,
    parent,
    request,
)
from connectors.kinesis.normalize import (
    member_id,
    record_values,
    records_with_ids,
    rows_of,
    type_as_text,
)
from connectors.kinesis.tables import (
    COLLECTIONS,
    CONFIGS,
    CONSTRAINT_COMPONENTS,
    CONSTRAINTS,
    CUSTOM_STRUCTURES,
    EVENTS,
    MEDIA,
    PROJECT_MEMBERS,
    PROJECTS,
    RECORDS,
    ROUTES,
    STRUCTURES,
    USERS,
)
from connectors.paging import PageIndexes

PAGE_ROWS = 120
"""Rows of a page. Pages overlap by a few rows; with so many, no list costs more requests than
pages of 100 side by side would, which is what the API page plans."""
PATHS = "lists"
"""All list addresses end alike: the first answer shows how."""
OF_PROJECT = {"project_id": request("project_id")}
OF_COLLECTION = {**OF_PROJECT, "collection_id": request("collection_id")}


def listing(kind: str, rows: Rows, *, name: str = "", **params: str) -> Resource:
    """The list of one kind of record; `/fetch/all` today, `/fetch` in the older product."""
    return Resource(
        name or rows.table.name,
        f"/{kind}/fetch/all",
        (rows,),
        params=params,
        paging=PageIndexes(limit=PAGE_ROWS),
        fallback_path=f"/{kind}/fetch",
        path_group=PATHS,
    )


def rows(
    table: Table, name: str, inherit: Mapping[str, Inherit] | None = None, *children: Rows
) -> Rows:
    """The rows of a list answer, in any of the three places where they were seen."""
    return Rows(
        table,
        rows=lambda answer, _: rows_of(answer, name),
        inherit=inherit or {},
        children=children,
    )


TYPE = {"stype": member("type as text"), "stype_custom": member("type by people")}
PLAIN_STRUCTURES = Rows(
    STRUCTURES,
    at="structures",
    inherit={
        **OF_PROJECT,
        "collection_id": parent("id"),
        "custom_structure_id": constant(""),
        **TYPE,
    },
    position="position",
    normalize=type_as_text,
)
STRUCTURES_OF_GROUP = Rows(
    STRUCTURES,
    at="structures",
    inherit={**OF_COLLECTION, "custom_structure_id": parent("id"), **TYPE},
    position="position",
    normalize=type_as_text,
)
GROUPS = Rows(
    CUSTOM_STRUCTURES,
    at="custom_structures",
    inherit={**OF_PROJECT, "collection_id": parent("id")},
    position="position",
    children=(STRUCTURES_OF_GROUP,),
)
BOUNDS = Rows(CONSTRAINTS, at="properties", inherit={"component_name": parent("component_name")})
MEMBERS = Rows(
    PROJECT_MEMBERS, at="members", inherit={"project_id": parent("id")}, normalize=member_id
)

USER_LIST = listing("user", rows(USERS, "users"))
CONFIG_LIST = listing("config", rows(CONFIGS, "configs"))
CONSTRAINT_LIST = listing(
    "constraint", rows(CONSTRAINT_COMPONENTS, "constraints", None, BOUNDS), name="constraints"
)
MEDIA_LIST = listing("media", rows(MEDIA, "medias"))
EVENT_LIST = listing("event", rows(EVENTS, "events"))
PROJECT_LIST = listing("project", rows(PROJECTS, "projects", None, MEMBERS))
ROUTE_LIST = listing("routing", rows(ROUTES, "routes", OF_PROJECT), project_id="{project_id}")
COLLECTION_LIST = listing(
    "collection",
    rows(COLLECTIONS, "collections", OF_PROJECT, PLAIN_STRUCTURES, GROUPS),
    project_id="{project_id}",
)
RECORD_LIST = listing(
    "data",
    Rows(
        RECORDS,
        rows=records_with_ids,
        normalize=record_values,
        inherit={
            **OF_COLLECTION,
            "values": member("values by id"),
            "custom_values": member("values by group"),
        },
    ),
    project_id="{project_id}",
    collection_id="{collection_id}",
)
ONE_MEDIA = Resource("one_media", "/media/fetch/one", params={"media_id": "{media_id}"})
CHECK = Resource(
    "check",
    "/project/fetch/all",
    params={"offset": "0", "limit": "1"},
    fallback_path="/project/fetch",
    path_group=PATHS,
)
