"""The REST routes: bare objects and arrays, one record at a time or the last updated ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sandbox.kitemaker.model import (
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
from sandbox.kitemaker.view import (
    FEEDBACK_NOT_FOUND,
    INITIATIVE_NOT_FOUND,
    RECENT_MOST,
    Refused,
    View,
    actor_name,
    actor_type,
    bad_request,
    is_archived,
)
from sandbox.service import Request

BASE = "/developers/rest/v1"
Row = TypeVar("Row", bound=Record)


def answer(view: View, request: Request) -> Any:
    """The payload of one GET; raises Refused with the documented code."""
    path = request.path.removeprefix(BASE)
    if path.startswith("/feedback/"):
        return feedback_by_path(view, path.removeprefix("/feedback/"))
    route = ROUTES.get(path)
    if route is None:
        raise Refused(404, "NOT_FOUND", f"There is nothing at {path}")
    if request.method != "GET":
        raise bad_request("This stand-in serves reads only")
    return route(view, request.query)


def organization(view: View, query: dict[str, str]) -> Any:
    row = view.world.organization
    return {
        "id": row.id,
        "name": row.name,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }


def spaces(view: View, query: dict[str, str]) -> Any:
    return [_short(space, space.name) for space in view.spaces()]


def statuses(view: View, query: dict[str, str]) -> Any:
    return [_short(status, status.name) for status in _space(view, query).statuses]


def labels(view: View, query: dict[str, str]) -> Any:
    return [_short(label, label.name) for label in _space(view, query).labels]


def short_work_items(view: View, query: dict[str, str]) -> Any:
    """Id and title of a space's work items, as many as the switches let through."""
    items: Iterable[WorkItem] = _space(view, query).items.values()
    if not view.settings["rest_lists_hold_archived"]:
        items = (item for item in items if not is_archived(item))
    rows = [_short(item, item.title) for item in items]
    return rows[: view.settings["metadata_work_items_cap"] or None]


def work_item(view: View, query: dict[str, str]) -> Any:
    key, number = _needed(query, "spaceKey"), _whole(_needed(query, "workItemNumber"))
    return work_item_row(view.work_item_by_number(key, number))


def recent_work_items(view: View, query: dict[str, str]) -> Any:
    space, count = _space(view, query), _count(view, query)
    return [work_item_row(item) for item in _order(view, view.recent_work_items(space, count))]


def recent_comments(view: View, query: dict[str, str]) -> Any:
    space, count = _space(view, query), _count(view, query)
    return [comment_row(comment) for comment in _order(view, view.recent_comments(space, count))]


def initiative(view: View, query: dict[str, str]) -> Any:
    found = view.world.initiatives.get(_whole(_needed(query, "number")))
    if found is None:
        raise Refused(404, *INITIATIVE_NOT_FOUND)
    row = initiative_row(view, found)
    return [row] if view.settings["initiative_shape"] == "array" else row


def feedback_by_parameter(view: View, query: dict[str, str]) -> Any:
    number = _whole(_needed(query, "number"))
    return _feedback(view, number, "parameter")


def feedback_by_path(view: View, number: str) -> Any:
    return _feedback(view, _whole(number), "path")


def _feedback(view: View, number: int, address: str) -> Any:
    if view.settings["feedback_address"] not in ("both", address):
        raise Refused(404, "NOT_FOUND", "There is nothing at this address")
    found = view.world.feedback.get(number)
    if found is None:
        raise Refused(404, *FEEDBACK_NOT_FOUND)
    return feedback_row(view, found)


ROUTES: dict[str, Callable[[View, dict[str, str]], Any]] = {
    "/organization": organization,
    "/metadata/spaces": spaces,
    "/metadata/statuses": statuses,
    "/metadata/labels": labels,
    "/metadata/workitems": short_work_items,
    "/workitem": work_item,
    "/recent/workitems": recent_work_items,
    "/recent/comments": recent_comments,
    "/initiative": initiative,
    "/feedback": feedback_by_parameter,
}


def _needed(query: dict[str, str], name: str) -> str:
    if not query.get(name):
        raise bad_request(f"The parameter {name} is missing")
    return query[name]


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"{text!r} is not a number") from None


def _space(view: View, query: dict[str, str]) -> Space:
    return view.space(_needed(query, "spaceId"))


def _count(view: View, query: dict[str, str]) -> int:
    """The wished number of rows, at most 50 (or refused, by switch)."""
    count = _whole(query.get("count") or str(view.settings["recent_default_count"]))
    if count < 1 or (count > RECENT_MOST and view.settings["count_above_50"] == "refuse"):
        raise bad_request(f"count is to be from 1 to {RECENT_MOST}")
    return min(count, RECENT_MOST)


def _order(view: View, rows: list[Row]) -> list[Row]:
    """The rows as they are, or in an order that follows from nothing a client knows."""
    if view.settings["recent_order"] == "unordered":
        return sorted(rows, key=lambda row: row.id[::-1])
    return rows


def _short(row: Record, label: str) -> dict[str, str]:
    return {"id": row.id, "label": label}


def _actor(actor: Actor) -> dict[str, str]:
    return {"id": actor.id, "name": actor_name(actor), "type": actor_type(actor)}


def _named(row: Status | Space) -> dict[str, str]:
    return {"id": row.id, "name": row.name}


def _label(label: Label) -> dict[str, str]:
    return {"id": label.id, "name": label.name, "color": label.color}


def _times(row: Record) -> dict[str, str]:
    return {"createdAt": row.created_at, "updatedAt": row.updated_at}


def work_item_row(item: WorkItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "actor": _actor(item.actor),
        "number": item.number,
        "title": item.title,
        "description": item.description,
        "status": _named(item.status),
        "space": _named(item.space),
        "labels": [_label(label) for label in item.labels],
        "effort": item.effort,
        "impact": item.impact,
        **_times(item),
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
        **_times(comment),
    }


def initiative_row(view: View, row: Initiative) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "title": row.title,
        "description": row.description,
        "actor": _actor(row.actor),
        "spaces": [_named(space) for space in view.initiative_spaces(row)],
        "labels": [_label(label) for label in view.initiative_labels(row)],
        "effort": row.effort,
        "impact": row.impact,
        "archivedAt": row.archived_at,
        **_times(row),
    }


def feedback_row(view: View, row: Feedback) -> dict[str, Any]:
    form = view.settings["rest_person"]
    return {
        "id": row.id,
        "organizationId": view.world.organization.id,
        "title": row.title,
        "person": _person(row.person, form),
        "company": None if form == "null" or row.company is None else row.company.name,
        "contents": row.contents,
        "insights": [_insight(view, row, insight) for insight in row.insights],
        "processed": row.processed,
        "processedAt": row.processed_at,
        **_times(row),
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
        **_times(row),
        "actor": _actor(row.actor),
        "contents": row.contents,
        "entityIds": [entity.id for entity in row.linked if view.sees(entity)],
    }
