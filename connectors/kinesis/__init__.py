"""Kinesis API: projects of collections that people build. https://api.kinesis.world (not Amazon's)

Every list is read whole each time: nothing carries a time of its last change, and the events
leave out too much to follow them. `offset` counts pages, `amount` is the number of rows, errors
come inside HTTP 200. What the API page leaves open, and which form is tolerated, stands in
connectors/kinesis/notes.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.core import (
    Connector,
    Credential,
    Family,
    Inherit,
    Option,
    Resource,
    Rows,
    Table,
    constant,
    member,
    parent,
    request,
)
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Login, Parts, Request, Window
from connectors.kinesis.errors import classify_kinesis
from connectors.kinesis.estimate import cost_of_events, cost_of_projects
from connectors.kinesis.files import FILES, HOSTS, LARGEST
from connectors.kinesis.normalize import members, records, rows_of, structures
from connectors.kinesis.options import adapted, are_lists
from connectors.kinesis.redact import without_secrets
from connectors.kinesis.sync import (
    PAGE_ROWS,
    copy_events,
    copy_list,
    copy_projects,
    copy_users,
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
from connectors.kinesis.views import VIEWS
from connectors.paging import PageIndexes

SESSION_SECONDS = 900.0
"""How long a session holds where nobody changed it (API page, section 2); the answer does not
say. Renewing early does no harm, and a session that ended earlier is noticed."""
OF_PROJECT = {"project_id": request("project_id")}
OF_COLLECTION = {"project_id": request("project_id"), "collection_id": request("collection_id")}


def listing(kind: str, rows: Rows, *, name: str = "", **params: str) -> Resource:
    """The list of one kind of record; `/fetch/all` today, `/fetch` in the older product.

    What it proves is left to the plans: it depends on who asks.
    """
    return Resource(
        name or rows.table.name,
        f"/{kind}/fetch/all",
        (rows,),
        params=params,
        paging=PageIndexes(limit=PAGE_ROWS),
        fallback_path=f"/{kind}/fetch",
        path_group="lists",
        listing=False,
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
        "project_id": request("project_id"),
        "collection_id": parent("id"),
        "custom_structure_id": constant(""),
        **TYPE,
    },
    position="position",
    rows=structures,
)
GROUPS = Rows(
    CUSTOM_STRUCTURES,
    at="custom_structures",
    inherit={"project_id": request("project_id"), "collection_id": parent("id")},
    position="position",
    children=(
        Rows(
            STRUCTURES,
            at="structures",
            inherit={
                "project_id": request("project_id"),
                "collection_id": request("collection_id"),
                "custom_structure_id": parent("id"),
                **TYPE,
            },
            position="position",
            rows=structures,
        ),
    ),
)

USER_LIST = listing("user", rows(USERS, "users"))
CONFIG_LIST = listing("config", rows(CONFIGS, "configs"))
BOUNDS = Rows(CONSTRAINTS, at="properties", inherit={"component_name": parent("component_name")})
CONSTRAINT_LIST = listing(
    "constraint", rows(CONSTRAINT_COMPONENTS, "constraints", None, BOUNDS), name="constraints"
)
MEDIA_LIST = listing("media", rows(MEDIA, "medias"))
EVENT_LIST = listing("event", rows(EVENTS, "events"))
MEMBERS = Rows(PROJECT_MEMBERS, at="members", inherit={"project_id": parent("id")}, rows=members)
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
        rows=records,
        inherit={
            **OF_COLLECTION,
            "values": member("values by id"),
            "custom_values": member("values by group"),
        },
    ),
    project_id="{project_id}",
    collection_id="{collection_id}",
)


def session_of(answer: Any) -> Parts:
    """The token and the caller's id, which may be the number 0."""
    inner = answer if "jwt" in answer else answer["data"]
    uid = inner.get("uid")
    return {"token": inner["jwt"], "uid": str(inner["user"]["id"] if uid is None else uid)}


LOGIN = Login(
    request=lambda parts: Request(
        "POST",
        "/user/login",
        body={"auth_data": parts["username"], "password": parts["password"]},
    ),
    token=session_of,
    renew=lambda parts: Request(
        "POST",
        "/user/login/jwt",
        body={"uid": int(parts["uid"]) if parts["uid"].isdecimal() else parts["uid"]},
    ),
    life=lambda _: SESSION_SECONDS,
)


def visible_projects(answer: Mapping[str, Any]) -> str:
    """What `kollect check` says of the projects that a credential may see."""
    amount = answer.get("amount")
    return f"{amount if amount is not None else 'its'} projects"


KINESIS = checked(
    Connector(
        name="kinesis",
        title="Kinesis API",
        base_url=None,
        base_url_env="KINESIS_BASE_URL",
        credential=Credential(
            {
                "token": "KINESIS_API_TOKEN",
                "uid": "KINESIS_UID",
                "username": "KINESIS_USERNAME",
                "password": "KINESIS_PASSWORD",
            },
            (("token", "uid"), ("username", "password")),
        ),
        http=HttpConfig(
            headers={"Authorization": "Bearer {token}", "Content-Type": "application/json"},
            params={"uid": "{uid}"},
            windows=(Window(10, 1.0),),
            max_in_flight=4,
            classify=classify_kinesis,
            login=LOGIN,
        ),
        families=(
            Family("users", (USER_LIST,), plan=copy_users),
            Family("configs", (CONFIG_LIST,), plan=copy_list),
            Family("constraints", (CONSTRAINT_LIST,), plan=copy_list),
            Family("media", (MEDIA_LIST,), plan=copy_list),
            Family("events", (EVENT_LIST,), plan=copy_events, cost=cost_of_events(EVENT_LIST)),
            Family(
                "projects",
                (PROJECT_LIST, ROUTE_LIST, COLLECTION_LIST, RECORD_LIST),
                plan=copy_projects,
                cost=cost_of_projects(PROJECT_LIST, COLLECTION_LIST, RECORD_LIST),
            ),
        ),
        notes="connectors/kinesis/notes.md",
        check=Resource(
            "check",
            "/project/fetch/all",
            params={"offset": "0", "limit": "1"},
            fallback_path="/project/fetch",
            path_group="lists",
        ),
        identity=lambda _, parts: f"user {parts['uid']}" if parts.get("uid") else "",
        describe=visible_projects,
        secret_fields=("password", "reset_token", "access_token", "jwt"),
        # Links that open a private file (API page, section 10), with the instance's own address
        # as its settings give it, or without any.
        signed_hosts={"*/media/stream": ("access_token",)},
        redact=without_secrets,
        options=(
            Option(
                "lists",
                default={},
                is_valid=are_lists,
                example='lists = { records = { path = "/data/all", rows = "pairs", key = "id" } }'
                "  # where it serves lists elsewhere",
            ),
        ),
        configure=adapted,
        views=VIEWS,
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
