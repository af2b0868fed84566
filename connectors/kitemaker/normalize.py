"""Kitemaker: one form for a record, whichever transport brought it; REST's names stand.

These functions are the `normalize=` and `rows=` of connectors/kitemaker/endpoints.py. They change
a record in place and return it. One that cannot be read raises: it is rejected, and others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.core import Record, Take, snake
from connectors.paging import get_path, records_at

Around = Mapping[str, Any]
"""The values of the request, and the whole answer as `payload`."""
SIZES = {"small": "Small", "medium": "Medium", "large": "Large"}
NEVER = datetime.min.replace(tzinfo=UTC)


def moment(text: Any) -> datetime:
    """A time as an instant; the earliest there is for what is no time."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return NEVER
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def number(value: Any) -> Any:
    """An integer from `12`, `"12"` or `"ABC-12"`; anything else stays, to be rejected."""
    digits = value.rpartition("-")[2] if isinstance(value, str) else ""
    return int(digits) if digits.isdecimal() else value


def objects(value: Any) -> list[Record]:
    """The objects of a list; nothing for what is no list."""
    found = value if isinstance(value, list) else ()
    return [item for item in found if isinstance(item, dict)]


def record_of(value: Any) -> Record:
    """The value itself. Raises TypeError for what is no object, null included."""
    if not isinstance(value, dict):
        raise TypeError("it is no object")
    return value


# -- GraphQL -------------------------------------------------------------------------------


def actor(found: Any) -> Any:
    """REST's form of a GraphQL actor: id, name and type."""
    if not isinstance(found, dict) or "__typename" not in found:
        return found
    names = (found.get(part) for part in ("name", "username", "label", "service"))
    return {
        "id": found.get("id"),
        "name": next((name for name in names if name), None),
        "type": snake(str(found["__typename"])),
    }


def scalars(value: Any, _: Around) -> Record:
    """A record without the lists inside of it, which are read from where they stand."""
    record = record_of(value)
    return {name: part for name, part in record.items() if not isinstance(part, list)}


def acted(value: Any, _: Around) -> Record:
    """A comment, an insight or an activity: what somebody did."""
    record = record_of(value)
    record["actor"] = actor(record.get("actor"))
    return record


def entity(value: Any, _: Around) -> Record:
    """A work item or an initiative."""
    record = record_of(value)
    record["number"] = number(record.get("number"))
    record["actor"] = actor(record.get("actor"))
    for name in ("effort", "impact"):
        size = record.get(name)
        record[name] = SIZES.get(size.lower(), size) if isinstance(size, str) else size
    return record


def feedback(value: Any, around: Around) -> Record:
    """Feedback with REST's references to its organization and from its insights."""
    record = record_of(value)
    record["number"] = number(record.get("number"))
    record["organizationId"] = get_path(around["payload"], "data.organization.id")
    record["actor"] = actor(record.get("actor"))
    for insight in objects(record.get("insights")):
        insight["feedbackId"] = record.get("id")
    return record


def linked(value: Any, _: Around) -> Record:
    """What an insight is about, with its type as one word."""
    record = record_of(value)
    record["type"] = snake(str(record.get("type", "")))
    return record


def by_alias(payload: Any, _: Around) -> Iterable[Any] | None:
    """Records that were asked for one by one, each under an alias of its own."""
    data = get_path(payload, "data")
    return list(data.values()) if isinstance(data, dict) else None


# -- REST ----------------------------------------------------------------------------------


def labelled(value: Any, _: Around) -> Record:
    """A row of the metadata lists: its `label` is the name."""
    record = record_of(value)
    if "label" in record:
        record["name"] = record.pop("label")
    return record


def numbered(value: Any, _: Around) -> Record:
    """A work item or an initiative."""
    record = record_of(value)
    record["number"] = number(record.get("number"))
    return record


def about(value: Any, _: Around) -> Record:
    """A comment that carries the id of what it is about."""
    record = record_of(value)
    record["entityId"] = get_path(record, "entity.id")
    return record


def rest_feedback(value: Any, around: Around) -> Record:
    """Feedback with the number by which it was asked for.

    REST shows no person where GraphQL shows one: a null says nothing and is left away. Text
    in place of an object is a name.
    """
    record = record_of(value)
    record["number"] = number(around.get("number"))
    for name in ("person", "company"):
        shown = record.pop(name, None)
        if isinstance(shown, str):
            record[f"{name}Name"] = shown
        elif isinstance(shown, dict):
            record[name] = {"id": shown.get("id")}
    return record


def rest_insight(value: Any, _: Around) -> Record:
    """An insight whose links are objects, as in GraphQL."""
    record = record_of(value)
    ids = record.pop("entityIds", None)
    if isinstance(ids, list):
        record["entities"] = [{"id": row_id} for row_id in ids]
    return record


def embedded(name: str) -> Take:
    """The person or company inside of REST's feedback, where it is an object."""

    def take(payload: Any, _: Around) -> Iterable[Record] | None:
        return [dict(record[name]) for record in objects(records_at(payload, ""))
                if isinstance(record.get(name), dict)]  # fmt: skip

    return take
