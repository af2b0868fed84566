"""Kitemaker: work items with their comments and activities, whole, by GraphQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.core import Page, Reader, Record, Skippable, confirm_missing
from connectors.core.evidence import CHECKED_SINGLY
from connectors.kitemaker.endpoints import SEVERAL_WORK_ITEMS, WORK_ITEMS
from connectors.kitemaker.normalize import objects
from connectors.kitemaker.sync.cursors import COMMENT_CURSORS, ITEM_CURSORS, before, newest
from connectors.kitemaker.sync.several import read_several
from connectors.kitemaker.sync.spaces import Spaces
from connectors.kitemaker.transport import Transport, with_activities
from connectors.paging import get_path


@dataclass(frozen=True)
class Item:
    """A work item as the warehouse holds it."""

    space_id: str
    number: int | None
    title: str | None
    status_id: str | None
    updated_at: datetime | None
    archived_at: datetime | None = field(default=None, compare=False)


@dataclass
class Work:
    """One pass over the work items: what is known, and what was seen so far."""

    reader: Reader
    transport: Transport
    spaces: Spaces
    items: dict[str, Item] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """Work items that this pass has read or found listed."""
    seen_comments: set[str] = field(default_factory=set)
    found_in: dict[str, str] = field(default_factory=dict)
    """Work item -> the space in which this pass found it."""

    def __post_init__(self) -> None:
        columns = ["id", "space_id", "number", "title", "status_id", "updated_at", "archived_at"]
        for item_id, *rest in self.reader.known.rows("work_items", columns):
            self.items[item_id] = Item(*rest)

    def in_space(self, space_id: str) -> set[str]:
        """Ids of the work items that are known to be in a space."""
        return {item_id for item_id, item in self.items.items() if item.space_id == space_id}

    def fail(self, reason: str) -> None:
        """The tables of work items are not complete."""
        self.reader.evidence.fail_rows(WORK_ITEMS, reason)

    def note_record(self, record: Record) -> None:
        """Remember that a whole work item was read."""
        item_id = str(record.get("id"))
        self.seen.add(item_id)
        self.found_in[item_id] = str(get_path(record, "space.id"))
        self.seen_comments.update(str(c.get("id")) for c in objects(record.get("comments")))

    def move_cursors(self, space_id: str, items: str, comments: str) -> None:
        """From where the recent lists of a space are read next time."""
        self.reader.evidence.cursors[(ITEM_CURSORS, space_id)] = items
        self.reader.evidence.cursors[(COMMENT_CURSORS, space_id)] = comments


def read_space(work: Work, space_id: str) -> bool:
    """All work items of a space by GraphQL, with its cursors; True when the end was reached.

    Every status type is asked for, so that nothing archived is left out.
    """
    times = {"items": "", "comments": ""}

    def note_times(record: Record) -> Record:
        work.note_record(record)
        times["items"] = newest([record.get("updatedAt")], times["items"])
        comments = objects(record.get("comments"))
        times["comments"] = newest([c.get("updatedAt") for c in comments], times["comments"])
        return {}

    bind: dict[str, Any] = with_activities(work.reader, spaceId=space_id)
    if work.spaces.types:
        bind["statusFilter"] = {"type": "INCLUDE", "filter": work.spaces.types}
    unread = work.reader.unproved
    listing = work.reader.read(WORK_ITEMS, bind, collect=note_times)
    if work.reader.unproved > unread:
        work.move_cursors(space_id, "", "")  # without cursors the space is read whole next time
    elif listing.completeness.complete:
        work.move_cursors(space_id, *(before(time, listing.date) for time in times.values()))
    return listing.completeness.complete


def read_all(work: Work) -> None:
    """Every space by GraphQL; what no space holds any more, and no id finds, has ended."""
    whole = [read_space(work, space_id) for space_id in work.spaces.names]
    if all(whole):
        _end_unlisted(work)


def _end_unlisted(work: Work) -> None:
    """Known work items of listed spaces that no complete listing of GraphQL held."""
    missing = {
        item_id
        for item_id, item in work.items.items()
        if item_id not in work.seen and item.space_id in work.spaces.names
    }
    short: list[str] = []

    def is_there(item_id: str, page: Page) -> bool:
        record = get_path(page.payload, "data.w0")
        if get_path(record, "id") != item_id:
            return False
        # An item that was moved while the pages were read may be on none of them.
        if get_path(record, "space.id") == work.items[item_id].space_id:
            short.append(item_id)
        work.note_record(record)
        return True

    single, _ = SEVERAL_WORK_ITEMS.asked([""])
    found = confirm_missing(
        work.reader,
        "work_items",
        sorted(missing),
        single,
        lambda item_id: with_activities(work.reader, w0=item_id),
        is_there=is_there,
        keep=lambda _, page: work.reader.keep(single.rows[0], page.payload),
        listed="in none of the spaces, all read to their end",
        list_was_whole=True,
        most=CHECKED_SINGLY,
    )
    if short:
        work.fail(f"the pages of their spaces lacked {len(short)} work items that exist")
    elif found.unasked and not found.unreadable:
        for space_id in work.spaces.names:
            scope = {"space_id": space_id}
            work.reader.evidence.prove("work_items", WORK_ITEMS.name, scope, "end reached")


def read_items(work: Work, ids: Iterable[str]) -> dict[str, Skippable]:
    """Work items whole, by their ids; returns those that cannot be had."""
    variables = with_activities(work.reader)
    return read_several(work.reader, SEVERAL_WORK_ITEMS, ids, variables, work.note_record)
