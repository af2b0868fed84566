"""The rows of a complete copy, table by table, in the names of the copy.

`graphql` is what the GraphQL interface can show, which is everything. `rest` is what one
full reading of the REST interface can show, and leaves out:

- all tables of `_graphql_only`, of which REST has no list;
- everything of spaces, statuses and labels but id, name and space; slugs, keys, colours;
- of work items `sort`, `closed_at`, `archived_at`; of initiatives `color`; of feedback
  `number` (not in the answer), its actor, person and company;
- all but the last 50 comments of a space, and comments on initiatives;
- of spaces without any comment, whose key REST never tells, all but the last 50 work items.

It adds `reply` of comments and `organization_id` of feedback, which GraphQL does not have.
In `labels` of either kind, `space_id` is null for labels that only initiatives show, or (by
GraphQL alone) feedback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sandbox.core import Row, Tables, pick
from sandbox.kitemaker.records import Actor, Comment, Feedback, Initiative, Record, WorkItem
from sandbox.kitemaker.view import RECENT_MOST, View, actor_name, actor_type

R = TypeVar("R", bound=Record)


def tables(view: View, transport: str) -> Tables:
    """All tables as the transport ("graphql" or "rest") can show them now."""
    if transport == "graphql":
        return _common(view, view.work_items(), full=True) | _graphql_only(view)
    if transport == "rest":
        return _common(view, _readable_work_items(view), full=False)
    raise ValueError(f"transport is 'graphql' or 'rest', not {transport!r}")


def _common(view: View, items: list[WorkItem], *, full: bool) -> Tables:
    """The tables that both transports fill, with the fields of one or of both."""
    world = view.world
    initiatives = list(world.initiatives.values())
    insights = [(f, insight) for f in world.feedback.values() for insight in f.insights]
    comments = view.comments() if full else _recent_comments(view)

    def named(row: Record, *more: str) -> Row:
        """Setup of which REST shows the id and name only."""
        return _row(row, "name", *more) if full else pick(row, "id", "name")

    return {
        "organizations": [_row(world.organization, "name", *["slug"][:full])],
        "spaces": [named(row, "key", "slug", "private") for row in view.spaces()],
        "statuses": [
            named(row, "type", "default") | {"space_id": space.id}
            for space in view.spaces()
            for row in space.statuses
        ],
        "labels": [
            named(row, "color") | {"space_id": space and space.id}
            for row, space in view.labels(tags=full)
        ],
        "work_items": [_work_item(row, full) for row in items],
        "work_item_labels": _links("work_item_id", "label_id", items, lambda row: row.labels),
        "comments": [_comment(row, full) for row in comments],
        "initiatives": [
            _entity(row) | pick(row, "archived_at", *["color"][:full]) for row in initiatives
        ],
        "initiative_spaces": _links(
            "initiative_id", "space_id", initiatives, view.initiative_spaces
        ),
        "initiative_labels": _links(
            "initiative_id", "label_id", initiatives, view.initiative_labels
        ),
        "feedback": [_feedback(view, row, full) for row in world.feedback.values()],
        "insights": [
            _row(row, "contents") | {"feedback_id": feedback.id, **_actor(row.actor)}
            for feedback, row in insights
        ],
        "insight_entities": [
            {"insight_id": row.id, "entity_id": entity.id}
            for _, row in insights
            for entity in row.linked
            if view.sees(entity)
        ],
    }


def _graphql_only(view: View) -> Tables:
    world = view.world
    profile = ("username", "name", "avatar", "guest", "deactivated")
    elsewhere = ("type", "domain", "external_id", "external_name")
    return {
        "users": [_row(row, *profile) for row in world.users],
        "applications": [_row(row, "name") for row in world.applications],
        "integrations": [_row(row, "type", "domain") for row in world.integrations],
        "integration_users": [_row(row, *elsewhere) for row in world.integration_users],
        "roadmaps": [_row(row, "name", "color") for row in world.roadmaps],
        "roadmap_columns": [
            _row(row, "name", "column_type") | {"roadmap_id": roadmap.id}
            for roadmap in world.roadmaps
            for row in roadmap.columns
        ],
        "people": [
            _row(row, "name", "email", "external_id")
            | {"company_id": row.company and row.company.id}
            for row in world.people
        ],
        "companies": [_row(row, "name", "domain") for row in world.companies],
        "activities": [
            _row(row, "type", "details") | _actor(row.actor) | {"entity_id": entity.id}
            for entity in (*view.work_items(), *world.initiatives.values())
            for row in entity.activities
        ],
        "code_reviews": [
            _row(row, "code_review_type", "state", "links")
            | {f"details_{name}": value for name, value in row.details.items()}
            for row in world.code_reviews.values()
        ],
        **_graphql_links(view),
    }


def _graphql_links(view: View) -> Tables:
    """Relations that GraphQL alone shows; a private space has members, a public one none."""
    private = [space for space in view.spaces() if space.private]
    items, initiatives = view.work_items(), list(view.world.initiatives.values())
    feedback = list(view.world.feedback.values())
    reviews = view.world.code_reviews.values()
    work, plan, wish = "work_item_id", "initiative_id", "feedback_id"
    return {
        "space_members": _links("space_id", "user_id", private, lambda row: row.insiders),
        "work_item_members": _links(work, "user_id", items, lambda row: row.members),
        "work_item_watchers": _links(work, "user_id", items, lambda row: row.watchers),
        "initiative_members": _links(plan, "user_id", initiatives, lambda row: row.members),
        "initiative_watchers": _links(plan, "user_id", initiatives, lambda row: row.watchers),
        "initiative_work_items": _links(
            plan, work, initiatives, lambda row: filter(view.sees, row.work_items)
        ),
        "initiative_roadmap_columns": _links(
            plan, "roadmap_column_id", initiatives, lambda row: row.roadmap_columns
        ),
        "code_review_work_items": _links(
            "code_review_id", work, reviews, lambda row: filter(view.sees, row.work_items)
        ),
        "feedback_owners": _links(wish, "user_id", feedback, lambda row: row.owners),
        "feedback_tags": _links(wish, "label_id", feedback, lambda row: row.tags),
    }


def _links(
    one: str, other: str, rows: Iterable[R], linked: Callable[[R], Iterable[Record]]
) -> list[Row]:
    """One row for each linked record of each of the rows."""
    return [{one: row.id, other: found.id} for row in rows for found in linked(row)]


def _readable_work_items(view: View) -> list[WorkItem]:
    """All items where a comment tells the space's key, else the last updated ones."""
    items: list[WorkItem] = []
    for space in view.spaces():
        if view.recent_comments(space, 1):
            items += space.items.values()
        else:
            items += view.recent_work_items(space, RECENT_MOST)
    return items


def _recent_comments(view: View) -> list[Comment]:
    return [row for space in view.spaces() for row in view.recent_comments(space, RECENT_MOST)]


def _row(row: Record, *names: str) -> Row:
    """A record's id, times and these fields."""
    return pick(row, "id", "created_at", "updated_at", *names)


def _actor(actor: Actor) -> Row:
    return {
        "actor_id": actor.id,
        "actor_name": actor_name(actor),
        "actor_type": actor_type(actor),
    }


def _entity(row: WorkItem | Initiative) -> Row:
    fields = ("number", "title", "description", "effort", "impact")
    return _row(row, *fields) | _actor(row.actor)


def _work_item(row: WorkItem, full: bool) -> Row:
    common = {
        **_entity(row),
        "status_id": row.status.id,
        "status_name": row.status.name,
        "space_id": row.space.id,
        "space_name": row.space.name,
    }
    return common | pick(row, "sort", "closed_at", "archived_at") if full else common


def _comment(row: Comment, full: bool) -> Row:
    """The entity's title, number and space are left to its own table: they change there."""
    common = _row(row, "body", "thread_id") | _actor(row.actor) | {"entity_id": row.entity.id}
    return common if full else common | {"reply": row.reply}


def _feedback(view: View, row: Feedback, full: bool) -> Row:
    common = _row(row, "title", "contents", "processed", "processed_at")
    if not full:
        return common | {"organization_id": view.world.organization.id}
    return {
        **common,
        **_actor(row.actor),
        "number": row.number,
        "person_id": row.person and row.person.id,
        "company_id": row.company and row.company.id,
    }
