"""Kitemaker: the organization and its spaces, and what it means that a space is no longer there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.core import (
    Reader,
    Record,
    Resource,
    StateKind,
    UnexpectedShape,
    confirm_missing,
    note,
)
from connectors.kitemaker.endpoints import (
    NAME_PIECE,
    ORGANIZATION,
    RECENT_WORK_ITEMS,
    REST_LABELS,
    REST_ORGANIZATION,
    REST_SPACES,
    REST_STATUSES,
    WORK_ITEMS,
)
from connectors.kitemaker.transport import Transport, leave_out, token_mark
from connectors.paging import get_path

GRAPHQL_ONLY = (
    "users", "applications", "integrations", "integration_users", "space_members",
    "work_item_members", "work_item_watchers", "activities",
)  # fmt: skip
METADATA_READ = note("statuses and labels")
"""The day on which REST's statuses and labels were read last."""
SEEN_BY = "space seen by"
"""The note, by space, of the token that saw it last; HIDDEN and the token that may not see it."""
HIDDEN = "hidden from "


@dataclass
class Spaces:
    """What this pass knows of the spaces that the token sees."""

    names: dict[str, str] = field(default_factory=dict)
    """Id -> name."""
    keys: dict[str, str] = field(default_factory=dict)
    """Id -> the letters in front of work item numbers, where known."""
    statuses: dict[str, str] = field(default_factory=dict)
    """Id -> name, where this pass has read them."""
    types: list[str] = field(default_factory=list)
    """The status types in use: what to include, so that nothing archived is left out."""
    archives: set[str] = field(default_factory=set)
    """Ids of statuses for what is archived."""
    new_day: bool = False
    """REST's daily reading is due in this pass."""


def read_spaces(reader: Reader, transport: Transport) -> Spaces:
    """The organization and its spaces, statuses and labels. Raises Skippable without them."""
    spaces = Spaces(keys=dict(reader.options.get("space_keys", {})))
    spaces.keys.update(
        (space_id, key) for space_id, key in reader.known.rows("spaces", ["id", "key"]) if key
    )
    if transport.graphql:
        _by_graphql(reader, spaces)
    else:
        _by_rest(reader, spaces)
        leave_out(reader, GRAPHQL_ONLY)
    _end_vanished(reader, transport, spaces)
    return spaces


def _by_graphql(reader: Reader, spaces: Spaces) -> None:
    page = reader.ask(ORGANIZATION)
    listed = get_path(page.payload, "data.organization.spaces")
    if not isinstance(listed, list):
        raise UnexpectedShape("Kitemaker answered without its spaces")
    types = {kind for (kind,) in reader.known.rows("statuses", ["type"]) if kind}
    try:
        for space in listed:
            spaces.names[space["id"]] = space["name"]
            spaces.keys[space["id"]] = space["key"]
            for status in space["statuses"]:
                spaces.statuses[status["id"]] = status["name"]
                types.add(status["type"])
                if status["type"] == "ARCHIVED":
                    spaces.archives.add(status["id"])
    except (KeyError, TypeError) as error:
        raise UnexpectedShape(f"Kitemaker answered with a space that lacks {error}") from None
    spaces.types = sorted(types)
    for rows in ORGANIZATION.rows:
        reader.keep(rows, page.payload)
        reader.evidence.note(rows.table.name, "one whole answer")


def _by_rest(reader: Reader, spaces: Spaces) -> None:
    """Statuses and labels once a day, the organization in full passes alone."""
    if reader.full:
        reader.read(REST_ORGANIZATION)
    page = reader.ask(REST_SPACES)
    try:
        spaces.names.update((space["id"], space["label"]) for space in page.payload)
    except (KeyError, TypeError):
        raise UnexpectedShape("Kitemaker answered without its spaces") from None
    reader.keep(REST_SPACES.rows[0], page.payload)
    today = reader.started_at.date().isoformat()
    spaces.new_day = reader.full or reader.known.state(METADATA_READ) != today
    if spaces.new_day:
        complete = [
            _rest_list(reader, REST_STATUSES, space_id, spaces) for space_id in spaces.names
        ]
        complete += [_rest_list(reader, REST_LABELS, space_id, spaces) for space_id in spaces.names]
        if all(complete):
            reader.evidence.state[METADATA_READ] = today


def _rest_list(reader: Reader, resource: Resource, space_id: str, spaces: Spaces) -> bool:
    """The statuses or labels of one space; True where absence from them is evidence."""
    table = resource.rows[0].table.name
    scope = {"space_id": space_id}
    listing = reader.read(resource, scope, collect=_whole)
    if not listing.completeness.complete:
        return False
    if resource is REST_STATUSES:
        spaces.statuses.update((row["id"], row["name"]) for row in listing.records)
    listing = reader.confirm_empty(resource, scope, listing, collect=_whole)
    if not listing.completeness.complete:
        return False
    reader.evidence.prove(table, resource.name, scope, listing.completeness.by)
    return True


def _whole(record: Record) -> Record:
    return dict(record)


def _end_vanished(reader: Reader, transport: Transport, spaces: Spaces) -> None:
    """A space that is listed no more has ended if this token saw it, and its address says 404.

    One that the token may no longer see is kept with all that is in it.
    """
    mark, state = token_mark(reader), reader.evidence.state
    seen_by = reader.known.states(StateKind.NOTE, SEEN_BY)
    for space_id in spaces.names:
        state[note(SEEN_BY, space_id)] = mark
    missing: dict[str, str] = {}
    for space_id, name in reader.known.rows("spaces", ["id", "name"]):
        if space_id in spaces.names:
            continue
        if seen_by.get(space_id) in (mark, HIDDEN + mark):
            missing[space_id] = name
        else:
            reader.evidence.messages.append(
                f"space {name} was seen with another token and is not shown to this one: it is kept"
            )
    by_rest = RECENT_WORK_ITEMS, lambda space_id: {"space_id": space_id, "count": "1"}
    by_graphql = WORK_ITEMS, lambda space_id: {"spaceId": space_id}
    single, bind = by_rest if transport.rest else by_graphql
    found = confirm_missing(
        reader,
        "spaces",
        list(missing),
        single,
        bind,
        is_there=lambda space_id, page: True,
        listed="not listed",
    )
    for space_id in found.there:
        reason = f"the space {space_id} is not listed, and yet it is there"
        reader.evidence.fail("spaces", ORGANIZATION.name, reason)
        spaces.names[space_id] = missing[space_id]
    for space_id in found.unreadable:
        state[note(SEEN_BY, space_id)] = HIDDEN + mark


def rename(reader: Reader, spaces: Spaces) -> None:
    """New names of statuses and spaces, in work items that an incremental pass does not read."""
    columns = ["id", "status_id", "status_name", "space_id", "space_name"]
    pieces: list[Record] = []
    for item_id, status_id, status, space_id, space in reader.known.rows("work_items", columns):
        piece = {
            **_renamed("status", status_id, status, spaces.statuses),
            **_renamed("space", space_id, space, spaces.names),
        }
        if piece:
            pieces.append({"id": item_id, **piece})
    reader.keep(NAME_PIECE, pieces)


def _renamed(part: str, row_id: str, old: str, names: Mapping[str, str]) -> dict[str, Any]:
    new = names.get(row_id, old)
    return {} if new == old else {part: {"id": row_id, "name": new}}
