"""Kinesis API: in what order its lists are read, and what an absence in them is worth.

Who is no ROOT gets shorter lists without a word, so an absence ends a record only where the
caller was seen to be ROOT in the same run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from connectors.core import (
    Bind,
    Collect,
    Listing,
    Reader,
    Record,
    Resource,
    Rows,
    note,
)
from connectors.core.resources import scope_of
from connectors.kinesis.redact import open_structures, secret_structures
from connectors.paging import TailPages

PAGE_ROWS = 120
"""Rows of a page. Pages overlap by a few rows; with so many, no list costs more requests than
pages of 100 side by side would, which is what the API page plans."""
OPEN = ("constraints", "media", "events")
"""Lists that are whole for everyone who gets them at all; others show fewer rows to some."""
ROLE = note("role")
"""Whether the caller was seen to be ROOT, and in which run."""
HIDDEN = "the caller was not seen to be ROOT, so what others own may be left out"


# -- who asks ------------------------------------------------------------------------------


def copy_users(reader: Reader) -> None:
    """Read the users, and remember for this run whether the caller is ROOT."""
    users, listing, role = _caller(reader)
    reader.evidence.state[ROLE] = _stamped(reader, role)
    settle(reader, users, {}, listing, role == "ROOT")


def is_root(reader: Reader) -> bool:
    """Whether the caller is ROOT, as seen in this run; asks for the users if need be."""
    seen = reader.known.state(ROLE)
    if seen == _stamped(reader, "ROOT") or seen == _stamped(reader, ""):
        return seen == _stamped(reader, "ROOT")
    return _caller(reader)[2] == "ROOT"


def _caller(reader: Reader) -> tuple[Resource, Listing, str]:
    """The users, and `ROOT`, or empty for any other role and where the caller is not shown."""
    users = reader.resource("users")
    listing = reader.confirm_empty(users, {}, reader.read(users, collect=True), collect=True)
    caller = reader.credential("uid")
    own = [user for user in listing.records if str(user.get("id")) == caller]
    return users, listing, "ROOT" if own and own[0].get("role") == "ROOT" else ""


def _stamped(reader: Reader, role: str) -> str:
    return f"{role} in the run of {reader.started_at.isoformat()}"


# -- lists ---------------------------------------------------------------------------------


def copy_list(reader: Reader) -> None:
    """Read the one list of a family."""
    (resource,) = reader.resources
    read_lists(reader, resource, [{}], is_root(reader), collect=dict)


def read_lists(
    reader: Reader,
    resource: Resource,
    binds: Sequence[Bind],
    root: bool,
    *,
    collect: Collect = False,
) -> list[Listing]:
    """Read a list for each binding, and say what each of them proves."""
    read = reader.read_each(resource, binds, collect=collect)
    listings = [
        reader.confirm_empty(resource, bind, listing, collect=collect)
        for bind, listing in zip(binds, read, strict=True)
    ]
    for bind, listing in zip(binds, listings, strict=True):
        settle(reader, resource, bind, listing, root)
    return listings


def settle(reader: Reader, resource: Resource, bind: Bind, listing: Listing, root: bool) -> None:
    """Record what a list that was read proves: an end only where the caller is ROOT."""
    rows = resource.rows[0]
    whole = listing.completeness.complete and listing.completeness.whole
    if root:
        if whole:
            scope = scope_of(rows, bind)
            reader.evidence.prove(rows.table.name, resource.name, scope, listing.completeness.by)
        return
    _spare_children(reader, rows, bind, listing.records)
    if resource.name not in OPEN:
        reader.evidence.fail_rows(resource, HIDDEN)
    elif whole and (gone := _unseen(reader, rows, listing.records)):
        reason = f"{gone} rows came no more; who is not seen to be ROOT ends none"
        reader.evidence.fail_rows(resource, reason)


def _unseen(reader: Reader, rows: Rows, records: Sequence[Record]) -> int:
    """How many known rows of a list, and of the lists in its rows, did not come."""
    own = [(record, record) for record in records]
    missing = _missing(reader, rows, own)
    for child in rows.children:
        items = [(record, item) for record in records for item in record.get(child.at) or ()]
        missing += _missing(reader, child, items)
    return missing


def _missing(reader: Reader, rows: Rows, pairs: Iterable[tuple[Record, Record]]) -> int:
    """How many known rows are not among these (enclosing record, record)."""
    names = rows.table.key
    inherit = rows.inherit
    came = {
        tuple(str(outer.get(inherit[n].name) if n in inherit else inner.get(n)) for n in names)
        for outer, inner in pairs
    }
    known = reader.known.rows(rows.table.name, names)
    return sum(tuple(map(str, row)) not in came for row in known)


def _spare_children(reader: Reader, rows: Rows, bind: Bind, records: Sequence[Record]) -> None:
    """What lives inside these records does not end with its absence in them."""
    scope = scope_of(rows, bind)
    for child in (inner for part in rows.children for inner in _with_children(part)):
        for reference in child.table.parents:
            if not (reference.owner and reference.table == rows.table.name):
                continue
            for record in records:
                key = [scope.get(name, record.get(name)) for name in rows.table.key]
                owner = dict(zip(reference.names, map(str, key), strict=True))
                reader.sink.without(child.table, owner)


def _with_children(rows: Rows) -> Iterator[Rows]:
    yield rows
    for child in rows.children:
        yield from _with_children(child)


def copy_events(reader: Reader) -> None:
    """Read the events that are new; in a full pass all, since single ones can be deleted."""
    events = reader.resource("events")
    if not reader.full:
        known = frozenset(row[0] for row in reader.known.rows("events", ["id"]))
        events = replace(events, paging=TailPages(known, limit=PAGE_ROWS))
    read_lists(reader, events, [{}], is_root(reader), collect=lambda event: {"id": event.get("id")})


# -- projects and all that is in them ------------------------------------------------------


def copy_projects(reader: Reader) -> None:
    """Read the projects, the routes and collections of each, and the records of those."""
    root = is_root(reader)
    names = ("projects", "routes", "collections", "records")
    projects, routes, collections, records = (reader.resource(name) for name in names)
    (listing,) = read_lists(reader, projects, [{}], root, collect=True)
    if not listing.completeness.complete:
        for below in (routes, collections, records):
            reader.evidence.fail_rows(below, "the projects were not read completely")
    binds = _distinct({"project_id": project.get("id")} for project in listing.records)
    if reader.wants(routes):
        read_lists(reader, routes, binds, root)
    if not (reader.wants(collections) or reader.wants(records)):
        return
    found = read_lists(reader, collections, binds, root, collect=_what_may_be_kept)
    if not all(listing.completeness.complete for listing in found):
        reader.evidence.fail_rows(records, "the collections were not read completely")
    if reader.wants(records):
        inside = [
            {**bind, "collection_id": part["id"], "open": part["open"], "sealed": part["sealed"]}
            for bind, listing in zip(binds, found, strict=True)
            for part in listing.records
        ]
        if any(bind["open"] is None for bind in inside):
            reader.evidence.fail_rows(records, "a collection did not show its structures")
        shown = [bind for bind in inside if bind["open"] is not None]
        read = read_lists(reader, records, _distinct(shown), root)
        whole = [*found, *read, listing]
        if (
            root
            and not reader.keeps("collections")
            and all(part.completeness.complete for part in whole)
        ):
            # Where collections are not kept, their ends take no records with them.
            reader.evidence.prove("records", records.name, {}, "every collection was read")


def _what_may_be_kept(collection: Record) -> Record:
    return {
        "id": collection.get("id"),
        "open": open_structures(collection),
        "sealed": secret_structures(collection),
    }


def _distinct(binds: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bindings with an id in them, each once (a list that moved shows some twice)."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for bind in binds:
        ids = tuple(bind.get(name) for name in ("project_id", "collection_id") if name in bind)
        if None not in ids:
            found[ids] = bind
    return list(found.values())
