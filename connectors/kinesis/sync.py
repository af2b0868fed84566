"""Kinesis API: in what order its lists are read.

Who is not ROOT gets shorter lists without a word. So each family first learns the caller's role,
which the list of users shows, and tells the evidence where others than ROOT ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from connectors.core import Bind, Listing, Reader, Record, note
from connectors.kinesis.endpoints import PAGE_ROWS
from connectors.kinesis.redact import open_structures, secret_structures
from connectors.paging import TailPages

SHOWN_WHOLE = ("constraints", "media", "events")
"""Lists that are whole for everyone who gets them at all (API page, section 5)."""
ROLE = note("role")
"""Whether the caller was seen to be ROOT, and in which run."""
NOT_ROOT = "the caller was not seen to be ROOT, so what others own may be left out"


# -- who asks ------------------------------------------------------------------------------


def read_users(reader: Reader) -> None:
    """Read the users, and remember for this run whether the caller is ROOT."""
    root = _reads_as_root(reader)
    reader.evidence.state[ROLE] = _stamped(reader, "ROOT" if root else "")
    _tell_role(reader, root)


def heed_role(reader: Reader) -> bool:
    """Whether the caller is ROOT, as seen in this run; asks for the users if need be."""
    seen = reader.known.state(ROLE)
    stamps = {_stamped(reader, "ROOT"): True, _stamped(reader, ""): False}
    root = stamps[seen] if seen in stamps else _reads_as_root(reader)
    _tell_role(reader, root)
    return root


def _tell_role(reader: Reader, root: bool) -> None:
    if not root:
        reader.evidence.sees_a_part(NOT_ROOT, whole=SHOWN_WHOLE)


def _reads_as_root(reader: Reader) -> bool:
    listing = reader.read(reader.resource("users"), collect=True)
    caller = reader.credential("uid")
    return any(
        str(user.get("id")) == caller and user.get("role") == "ROOT" for user in listing.records
    )


def _stamped(reader: Reader, role: str) -> str:
    return f"{role} in the run of {reader.started_at.isoformat()}"


# -- lists ---------------------------------------------------------------------------------


def read_list(reader: Reader) -> None:
    """Read the one list of a family."""
    heed_role(reader)
    (resource,) = reader.resources
    reader.read(resource)


def read_events(reader: Reader) -> None:
    """Read the events that are new; in a full pass all, since single ones can be deleted."""
    heed_role(reader)
    events = reader.resource("events")
    if not reader.full:
        known = frozenset(row[0] for row in reader.known.rows("events", ["id"]))
        events = replace(events, paging=TailPages(known, limit=PAGE_ROWS))
    reader.read(events)


# -- projects and all that is in them ------------------------------------------------------


def read_projects(reader: Reader) -> None:
    """Read the projects, the routes and collections of each, and the records of those."""
    root = heed_role(reader)
    names = ("projects", "routes", "collections", "records")
    projects, routes, collections, records = (reader.resource(name) for name in names)
    listing = reader.read(projects, collect=True)
    if not listing.completeness.complete:
        for below in (routes, collections, records):
            reader.evidence.fail_rows(below, "the projects were not read completely")
    binds = _distinct({"project_id": project.get("id")} for project in listing.records)
    if reader.wants(routes):
        reader.read_each(routes, binds)
    if not (reader.wants(collections) or reader.wants(records)):
        return
    found = reader.read_each(collections, binds, collect=_what_may_be_kept)
    if not all(listing.completeness.complete for listing in found):
        reader.evidence.fail_rows(records, "the collections were not read completely")
    if reader.wants(records):
        whole = [listing, *found, *_read_records(reader, binds, found)]
        if (
            root
            and not reader.keeps("collections")
            and all(part.completeness.complete for part in whole)
        ):
            # Where collections are not kept, their ends take no records with them.
            reader.evidence.prove("records", records.name, {}, "every collection was read")


def _read_records(reader: Reader, binds: list[Bind], found: list[Listing]) -> list[Listing]:
    """The records of each collection; which of their values may be kept goes with the request."""
    records = reader.resource("records")
    inside = _distinct(
        {**bind, "collection_id": part["id"], "open": part["open"], "sealed": part["sealed"]}
        for bind, listing in zip(binds, found, strict=True)
        for part in listing.records
    )
    shown = [bind for bind in inside if bind["open"] is not None]
    if len(shown) < len(inside):
        reader.evidence.fail_rows(records, "a collection did not show its structures")
    return reader.read_each(records, shown)


def _what_may_be_kept(collection: Record) -> Record:
    return {
        "id": collection.get("id"),
        "open": open_structures(collection),
        "sealed": secret_structures(collection),
    }


def _distinct(binds: Iterable[dict[str, Any]]) -> list[Bind]:
    """The bindings whose ids can be asked with, each once: a list that moved shows some twice,
    and a record whose id is no text or number was rejected."""
    found: dict[tuple[str, ...], Bind] = {}
    for bind in binds:
        ids = [bind[name] for name in ("project_id", "collection_id") if name in bind]
        if all(isinstance(part, (str, int)) for part in ids):
            found[tuple(map(str, ids))] = bind
    return list(found.values())
