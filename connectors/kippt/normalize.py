"""Kippt: from an answer to records. Pure functions; what is odd is passed on, never raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.core import Record
from connectors.paging import records_at

SHRUNK = ("list", "via", "clip")
"""References that come as an address, or as the whole record with `include_data`."""


def people(record: Record, _: Mapping[str, Any]) -> Iterable[Record]:
    """Every user inside a record; the record keeps their ids alone.

    Profiles are repeated on every clip and change without it. A list or clip that comes as an
    object shrinks to its address, the form in which it comes elsewhere.
    """
    found: list[Record] = []
    _take_users(record, found)
    for name in SHRUNK:
        if isinstance(inner := record.get(name), dict):
            record[name] = inner.get("resource_uri") or inner.get("id")
    return found


def _take_users(value: Any, found: list[Record]) -> None:
    places = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for place, inner in places:
        if isinstance(inner, dict) and "username" in inner and "id" in inner:
            found.append(inner)
            value[place] = {"id": inner["id"]}
        elif isinstance(inner, (dict, list)):
            _take_users(inner, found)


def ids_only(payload: Any, _: Mapping[str, Any]) -> Iterable[Record] | None:
    """The ids of the objects in an answer, where a row only says that the object is listed.

    None where the answer holds no `objects`.
    """
    found = records_at(payload, "objects")
    if found is None:
        return None
    return [{"id": item["id"]} for item in found if isinstance(item, dict) and "id" in item]


def number(value: Any) -> int:
    """An id or a time, which come as numbers or as decimal text; 0 for anything else."""
    return int(value) if isinstance(value, int) or str(value).isdecimal() else 0


def clip_summary(clip: Record) -> Record:
    """What a sync remembers of a clip that it read."""
    return {"id": clip.get("id"), "updated": clip.get("updated")}
