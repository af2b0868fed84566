"""Kinopio: in what order spaces are read, and where authors of cards come from.

Lists name every space with its `updatedAt`. Only those that moved are read, 60 in one request,
then the removed cards of each; a space that left the lists is asked for at its own address.
"""

from __future__ import annotations

from connectors.core import (
    Listing,
    Page,
    Reader,
    Record,
    Skippable,
    StateKind,
    confirm_missing,
    note,
)
from connectors.kinopio.endpoints import (
    ACCOUNT,
    AUTHORS,
    BATCH,
    ONE_SPACE,
    REMOVED_CARDS,
    REMOVED_SPACES,
    SPACE_BATCH,
    SPACE_LIST,
    SPACE_PARTS,
    SPECIAL_SPACES,
    WHOLE_SPACES,
)
from connectors.kinopio.normalize import whole_spaces
from connectors.kinopio.tables import CARDS

ADDS = "this list names spaces that no other does"
UNKNOWN_AUTHOR = "the service does not know this author"


def copy_spaces(reader: Reader) -> None:
    """Read the spaces that changed since they were read last, and what vanished from the lists."""
    listings = _read_lists(reader)
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


def _read_lists(reader: Reader) -> list[Listing]:
    """The lists of spaces that are served.

    The lists of special kinds repeat `/user/spaces` as far as is known: a full pass reads them,
    and other passes only those that named a space which no other list had.
    """
    listings = [reader.read(resource, collect=True) for resource in (SPACE_LIST, REMOVED_SPACES)]
    named = {record.get("id") for listing in listings for record in listing.records}
    for resource in SPECIAL_SPACES:
        if not reader.full and reader.known.state(note(ADDS, resource.name)) != "yes":
            continue
        listing = reader.read(resource, collect=True)
        if listing.completeness.reason == "gone":
            continue
        listings.append(listing)
        adds = any(record.get("id") not in named for record in listing.records)
        reader.evidence.state[note(ADDS, resource.name)] = "yes" if adds else "no"
    return listings


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
            whole = [] if isinstance(page, Skippable) else whole_spaces(page.payload)
            answered = {space["id"] for space in whole}
            missing += [space_id for space_id in asked if space_id not in answered]
            for space in whole:
                _keep(reader, space, updated)
            if first and not whole and isinstance(page, Page):
                return space_ids
    return missing


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


def read_authors(reader: Reader) -> None:
    """The public profiles of people who wrote cards and are in no other answer.

    Whom the service does not know any more is asked for again in full passes only.
    """
    users = {row[0] for row in reader.known.rows("users", ["id"])}
    written = {row[0] for row in reader.known.rows("cards", ["user_id"])} - {None}
    unknown = set() if reader.full else set(reader.known.states(StateKind.NOTE, UNKNOWN_AUTHOR))
    missing = sorted(written - users - unknown)
    groups = [missing[i : i + BATCH] for i in range(0, len(missing), BATCH)]
    binds = [{"user_ids": ",".join(group)} for group in groups]
    for group, listing in zip(groups, reader.read_each(AUTHORS, binds, collect=True), strict=True):
        if listing.completeness.complete:
            shown = {record.get("id") for record in listing.records}
            for user_id in set(group) - shown:
                reader.evidence.state[note(UNKNOWN_AUTHOR, user_id)] = "yes"
    reader.evidence.note("users", "every author of a card was asked for")
