"""What the API page leaves open, served in either form."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import Switches, any_value, one_of


@dataclass
class KinesisSwitches(Switches):
    list_suffix: str = one_of(
        "fetch/all", "fetch", "both", about="how list addresses end; the other one is a 404 page"
    )
    ids: str = one_of("integer", "uuid", about="ids of users: numbers (the caller is 0) or UUIDs")
    user_fields: str = one_of(
        "current", "legacy", about="twelve fields of a user, or seven of the older generation"
    )
    media_fields: str = one_of(
        "legacy", "current",
        about="media as id and name, or as id, path, file_type, file_size, security, access_token",
    )  # fmt: skip
    more_lists: str = one_of(
        "served", "gone", about="tickets, snippets and redirects, whose addresses no page tells"
    )
    empty_text: str = one_of(
        "text", "null", "absent", about='optional texts that are empty as "", null, or left out'
    )
    errors: str = one_of(
        "body", "http", about="errors of handlers as HTTP 200 with the status in the body, or both"
    )
    error_shape: str = one_of(
        "number", "statusless", "string",
        about="the body's status as a number, absent (`error` holds it as text), or as text",
    )  # fmt: skip
    expired_token: int = one_of(500, 401, about="the status of an expired or bad token")
    offset_unit: str = one_of("page", "item", about="offset counts pages of `limit`, or items")
    default_limit: int = any_value(0, "items where no limit is given; 0 = all of them")
    maximum_limit: int = any_value(0, "a larger limit is lowered to this; 0 = none")
    amount: str = one_of("total", "absent", about="whether lists tell their total")
    list_order: str = one_of("insertion", "newest_first", about="of every list except events")
    event_order: str = one_of("oldest_first", "newest_first", about="events in lists")
    payload_key: str = one_of(
        "named", "data", "data_object",
        about="rows under their name, under `data`, or under their name inside `data`",
    )  # fmt: skip
    role: str = one_of(
        "ROOT", "ADMIN", "AUTHOR", "VIEWER",
        about="the caller's role; all but ROOT get silently filtered lists",
    )  # fmt: skip
    password_hash: str = one_of(
        "never", "login", "everywhere", about="where `password` holds a hash, not empty text"
    )
    token_life: int = any_value(0, "answers that a session token lives for; 0 = no end")
    token_seconds: float = any_value(900.0, "seconds that a session token lives for; 0 = no end")
    token_state: str = one_of(
        "valid", "expired", "not_yet_valid", "revoked", about="the personal access token"
    )
    token_lacks: tuple[str, ...] = any_value(
        (), "resources (as in the address, e.g. `event`) that the access token may not read"
    )
    credential: str = one_of("both", "token", "login", about="what credentials() hands out")
    uid_required: bool = one_of(True, False, about="whether reads need the parameter uid")
    renewal: bool = one_of(True, False, about="whether /user/login/jwt exists")
    get_needs_content_type: bool = one_of(
        False, True, about="whether a GET without Content-Type: application/json is a 404 page"
    )
    api_prefix: str = any_value("", "the setting API_PRE: a path before every API address")
    throttle: str = one_of(
        "http", "body", about="too many requests as HTTP 429, or as 200 with it in the body"
    )
