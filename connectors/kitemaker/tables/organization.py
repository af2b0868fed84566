"""Kitemaker: the organization, its spaces with statuses and labels, and who works in it."""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited
from connectors.kitemaker.tables.parts import ID, LATE_STAMPS, OF_SPACE, STAMPS, link

ORGANIZATIONS = Table(
    "organizations",
    "The organization of which the token is part",
    (
        ID,
        col("name", "text", "its name"),
        col("slug", "text", "its name in addresses (GraphQL only)", backfilled=True),
        *STAMPS,
    ),
    newest="created_at",
    append_only=True,
)
SPACES = Table(
    "spaces",
    "One space: a board with its own work items, statuses and labels",
    (
        ID,
        col("name", "text", "its name"),
        col("key", "text", "the letters in front of its work item numbers", backfilled=True),
        col("slug", "text", "its name in addresses (GraphQL only)", backfilled=True),
        col("private", "boolean", "is open to its members alone (GraphQL only)", backfilled=True),
        *LATE_STAMPS,
    ),
    newest="created_at",
)
STATUSES = Table(
    "statuses",
    "One status of a space: a column of its board",
    (
        ID,
        inherited("space_id", "text", "the space to which the status belongs"),
        col("name", "text", "its name"),
        col("type", "text", "BACKLOG, TODO, IN_PROGRESS, DONE or ARCHIVED so far", backfilled=True),
        col("default", "boolean", "takes new work items (GraphQL only)", backfilled=True),
        *LATE_STAMPS,
    ),
    parents=(OF_SPACE,),
    newest="created_at",
)
LABELS = Table(
    "labels",
    "One label of a space, or of the organization",
    (
        ID,
        inherited("space_id", "text", "its space; NULL where initiatives or feedback have it"),
        col("name", "text", "its name, not unique"),
        col("color", "text", "hexadecimal digits without `#`, or a colour's name", backfilled=True),
        *LATE_STAMPS,
    ),
    parents=(Reference("space_id", "spaces", owner=True, orphans=1.0),),
    newest="created_at",
)
USERS = Table(
    "users",
    "One user of the organization; who left stays, deactivated (GraphQL only)",
    (
        ID,
        col("username", "text", "the unique short name"),
        col("name", "text", "the full name"),
        col("avatar", "text", "address of the picture, of unknown lifetime", unversioned=True),
        col("guest", "boolean", "sees only the spaces to which it was invited"),
        col("deactivated", "boolean", "has left"),
        *STAMPS,
    ),
    newest="created_at",
    append_only=True,
)
APPLICATIONS = Table(
    "applications",
    "One application with a token of its own (GraphQL only)",
    (ID, col("name", "text", "its name"), *STAMPS),
    newest="created_at",
    append_only=True,
)
SERVICE = (
    col("type", "text", "the other product, as GITHUB or SLACK"),
    col("domain", "text", "the other product's organization"),
)
INTEGRATIONS = Table(
    "integrations",
    "One connection with another product (GraphQL only)",
    (ID, *SERVICE, *STAMPS),
    newest="created_at",
    append_only=True,
)
INTEGRATION_USERS = Table(
    "integration_users",
    "One person known from another product, without an account here (GraphQL only)",
    (
        ID,
        *SERVICE,
        col("externalId", "text", "the person's id there"),
        col("externalName", "text", "the person's name there"),
        *STAMPS,
    ),
    newest="created_at",
    append_only=True,
)
SPACE_MEMBERS = link(
    "space_members",
    "One user who may enter one private space (GraphQL only)",
    ("space_id", "spaces"),
    ("user_id", "users"),
)
