"""Kitemaker: links of initiatives and feedback to what other lists hold, or hide."""

from __future__ import annotations

from typing import Any

from connectors.core.reader import Walk
from connectors.core.resources import Resource
from connectors.core.schema import Record, Table
from connectors.kitemaker.endpoints import GENERAL_LABELS
from connectors.kitemaker.transport import token_mark
from connectors.paging import Proof


class GeneralLabels:
    """Labels of the organization: no space lists them, only what carries them shows them."""

    def __init__(self, walk: Walk, part: str) -> None:
        self._walk = walk
        self._part = part
        self._of_spaces = {
            label_id for label_id, space in walk.known.rows("labels", ["id", "space_id"]) if space
        }

    def keep(self, record: Record) -> None:
        """The labels of a record that are no space's."""
        found = [dict(label) for label in record.get(self._part) or () if isinstance(label, dict)]
        general = [label for label in found if label.get("id") not in self._of_spaces]
        self._walk.keep(GENERAL_LABELS, general, {"space_id": None})

    def prove(self, listing: Resource, proof: Proof) -> None:
        """A label that no list carries any more has ended."""
        elsewhere = {"labels": "feedback_tags", "tags": "initiative_labels"}[self._part]
        others = self._walk.known.rows(elsewhere, ["label_id"])
        spared: list[dict[str, Any]] = [{"id": label_id} for (label_id,) in others]
        self._walk.outcome.present.setdefault("labels", []).extend(spared)
        self._walk.outcome.prove("labels", listing.name, {"space_id": None}, proof.by)


def keep_hidden(walk: Walk, *links: Table) -> None:
    """Links to what is in a space that only another token saw: their absence says nothing."""
    mark, seen_by = token_mark(walk), walk.known.cursors("space seen by")
    spaces = {i for i in ids_of(walk, "spaces") if seen_by.get(i) != mark}
    if not spaces:
        return
    hidden = set(spaces)
    for name in ("labels", "work_items"):
        rows = walk.known.rows(name, ["id", "space_id"])
        hidden.update(row_id for row_id, space_id in rows if space_id in spaces)
    for table in links:
        owner, to = table.key
        for owner_id, linked in walk.known.rows(table.name, [owner, to]):
            if linked in hidden:
                walk.sink.without(table, {owner: owner_id})


def ids_of(walk: Walk, table: str) -> set[str]:
    return {row[0] for row in walk.known.rows(table, ["id"])}
