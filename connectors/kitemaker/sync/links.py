"""Kitemaker: links of initiatives and feedback to what other lists hold, or hide."""

from __future__ import annotations

from typing import Any

from connectors.core import Reader, Record, Resource, StateKind, Table
from connectors.kitemaker.endpoints import GENERAL_LABELS
from connectors.kitemaker.normalize import objects
from connectors.kitemaker.sync.spaces import SEEN_BY
from connectors.kitemaker.transport import token_mark
from connectors.paging import Completeness


class GeneralLabels:
    """Labels of the organization: no space lists them, only what carries them shows them."""

    def __init__(self, reader: Reader, part: str) -> None:
        self._reader = reader
        self._part = part
        self._of_spaces = {
            label_id for label_id, space in reader.known.rows("labels", ["id", "space_id"]) if space
        }

    def keep(self, record: Record) -> None:
        """The labels of a record that are no space's."""
        found = [dict(label) for label in objects(record.get(self._part))]
        general = [label for label in found if str(label.get("id")) not in self._of_spaces]
        self._reader.keep(GENERAL_LABELS, general, {"space_id": None})

    def prove(self, listing: Resource, proof: Completeness) -> None:
        """A label that no list carries any more has ended."""
        elsewhere = {"labels": "feedback_tags", "tags": "initiative_labels"}[self._part]
        others = self._reader.known.rows(elsewhere, ["label_id"])
        spared: list[dict[str, Any]] = [{"id": label_id} for (label_id,) in others]
        self._reader.evidence.present.setdefault("labels", []).extend(spared)
        self._reader.evidence.prove("labels", listing.name, {"space_id": None}, proof.by)


def keep_hidden(reader: Reader, *links: Table) -> None:
    """Links to what is in a space that this token may not see: their absence says nothing."""
    mark, seen_by = token_mark(reader), reader.known.states(StateKind.NOTE, SEEN_BY)
    spaces = {i for i in ids_of(reader, "spaces") if seen_by.get(i) != mark}
    if not spaces:
        return
    hidden = set(spaces)
    for name in ("labels", "work_items"):
        rows = reader.known.rows(name, ["id", "space_id"])
        hidden.update(row_id for row_id, space_id in rows if space_id in spaces)
    for table in links:
        owner, to = table.key
        for owner_id, linked in reader.known.rows(table.name, [owner, to]):
            if linked in hidden:
                reader.sink.without(table, {owner: owner_id})


def ids_of(reader: Reader, table: str) -> set[str]:
    return {row[0] for row in reader.known.rows(table, ["id"])}
