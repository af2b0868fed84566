"""Kitemaker: what REST lists nowhere, read number by number.

Work items in a full pass or where a recent list has a gap, initiatives and feedback always. A
space's key, which the numbers of its work items need, shows in its comments alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.core import Page, Reader, Resource, Skippable
from connectors.kitemaker.endpoints import (
    FEEDBACK_BY_NUMBER,
    INITIATIVE_BY_NUMBER,
    ITEM_PIECE,
    MOST,
    WORK_ITEM_BY_NUMBER,
)
from connectors.kitemaker.normalize import objects
from connectors.kitemaker.sync.links import GeneralLabels
from connectors.kitemaker.sync.probing import MARGIN, Ask, Holes, Keep, probe
from connectors.kitemaker.sync.recent_lists import RecentLists, SpaceLists
from connectors.kitemaker.sync.work_items import Work
from connectors.paging import Completeness, get_path, records_at

# -- work items ----------------------------------------------------------------------------


def read_all_numbers(work: Work) -> None:
    """Every number of every space; what answers 404 and is in no list has ended."""
    recent = RecentLists(work)
    for space_id in work.spaces.names:
        recent.ask(space_id)
    for space_id in recent.of:
        recent.ask_whole(space_id)
    for space_id, lists in recent.of.items():
        work.reader.keep(ITEM_PIECE, lists.items)
        lists.read_whole = read_numbers(work, space_id, lists)
        whole = lists.read_whole or len(lists.items) < MOST
        lost = recent.comment_gap(space_id)
        if lost:
            recent.lack_comments(space_id)
        recent.move_cursors(space_id, items=whole, comments=not lost)
    work.seen |= recent.listed
    if "work_items" not in work.reader.evidence.failures:
        _end_unfound(recent)
    recent.keep_comments()
    for name in ("work_items", "work_item_labels"):
        work.reader.evidence.note(name, "every number asked for")


def _end_unfound(recent: RecentLists) -> None:
    """Every number of a space was asked for: what was not found there is not there."""
    work = recent.work
    for item_id in sorted(work.items.keys() - work.seen):
        lists = recent.of.get(work.items[item_id].space_id)
        if lists is not None and lists.read_whole:
            evidence = "found by no number and in no list of any space"
            work.reader.evidence.end("work_items", {"id": item_id}, evidence)


def ask_numbers(reader: Reader, resource: Resource, **of: str) -> Ask:
    """How records are asked for by their numbers."""

    def ask(numbers: Iterable[int]) -> Iterator[tuple[int, Page | Skippable]]:
        for bind, page in reader.ask_all(resource, [{**of, "number": n} for n in numbers]):
            yield int(bind["number"]), page

    return ask


def _keep_of_space(work: Work, space_id: str) -> Keep:
    """How work items of a space are kept."""

    def keep(_: int, page: Page) -> str:
        if get_path(page.payload, "space.id") in work.spaces.names.keys() - {space_id}:
            return ""  # the settings give this space another one's key
        for record in objects(records_at(page.payload, "")):
            work.seen.add(str(record.get("id")))
            work.found_in[str(record.get("id"))] = space_id
        work.reader.keep(WORK_ITEM_BY_NUMBER.rows[0], page.payload)
        return str(get_path(page.payload, "id") or "")

    return keep


def read_numbers(work: Work, space_id: str, lists: SpaceLists) -> bool:
    """All work items of a space, number by number; False where that cannot be done.

    Where an id that the space's list shows is not found, the numbers that were missing before
    are asked for as well.
    """
    name = f"space {work.spaces.names[space_id]}"
    key = work.spaces.keys.get(space_id)
    if key is None:
        return _without_key(work, name, lists)
    shown = [r.get("number") for r in lists.items]
    shown += [get_path(r, "entity.number") for r in lists.comments]
    stored = [item.number for item in work.items.values() if item.space_id == space_id]
    top = max((n for n in (*shown, *stored) if isinstance(n, int)), default=0)
    holes = Holes(work.reader, f"work items of {space_id}")
    ask = ask_numbers(work.reader, WORK_ITEM_BY_NUMBER, space_key=key)
    keep = _keep_of_space(work, space_id)
    result = probe(ask, keep, holes.worth_asking(top), top)
    if not result.failed and (lists.whole or set()) - work.seen:
        for number, page in ask(sorted(holes.known - result.found.keys() - result.missing)):
            if isinstance(page, Page):
                result.found[number] = keep(number, page)
    if result.failed:
        work.fail(f"{name}: {result.failed}")
        return False
    holes.remember(result)
    if rest := (lists.whole or set()) - work.seen:
        reason = f"{len(rest)} listed work items were found by no number"
        work.reader.evidence.lack("work_items", name, reason)
    return True


def _without_key(work: Work, name: str, lists: SpaceLists) -> bool:
    """A space without any comment: its recent list is all that can be had, and may be enough."""
    if len(lists.items) < MOST and not (lists.whole or set()) - lists.recent:
        return False
    reason = "REST tells the key that its numbers need in comments alone, and it has none"
    work.reader.evidence.lack("work_items", name, reason)
    return False


# -- initiatives and feedback --------------------------------------------------------------


def initiatives_by_number(reader: Reader) -> None:
    """Initiatives, their spaces and labels."""
    labels = GeneralLabels(reader, "labels")

    def keep(_: int, page: Page) -> str:
        found = objects(records_at(page.payload, ""))
        row_id = str(found[0].get("id") or "") if found else ""
        for record in found:
            labels.keep(record)
        reader.keep(INITIATIVE_BY_NUMBER.rows[0], page.payload)
        return row_id

    read_by_number(reader, INITIATIVE_BY_NUMBER, keep)
    if "initiatives" not in reader.evidence.failures:
        labels.prove(INITIATIVE_BY_NUMBER, Completeness(True, "every number asked for"))


def feedback_by_number(reader: Reader) -> None:
    """Feedback with its insights."""

    def keep(number: int, page: Page) -> str:
        for rows in FEEDBACK_BY_NUMBER.rows:
            reader.keep(rows, page.payload, {"number": str(number)})
        return str(get_path(page.payload, "id") or "")

    read_by_number(reader, FEEDBACK_BY_NUMBER, keep)


def read_by_number(reader: Reader, resource: Resource, keep: Keep) -> None:
    """All numbers in a full pass, else the known ones, and in both cases some beyond the last.

    A known number that answers 404 has ended, if any other number was found: where none
    was, the address itself may be gone.
    """
    table = resource.rows[-1].table.name
    known = {n: row_id for row_id, n in reader.known.rows(table, ["id", "number"]) if n is not None}
    top, holes = max(known, default=0), Holes(reader, table)
    numbers = (
        holes.worth_asking(top) if reader.full else [*known, *range(top + 1, top + MARGIN + 1)]
    )
    result = probe(ask_numbers(reader, resource), keep, numbers, top)
    if result.failed:
        reader.evidence.fail_rows(resource, result.failed)
        return
    if known and not result.found:
        reader.evidence.fail_rows(resource, "answered 404 to every number, known ones included")
        return
    holes.remember(result)
    ids = set(result.found.values())
    for number in sorted(known.keys() & result.missing):
        if known[number] not in ids:
            reader.evidence.end(table, {"id": known[number]}, "404 on its own address")
    for rows in (resource.rows[-1], *resource.rows[-1].children):
        reader.evidence.note(rows.table.name, "every number asked for")
