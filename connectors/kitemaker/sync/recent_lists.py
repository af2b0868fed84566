"""Kitemaker: what the lists of REST show of the spaces in one pass, beside what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.core import Record, Resource, Skippable, StateKind, UnexpectedShape, note
from connectors.kitemaker.endpoints import (
    COMMENT_PIECE,
    LISTED_WORK_ITEMS,
    MOST,
    RECENT_COMMENTS,
    RECENT_WORK_ITEMS,
    SPACE_PIECE,
)
from connectors.kitemaker.normalize import moment
from connectors.kitemaker.sync.gap_test import before, newest
from connectors.kitemaker.sync.work_items import (
    COMMENT_CURSORS,
    ITEM_CURSORS,
    Work,
    read_changed,
)
from connectors.paging import get_path

UNLISTED = "unlisted"
"""Records that no list of REST shows although they exist, so as to ask for them only once."""
COMMENTS_LOST = (
    "more comments changed than the recent list shows, and REST has no other list of them"
)


@dataclass
class Look:
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


@dataclass
class Looks:
    """All spaces of one pass."""

    work: Work
    of: dict[str, Look] = field(default_factory=dict)
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
        return self.work.seen.union(*(look.listed for look in self.of.values()))

    def take(self, space_id: str) -> None:
        """Ask for both recent lists of a space; a failure is noted."""
        try:
            items, date = ask_list(self.work, RECENT_WORK_ITEMS, space_id)
            comments, _ = ask_list(self.work, RECENT_COMMENTS, space_id)
        except Skippable as error:
            self.work.fail(f"space {self.work.spaces.names[space_id]}: {error}")
            return
        self.of[space_id] = Look(items, comments, date)
        _learn_key(self.work, space_id, comments)

    def take_whole(self, space_id: str) -> None:
        """Ask for the ids of all work items of a space; a failure is noted."""
        try:
            rows, _ = ask_list(self.work, LISTED_WORK_ITEMS, space_id)
            self.of[space_id].whole = {str(row.get("id")) for row in rows}
        except Skippable as error:
            self.work.fail(f"space {self.work.spaces.names[space_id]}: {error}")

    def lists_are_cut(self, space_id: str) -> bool:
        """Whether the list of all work items of a space ends at a round number."""
        look = self.of.get(space_id)
        return bool(look and look.whole and len(look.whole) % MOST == 0)

    def move_cursors(self, space_id: str, *, items: bool = True, comments: bool = True) -> None:
        """The cursors of a space move to the newest row of its recent lists.

        A time that has not yet come (a clock of the service that jumped) would hide what follows.
        """
        look, cursors = self.of[space_id], self.work.reader.evidence.cursors
        for name, rows, stored, moves in (
            (ITEM_CURSORS, look.items, self.item_cursors, items),
            (COMMENT_CURSORS, look.comments, self.comment_cursors, comments),
        ):
            if moves:
                latest = newest([row.get("updatedAt") for row in rows], stored.get(space_id))
                cursors[(name, space_id)] = before(latest, look.date)

    def lack_comments(self, space_id: str) -> None:
        """REST cannot repair comments: the gap stays, and is told each time."""
        place = f"space {self.work.spaces.names[space_id]}"
        self.work.reader.evidence.lack("comments", place, COMMENTS_LOST)

    def mark_unlisted(self, row_id: str) -> None:
        self.work.reader.evidence.state[note(UNLISTED, row_id)] = "exists"

    def keep_comments(self) -> None:
        """Comments that changed, and those that are missing where a list shows all of a space's."""
        for look in self.of.values():
            rows = look.comments
            self.work.seen_comments.update(str(row.get("id")) for row in rows)
            if self.work.means.graphql:
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
        work, missing = self.work, dict[str, str]()
        whole = {
            space_id
            for space_id, look in self.of.items()
            if len(look.comments) < MOST and not (look.read_whole and work.means.graphql)
        }
        for comment_id, (entity_id, _) in self.comments.items():
            item = work.items.get(entity_id)
            if item is None or item.space_id not in whole or comment_id in self.unlisted:
                continue
            if comment_id not in work.seen_comments and entity_id in self.of[item.space_id].listed:
                missing[comment_id] = entity_id
        if work.means.graphql:
            # What was read by its id in this pass already shows its comments.
            read_changed(work, set(missing.values()) - work.found_in.keys())
            for comment_id in missing.keys() & work.seen_comments:
                self.mark_unlisted(comment_id)
            return
        for comment_id in missing:
            evidence = "absent from the list of all comments of its space"
            work.reader.evidence.end("comments", {"id": comment_id}, evidence)


def ask_list(work: Work, resource: Resource, space_id: str) -> tuple[list[Record], str]:
    """A list of REST, and when it was made. Raises Skippable."""
    page = work.reader.ask(resource, {"space_id": space_id, "count": str(MOST)})
    if not isinstance(page.payload, list):
        raise UnexpectedShape(f"Kitemaker answered without a list of {resource.name}")
    return [row for row in page.payload if isinstance(row, dict)], page.date


def _learn_key(work: Work, space_id: str, comments: Iterable[Record]) -> None:
    """REST tells a space's key in its comments alone; their `spaceId` is not to be trusted."""
    key = next((get_path(row, "entity.space") for row in comments), None)
    if isinstance(key, str) and work.spaces.keys.get(space_id) != key:
        work.spaces.keys[space_id] = key
        work.reader.keep(SPACE_PIECE, [{"id": space_id, "key": key}])
