"""Kitemaker: what the lists of REST show of the spaces in one pass, beside what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.core import Record, Resource, Skippable, StateKind, UnexpectedShape, note
from connectors.core.evidence import recent_gap
from connectors.kitemaker.endpoints import (
    COMMENT_PIECE,
    LISTED_WORK_ITEMS,
    MOST,
    RECENT_COMMENTS,
    RECENT_WORK_ITEMS,
    SPACE_PIECE,
)
from connectors.kitemaker.normalize import moment, objects
from connectors.kitemaker.sync.cursors import COMMENT_CURSORS, ITEM_CURSORS, before, newest
from connectors.kitemaker.sync.work_items import Work, read_items
from connectors.paging import get_path

UNLISTED = "unlisted"
"""Records that no list of REST shows although they exist, so as to ask for them only once."""
COMMENTS_LOST = (
    "more comments changed than the recent list shows, and REST has no other list of them"
)


@dataclass
class SpaceLists:
    """What the lists of REST show of one space."""

    items: list[Record]
    comments: list[Record]
    date: str = ""
    """When the lists were made, by the service's clock."""
    whole: set[str] | None = None
    """The ids of all its work items, where that list was asked for."""
    read_whole: bool = False
    """All its work items were read in this pass."""

    @property
    def recent(self) -> set[str]:
        """Ids of the work items in the recent list."""
        return {str(row.get("id")) for row in self.items}

    @property
    def listed(self) -> set[str]:
        """Ids of work items that are in the space."""
        return self.recent | (self.whole or set())

    @property
    def is_cut(self) -> bool:
        """Whether the list of all work items ends at a round number."""
        return bool(self.whole) and len(self.whole or ()) % MOST == 0


@dataclass
class RecentLists:
    """The lists of all spaces in one pass."""

    work: Work
    of: dict[str, SpaceLists] = field(default_factory=dict)
    """By space."""
    comments: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    """Known comments: id -> (what they are about, when they changed last)."""
    unlisted: set[str] = field(default_factory=set)
    item_cursors: Mapping[str, str] = field(default_factory=dict)
    comment_cursors: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = self.work.reader.known
        for row_id, *rest in known.rows("comments", ["id", "entity_id", "updated_at"]):
            self.comments[row_id] = (rest[0], rest[1])
        self.unlisted = {
            row_id for row_id, value in known.states(StateKind.NOTE, UNLISTED).items() if value
        }
        self.item_cursors = known.cursors(ITEM_CURSORS)
        self.comment_cursors = known.cursors(COMMENT_CURSORS)

    @property
    def listed(self) -> set[str]:
        """Work items that some list of this pass shows, or that were read."""
        return self.work.seen.union(*(lists.listed for lists in self.of.values()))

    # -- asking ----------------------------------------------------------------------------

    def ask(self, space_id: str) -> None:
        """Ask for both recent lists of a space; a failure is noted."""
        try:
            items, date = self._list(RECENT_WORK_ITEMS, space_id)
            comments, _ = self._list(RECENT_COMMENTS, space_id)
        except Skippable as error:
            self.work.fail(f"space {self.work.spaces.names[space_id]}: {error}")
            return
        self.of[space_id] = SpaceLists(items, comments, date)
        self._learn_key(space_id, comments)

    def ask_whole(self, space_id: str) -> None:
        """Ask for the ids of all work items of a space; a failure is noted."""
        try:
            rows, _ = self._list(LISTED_WORK_ITEMS, space_id)
            self.of[space_id].whole = {str(row.get("id")) for row in rows}
        except Skippable as error:
            self.work.fail(f"space {self.work.spaces.names[space_id]}: {error}")

    def _list(self, resource: Resource, space_id: str) -> tuple[list[Record], str]:
        """A list of REST, and when it was made. Raises Skippable."""
        bind = {"space_id": space_id, "count": str(MOST)}
        page = self.work.reader.ask(resource, bind)
        if not isinstance(page.payload, list):
            raise UnexpectedShape(f"Kitemaker answered without a list of {resource.name}")
        return objects(page.payload), page.date

    def _learn_key(self, space_id: str, comments: Iterable[Record]) -> None:
        """REST tells a space's key in its comments alone; their `spaceId` is not to be trusted."""
        key = next((get_path(row, "entity.space") for row in comments), None)
        if isinstance(key, str) and self.work.spaces.keys.get(space_id) != key:
            self.work.spaces.keys[space_id] = key
            self.work.reader.keep(SPACE_PIECE, [{"id": space_id, "key": key}])

    # -- gaps and cursors ------------------------------------------------------------------

    def item_gap(self, space_id: str) -> str:
        """Why changes of work items may be missing; empty text where none can be."""
        stored = {item_id: item.updated_at for item_id, item in self.work.items.items()}
        return _gap(self.of[space_id].items, self.item_cursors.get(space_id), stored)

    def comment_gap(self, space_id: str) -> str:
        """Why changes of comments may be missing; empty text where none can be."""
        stored = {row_id: updated_at for row_id, (_, updated_at) in self.comments.items()}
        return _gap(self.of[space_id].comments, self.comment_cursors.get(space_id), stored)

    def move_cursors(self, space_id: str, *, items: bool = True, comments: bool = True) -> None:
        """The cursors of a space move to the newest row of its recent lists."""
        lists, cursors = self.of[space_id], self.work.reader.evidence.cursors
        for name, rows, stored, moves in (
            (ITEM_CURSORS, lists.items, self.item_cursors, items),
            (COMMENT_CURSORS, lists.comments, self.comment_cursors, comments),
        ):
            if moves:
                latest = newest([row.get("updatedAt") for row in rows], stored.get(space_id))
                cursors[(name, space_id)] = before(latest, lists.date)

    # -- comments --------------------------------------------------------------------------

    def lack_comments(self, space_id: str) -> None:
        """REST cannot repair comments: the gap stays, and is told each time."""
        place = f"space {self.work.spaces.names[space_id]}"
        self.work.reader.evidence.lack("comments", place, COMMENTS_LOST)

    def mark_unlisted(self, row_id: str) -> None:
        """The record exists although no list shows it: it is not asked for each time."""
        self.work.reader.evidence.state[note(UNLISTED, row_id)] = "exists"

    def keep_comments(self) -> None:
        """Comments that changed, and those that are missing where a list shows all of a space's."""
        for lists in self.of.values():
            rows = lists.comments
            self.work.seen_comments.update(str(row.get("id")) for row in rows)
            if self.work.transport.graphql:
                rows = [row for row in rows if self._differs(row)]
            self.work.reader.keep(COMMENT_PIECE, rows)
        self._end_missing_comments()

    def _differs(self, row: Record) -> bool:
        about, updated_at = self.comments.get(str(row.get("id")), ("", None))
        return about != get_path(row, "entity.id") or updated_at != moment(row.get("updatedAt"))

    def _end_missing_comments(self) -> None:
        """A list of fewer than 50 comments holds all of its space: what it lacks may be gone.

        By GraphQL the work item is read again, which shows all of its comments; by REST the
        comment has ended if its work item is listed in that very space.
        """
        work, missing = self.work, self._missing_comments()
        if work.transport.graphql:
            # What was read by its id in this pass already shows its comments.
            read_items(work, set(missing.values()) - work.found_in.keys())
            for comment_id in missing.keys() & work.seen_comments:
                self.mark_unlisted(comment_id)
            return
        for comment_id in missing:
            evidence = "absent from the list of all comments of its space"
            work.reader.evidence.end("comments", {"id": comment_id}, evidence)

    def _missing_comments(self) -> dict[str, str]:
        """Known comments that a list of all comments of their space lacks -> their work items."""
        work, missing = self.work, dict[str, str]()
        whole = {
            space_id
            for space_id, lists in self.of.items()
            if len(lists.comments) < MOST and not (lists.read_whole and work.transport.graphql)
        }
        for comment_id, (entity_id, _) in self.comments.items():
            item = work.items.get(entity_id)
            if item is None or item.space_id not in whole or comment_id in self.unlisted:
                continue
            if comment_id not in work.seen_comments and entity_id in self.of[item.space_id].listed:
                missing[comment_id] = entity_id
        return missing


def _gap(rows: Iterable[Record], cursor: str | None, stored: Mapping[str, datetime | None]) -> str:
    shown = [(str(row.get("id")), moment(row.get("updatedAt"))) for row in rows]
    return recent_gap(shown, MOST, moment(cursor) if cursor else None, stored)
