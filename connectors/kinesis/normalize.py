"""Kinesis API: from an answer to records. Pure functions: what is odd is passed on, not raised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.core import Record


def rows_of(payload: Any, name: str) -> list[Any] | None:
    """The rows of a list answer: under their name, under `data`, or under the name in `data`."""
    if not isinstance(payload, dict):
        return None
    data = payload.get("data")
    for holder in (payload, data):
        if isinstance(holder, dict) and name in holder:
            rows = holder[name]
            return _listed(rows, payload)
    return _listed(data, payload) if "data" in payload else None


def _listed(rows: Any, payload: Mapping[str, Any]) -> list[Any] | None:
    """A list; null is one only where the amount says that there is nothing."""
    if rows is None and payload.get("amount") == 0:
        return []
    return rows if isinstance(rows, list) else None


def beside(answer: Any, name: str) -> list[Any]:
    """A list that stands beside the rows, at the top or below `data`."""
    if isinstance(answer, dict):
        for holder in (answer, answer.get("data")):
            if isinstance(holder, dict) and isinstance(holder.get(name), list):
                return list(holder[name])
    return []


def objects(value: Any) -> list[Record]:
    """The objects in a list; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def member_id(item: Any, _: Mapping[str, Any]) -> Any:
    """The members of a project are a list of ids, sometimes with one of them twice."""
    return None if item is None else {"user_id": item}


def type_as_text(structure: Any, _: Mapping[str, Any]) -> Any:
    """A structure's type is a word, or an object for one made by people."""
    if not isinstance(structure, dict):
        return structure
    kind = structure.get("stype")
    custom = kind.get("CUSTOM") if isinstance(kind, dict) else None
    words = kind if isinstance(kind, (str, type(None))) else msgspec.json.encode(kind).decode()
    return {**structure, "type as text": words, "type by people": custom}


def records_with_ids(answer: Any, _: Mapping[str, Any]) -> list[Any] | None:
    """Records; the id of each is also in the list `data_ids` beside them."""
    found = rows_of(answer, "pairs")
    for record, data_id in zip(found or (), beside(answer, "data_ids"), strict=False):
        if isinstance(record, dict) and record.get("data_id") is None:
            record["data_id"] = data_id
    return found


def record_values(record: Any, _: Mapping[str, Any]) -> Any:
    """A record with its values by structure; in the raw record they are ordered by id as well,
    since the order of structures says nothing of a record."""
    if not isinstance(record, dict):
        return record
    groups = objects(record.get("custom_structures"))
    for holder in (record, *groups):
        if "structures" in holder:
            holder["structures"] = sorted(objects(holder["structures"]), key=_id_of)
    return {
        **record,
        "values by id": _values(record),
        "values by group": {_id_of(group): _values(group) for group in groups},
    }


def _values(holder: Record) -> dict[str, Any]:
    return {_id_of(pair): pair.get("value") for pair in holder.get("structures") or ()}


def _id_of(part: Record) -> str:
    return str(part.get("id"))


def session_of(answer: Any) -> dict[str, str]:
    """The token of a login and the caller's id, which may be the number 0."""
    inner = answer if "jwt" in answer else answer["data"]
    uid = inner.get("uid")
    return {"token": inner["jwt"], "uid": str(inner["user"]["id"] if uid is None else uid)}


def visible_projects(answer: Any) -> str:
    """How many projects a credential may see, in words."""
    amount = answer.get("amount") if isinstance(answer, dict) else None
    return f"{amount if amount is not None else 'its'} projects"
