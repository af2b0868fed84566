"""Kinesis API: where rows stand in its answers, and the shapes that become columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    for holder in (answer, answer.get("data")):
        if isinstance(holder, dict) and isinstance(holder.get(name), list):
            return list(holder[name])
    return []


def members(found: Any, _: Mapping[str, Any]) -> Iterable[Record] | None:
    """The members of a project are a list of ids, sometimes with one of them twice."""
    if found is None:
        return []
    return [{"user_id": member} for member in found] if isinstance(found, list) else None


def structures(found: Any, _: Mapping[str, Any]) -> Iterable[Record] | None:
    """Structures, with their type as text: it is a word, or an object for one made by people."""
    if found is None:
        return []
    return map(_with_type, found) if isinstance(found, list) else None


def _with_type(structure: Any) -> Any:
    if not isinstance(structure, dict):
        return structure
    kind = structure.get("stype")
    custom = kind.get("CUSTOM") if isinstance(kind, dict) else None
    words = kind if isinstance(kind, (str, type(None))) else msgspec.json.encode(kind).decode()
    return {**structure, "type as text": words, "type by people": custom}


def records(answer: Any, _: Mapping[str, Any]) -> Iterable[Record] | None:
    """Records, with their values by structure; an id is also in the parallel `data_ids`."""
    found = rows_of(answer, "pairs")
    if found is None:
        return None
    ids = beside(answer, "data_ids")
    for number, record in enumerate(found):
        if isinstance(record, dict):
            if record.get("data_id") is None and number < len(ids):
                record["data_id"] = ids[number]
            record["values by id"] = _values(record.get("structures"))
            record["values by group"] = {
                str(group.get("id")): _values(group.get("structures"))
                for group in record.get("custom_structures") or ()
            }
    return found


def _values(pairs: Any) -> dict[str, Any]:
    """Values by structure id; in the raw record their order follows the id as well."""
    if not isinstance(pairs, list):
        return {}
    pairs.sort(key=lambda pair: str(pair.get("id")))
    return {str(pair.get("id")): pair.get("value") for pair in pairs}
