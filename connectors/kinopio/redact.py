"""Kinopio: what is kept of people, and keys inside previews of links.

Spaces made in a browser were seen with the whole signed-in user inside, keys and third-party
tokens included (API page, section 6.5). So an allow-list is kept of every user, wherever it
stands in an answer.
"""

from __future__ import annotations

from typing import Any

from connectors.core import Record
from connectors.http.redact import cut_parameters, fold, fold_parameter
from connectors.kinopio.tables import USERS

SECRET_FIELDS = (
    "apiKey",
    "collaboratorKey",
    "readOnlyKey",
    "linkToSpaceCollaboratorKey",
    "email",
    "prevInviteEmails",
    "weatherLocation",
    "arenaAccessToken",
    "appleAppAccountToken",
    "stripeSubscriptionId",
    "stripePlanIsPurchased",
    "appApiKeys",
    "password",
    "clients",
)
INVITATIONS = ("collaboratorKey", "readOnlyKey")
SIGNED_HOSTS = {
    # An invitation opens its space from whichever address of the app it is written with.
    "*": INVITATIONS,
    "own": ("apiKey",),
    "kinopio.club": ("apiKey",),
    "*.kinopio.club": ("apiKey",),
}
"""Cards hold invitations with their keys, and feeds take the account's key (sections 1, 6.2)."""

USER_FIELDS = frozenset(
    {column.source for column in USERS.columns}
    | set(USERS.ignored)
    | {"fromCache", "isEdited", "studentDiscountIsAvailable", "weatherUnitIsCelcius"}
)
FLAG_PREFIXES = ("filter", "is", "should", "show")
DEFAULT_PREFIX = "default"
SECRET_ENDINGS = ("key", "keys", "token", "secret", "password")
PEOPLE = frozenset({"user", "users", "collaborators", "spectators", "members"})
PEOPLE_ENDINGS = ("User", "Users")
PREVIEW = "urlPreviewEmbedHtml"
"""HTML of the embedding service, seen with a `key` of Kinopio's own account there."""


def redact(request: Record, payload: Any) -> Any:
    """The answer with only the public fields of every user in it; changed in place."""
    if _lists_people(str(request["path"])):
        payload = _public_fields(payload)
    boxes = [payload]
    for box in boxes:
        if isinstance(box, list):
            boxes.extend(inner for inner in box if isinstance(inner, (dict, list)))
        elif isinstance(box, dict):
            for name, inner in box.items():
                if isinstance(inner, (dict, list)):
                    if name in PEOPLE or name.endswith(PEOPLE_ENDINGS):
                        inner = box[name] = _public_fields(inner)
                    boxes.append(inner)
            if isinstance(preview := box.get(PREVIEW), str):
                box[PREVIEW] = cut_parameters(
                    preview, lambda _, name: fold_parameter(name) == "key"
                )
    return payload


def _is_key(_: str, parameter: str) -> bool:
    return fold_parameter(parameter) == "key"


def _lists_people(path: str) -> bool:
    """Whether the records of an answer are users themselves."""
    return path in ("/user", "/user/favorite-users") or path.startswith("/user/public")


def _public_fields(value: Any) -> Any:
    """The public fields of a user or of each user in a list; ids of users stay as they are."""
    if isinstance(value, dict):
        return {name: inner for name, inner in value.items() if _is_public(name, inner)}
    if isinstance(value, list):
        return [_public_fields(user) for user in value if not isinstance(user, list)]
    return value


def _is_public(name: str, value: Any) -> bool:
    if name in USER_FIELDS:
        return True
    if isinstance(value, (dict, list)) or fold(name).endswith(SECRET_ENDINGS):
        return False
    if _has_prefix(name, DEFAULT_PREFIX):
        return True
    # Preferences are switches: no text hides behind a name that only looks like one.
    return not isinstance(value, str) and any(_has_prefix(name, p) for p in FLAG_PREFIXES)


def _has_prefix(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and name[len(prefix) : len(prefix) + 1].isupper()
