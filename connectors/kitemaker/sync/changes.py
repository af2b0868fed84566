"""Kitemaker: what changed since the last pass, from the two recent lists of each space.

The cursor of a space waits until a gap is repaired. Spaces of 50 work items or more need one
request more (`/metadata/workitems`) to show what is no longer there.
"""

from __future__ import annotations

import math

from connectors.core import Missing, Record, Skippable, note
from connectors.kitemaker.endpoints import ITEM_PIECE, MOST, WORK_ITEM_BY_NUMBER, WORK_ITEMS
from connectors.kitemaker.normalize import moment
from connectors.kitemaker.queries import MOST_AT_ONCE
from connectors.kitemaker.sync.by_number import read_numbers
from connectors.kitemaker.sync.gap_test import gap
from connectors.kitemaker.sync.recent_lists import UNLISTED, Look, Looks
from connectors.kitemaker.sync.spaces import rename
from connectors.kitemaker.sync.work_items import Item, Work, read_changed, read_space
from connectors.paging import get_path


def copy_changes(work: Work) -> None:
    """An incremental pass over all spaces."""
    rename(work.reader, work.spaces)
    looks = Looks(work)
    for space_id in work.spaces.names:
        if space_id not in looks.item_cursors and work.means.graphql:
            read_space(work, space_id)
        else:
            looks.take(space_id)
    ready = [space_id for space_id in looks.of if close_gap(looks, space_id)]
    _ask_for_whole_lists(looks)
    _read_what_changed(looks)
    failures = work.reader.evidence.failures
    if "work_items" not in failures:
        _end_unlisted(looks)
    looks.keep_comments()
    for space_id in ready if "work_items" not in failures else ():
        looks.move_cursors(space_id)
    for name in ("work_items", "work_item_labels", "comments"):
        work.reader.evidence.note(name, "recent lists overlap with what is known")


def close_gap(looks: Looks, space_id: str) -> bool:
    """The gap test of both lists, and the repair; True when both cursors may move at the end."""
    work, look = looks.work, looks.of[space_id]
    items = {item_id: item.updated_at for item_id, item in work.items.items()}
    comments = {row_id: updated_at for row_id, (_, updated_at) in looks.comments.items()}
    of_items = gap(look.items, looks.item_cursors.get(space_id), items)
    of_comments = gap(look.comments, looks.comment_cursors.get(space_id), comments)
    if not (of_items or of_comments):
        return True
    if work.means.graphql:
        look.read_whole = read_space(work, space_id)
        return look.read_whole
    repaired = not of_items or read_numbers(work, space_id, look)
    looks.move_cursors(space_id, items=repaired, comments=not of_comments)
    if of_comments:
        looks.lack_comments(space_id)
    return False


def _ask_for_whole_lists(looks: Looks) -> None:
    """The list of all work items, for spaces that the recent one does not show whole."""
    work, listed = looks.work, looks.listed
    lacking = {
        item.space_id
        for item_id, item in work.items.items()
        if item_id not in listed and item_id not in looks.unlisted
    }
    for space_id, look in looks.of.items():
        if not look.read_whole and (len(look.items) >= MOST or space_id in lacking):
            looks.take_whole(space_id)
        if looks.lists_are_cut(space_id):
            name, count = work.spaces.names[space_id], len(look.whole or ())
            work.reader.evidence.messages.append(
                f"the list of space {name} has exactly {count} work items and may be cut: "
                "what it lacks is looked for in the next full pass"
            )
    for row_id in looks.unlisted & looks.listed:
        work.reader.evidence.state[note(UNLISTED, row_id)] = ""


def _read_what_changed(looks: Looks) -> None:
    """By GraphQL, work items that are not as they were; by REST, all rows of the lists."""
    work = looks.work
    labels: dict[str, set[str]] = {}
    pairs = work.reader.known.rows("work_item_labels", ["work_item_id", "label_id"])
    for item_id, label_id in pairs:
        labels.setdefault(item_id, set()).add(label_id)
    changed: set[str] = set()
    for space_id, look in looks.of.items():
        for row in look.items:
            item_id = str(row.get("id"))
            if not _as_known(work, space_id, row, labels.get(item_id, set())):
                changed.add(item_id)
        changed |= _unread(work, space_id, look)
    if work.means.graphql:
        missing = read_changed(work, changed - work.seen)
        if missing:
            work.fail(f"{len(missing)} work items are listed and cannot be had by their ids")
    else:
        for space_id, look in looks.of.items():
            work.reader.keep(ITEM_PIECE, look.items)
            if _unread(work, space_id, look) - work.seen:
                read_numbers(work, space_id, look)
    work.seen |= looks.listed


def _unread(work: Work, space_id: str, look: Look) -> set[str]:
    """Ids in a space's whole list that are not in the recent one and not known to be there."""
    return (look.whole or set()) - look.recent - work.in_space(space_id)


def _as_known(work: Work, space_id: str, row: Record, labels: set[str]) -> bool:
    """Whether a row of a recent list is the work item that is known."""
    shown = Item(
        space_id=space_id,
        number=row.get("number"),
        title=row.get("title"),
        status_id=get_path(row, "status.id"),
        updated_at=moment(row.get("updatedAt")),
    )
    carried = {get_path(label, "id") for label in row.get("labels") or ()}
    return work.items.get(str(row.get("id"))) == shown and carried == labels


def _end_unlisted(looks: Looks) -> None:
    """Known work items that no list shows: asked for by their own addresses.

    Found by its id, an item was hidden from the lists. By its number, REST's 404 is sure.
    """
    work = looks.work
    missing = {
        item_id
        for space_id in work.spaces.names
        for item_id in work.in_space(space_id) - work.seen
        if item_id not in looks.unlisted or _changes_unseen(looks, item_id)
    }
    unfound = _read_missing(work, missing) if work.means.graphql else missing
    for item_id in sorted(missing - unfound):
        looks.mark_unlisted(item_id)
    for item_id in sorted(unfound):
        gone = _gone_by_number(work, item_id)
        if gone:
            evidence = "in no list of any space, and not found by its own address"
            work.reader.evidence.end("work_items", {"id": item_id}, evidence)
        elif gone is False:
            looks.mark_unlisted(item_id)
        else:
            text = f"work item {item_id} is in no list and cannot be asked for: it is kept"
            work.reader.evidence.messages.append(text)


def _changes_unseen(looks: Looks, item_id: str) -> bool:
    """Whether an unlisted item may change without any list showing it.

    Archived items may be hidden from the recent lists as well. An item that only the whole list
    lacks, which may be cut at a round number, shows in the recent one when it changes.
    """
    work, item = looks.work, looks.work.items[item_id]
    if work.means.graphql:
        return item.archived_at is not None or item.status_id in work.spaces.archives
    return work.spaces.new_day and not looks.lists_are_cut(item.space_id)


def _read_missing(work: Work, missing: set[str]) -> set[str]:
    """Reads unlisted items by ids, or their space whole where that takes fewer requests."""
    for space_id in work.spaces.names:
        here = work.in_space(space_id)
        if WORK_ITEMS.paging.requests(len(here)) < math.ceil(len(missing & here) / MOST_AT_ONCE):
            read_space(work, space_id)
    found = missing & work.found_in.keys()
    return read_changed(work, missing - found)


def _gone_by_number(work: Work, item_id: str) -> bool | None:
    """Whether REST knows a work item's number no more; None where that cannot be asked."""
    item = work.items[item_id]
    key = work.spaces.keys.get(item.space_id)
    if key is None or item.number is None:
        return None
    try:
        page = work.reader.ask(WORK_ITEM_BY_NUMBER, {"space_key": key, "number": item.number})
    except Missing:
        return True
    except Skippable:
        return None
    if get_path(page.payload, "id") != item_id:
        return None
    work.reader.keep(WORK_ITEM_BY_NUMBER.rows[0], page.payload)
    return False
