"""What a typed view of each collection holds: one column for each structure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sandbox.core import Row, Tables
from sandbox.kinesis.records import Collection, Store, Structure
from sandbox.kinesis.truth import read_value

LARGEST = 2**63 - 1


def views(store: Store) -> Tables:
    """`<project>__<collection>` -> a row for each record, in the order of insertion.

    Columns: `_data_id` and `_published`, then each structure under its id, then those of custom
    structures as `<custom structure>.<structure>` (ids hold no dot, so that nothing is
    mistaken). Database names do not differ by case, so a later structure whose name is taken
    gets `_2`, `_3`... Secret structures have no column at all.
    """
    return {
        f"{project.id}__{collection.id}": _rows(collection)
        for project, collection in store.collections()
    }


def _rows(collection: Collection) -> list[Row]:
    groups = [("", collection.structures)]
    groups += [(group.id, group.structures) for group in collection.custom_structures]
    parts = [(group, part) for group, found in groups for part in found if not part.secret]
    names = column_names(f"{group}.{part.id}" if group else part.id for group, part in parts)
    rows = []
    for record in collection.records:
        row: Row = {"_data_id": record.data_id, "_published": record.published}
        for name, (group, part) in zip(names, parts, strict=True):
            kept = record.custom_values.get(group, {}) if group else record.values
            row[name] = typed(part, read_value(part, kept))
        rows.append(row)
    return rows


def column_names(wanted: Iterable[str]) -> list[str]:
    """The names, with a number behind those that a database could not tell apart."""
    taken = {"_account", "_data_id", "_published"}
    names = []
    for name in wanted:
        free, number = name, 2
        while free.lower() in taken:
            free, number = f"{name}_{number}", number + 1
        taken.add(free.lower())
        names.append(free)
    return names


def typed(structure: Structure, text: str) -> Any:
    """A sent text in the declared type, as a JSON value.

    Arrays are lists, and empty text is an empty one; otherwise what cannot be read in its
    type is None, and so is empty text unless the type is a kind of text. Times are ISO 8601
    in UTC.
    """
    if structure.array:
        return [_single(structure.kind, item) for item in text.split(",")] if text else []
    return _single(structure.kind, text)


def _single(kind: str, text: str) -> Any:
    match kind:
        case "INTEGER":
            whole = int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else None
            return whole if whole is not None and -LARGEST - 1 <= whole <= LARGEST else None
        case "FLOAT":
            pattern = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
            number = float(text) if re.fullmatch(pattern, text) else math.inf
            return number if math.isfinite(number) else None
        case "BOOLEAN":
            return {"true": True, "false": False}.get(text)
        case "DATE":
            try:
                return date.fromisoformat(text).isoformat() if len(text) == 10 else None
            except ValueError:
                return None
        case "DATETIME":
            try:
                moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
            except ValueError:
                return None
            return moment.astimezone(UTC).isoformat()
        case "JSON":
            try:
                return json.loads(text)
            except ValueError:
                return None
    return text
