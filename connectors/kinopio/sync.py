"""Kinopio: in what order spaces are read, and what is evidence of their end.

Two lists name every space with its `updatedAt`. Only those that moved are read, 60 in one request,
then the removed cards of each; a space that left the lists is asked for at its own address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.core import (
    Cost,
    Costing,
    Page,
    Reader,
    Record,
    RecordSource,
    Resource,
    Rows,
    Skippable,
    confirm_missing,
    parent,
    request,
)
from connectors.kinopio.tables import (
    BOXES,
    CARDS,
    CONNECTION_TYPES,
    CONNECTIONS,
    LINES,
    LISTS,
    SPACE_COLLABORATORS,
    SPACES,
    TAGS,
    USERS,
)

BATCH = 60
"""Ids in one `/space/multiple`; longer lists may be cut silently (API page, section 4)."""
INSIDE = {"space_id": parent("id")}


def listed_space(item: Any, _: Mapping[str, Any]) -> Any:
    """A row of a listing is metadata: whatever it nests is read with the space itself."""
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in item.items() if not isinstance(value, list)}


SPACE_PARTS = (
    Rows(USERS, at="users", sparse=True, keep=True, proves=False),
    Rows(USERS, at="collaborators", sparse=True, keep=True, proves=False),
    Rows(SPACE_COLLABORATORS, at="collaborators", inherit=INSIDE, keep=True),
    Rows(CARDS, at="cards", inherit=INSIDE),
    Rows(CONNECTIONS, at="connections", inherit=INSIDE),
    Rows(CONNECTION_TYPES, at="connectionTypes", inherit=INSIDE),
    Rows(BOXES, at="boxes", inherit=INSIDE),
    Rows(TAGS, at="tags", inherit=INSIDE),
    Rows(LISTS, at="lists", inherit=INSIDE),
    Rows(LINES, at="lines", inherit=INSIDE),
)
WHOLE_SPACES = Rows(SPACES, children=SPACE_PARTS)
LISTED_SPACES = Rows(SPACES, normalize=listed_space, sparse=True)

ACCOUNT = Resource(
    "account", "/user", (Rows(USERS, sparse=True, source=RecordSource.OWN),), listing=False
)
SPACE_LIST = Resource("space_list", "/user/spaces", (LISTED_SPACES,))
REMOVED_SPACES = Resource("removed_spaces", "/user/removed-spaces", (LISTED_SPACES,))
SPACE_BATCH = Resource(
    "space_batch",
    "/space/multiple",
    (WHOLE_SPACES,),
    params={"spaceIds": "{space_ids}"},
    listing=False,
)
ONE_SPACE = Resource(
    "one_space", "/space/{space_id}", (WHOLE_SPACES,), forbidden_statuses=(401, 403), listing=False
)
REMOVED_CARDS = Resource(
    "removed_cards",
    "/space/{space_id}/removedCards",
    (Rows(CARDS, inherit={"space_id": request("space_id")}, part={"is_removed": "true"}),),
    fallback_path="/space/{space_id}/removed-cards",
    forbidden_statuses=(401, 403),
    listing=False,
)


def copy_spaces(reader: Reader) -> None:
    """Read the spaces that changed since they were read last, and what vanished from the lists."""
    listings = [reader.read(resource, collect=True) for resource in (SPACE_LIST, REMOVED_SPACES)]
    listed = {r["id"]: r for listing in listings for r in listing.records if r.get("id")}
    stored = {} if reader.full else reader.known.cursors("spaces")
    changed = [
        space_id
        for space_id, record in listed.items()
        if not record.get("updatedAt") or stored.get(space_id) != record["updatedAt"]
    ]
    updated: dict[str, str] = {}
    missing = [*_read_batches(reader, changed, updated)]
    if all(listing.completeness.complete for listing in listings):
        known = {row[0] for row in reader.known.rows("spaces", ["id"])}
        missing += sorted(known - listed.keys())
    gone = _read_singly(reader, missing, updated)
    for part in SPACE_PARTS:
        reader.evidence.note(part.table.name, "every changed space was read whole")
    # Removed spaces too: what was removed inside them can be restored with them.
    read = dict.fromkeys((*changed, *missing))
    unread = _read_removed_cards(reader, [space_id for space_id in read if space_id not in gone])
    # Only now: a space whose removed cards were not read has not been read.
    for space_id, updated_at in updated.items():
        if space_id not in unread:
            reader.evidence.cursors[("spaces", space_id)] = updated_at


def _read_batches(reader: Reader, space_ids: list[str], updated: dict[str, str]) -> list[str]:
    """Read spaces 60 at a time; returns the ids that the batches did not answer whole.

    Whether a batch holds the cards is undocumented: the first one that is answered shows it, and
    where it does not, the others are not asked for. A batch that is refused costs that batch.
    """
    groups = [space_ids[i : i + BATCH] for i in range(0, len(space_ids), BATCH)]
    missing: list[str] = []
    for first, part in ((True, groups[:1]), (False, groups[1:])):
        binds = [{"space_ids": ",".join(group)} for group in part]
        for bind, page in reader.ask_all(SPACE_BATCH, binds):
            asked = bind["space_ids"].split(",")
            whole = [] if isinstance(page, Skippable) else _whole(page.payload)
            answered = {space["id"] for space in whole}
            missing += [space_id for space_id in asked if space_id not in answered]
            for space in whole:
                _keep(reader, space, updated)
            if first and not whole and isinstance(page, Page):
                return space_ids
    return missing


def _whole(payload: Any) -> list[Record]:
    """The entries that hold a whole space; ids that may not be seen come back without one."""
    entries = payload if isinstance(payload, list) else []
    return [e for e in entries if isinstance(e, dict) and e.get("id") and "cards" in e]


def _keep(reader: Reader, space: Record, updated: dict[str, str]) -> None:
    """Keep a whole space, and remember in `updated` as of when it was read."""
    # Keeping takes the moving fields out of it.
    space_id, updated_at, unproved = space["id"], space.get("updatedAt"), reader.unproved
    reader.keep(WHOLE_SPACES, [space])
    if updated_at and reader.unproved == unproved:
        updated[space_id] = updated_at


def _read_singly(reader: Reader, space_ids: list[str], updated: dict[str, str]) -> set[str]:
    """Read spaces one by one: those that batches left out, and those that left the listings.

    Returns those that cannot be read; 401 means that access was lost (API page, section 7).
    """
    found = confirm_missing(
        reader,
        "spaces",
        space_ids,
        ONE_SPACE,
        lambda space_id: {"space_id": space_id},
        is_there=_is_space,
        keep=lambda _, page: _keep(reader, page.payload, updated),
    )
    return {*found.gone, *found.unreadable}


def _is_space(_: str, page: Page) -> bool:
    return isinstance(page.payload, dict) and bool(page.payload.get("id"))


def _read_removed_cards(reader: Reader, space_ids: list[str]) -> set[str]:
    """Cards that were removed but can be restored; readable only where one may edit. Returns the
    spaces for which they could not be read otherwise."""
    binds = [{"space_id": space_id} for space_id in space_ids]
    read = reader.read_each(REMOVED_CARDS, binds)
    listings = [
        reader.confirm_empty(REMOVED_CARDS, bind, listing)
        for bind, listing in zip(binds, read, strict=True)
    ]
    refused: set[str] = set()
    unread: set[str] = set()
    for bind, listing in zip(binds, listings, strict=True):
        if listing.refused:
            refused.add(bind["space_id"])
        elif not listing.completeness.complete:
            unread.add(bind["space_id"])
            reader.sink.without(CARDS, bind)
    if refused:
        # What was shown before and is refused now has not ended by that.
        names = ("space_id", "id", "is_removed")
        for space_id, card_id, removed in reader.known.rows("cards", names):
            if removed and space_id in refused:
                reader.evidence.spare("cards", {"space_id": space_id, "id": card_id})
    if listings and listings[-1].refused:
        # A refusal here means `not your space`, unless the key itself has died: this tells, and
        # only now (the account was read at the beginning of the run, with a key that lived).
        reader.ask(ACCOUNT, now=True)
    return unread


def cost_of_spaces(costing: Costing) -> list[Cost]:
    """Two lists, the changed spaces by 60, and the removed cards of each (API page, section 8)."""
    shown, removed = (
        [r for r in costing.look(resource) or [] if isinstance(r, dict) and r.get("id")]
        for resource in (SPACE_LIST, REMOVED_SPACES)
    )
    stored = {} if costing.full else costing.cursors("spaces")
    moved = [r for r in (*shown, *removed) if stored.get(r["id"]) != r.get("updatedAt")]
    return [
        Cost("lists of spaces", 2, len(shown) + len(removed)),
        Cost("changed spaces", -(-len(moved) // BATCH), len(moved)),
        Cost("removed cards", len(moved)),
    ]
