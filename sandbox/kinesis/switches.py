"""What the API pages leave open, each served in either form."""

from __future__ import annotations

from sandbox.service import Switch

SWITCHES = (
    Switch(
        "list_suffix",
        "fetch/all",
        ("fetch/all", "fetch", "both"),
        "how list addresses end; the other ending answers 404 as HTML",
    ),
    Switch(
        "ids",
        "integer",
        ("integer", "uuid"),
        "ids of users: numbers (the caller is 0) or UUID text",
    ),
    Switch(
        "user_fields",
        "current",
        ("current", "legacy"),
        "the twelve fields of a user, or the seven of the older generation",
    ),
    Switch(
        "media_fields",
        "legacy",
        ("legacy", "current"),
        "media as id and name, or as id, path, file_type, file_size, security, access_token",
    ),
    Switch(
        "empty_text",
        "text",
        ("text", "null", "absent"),
        'optional texts that are empty (bio, description...) as "", as null, or left out',
    ),
    Switch(
        "errors",
        "body",
        ("body", "http"),
        "errors of handlers as HTTP 200 with the status in the body, or also as HTTP status",
    ),
    Switch(
        "error_shape",
        "number",
        ("number", "statusless", "string"),
        "the body's status as a number, absent (`error` holds it as text), or as text",
    ),
    Switch(
        "expired_token",
        500,
        (500, 401),
        "the status of an expired or bad token",
    ),
    Switch(
        "offset_unit",
        "page",
        ("page", "item"),
        "whether offset counts pages of `limit` items or items",
    ),
    Switch("default_limit", 0, (), "items where no limit is given; 0 = all of them"),
    Switch("maximum_limit", 0, (), "a larger limit is lowered to this; 0 = none"),
    Switch("amount", "total", ("total", "absent"), "whether lists tell their total"),
    Switch(
        "list_order",
        "insertion",
        ("insertion", "newest_first"),
        "the order of every list except events",
    ),
    Switch(
        "event_order",
        "oldest_first",
        ("oldest_first", "newest_first"),
        "events in lists",
    ),
    Switch(
        "payload_key",
        "named",
        ("named", "data", "data_object"),
        "rows under the resource's name, under `data`, or under the name inside `data`",
    ),
    Switch(
        "role",
        "ROOT",
        ("ROOT", "ADMIN", "AUTHOR", "VIEWER"),
        "the caller's role; all but ROOT get silently filtered lists",
    ),
    Switch(
        "password_hash",
        "never",
        ("never", "login", "everywhere"),
        "where `password` holds a hash instead of empty text",
    ),
    Switch("token_life", 0, (), "answers that a session token lives for; 0 = no end"),
    Switch("token_seconds", 900.0, (), "seconds that a session token lives for; 0 = no end"),
    Switch(
        "token_state",
        "valid",
        ("valid", "expired", "not_yet_valid", "revoked"),
        "the personal access token",
    ),
    Switch(
        "token_lacks",
        (),
        (),
        "resources (as in the address, e.g. `event`) that the access token may not read",
    ),
    Switch(
        "credential",
        "both",
        ("both", "token", "login"),
        "which of access token and password credentials() hands out",
    ),
    Switch("uid_required", True, (True, False), "whether reads need the parameter uid"),
    Switch("renewal", True, (True, False), "whether /user/login/jwt exists"),
    Switch(
        "get_needs_content_type",
        False,
        (True, False),
        "whether a GET without Content-Type: application/json answers 404 as HTML",
    ),
    Switch("api_prefix", "", (), "the setting API_PRE: a path before every API address"),
    Switch(
        "throttle",
        "http",
        ("http", "body"),
        "too many requests as HTTP 429, or as HTTP 200 with status 429 in the body",
    ),
)
