"""Bodies of writes: what each field must be, and how the service refuses what is not (page,
sections 1 and 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core import Call, Refused
from sandbox.kinescope.changes import Changes

LARGEST = 10 * 1024 * 1024
"""Bytes of a request to the API; uploads are not bound by it."""


@dataclass(frozen=True)
class Field:
    """One field of a body: what it may hold, and what it is where it is not sent."""

    is_valid: Callable[[Any], bool]
    default: Any = None
    required: bool = False


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def or_null(is_valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_valid(value)


def among(*choices: str) -> Callable[[Any], bool]:
    return lambda value: value in choices


def wrong(name: str, message: str = "Invalid value") -> Refused:
    """The refusal of one field, in the form that the switch chooses."""
    return Refused(400, message, parameter=name, reason="invalid")


def sent(call: Call[Changes]) -> dict[str, Any]:
    """The object in the body; refuses other bodies, and those that are too large."""
    if len(call.request.body) > LARGEST:
        raise Refused(413, "request too large")
    if not call.request.body:
        raise Refused(400, "no body in request", code=1)
    try:
        body = call.request.json()
    except ValueError:
        raise Refused(400, "json syntax error", code=400101) from None
    if not isinstance(body, dict):
        raise Refused(400, "json unmarshal type error", code=400102)
    return body


def checked(body: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The fields that were sent, less those that the service does not know."""
    for name, field in fields.items():
        if name in body and not field.is_valid(body[name]):
            raise wrong(name)
        if field.required and name not in body:
            raise wrong(name, "Required value")
    return {name: body[name] for name in fields if name in body}


def whole(body: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """All fields, those that were not sent with their defaults."""
    return {name: field.default for name, field in fields.items()} | checked(body, fields)
