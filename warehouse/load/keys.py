"""Key values as the database holds them: text, or whole numbers."""

from __future__ import annotations

import math
from typing import Any

from connectors.core import get_path
from connectors.core.schema import Record, Table

Key = tuple[Any, ...]


def key_value(value: Any, kind: str) -> str | int | None:
    """A value as a key column of a declared type holds it; None for what can be no key."""
    if value is None or isinstance(value, (list, dict)):
        return None
    if kind == "integer":
        return _whole(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    text = value if isinstance(value, str) else str(value)
    return text if is_storable(text) else None


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return None
    fits = -(2**63) <= number < 2**63
    return number if fits and (isinstance(value, str) or number == value) else None


def key_of(table: Table, line: Record) -> Key:
    """The key values of a line as the database will hold them; None for what can be no key."""
    values: list[Any] = []
    for name in table.key:
        column = table.column(name)
        value = line["p"].get(name) if column.inherited else get_path(line["r"], column.source)
        if value is None:
            for other in column.aliases:
                value = get_path(line["r"], other) if value is None else value
        values.append(key_value(value, column.type))
    return tuple(values)


def is_storable(text: str) -> bool:
    """Whether a text is valid Unicode: a lone surrogate, which JSON can escape, is not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(text: str) -> str:
    """The text with `?` for what is no valid Unicode."""
    return text.encode("utf-8", "replace").decode()
