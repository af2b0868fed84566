"""Kitemaker: one form for a record, whichever transport brought it; REST's names stand.

These functions are the `rows=` of connectors/kitemaker/endpoints.py. They change the answer in
place and give its records; None means that the answer has another shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.core import Record, Take, snake
from connectors.paging import get_path, records_at

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


def shaped(path: str, shape: Callable[[Record, Any], Record]) -> Take:
    """The records at a path of an answer, each put into its one form."""

    def take(payload: Any, around: Mapping[str, Any]) -> Iterable[Record] | None:
        found = records_at(payload, path)
        if found is None:
            return None
        return [shape(row, payload) if isinstance(row, dict) else row for row in found]

    return take


# -- GraphQL -------------------------------------------------------------------------------


def scalars(record: Record, _: Any) -> Record:
    """A record without the lists inside of it, which are read from where they stand."""
    return {name: value for name, value in record.items() if not isinstance(value, list)}


def entity(record: Record, _: Any = None) -> Record:
    """A work item or an initiative."""
    record["number"] = number(record.get("number"))
    record["actor"] = actor(record.get("actor"))
    for name in ("effort", "impact"):
        value = record.get(name)
        record[name] = SIZES.get(value.lower(), value) if isinstance(value, str) else value
    for comment in record.get("comments") or ():
        comment["actor"] = actor(comment.get("actor"))
    return record


def feedback(record: Record, payload: Any) -> Record:
    """Feedback with REST's references to its organization and from its insights."""
    record["number"] = number(record.get("number"))
    record["organizationId"] = get_path(payload, "data.organization.id")
    record["actor"] = actor(record.get("actor"))
    for insight in record.get("insights") or ():
        insight["feedbackId"] = record.get("id")
        insight["actor"] = actor(insight.get("actor"))
        for linked in insight.get("entities") or ():
            linked["type"] = snake(str(linked.get("type", "")))
    return record


def by_alias(payload: Any, _: Mapping[str, Any]) -> Iterable[Record] | None:
    """Work items that were asked for by their ids, each under an alias of its own."""
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(data, dict):
        return None
    return [entity(record) for record in data.values() if isinstance(record, dict)]


# -- REST ----------------------------------------------------------------------------------


def labelled(record: Record, _: Any) -> Record:
    """A row of the metadata lists: its `label` is the name."""
    if "label" in record:
        record["name"] = record.pop("label")
    return record


def numbered(record: Record, _: Any) -> Record:
    record["number"] = number(record.get("number"))
    return record


def comment(record: Record, _: Any) -> Record:
    """A comment that carries the id of what it is about."""
    record["entityId"] = get_path(record, "entity.id")
    return record


def rest_feedback(payload: Any, around: Mapping[str, Any]) -> Iterable[Record] | None:
    """Feedback with the number by which it was asked for.

    REST shows no person where GraphQL shows one: a null says nothing and is left away. Text
    in place of an object is a name.
    """
    found = records_at(payload, "")
    for record in found or ():
        if not isinstance(record, dict):
            continue
        record["number"] = number(around.get("number"))
        for name in ("person", "company"):
            value = record.pop(name, None)
            if isinstance(value, str):
                record[f"{name}Name"] = value
            elif isinstance(value, dict):
                record[name] = {"id": value.get("id")}
        for insight in record.get("insights") or ():
            ids = insight.pop("entityIds", None)
            if isinstance(ids, list):
                insight["entities"] = [{"id": linked} for linked in ids]
    return found


def embedded(name: str) -> Take:
    """The person or company inside of REST's feedback, where it is an object."""

    def take(payload: Any, _: Mapping[str, Any]) -> Iterable[Record] | None:
        records = (r.get(name) for r in records_at(payload, "") or () if isinstance(r, dict))
        return [dict(value) for value in records if isinstance(value, dict)]

    return take
