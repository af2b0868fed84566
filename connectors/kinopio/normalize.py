"""Kinopio: from an answer to records. Pure functions; what is odd is passed on, never raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.core import Record


def space_metadata(item: Any, _: Mapping[str, Any]) -> Any:
    """A row of a listing is metadata: whatever it nests is read with the space itself."""
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in item.items() if not isinstance(value, list)}


def favorite_color(item: Any, _: Mapping[str, Any]) -> Any:
    """A favourite colour comes as an object or as plain text; the shape is undocumented."""
    return {"color": item} if isinstance(item, str) else item


def ai_image(item: Any, _: Mapping[str, Any]) -> Any:
    """An AI image comes as an object or as a plain address; the shape is undocumented."""
    return {"url": item} if isinstance(item, str) else item


def embedded_user(value: Any, _: Mapping[str, Any]) -> Iterable[Record]:
    """The user inside a notification, where there is one."""
    user = value.get("user") if isinstance(value, dict) else None
    return [dict(user)] if isinstance(user, dict) else []


def whole_spaces(payload: Any) -> list[Record]:
    """The entries of a batch that hold a whole space.

    Ids that may not be seen are left out, or come without an id (API page, section 5, note 2).
    """
    entries = payload if isinstance(payload, list) else []
    return [e for e in entries if isinstance(e, dict) and e.get("id") and "cards" in e]
