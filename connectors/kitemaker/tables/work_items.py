"""Kitemaker: work items with their comments, log of activities and code reviews."""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited
from connectors.kitemaker.tables.parts import ACTOR, ID, OF_SPACE, SIZES, STAMPS, link

WORK_ITEMS = Table(
    "work_items",
    "One work item, archived ones included",
    (
        ID,
        col("number", "integer", "counts inside of its space; another one after a move"),
        col("title", "text", "its title"),
        col("description", "text", "its text as Markdown"),
        *ACTOR,
        col("status.id", "text", "its status"),
        col("status.name", "text", "what that status is called"),
        col("space.id", "text", "its space; another one after a move"),
        col("space.name", "text", "what that space is called"),
        *SIZES,
        *STAMPS,
        col("sort", "text", "where it stands in its column, in text order", backfilled=True),
        col("closedAt", "time", "when it was done (GraphQL only)", backfilled=True),
        col("archivedAt", "time", "when it was archived (GraphQL only)", backfilled=True),
    ),
    parents=(OF_SPACE, Reference("status_id", "statuses")),
    newest="updated_at",
)
WORK_ITEM = ("work_item_id", "work_items")
WORK_ITEM_LABELS = link(
    "work_item_labels", "One label on one work item", WORK_ITEM, ("label_id", "labels")
)
WORK_ITEM_MEMBERS = link(
    "work_item_members",
    "One user who works on one work item (GraphQL only)",
    WORK_ITEM,
    ("user_id", "users"),
)
WORK_ITEM_WATCHERS = link(
    "work_item_watchers",
    "One user who is told of changes of one work item (GraphQL only)",
    WORK_ITEM,
    ("user_id", "users"),
)
COMMENTS = Table(
    "comments",
    "One comment on a work item or an initiative",
    (
        ID,
        inherited("entity_id", "text", "the work item or initiative that it is about"),
        col("body", "text", "its text as Markdown"),
        *ACTOR,
        col("threadId", "text", "the same for a comment and its answers; no id of a comment"),
        col("reply", "boolean", "answers another comment (REST only)", backfilled=True),
        *STAMPS,
    ),
    parents=(
        Reference("entity_id", "work_items", orphans=1.0, owner=True),
        Reference("entity_id", "initiatives", orphans=1.0, owner=True),
    ),
    newest="updated_at",
    unversioned=("entity",),
)
ACTIVITIES = Table(
    "activities",
    "One entry in the log of a work item or an initiative (GraphQL only, where the option "
    "`activities` is set)",
    (
        ID,
        inherited("entity_id", "text", "the work item or initiative to which it happened"),
        col("type", "text", "what happened, as CREATED, STATUS_CHANGED, LABELS_CHANGED"),
        *ACTOR,
        col("details", "json", "from what to what; its form is the service's own and may change"),
        *STAMPS,
    ),
    parents=(
        Reference("entity_id", "work_items", orphans=1.0, owner=True),
        Reference("entity_id", "initiatives", orphans=1.0, owner=True),
    ),
    newest="created_at",
    append_only=True,
)
CODE_REVIEWS = Table(
    "code_reviews",
    "One pull or merge request in another product that an activity names (GraphQL only, where "
    "the option `activities` is set)",
    (
        ID,
        col("codeReviewType", "text", "the other product, as GITHUB or GITLAB"),
        col("state", "text", "OPEN, CLOSED, MERGED or LOCKED"),
        col("details.number", "text", "its number there"),
        col("details.url", "text", "its address there"),
        col("details.title", "text", "its title there"),
        col("links", "json", "addresses that belong to it, each with a name"),
        *STAMPS,
    ),
    newest="updated_at",
)
CODE_REVIEW_WORK_ITEMS = link(
    "code_review_work_items",
    "One work item that a code review is about (GraphQL only)",
    ("code_review_id", "code_reviews"),
    WORK_ITEM,
)
