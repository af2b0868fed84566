"""Kitemaker: initiatives and roadmaps."""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited
from connectors.kitemaker.tables.parts import ACTOR, ID, SIZES, STAMPS, link
from connectors.kitemaker.tables.work_items import WORK_ITEM

INITIATIVES = Table(
    "initiatives",
    "One initiative: a plan across spaces, archived ones included",
    (
        ID,
        col("number", "integer", "counts in the organization"),
        col("title", "text", "its title"),
        col("description", "text", "its text as Markdown"),
        *ACTOR,
        *SIZES,
        col("archivedAt", "time", "when it was archived"),
        *STAMPS,
        col("color", "text", "its colour (GraphQL only)", backfilled=True),
    ),
    newest="updated_at",
)
INITIATIVE = ("initiative_id", "initiatives")
INITIATIVE_SPACES = link(
    "initiative_spaces", "One space of one initiative", INITIATIVE, ("space_id", "spaces")
)
INITIATIVE_LABELS = link(
    "initiative_labels", "One label on one initiative", INITIATIVE, ("label_id", "labels")
)
INITIATIVE_MEMBERS = link(
    "initiative_members",
    "One user who works on one initiative (GraphQL only)",
    INITIATIVE,
    ("user_id", "users"),
)
INITIATIVE_WATCHERS = link(
    "initiative_watchers",
    "One user who is told of changes of one initiative (GraphQL only)",
    INITIATIVE,
    ("user_id", "users"),
)
INITIATIVE_WORK_ITEMS = link(
    "initiative_work_items",
    "One work item of one initiative (GraphQL only)",
    INITIATIVE,
    WORK_ITEM,
)
INITIATIVE_ROADMAP_COLUMNS = link(
    "initiative_roadmap_columns",
    "One column of a roadmap in which an initiative stands (GraphQL only)",
    INITIATIVE,
    ("roadmap_column_id", "roadmap_columns"),
)
ROADMAPS = Table(
    "roadmaps",
    "One roadmap (GraphQL only)",
    (ID, col("name", "text", "its name"), col("color", "text", "its colour"), *STAMPS),
    newest="created_at",
)
ROADMAP_COLUMNS = Table(
    "roadmap_columns",
    "One column of a roadmap (GraphQL only)",
    (
        ID,
        inherited("roadmap_id", "text", "its roadmap"),
        col("name", "text", "its name"),
        col("columnType", "text", "PAST, PRESENT or FUTURE"),
        *STAMPS,
    ),
    parents=(Reference("roadmap_id", "roadmaps", owner=True),),
    newest="created_at",
)
