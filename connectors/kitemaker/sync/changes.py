"""Kitemaker: what changed since the last pass, from the two recent lists of each space.

REST tells in two requests per space what changed; GraphQL shows a work item whole. The cursor of
a space waits until a gap is repaired. Spaces of 50 work items or more need one request more
(`/metadata/workitems`) to show what is no longer there. The lists may hide archived items
(unknown), so that absence from them only raises a question, which the item's own addresses answer.
"""

from __future__ import annotations

import math

from connectors.core import Record, confirm_missing
from connectors.core.state import note
from connectors.kitemaker.endpoints import ITEM_PIECE, MOST, WORK_ITEM_BY_NUMBER, WORK_ITEMS
from connectors.kitemaker.normalize import moment, objects
from connectors.kitemaker.queries import MOST_AT_ONCE
from connectors.kitemaker.sync.by_number import read_numbers
from connectors.kitemaker.sync.recent_lists import UNLISTED, RecentLists, SpaceLists
from connectors.kitemaker.sync.spaces import rename
from connectors.kitemaker.sync.work_items import Item, Work, read_items, read_space
from connectors.paging import get_path


def read_changes(work: Work) -> None:
    """An incremental pass over all spaces."""
    rename(work.reader, work.spaces)
    recent = RecentLists(work)
    for space_id in work.spaces.names:
        if work.transport.graphql and not recent.item_cursors.get(space_id):
            read_space(work, space_id)
        else:
            recent.ask(space_id)
    ready = [space_id for space_id in recent.of if _close_gap(recent, space_id)]
    _ask_for_whole_lists(recent)
    _read_what_changed(recent)
    failures = work.reader.evidence.failures
    if "work_items" not in failures:
        _end_unlisted(recent)
    recent.keep_comments()
    for space_id in ready if "work_items" not in failures else ():
        recent.move_cursors(space_id)
    for name in ("work_items", "work_item_labels", "comments"):
        work.reader.evidence.note(name, "recent lists overlap with what is known")


def _close_gap(recent: RecentLists, space_id: str) -> bool:
    """The gap test of both lists, and the repair; True when both cursors may move at the end."""
    work, lists = recent.work, recent.of[space_id]
    of_items, of_comments = recent.item_gap(space_id), recent.comment_gap(space_id)
    if not (of_items or of_comments):
        return True
    if work.transport.graphql:
        lists.read_whole = read_space(work, space_id)
        return False  # reading the space has moved its cursors
    repaired = not of_items or read_numbers(work, space_id, lists)
    recent.move_cursors(space_id, items=repaired, comments=not of_comments)
    if of_comments:
        recent.lack_comments(space_id)
    return False


def _ask_for_whole_lists(recent: RecentLists) -> None:
    """The list of all work items, for spaces that the recent one does not show whole."""
    work, listed = recent.work, recent.listed
    lacking = {
        item.space_id
        for item_id, item in work.items.items()
        if item_id not in listed and item_id not in recent.unlisted
    }
    for space_id, lists in recent.of.items():
        if not lists.read_whole and (len(lists.items) >= MOST or space_id in lacking):
            recent.ask_whole(space_id)
        if lists.is_cut:
            name, count = work.spaces.names[space_id], len(lists.whole or ())
            work.reader.evidence.messages.append(
                f"the list of space {name} has exactly {count} work items and may be cut: "
                "what it lacks is looked for in the next full pass"
            )
    for row_id in recent.unlisted & recent.listed:
        work.reader.evidence.state[note(UNLISTED, row_id)] = ""


def _read_what_changed(recent: RecentLists) -> None:
    """By GraphQL, work items that are not as they were; by REST, all rows of the lists."""
    work = recent.work
    labels: dict[str, set[str]] = {}
    pairs = work.reader.known.rows("work_item_labels", ["work_item_id", "label_id"])
    for item_id, label_id in pairs:
        labels.setdefault(item_id, set()).add(label_id)
    if not work.transport.graphql:
        for space_id, lists in recent.of.items():
            work.reader.keep(ITEM_PIECE, lists.items)
            if _unread(work, space_id, lists) - work.seen:
                read_numbers(work, space_id, lists)
        work.seen |= recent.listed
        return
    changed: set[str] = set()
    for space_id, lists in recent.of.items():
        changed |= _unread(work, space_id, lists)
        changed.update(
            item_id
            for item_id, row in ((str(row.get("id")), row) for row in lists.items)
            if not _is_as_known(work, space_id, row, labels.get(item_id, set()))
        )
    if missing := read_items(work, changed - work.seen):
        work.fail(f"{len(missing)} work items are listed and cannot be had by their ids")
    work.seen |= recent.listed


def _unread(work: Work, space_id: str, lists: SpaceLists) -> set[str]:
    """Ids in a space's whole list that are not in the recent one and not known to be there."""
    return (lists.whole or set()) - lists.recent - work.in_space(space_id)


def _is_as_known(work: Work, space_id: str, row: Record, labels: set[str]) -> bool:
    """Whether a row of a recent list is the work item that is known."""
    shown = Item(
        space_id=space_id,
        number=row.get("number"),
        title=row.get("title"),
        status_id=get_path(row, "status.id"),
        updated_at=moment(row.get("updatedAt")),
    )
    carried = {str(label.get("id")) for label in objects(row.get("labels"))}
    return work.items.get(str(row.get("id"))) == shown and carried == labels


# -- what is in no list --------------------------------------------------------------------


def _end_unlisted(recent: RecentLists) -> None:
    """Known work items that no list shows: asked for by their own addresses.

    One that is found was hidden from the lists. By the id first, which shows an item whole; then
    by its number in REST, whose 404 is sure.
    """
    work = recent.work
    missing = {
        item_id
        for space_id in work.spaces.names
        for item_id in work.in_space(space_id) - work.seen
        if item_id not in recent.unlisted or _changes_unseen(recent, item_id)
    }
    unfound = _read_missing(work, missing) if work.transport.graphql else missing
    for item_id in missing - unfound:
        recent.mark_unlisted(item_id)
    keys = {item_id: work.spaces.keys.get(work.items[item_id].space_id) for item_id in unfound}
    numbered = [item_id for item_id in sorted(unfound) if _number_is_known(work, item_id)]
    found = confirm_missing(
        work.reader,
        "work_items",
        numbered,
        WORK_ITEM_BY_NUMBER,
        lambda item_id: {"space_key": keys[item_id], "number": work.items[item_id].number},
        is_there=lambda item_id, page: get_path(page.payload, "id") == item_id,
        keep=lambda _, page: work.reader.keep(ITEM_PIECE, page.payload),
        listed="in no list of any space",
    )
    for item_id in found.there:
        recent.mark_unlisted(item_id)
    for item_id in unfound.difference(numbered):
        text = f"work item {item_id} is in no list and cannot be asked for: it is kept"
        work.reader.evidence.messages.append(text)


def _number_is_known(work: Work, item_id: str) -> bool:
    """Whether REST can be asked for a work item: by the key of its space and its number."""
    item = work.items[item_id]
    return work.spaces.keys.get(item.space_id) is not None and item.number is not None


def _changes_unseen(recent: RecentLists, item_id: str) -> bool:
    """Whether an unlisted item may change without any list showing it.

    Archived items may be hidden from the recent lists as well. An item that only the whole list
    lacks, which may be cut at a round number, shows in the recent one when it changes.
    """
    work, item = recent.work, recent.work.items[item_id]
    if work.transport.graphql:
        return item.archived_at is not None or item.status_id in work.spaces.archives
    lists = recent.of.get(item.space_id)
    return work.spaces.new_day and not (lists and lists.is_cut)


def _read_missing(work: Work, missing: set[str]) -> set[str]:
    """Reads unlisted items by ids, or their space whole where that takes fewer requests."""
    for space_id in work.spaces.names:
        here = work.in_space(space_id)
        if WORK_ITEMS.paging.requests(len(here)) < math.ceil(len(missing & here) / MOST_AT_ONCE):
            read_space(work, space_id)
    return set(read_items(work, missing - work.found_in.keys()))
