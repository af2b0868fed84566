"""The addresses: login, lists, a single media record (page, sections 2, 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox.core import Refused, Response, Route, Row
from sandbox.kinesis import shapes
from sandbox.kinesis.account_changes import SPOILED
from sandbox.kinesis.records import Collection, Constraint, Project, User, named
from sandbox.kinesis.shapes import KinesisCall


@dataclass(frozen=True)
class Listing:
    """One readable kind of record; `asks_for` are the query parameters that its list needs."""

    resource: str
    rows: str
    """The name of the rows in the answer."""
    find: Callable[[KinesisCall], Sequence[Any]]
    shape: Callable[[KinesisCall, Any], Row]
    roles: tuple[str, ...] = ()
    asks_for: tuple[str, ...] = ()


def stored(name: str) -> Callable[[KinesisCall], Sequence[Any]]:
    """All records of this kind."""
    return lambda call: list(getattr(call.service.store, name))


def configs(call: KinesisCall) -> list[tuple[str, str]]:
    return list(call.service.store.configs.items())


def components(call: KinesisCall) -> list[list[Constraint]]:
    found: dict[str, list[Constraint]] = {}
    for part in call.service.store.constraints:
        found.setdefault(part.component_name, []).append(part)
    return list(found.values())


def projects(call: KinesisCall) -> list[Project]:
    """Those of others are left out silently."""
    return [row for row in call.service.store.projects if may_see(call, row)]


def may_see(call: KinesisCall, project: Project) -> bool:
    user: User = call.caller
    return call.service.role(user) == "ROOT" or user.number in project.members


def asked_project(call: KinesisCall) -> Project:
    try:
        project = call.service.store.project(call.query["project_id"])
    except KeyError:
        raise Refused(404, "No Project with this project_id found") from None
    if not may_see(call, project):
        raise Refused(403, "Not authorized to access this Project")
    return project


def asked_collection(call: KinesisCall) -> Collection:
    try:
        return named(asked_project(call).collections, call.query["collection_id"])
    except KeyError:
        raise Refused(404, "No Collection with this collection_id found") from None


def more(name: str) -> Callable[[KinesisCall], Sequence[Any]]:
    """A kind of record whose list no page tells of; its address may be unknown."""

    def found(call: KinesisCall) -> Sequence[Any]:
        if call.service.switches.more_lists == "gone":
            raise Refused(404)
        return stored(name)(call)

    return found


ROOT, STAFF = ("ROOT",), ("ROOT", "ADMIN")
IN_PROJECT, IN_COLLECTION = ("project_id",), ("project_id", "collection_id")
LISTINGS = (
    Listing("user", "users", stored("users"), shapes.user, ROOT),
    Listing("config", "configs", configs, shapes.config, ROOT),
    Listing("constraint", "constraints", components, shapes.constraint),
    Listing("media", "medias", stored("medias"), shapes.media),
    Listing("event", "events", stored("events"), shapes.event, STAFF),
    Listing("project", "projects", projects, shapes.project),
    Listing("routing", "routes", lambda call: asked_project(call).routes, shapes.route,
            asks_for=IN_PROJECT),
    Listing("collection", "collections", lambda call: asked_project(call).collections,
            shapes.collection, asks_for=IN_PROJECT),
    Listing("data", "pairs", lambda call: asked_collection(call).records, shapes.record,
            asks_for=IN_COLLECTION),
    Listing("ticket", "tickets", more("tickets"), shapes.other),
    Listing("snippet", "snippets", more("snippets"), shapes.other),
    Listing("redirect", "redirects", more("redirects"), shapes.other),
)  # fmt: skip
ASKS_FOR = {f"/{listing.resource}/fetch/all": listing.asks_for for listing in LISTINGS}
"""Path -> parameters; what is missing comes before who is unknown."""


def list_of(listing: Listing, call: KinesisCall) -> Response:
    """One page of a list, with the total of what the caller may see."""
    service, switches = call.service, call.service.switches
    words = call.request.headers["authorization"].split()
    limited = listing.resource in switches.token_lacks
    lacks = limited and words[-1] == service.tokens.access_token
    if lacks or (listing.roles and service.role(call.caller) not in listing.roles):
        raise Refused(403, "Not enough privileges to carry out this operation")
    waiting = service.spoiling.get(listing.resource)
    form = waiting.pop(0) if waiting else None
    if form and form != "empty":
        raise Refused(500, f"Failed fetching {listing.rows}", shape=SPOILED[form])
    rows = listing.find(call)
    order = switches.event_order if listing.resource == "event" else switches.list_order
    page = page_of(call, rows[::-1] if order == "newest_first" else rows)
    payload = [listing.shape(call, row) for row in page]
    answer = {listing.rows: payload}
    if listing.resource == "data":
        answer["data_ids"] = [row["data_id"] for row in payload]
    response = envelope(call, f"{listing.rows.capitalize()} successfully fetched!", answer)
    if switches.amount == "total":
        response |= {"amount": len(rows)}
    whole = Response.of_json(response)
    return service.emptied(whole) or whole if form == "empty" else whole


def page_of(call: KinesisCall, rows: Sequence[Any]) -> Sequence[Any]:
    """The part asked for; what cannot be read as a number counts as absent."""
    switches = call.service.switches
    limit = number(call.query.get("limit")) or switches.default_limit
    if switches.maximum_limit:
        limit = min(limit or switches.maximum_limit, switches.maximum_limit)
    if not limit:
        return rows
    offset = number(call.query.get("offset"))
    start = offset if switches.offset_unit == "item" else offset * limit
    return rows[start : start + limit]


def number(text: str | None) -> int:
    """A whole number that is not negative; 0 for anything else."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else 0


def envelope(call: KinesisCall, message: str, content: Row) -> Row:
    """The payload under its names, under `data`, or under its names inside `data`."""
    answer: Row = {"status": 200, "message": message}
    match call.service.switches.payload_key:
        case "data":
            first, *others = content
            return answer | {"data": content[first]} | {name: content[name] for name in others}
        case "data_object":
            return answer | {"data": content}
    return answer | content


def one_media(call: KinesisCall) -> Row:
    if not (wanted := call.query.get("media_id")):
        raise Refused(400, "No media_id provided")
    try:
        media = named(call.service.store.medias, wanted)
    except KeyError:
        raise Refused(404, "No Media with this media_id found") from None
    return envelope(call, "Media successfully fetched!", {"media": shapes.media(call, media)})


# Sessions


def body_of(call: KinesisCall, *members: str) -> Row:
    """Malformed JSON is a 400 page, JSON of the wrong shape a 422 page."""
    try:
        body = call.request.json()
    except ValueError:
        raise Refused(400) from None
    if not isinstance(body, dict) or any(name not in body for name in members):
        raise Refused(422)
    return body


def login(call: KinesisCall) -> Row:
    body = body_of(call, "auth_data", "password")
    wanted = str(body["auth_data"]).lower()
    for user in call.service.store.users:
        if wanted in (user.username.lower(), user.email.lower()):
            break
    else:
        field = "Email Address" if "@" in wanted else "Username"
        raise Refused(404, f"Account with this {field} not found")
    if body["password"] != user.login_password:
        raise Refused(401, "Password mismatch")
    return session(call, user)


def renew(call: KinesisCall) -> Row:
    if not call.service.switches.renewal:
        raise Refused(404)
    uid = str(body_of(call, "uid")["uid"])
    return session(call, call.service.admitted(call.request, uid))


def session(call: KinesisCall, user: User) -> Row:
    return {
        "status": 200,
        "message": "Login Successful!",
        "user": shapes.user(call, user, at_login=True),
        "uid": call.service.user_id(user.number),
        "jwt": call.service.tokens.issue(user.number),
    }


ROUTES = (
    Route("POST", "/user/login", login, public=True),
    Route("POST", "/user/login/jwt", renew, public=True),
    Route("GET", "/media/fetch/one", one_media),
    *(
        Route("GET", path, partial(list_of, listing))
        for path, listing in zip(ASKS_FOR, LISTINGS, strict=True)
    ),
)
