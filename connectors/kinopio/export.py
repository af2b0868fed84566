"""Kinopio's spaces as one JSON object each, in the form that Kinopio's own import reads.

The import wants `name`, `cards`, `connections` and `tags`; the app's export leaves out who was
there and every key. Sources: connectors/kinopio/notes.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.core.exports import CurrentRows, ExportFile, ServiceExport, safe_name

PARTS = {
    "cards": "cards",
    "connections": "connections",
    "connection_types": "connectionTypes",
    "boxes": "boxes",
    "tags": "tags",
    "lists": "lists",
    "lines": "lines",
}
"""Table and the field of a space that its rows stand in."""
LEFT_OUT = ("clients", "spectators", "users", "collaborators", "collaboratorKey", "groupId",
            "readOnlyKey")  # fmt: skip


def spaces_for_import(rows: CurrentRows) -> Iterator[ExportFile]:
    """A file for each current space with all that is in it; one space in memory at a time."""
    parts = {
        field: _GroupedBySpace(rows.read(table, ["space_id", "_raw"], ["space_id", "id"]))
        for table, field in PARTS.items()
    }
    for space_id, raw in rows.read("spaces", ["id", "_raw"], ["id"]):
        space = {k: v for k, v in msgspec.json.decode(raw).items() if k not in LEFT_OUT}
        space["id"] = space_id
        space.setdefault("name", "")
        for field, grouped in parts.items():
            space[field] = grouped.of(space_id)
        text = msgspec.json.format(msgspec.json.encode(space), indent=2).decode()
        yield ExportFile(f"spaces/{_file_name(space)}.json", [text, "\n"], 1)


def _file_name(space: dict[str, Any]) -> str:
    identity = re.sub(r"[^\w-]", "_", str(space["id"]))
    return f"{safe_name(str(space.get('name') or ''))[:80]}-{identity}"


class _GroupedBySpace:
    """Rows in the order of their spaces, handed out a space at a time."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, space_id: str) -> list[Any]:
        """The records of a space; asked for in the order of the spaces."""
        found: list[Any] = []
        while self._next is not None and self._next[0] <= space_id:
            if self._next[0] == space_id:
                found.append(msgspec.json.decode(self._next[1]))
            self._next = next(self._rows, None)
        return found


EXPORTS = (ServiceExport("json", "space", spaces_for_import),)
