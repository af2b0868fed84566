"""Kitemaker: work items and their comments, in full by GraphQL and from the recent lists.

REST tells in two requests per space what changed; GraphQL shows a work item whole. A list of
REST may hide archived items (unknown), so that absence from it only raises a question, which
the item's own addresses answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.core import Page, Reader, Record, Skippable, UnexpectedShape, confirm_missing
from connectors.core.evidence import CHECKED_SINGLY
from connectors.kitemaker.endpoints import (
    WORK_ITEMS,
    WORK_ITEMS_BY_ID,
    work_items_by_id,
    work_items_in,
)
from connectors.kitemaker.queries import MOST_AT_ONCE
from connectors.kitemaker.sync.gap_test import before, newest
from connectors.kitemaker.sync.spaces import Spaces
from connectors.kitemaker.transport import Means, read_pages
from connectors.paging import get_path

ITEM_CURSORS = "recent work items"
COMMENT_CURSORS = "recent comments"


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
    means: Means
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
        self.reader.evidence.fail_rows(WORK_ITEMS, reason)

    def note_record(self, record: Record) -> None:
        """Remember that a whole work item was read."""
        item_id = str(record.get("id"))
        self.seen.add(item_id)
        self.found_in[item_id] = get_path(record, "space.id")
        self.seen_comments.update(str(c.get("id")) for c in record.get("comments") or ())

    def move_cursors(self, space_id: str, items: str, comments: str) -> None:
        self.reader.evidence.cursors[(ITEM_CURSORS, space_id)] = items
        self.reader.evidence.cursors[(COMMENT_CURSORS, space_id)] = comments


def read_space(work: Work, space_id: str) -> bool:
    """All work items of a space by GraphQL, with its cursors; True when the end was reached."""
    times: dict[str, list[str]] = {"items": [], "comments": []}
    began = ""

    def look(records: list[Record], page: Page) -> None:
        nonlocal began
        began = began or page.date
        for record in records:
            work.note_record(record)
            times["items"].append(record.get("updatedAt", ""))
            times["comments"] += [c.get("updatedAt", "") for c in record.get("comments") or ()]
        for kind, texts in times.items():
            times[kind] = [newest(texts)] if texts else []

    try:
        proof = read_pages(
            work.reader, work_items_in(work.spaces.types), {"spaceId": space_id}, look
        )
    except Skippable as error:
        work.fail(f"space {work.spaces.names.get(space_id, space_id)}: {error}")
        return False
    if not proof.complete:
        work.fail(f"space {work.spaces.names.get(space_id, space_id)}: {proof.reason}")
        return False
    work.move_cursors(space_id, *(before(newest(t), began) for t in times.values()))
    return True


def copy_all(work: Work) -> None:
    """Every space by GraphQL; what no space holds any more, and no id finds, has ended."""
    complete = [read_space(work, space_id) for space_id in work.spaces.names]
    if all(complete):
        end_unlisted(work)


def end_unlisted(work: Work) -> None:
    """Known work items of listed spaces that no complete listing of GraphQL held."""
    missing = {
        item_id
        for item_id, item in work.items.items()
        if item_id not in work.seen and item.space_id in work.spaces.names
    }
    short: list[str] = []

    def is_there(item_id: str, page: Page) -> bool:
        records = [r for r in (get_path(page.payload, "data") or {}).values() if r]
        if [get_path(record, "id") for record in records] != [item_id]:
            return False
        # An item that was moved while the pages were read may be on none of them.
        if get_path(records[0], "space.id") == work.items[item_id].space_id:
            short.append(item_id)
        work.note_record(records[0])
        return True

    single, _ = work_items_by_id(["an id"])
    found = confirm_missing(
        work.reader,
        "work_items",
        sorted(missing),
        single,
        lambda item_id: work_items_by_id([item_id])[1],
        is_there=is_there,
        keep=lambda _, page: work.reader.keep(WORK_ITEMS_BY_ID.rows[0], page.payload),
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
    for rows in (WORK_ITEMS.rows[0], *WORK_ITEMS.rows[0].children):
        work.reader.evidence.note(rows.table.name, "end reached in every space")


def ask_items(work: Work, ids: list[str]) -> Any:
    """The answer with a few work items. Raises Skippable where one cannot be had."""
    resource, names = work_items_by_id(ids)
    page = work.reader.ask(resource, names)
    data = page.payload.get("data") if isinstance(page.payload, dict) else None
    records = [r for r in (data or {}).values() if isinstance(r, dict)]
    if {record.get("id") for record in records} != set(ids):
        raise UnexpectedShape("Kitemaker answered without a work item that was asked for")
    for record in records:
        work.note_record(record)
    return page.payload


def read_items(work: Work, ids: list[str]) -> None:
    """A few work items whole, kept. Raises Skippable where one cannot be had."""
    work.reader.keep(WORK_ITEMS_BY_ID.rows[0], ask_items(work, ids))


def read_changed(work: Work, ids: Iterable[str]) -> set[str]:
    """Work items whole, in batches; returns those that cannot be had by their ids.

    One missing item spoils its batch, whose items are then asked for one by one.
    """
    ordered = sorted(ids)
    missing: set[str] = set()
    for start in range(0, len(ordered), MOST_AT_ONCE):
        batch = ordered[start : start + MOST_AT_ONCE]
        try:
            read_items(work, batch)
            continue
        except Skippable:
            if len(batch) == 1:
                missing.update(batch)
                continue
        for item_id in batch:
            try:
                read_items(work, [item_id])
            except Skippable:
                missing.add(item_id)
    return missing
