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

from sandbox.core import Row, Tables
from sandbox.kitemaker.records import Actor, Comment, Initiative, Record, WorkItem
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
    return {
        "organizations": [
            {**_times(world.organization), "name": world.organization.name}
            | ({"slug": world.organization.slug} if full else {})
        ],
        "spaces": [
            {**(_times(row) if full else {"id": row.id}), "name": row.name}
            | ({"key": row.key, "slug": row.slug, "private": row.private} if full else {})
            for row in view.spaces()
        ],
        "statuses": [
            {
                **(_times(row) if full else {"id": row.id}),
                "name": row.name,
                "space_id": space.id,
            }
            | ({"type": row.type, "default": row.default} if full else {})
            for space in view.spaces()
            for row in space.statuses
        ],
        "labels": [
            {**(_times(row) if full else {"id": row.id}), "name": row.name}
            | {"space_id": space and space.id}
            | ({"color": row.color} if full else {})
            for row, space in view.labels(tags=full)
        ],
        "work_items": [_work_item(row, full) for row in items],
        "work_item_labels": [
            {"work_item_id": row.id, "label_id": label.id} for row in items for label in row.labels
        ],
        "comments": [_comment(row, full) for row in comments],
        "initiatives": [_initiative(row, full) for row in initiatives],
        "initiative_spaces": [
            {"initiative_id": row.id, "space_id": space.id}
            for row in initiatives
            for space in view.initiative_spaces(row)
        ],
        "initiative_labels": [
            {"initiative_id": row.id, "label_id": label.id}
            for row in initiatives
            for label in view.initiative_labels(row)
        ],
        "feedback": [
            {
                **_times(row),
                "title": row.title,
                "contents": row.contents,
                "processed": row.processed,
                "processed_at": row.processed_at,
            }
            | (
                {
                    "number": row.number,
                    **_actor(row.actor),
                    "person_id": row.person and row.person.id,
                    "company_id": row.company and row.company.id,
                }
                if full
                else {"organization_id": world.organization.id}
            )
            for row in world.feedback.values()
        ],
        "insights": [
            {
                **_times(row),
                "feedback_id": feedback.id,
                **_actor(row.actor),
                "contents": row.contents,
            }
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
    return {
        "users": [
            {
                **_times(row),
                "username": row.username,
                "name": row.name,
                "avatar": row.avatar,
                "guest": row.guest,
                "deactivated": row.deactivated,
            }
            for row in world.users
        ],
        "applications": [{**_times(row), "name": row.name} for row in world.applications],
        "integrations": [
            {**_times(row), "type": row.type, "domain": row.domain} for row in world.integrations
        ],
        "integration_users": [
            {
                **_times(row),
                "type": row.type,
                "domain": row.domain,
                "external_id": row.external_id,
                "external_name": row.external_name,
            }
            for row in world.integration_users
        ],
        "roadmaps": [
            {**_times(row), "name": row.name, "color": row.color} for row in world.roadmaps
        ],
        "roadmap_columns": [
            {
                **_times(row),
                "roadmap_id": roadmap.id,
                "name": row.name,
                "column_type": row.column_type,
            }
            for roadmap in world.roadmaps
            for row in roadmap.columns
        ],
        "people": [
            {
                **_times(row),
                "name": row.name,
                "email": row.email,
                "company_id": row.company and row.company.id,
                "external_id": row.external_id,
            }
            for row in world.people
        ],
        "companies": [
            {**_times(row), "name": row.name, "domain": row.domain} for row in world.companies
        ],
        **_graphql_links(view),
    }


def _graphql_links(view: View) -> Tables:
    """Relations that GraphQL alone shows; a private space has members, a public one none."""
    private = [space for space in view.spaces() if space.private]
    items, initiatives = view.work_items(), list(view.world.initiatives.values())
    feedback = list(view.world.feedback.values())
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


def _times(row: Record) -> Row:
    return {"id": row.id, "created_at": row.created_at, "updated_at": row.updated_at}


def _actor(actor: Actor) -> Row:
    return {
        "actor_id": actor.id,
        "actor_name": actor_name(actor),
        "actor_type": actor_type(actor),
    }


def _entity(row: WorkItem | Initiative) -> Row:
    return {
        **_times(row),
        "number": row.number,
        "title": row.title,
        "description": row.description,
        **_actor(row.actor),
        "effort": row.effort,
        "impact": row.impact,
    }


def _work_item(row: WorkItem, full: bool) -> Row:
    common = {
        **_entity(row),
        "status_id": row.status.id,
        "status_name": row.status.name,
        "space_id": row.space.id,
        "space_name": row.space.name,
    }
    if not full:
        return common
    more = {
        "sort": row.sort,
        "closed_at": row.closed_at,
        "archived_at": row.archived_at,
    }
    return common | more


def _initiative(row: Initiative, full: bool) -> Row:
    common = {**_entity(row), "archived_at": row.archived_at}
    return common | {"color": row.color} if full else common


def _comment(row: Comment, full: bool) -> Row:
    """The entity's title, number and space are left to its own table: they change there."""
    common = {
        **_times(row),
        **_actor(row.actor),
        "entity_id": row.entity.id,
        "body": row.body,
        "thread_id": row.thread_id,
    }
    return common if full else common | {"reply": row.reply}
