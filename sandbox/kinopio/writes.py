"""The write routes (API page, section 11): who may, what a body needs, what it does.

Bodies and answers of writes are hardly documented. A body that names nothing that exists is 404,
one that lacks what the page asks for is 400; answers come in two forms, by a switch. DELETE takes
its object as a JSON body.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from sandbox.core import Refused, Route
from sandbox.kinopio import written
from sandbox.kinopio.records import Row, Space
from sandbox.kinopio.routes import KinopioCall, documented, find_space, newer, newer_era, shapes
from sandbox.kinopio.words import slug
from sandbox.kinopio.written import KINDS, Kind

Answer = Callable[..., Any]
CASCADE = 30
"""So far right and down of the one before lies a card that comes without a place."""


def objects(call: KinopioCall) -> list[Row]:
    """The object, or the array of objects, in the body; 400 for anything else."""
    try:
        body = call.request.json()
    except ValueError:
        raise Refused(400) from None
    rows = body if isinstance(body, list) else [body]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Refused(400)
    return rows


def each_object(write: Callable[[KinopioCall, Row], Any]) -> Answer:
    """A route that does `write` for the object in the body, or for every object of an array.

    Answers what `write` returns, an array for an array; with nothing by a switch. What was
    written before a refusal stays: no source calls an array atomic.
    """

    @functools.wraps(write)
    def answer(call: KinopioCall) -> Any:
        done = [write(call, row) for row in objects(call)]
        if call.service.switches.write_answers == "empty":
            return {}
        return done if call.request.body.lstrip().startswith(b"[") else done[0]

    return answer


def text_in(body: Row, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400)
    return value


def editable(call: KinopioCall, space_id: str) -> Space:
    return find_space(call, space_id, to_edit=True)


def place_of(call: KinopioCall, kind: Kind, body: Row) -> tuple[Space, Row]:
    """The space and the record that a body means by `id`, and `spaceId` where it has one."""
    record_id = text_in(body, "id")
    for space in call.service.world.spaces.values():
        if record_id in getattr(space, kind.table) and body.get("spaceId") in (None, space.id):
            return editable(call, space.id), getattr(space, kind.table)[record_id]
    raise Refused(404)


# Spaces


@each_object
def post_space(call: KinopioCall, body: Row) -> Any:
    return shapes(call).space(written.new_space(call.service, body))


@each_object
def patch_space(call: KinopioCall, body: Row) -> Any:
    space = editable(call, text_in(body, "id"))
    fields = {name: value for name, value in body.items() if name in written.SPACE}
    if "name" in fields:
        fields["url"] = slug(text_in(fields, "name"), space.id)
    call.service.touch(space.id).fields.update(fields)
    return shapes(call).listing_row(space)


def space_write(action: str) -> Answer:
    """A route that does one of the account's actions to the space with the `id` in the body."""

    @each_object
    def answer(call: KinopioCall, body: Row) -> Any:
        space = editable(call, text_in(body, "id"))
        getattr(call.service, action)(space.id)
        return shapes(call).listing_row(space)

    return answer


def restore_by_address(call: KinopioCall, space_id: str) -> Any:
    call.service.restore_space(editable(call, space_id).id)
    return {}


@each_object
def remove_collaborator(call: KinopioCall, body: Row) -> Any:
    space = editable(call, text_in(body, "spaceId"))
    call.service.remove_collaborator(space.id, text_in(body, "userId"))
    return {}


# What lies in a space


def post_record(name: str) -> Answer:
    """A route that makes records of one kind in the space with the `spaceId` in the body."""

    @each_object
    def answer(call: KinopioCall, body: Row) -> Any:
        space = editable(call, text_in(body, "spaceId"))
        made = written.new_record(call.service, space, name, body)
        needs_type = name == "connections" and call.service.switches.era != "2026"
        if needs_type and made["connectionTypeId"] not in space.connection_types:
            raise Refused(400)
        call.service.touch(space.id)
        getattr(space, KINDS[name].table)[made["id"]] = made
        return made

    return answer


@each_object
def post_card(call: KinopioCall, body: Row) -> Any:
    """A card is marked as made through the API, and has its tags by the text."""
    return add_card(call, editable(call, text_in(body, "spaceId")), body)


@each_object
def post_card_to_inbox(call: KinopioCall, body: Row) -> Any:
    world = call.service.world
    inboxes = [s for s in world.members() if s.fields["name"] == "Inbox" and s.is_editable]
    if not inboxes:
        raise Refused(404)
    newest = max(inboxes, key=lambda space: str(space.fields["updatedAt"]))
    return add_card(call, newest, body)


def add_card(call: KinopioCall, space: Space, body: Row) -> Row:
    service = call.service
    free = CASCADE * (1 + len(space.cards))
    body = {"x": free, "y": free, "z": len(space.cards), **body}
    card = written.new_record(service, space, "cards", body)
    written.count_cards(service, 1)
    card |= {"isCreatedThroughPublicApi": True, "shouldUpdateUrlPreview": True}
    service.touch(space.id, cards_too=True)
    space.cards[card["id"]] = card
    if service.switches.tags_by_text == "made":
        written.tag_by_text(service, space, card)
    return shapes(call).card(card)


@each_object
def patch_card(call: KinopioCall, body: Row) -> Any:
    """Other fields but `spaceId`; empty text deletes the card."""
    space, card = place_of(call, KINDS["cards"], {"id": body.get("id")})
    fields = written.patched(KINDS["cards"], body)
    if "name" in fields:
        written.check_text(call.service, fields["name"])
        call.service.edit_card(space.id, card["id"], fields["name"])
        if card["id"] not in space.cards:
            return {}
    call.service.touch_card(space.id, card["id"]).update(fields)
    return shapes(call).card(card)


def card_write(action: str) -> Answer:
    """A route that does one of the account's actions to the card with the `id` in the body."""

    @each_object
    def answer(call: KinopioCall, body: Row) -> Any:
        space, card = place_of(call, KINDS["cards"], body)
        getattr(call.service, action)(space.id, card["id"])
        return shapes(call).card(card)

    return answer


@each_object
def vote(call: KinopioCall, body: Row) -> Any:
    """A vote, without any key."""
    step = 1 if body.get("shouldIncrement") is True else -1
    if step < 0 and body.get("shouldDecrement") is not True:
        raise Refused(400)
    for space in call.service.world.spaces.values():
        if text_in(body, "cardId") in space.cards:
            card = call.service.touch_card(space.id, body["cardId"])
            card["counterValue"] = (card.get("counterValue") or 0) + step
            return shapes(call).card(card)
    raise Refused(404)


def patch_record(name: str) -> Answer:
    """A route that changes records of one kind, but not their `spaceId`."""

    @each_object
    def answer(call: KinopioCall, body: Row) -> Any:
        space, record = place_of(call, KINDS[name], {"id": body.get("id")})
        fields = written.patched(KINDS[name], body)
        if name == "boxes":
            call.service.edit_box(space.id, record["id"], **fields)
        else:
            call.service.edit_child(space.id, KINDS[name].table, record["id"], **fields)
        return record

    return answer


def delete_record(name: str) -> Answer:
    """A route that deletes records of one kind for good; of a type the connections too."""

    @each_object
    def answer(call: KinopioCall, body: Row) -> Any:
        space, record = place_of(call, KINDS[name], body)
        if name == "connectionTypes":
            call.service.delete_connection_type(space.id, record["id"])
        else:
            call.service.delete_child(space.id, KINDS[name].table, record["id"])
        return {}

    return answer


@each_object
def patch_tag_color(call: KinopioCall, body: Row) -> Any:
    call.service.recolor_tags(text_in(body, "name"), text_in(body, "color"))
    return {}


@each_object
def patch_user(call: KinopioCall, body: Row) -> Any:
    """Attributes of the caller; 400 for those that the page forbids and those that nobody has."""
    me = call.service.world.me
    if not set(body) <= set(me) - {"id", "apiKey", "password", "email", "emailIsVerified"}:
        raise Refused(400)
    me |= {**body, "updatedAt": call.service.world.tick()}
    return {}


def records_of(path: str, name: str) -> tuple[Route, ...]:
    """POST, PATCH and DELETE of one kind of record."""
    return (
        Route("POST", path, post_record(name)),
        Route("PATCH", path, patch_record(name)),
        Route("DELETE", path, delete_record(name)),
    )


WRITE_ROUTES = (
    Route("PATCH", "/user", patch_user),
    Route("POST", "/space", post_space),
    Route("POST", "/space/multiple", post_space),
    Route("PATCH", "/space", patch_space),
    Route("PATCH", "/space/restore", documented(space_write("restore_space"))),
    Route("PATCH", "/space/restore/{space_id}", newer(restore_by_address)),
    Route("DELETE", "/space", space_write("remove_space")),
    Route("DELETE", "/space/permanent", space_write("delete_space")),
    Route("DELETE", "/space/collaborator", remove_collaborator),
    Route("POST", "/card", post_card),
    Route("POST", "/card/multiple", post_card),
    Route("POST", "/card/to-inbox", post_card_to_inbox),
    Route("PATCH", "/card", patch_card),
    Route("PATCH", "/card/multiple", patch_card),
    Route("PATCH", "/card/update-counter", vote, public=True),
    Route("PATCH", "/card/restore", card_write("restore_card")),
    Route("DELETE", "/card", card_write("remove_card")),
    Route("DELETE", "/card/permanent", card_write("delete_card")),
    *records_of("/connection", "connections"),
    *records_of("/connection-type", "connectionTypes"),
    *records_of("/box", "boxes"),
    Route("POST", "/list", newer_era(post_record("lists"))),
    Route("PATCH", "/tags/color", patch_tag_color),
)
