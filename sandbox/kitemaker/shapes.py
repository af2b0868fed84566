"""Payloads of the REST interface: bare records in camelCase, with short inner ones."""

from __future__ import annotations

from typing import Any

from sandbox.core import pick
from sandbox.kitemaker.records import (
    Actor,
    Comment,
    Feedback,
    Initiative,
    Insight,
    Label,
    Person,
    Record,
    Space,
    Status,
    WorkItem,
)
from sandbox.kitemaker.view import View, actor_name, actor_type


def short(row: Record, label: str) -> dict[str, str]:
    return {"id": row.id, "label": label}


def _actor(actor: Actor) -> dict[str, str]:
    return {"id": actor.id, "name": actor_name(actor), "type": actor_type(actor)}


def _named(row: Status | Space) -> dict[str, str]:
    return {"id": row.id, "name": row.name}


def _label(label: Label) -> dict[str, str]:
    return {"id": label.id, "name": label.name, "color": label.color}


def times(row: Record) -> dict[str, str]:
    return {"createdAt": row.created_at, "updatedAt": row.updated_at}


def work_item_row(item: WorkItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "actor": _actor(item.actor),
        **pick(item, "number", "title", "description", "effort", "impact"),
        "status": _named(item.status),
        "space": _named(item.space),
        "labels": [_label(label) for label in item.labels],
        **times(item),
    }


def comment_row(comment: Comment) -> dict[str, Any]:
    item = comment.entity
    assert isinstance(item, WorkItem), "REST lists comments on work items only"
    return {
        "id": comment.id,
        "body": comment.body,
        "actor": _actor(comment.actor),
        "entity": {
            "id": item.id,
            "number": item.number,
            "space": item.space.key,
            "spaceId": item.space.id,
            "title": item.title,
        },
        "reply": comment.reply,
        "threadId": comment.thread_id,
        **times(comment),
    }


def initiative_row(view: View, row: Initiative) -> dict[str, Any]:
    return {
        "id": row.id,
        **pick(row, "number", "title", "description", "effort", "impact"),
        "actor": _actor(row.actor),
        "spaces": [_named(space) for space in view.initiative_spaces(row)],
        "labels": [_label(label) for label in view.initiative_labels(row)],
        "archivedAt": row.archived_at,
        **times(row),
    }


def feedback_row(view: View, row: Feedback) -> dict[str, Any]:
    form = view.switches.rest_person
    return {
        "id": row.id,
        "organizationId": view.world.organization.id,
        **pick(row, "title", "contents", "processed"),
        "person": _person(row.person, form),
        "company": None if form == "null" or row.company is None else row.company.name,
        "insights": [_insight(view, row, insight) for insight in row.insights],
        "processedAt": row.processed_at,
        **times(row),
    }


def _person(person: Person | None, form: str) -> Any:
    if person is None or form == "null":
        return None
    if form == "name":
        return person.name
    return {"id": person.id, "name": person.name, "email": person.email}


def _insight(view: View, feedback: Feedback, row: Insight) -> dict[str, Any]:
    return {
        "id": row.id,
        "feedbackId": feedback.id,
        **times(row),
        "actor": _actor(row.actor),
        "contents": row.contents,
        "entityIds": [entity.id for entity in row.linked if view.sees(entity)],
    }
