"""The write routes of REST (page, section 11): what a body needs, what it does, and the answer."""

from __future__ import annotations

import re
from typing import Any

from sandbox.core import Refused, Response, Route
from sandbox.kitemaker.records import Actor, Label, Space, Status, WorkItem
from sandbox.kitemaker.routes import KitemakerCall
from sandbox.kitemaker.shapes import comment_row, feedback_row, initiative_row, work_item_row
from sandbox.kitemaker.view import ISSUE_NOT_FOUND, bad_request, refused

COLOR = re.compile(r"[0-9a-f]{6}")
SIZES = {"small": "Small", "medium": "Medium", "large": "Large"}
NOTHING_THERE = ("NOT_FOUND", "There is nothing with this id")
Body = dict[str, Any]


def body_of(call: KitemakerCall, *needed: str) -> Body:
    """The body; 400 where it is no object or lacks a text that is needed."""
    try:
        body = call.request.json()
    except ValueError:
        raise bad_request("The body is not JSON") from None
    if not isinstance(body, dict):
        raise bad_request("The body is not an object")
    for name in needed:
        if not isinstance(body.get(name), str):
            raise bad_request(f"The parameter {name} is missing")
    return body


def texts_of(body: Body, *names: str) -> Body:
    """The texts among these fields that were sent; 400 for another type."""
    found = {name: body[name] for name in names if name in body}
    for name, value in found.items():
        if not isinstance(value, str):
            raise bad_request(f"{name} is not a text")
    return found


def size_of(value: Any) -> str:
    if value not in SIZES:
        raise bad_request(f"{value!r} is none of {', '.join(SIZES)}")
    return SIZES[value]


def found_in(rows: list[Any], row_id: Any) -> Any:
    for row in rows:
        if row.id == row_id:
            return row
    raise refused(404, *NOTHING_THERE)


def status_of(call: KitemakerCall, status_id: str) -> tuple[Space, Status]:
    """A status of a space that the token sees, with that space."""
    for space in call.caller.spaces():
        for status in space.statuses:
            if status.id == status_id:
                return space, status
    raise refused(404, *NOTHING_THERE)


def labels_of(body: Body, known: list[Label]) -> list[Label]:
    return [found_in(known, label_id) for label_id in body.get("labelIds") or ()]


def author(call: KitemakerCall) -> Actor:
    """Whose token it is."""
    actor: Actor = call.caller.user or call.service.world.applications[0]
    return actor


def work_item_of(call: KitemakerCall, item_id: Any) -> WorkItem:
    for item in call.caller.work_items():
        if item.id == item_id:
            found: WorkItem = item
            return found
    raise refused(404, *ISSUE_NOT_FOUND)


def fill(item: WorkItem, body: Body, labels: list[Label]) -> None:
    for name, value in texts_of(body, "title", "description").items():
        setattr(item, name, value)
    for name in ("effort", "impact"):
        if name in body:
            setattr(item, name, size_of(body[name]))
    item.labels = labels
    if body.get("placement", "top") not in ("top", "bottom"):
        raise bad_request("placement is top or bottom")
    if body.get("placement") == "bottom":
        item.sort = f"fffff{item.number:05x}"


def create_work_item(call: KitemakerCall) -> Response:
    """In the space of its status, on top of that column."""
    body = body_of(call, "title", "statusId")
    space, status = status_of(call, body["statusId"])
    labels = labels_of(body, space.labels)
    for name in ("effort", "impact"):
        size_of(body.get(name, "small"))
    item = call.service.world.make_work_item(space, body["title"], status)
    item.actor = author(call)
    fill(item, body, labels)
    return Response.of_json(work_item_row(item), 201)


def edit_work_item(call: KitemakerCall) -> Any:
    """Only what is sent changes; whether labels are added or replaced is a switch."""
    body = body_of(call, "id")
    item = work_item_of(call, body["id"])
    if "statusId" in body:
        space, status = status_of(call, body["statusId"])
        if space is not item.space:
            raise bad_request("The status belongs to another space")
        call.service.set_status(item.id, status.id)
    sent = labels_of(body, item.space.labels)
    kept = [label for label in item.labels if label not in sent]
    replaces = "labelIds" in body and call.service.switches.put_labels == "replace"
    fill(item, body, sent if replaces else kept + sent)
    item.updated_at = call.service.world.tick()
    return work_item_row(item)


def create_comment(call: KitemakerCall) -> Response:
    """On a work item, never an answer to another comment."""
    body = body_of(call, "workItemId", "body")
    world = call.service.world
    item = work_item_of(call, body["workItemId"])
    made = world.make_comment(item, body["body"], world.new_id())
    made.actor = author(call)
    return Response.of_json(comment_row(made), 201)


def create_label(call: KitemakerCall) -> Response:
    """A second one of the same name, too."""
    body = body_of(call, "spaceId", "labelName")
    space, world = call.caller.space(body["spaceId"]), call.service.world
    color = body.get("color") or f"{world.rng.randrange(0x1000000):06x}"
    if not isinstance(color, str) or not COLOR.fullmatch(color):
        raise bad_request("color is to be as aa33ff")
    label = Label(**world.born(), name=body["labelName"], color=color)
    space.labels.append(label)
    row = {"id": label.id, "name": label.name, "color": label.color, "spaceId": space.id}
    return Response.of_json(row, 201)


def create_initiative(call: KitemakerCall) -> Response:
    body, view, world = body_of(call, "title"), call.caller, call.service.world
    texts = texts_of(body, "description", "color")
    known = [*world.general_labels, *(x for space in view.spaces() for x in space.labels)]
    labels = labels_of(body, known)
    spaces = [view.space(space_id) for space_id in body.get("spaceIds") or ()]
    every = [column for roadmap in world.roadmaps for column in roadmap.columns]
    columns = [found_in(every, one) for one in body.get("roadmapColumnIds") or ()]
    made = world.make_initiative(body["title"])
    made.actor, made.labels, made.spaces = author(call), labels, spaces
    for name, value in texts.items():
        setattr(made, name, value)
    for column in columns:
        world.place(made, column)
    return Response.of_json(initiative_row(view, made), 201)


def create_feedback(call: KitemakerCall) -> Response:
    """With one insight where that is to be linked; of a person who is known."""
    body, view, world = body_of(call, "title"), call.caller, call.service.world
    contents = texts_of(body, "contents").get("contents", "")
    every = [*view.work_items(), *world.initiatives.values()]
    linked = [found_in(every, one) for one in body.get("linkInsightToEntityIds") or ()]
    known = [person for person in world.people if person.email == body.get("personEmail")]
    if body.get("personEmail") and not known:
        raise Refused(404)
    made = world.make_feedback(body["title"])
    made.actor, made.contents = author(call), contents
    if body.get("personEmail"):
        made.person, made.company = known[0], known[0].company
    if linked:
        world.make_insight(made, contents).linked = linked
    return Response.of_json(feedback_row(view, made), 201)


ROUTES = tuple(
    Route(method, f"/rest/v1{path}", function)
    for method, path, function in (
        ("POST", "/workitem", create_work_item),
        ("PUT", "/workitem", edit_work_item),
        ("POST", "/comment", create_comment),
        ("POST", "/label", create_label),
        ("POST", "/initiative", create_initiative),
        ("POST", "/feedback", create_feedback),
    )
)
