"""Kitemaker: what is kept of spaces, work items, comments, initiatives and feedback.

Both transports feed the same tables. What only GraphQL shows is `late` (its first value makes no
version), so that a row is the same whichever way it came; who made a record never changes, and
what the maker is called belongs to `users`, so it makes no version either.
"""

from __future__ import annotations

from connectors.core import Column, Reference, Table, col, inherited

ID = col("id", "text", "the record's id, the same for its whole life")
CREATED = col("createdAt", "time", "when the record was created")
UPDATED = col("updatedAt", "time", "when the record was changed last")
STAMPS = (CREATED, UPDATED)
LATE_STAMPS = (
    col("createdAt", "time", "when the record was created (GraphQL only)", backfilled=True),
    col("updatedAt", "time", "when the record was changed last (GraphQL only)", backfilled=True),
)
ACTOR = (
    col("actor.id", "text", "who made it: an id of a table for that type", unversioned=True),
    col("actor.name", "text", "what the maker is called", unversioned=True),
    col(
        "actor.type",
        "text",
        "`user`, `application`, `integration` or `integration_user`",
        unversioned=True,
    ),
)
SIZES = (
    col("effort", "text", "how much work it is, as `Small`, `Medium`, `Large`"),
    col("impact", "text", "how much it would change, as `Small`, `Medium`, `Large`"),
)
OF_SPACE = Reference("space_id", "spaces", owner=True)
LINK_PARTS = ("name", "color", "createdAt", "updatedAt")
"""What links repeat of the record that they lead to."""


End = tuple[str, str]


def link(name: str, meaning: str, owner: End, to: End, *more: Column) -> Table:
    """A table of pairs; `owner` and `to` are (column, table) of its two ends."""
    return Table(
        name,
        meaning,
        (
            inherited(owner[0], "text", f"the record in `{owner[1]}`"),
            col("id", "text", f"the record in `{to[1]}`", name=to[0]),
            *more,
        ),
        key=(owner[0], to[0]),
        parents=(Reference(owner[0], owner[1], owner=True), Reference(to[0], to[1], orphans=1.0)),
        unversioned=LINK_PARTS,
    )


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
FEEDBACK = Table(
    "feedback",
    "One piece of feedback from a customer",
    (
        ID,
        col("number", "integer", "counts in the organization"),
        col("organizationId", "text", "its organization"),
        col("title", "text", "its title"),
        col("contents", "text", "its text as Markdown"),
        *ACTOR,
        col("person.id", "text", "who gave it (GraphQL only)", backfilled=True),
        col("company.id", "text", "the company of who gave it (GraphQL only)", backfilled=True),
        col("personName", "text", "who gave it, where only a name is shown", unversioned=True),
        col("companyName", "text", "the company, where only a name is shown", unversioned=True),
        col("processed", "boolean", "was dealt with"),
        col("processedAt", "time", "when it was dealt with"),
        *STAMPS,
    ),
    parents=(
        Reference("person_id", "people", orphans=1.0),
        Reference("company_id", "companies", orphans=1.0),
    ),
    newest="updated_at",
)
FEEDBACK_OWNERS = link(
    "feedback_owners",
    "One user who looks after one piece of feedback (GraphQL only)",
    ("feedback_id", "feedback"),
    ("user_id", "users"),
)
FEEDBACK_TAGS = link(
    "feedback_tags",
    "One label on one piece of feedback (GraphQL only)",
    ("feedback_id", "feedback"),
    ("label_id", "labels"),
)
INSIGHTS = Table(
    "insights",
    "One part of a piece of feedback, linked to what it is about",
    (
        ID,
        inherited("feedback_id", "text", "the feedback that it is part of"),
        col("contents", "text", "its text as Markdown"),
        *ACTOR,
        *STAMPS,
    ),
    parents=(Reference("feedback_id", "feedback", owner=True),),
    newest="updated_at",
    ignored=("feedbackId",),
)
INSIGHT_ENTITIES = link(
    "insight_entities",
    "One work item or initiative that an insight is about",
    ("insight_id", "insights"),
    ("entity_id", "work_items"),
    col("type", "text", "`work_item` or `initiative`", name="entity_type", backfilled=True),
)
PEOPLE = Table(
    "people",
    "One person outside of the organization who gives feedback (GraphQL only)",
    (
        ID,
        col("name", "text", "the person's name"),
        col("email", "text", "the person's address"),
        col("company.id", "text", "the person's company"),
        col("externalId", "text", "the person's id in another product"),
        *STAMPS,
    ),
    parents=(Reference("company_id", "companies", orphans=1.0),),
    newest="created_at",
)
COMPANIES = Table(
    "companies",
    "One company whose people give feedback (GraphQL only)",
    (ID, col("name", "text", "its name"), col("domain", "text", "its domain name"), *STAMPS),
    newest="created_at",
)
