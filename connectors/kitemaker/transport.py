"""Kitemaker: which transport a pass may use, what a token may end, and how whole lists are read.

A token sees only some spaces, so what it does not see is no evidence of an end unless the same
token saw it before (API page, sections 1 and 9).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.core import (
    BadCredential,
    KnownRows,
    Page,
    Plan,
    Reader,
    Record,
    Resource,
    UnexpectedShape,
    confirm_missing,
    note,
)
from connectors.core.evidence import CHECKED_SINGLY
from connectors.paging import Completeness, SeenPage, get_path, records_at


@dataclass(frozen=True)
class Means:
    """The transports that the account's setting allows."""

    graphql: bool
    rest: bool

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Means:
        wanted = options.get("transport", "auto")
        return cls(graphql=wanted != "rest", rest=wanted != "graphql")


READ_AT_ONCE: dict[str, dict[str, tuple[str, ...]]] = {
    "work": {
        "spaces": ("id", "name", "key"),
        "statuses": ("space_id", "type"),
        "labels": ("space_id",),
        "work_items": ("id", "space_id", "space_name", "number", "title", "status_id",
                       "status_name", "updated_at", "archived_at"),
        "comments": ("id", "entity_id", "updated_at"),
        "work_item_labels": ("work_item_id", "label_id"),
    },
    "initiatives": {
        "spaces": ("id",),
        "labels": ("id", "space_id"),
        "feedback_tags": ("label_id",),
        "initiatives": ("id", "number"),
        "roadmaps": ("id",),
        "roadmap_columns": ("id",),
    },
    "feedback": {
        "spaces": ("id",),
        "labels": ("id", "space_id"),
        "initiative_labels": ("label_id",),
        "feedback": ("id", "number"),
        "people": ("id",),
        "companies": ("id",),
    },
}  # fmt: skip
"""What the plan of a family asks of the warehouse, by table."""


class Remembered:
    """A `Knowledge` that has read some tables at once, since each opening costs time."""

    def __init__(self, known: KnownRows, columns: Mapping[str, Sequence[str]]) -> None:
        self._columns = columns
        self._rows = known.several(columns)
        self._known = known
        self.several, self.count, self.has, self.due = (
            known.several,
            known.count,
            known.has,
            known.due,
        )
        self.cursor, self.cursors = known.cursor, known.cursors
        self.state, self.states = known.state, known.states
        self.first_time, self.waiting = known.first_time, known.waiting

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """The columns of every current row."""
        at_hand = self._columns.get(table, ())
        if not set(columns) <= set(at_hand):
            return self._known.rows(table, columns)
        places = [at_hand.index(name) for name in columns]
        return [tuple(row[place] for place in places) for row in self._rows[table]]


def token_mark(reader: Reader) -> str:
    """Tells one token from another; says nothing of the token itself."""
    token = reader.credential("token").encode()
    return hashlib.blake2b(token, digest_size=8, person=b"kollect").hexdigest()


def guarded(plan: Callable[[Reader, Means], None]) -> Plan:
    """The plan of a family; with another token than last time it ends nothing."""

    def run(reader: Reader) -> None:
        reader.known = Remembered(reader.known, READ_AT_ONCE[reader.family])
        mark, before = token_mark(reader), reader.known.state(note("token", reader.family))
        if before not in (None, mark):
            reader.evidence.no_ends = "the token is another one than last time"
            reader.evidence.messages.append(
                f"the token has changed: {reader.family} read, and nothing is ended this time"
            )
        plan(reader, Means.of(reader.options))
        for table in reader.tables:
            if table.name not in reader.evidence.proofs:
                reader.evidence.note(table.name, "what was read shows nothing new of it")
        if not reader.evidence.failures:
            reader.evidence.state[note("token", reader.family)] = mark

    return run


def same_organization(reader: Reader, organization_id: Any) -> None:
    """Raises BadCredential where the token is for another organization than the account holds."""
    if not isinstance(organization_id, str):
        raise UnexpectedShape("Kitemaker did not say which organization this is")
    held = reader.known.state(note("organization"))
    if held not in (None, organization_id):
        raise BadCredential(
            f"the token is for the organization {organization_id}, this account holds {held}",
            guidance="Make another account for the other organization in kollect.toml.",
        )
    reader.evidence.state[note("organization")] = organization_id


def leave_out(reader: Reader, tables: Iterable[str]) -> None:
    """Tables of which REST has no list: their rows stay, and nothing is said of them."""
    names = sorted(tables)
    reader.evidence.left_out.update(names)
    if reader.full:
        reader.evidence.messages.append(f"REST shows no {', '.join(names)}: they stay as they are")


def read_pages(
    reader: Reader,
    resource: Resource,
    bind: Mapping[str, Any] | None = None,
    look: Callable[[list[Record], Page], None] = lambda records, page: None,
) -> Completeness:
    """All pages of a GraphQL listing, kept; `look` sees the records of each before they are.

    Raises Skippable where a page cannot be had.
    """
    paging = resource.paging.paginator()
    params = paging.first()
    while True:
        page = reader.ask(resource, {**(bind or {}), **params})
        found = records_at(page.payload, resource.rows[0].at)
        if found is None:
            raise UnexpectedShape(f"Kitemaker answered without `{resource.rows[0].at}`")
        records = [record for record in found if isinstance(record, dict)]
        ids = [record.get("id") for record in records]
        look(records, page)
        for rows in resource.rows:
            reader.keep(rows, page.payload)
        more = paging.after(SeenPage(dict(params), page.payload, ids))
        if not more:
            return paging.completeness()
        params = more[0]


def read_list(reader: Reader, resource: Resource) -> None:
    """A whole GraphQL list in one answer; absence from it is evidence."""
    listing = reader.confirm_empty(resource, {}, reader.read(resource))
    if listing.completeness.complete:
        table = resource.rows[0].table.name
        reader.evidence.prove(table, resource.name, {}, listing.completeness.by)


def end_missing(
    reader: Reader, listing: Resource, single: Resource, seen: set[str], proof: Completeness
) -> None:
    """What a complete GraphQL listing lacks has ended, if its own address says so."""
    table = listing.rows[0].table.name
    known = {row[0] for row in reader.known.rows(table, ["id"])}
    found = confirm_missing(
        reader,
        table,
        sorted(known - seen),
        single,
        lambda row_id: {"id": row_id},
        is_there=lambda row_id, page: get_path(page.payload, f"{single.rows[0].at}.id") == row_id,
        listed=f"{proof.by} without it",
        list_was_whole=True,
        most=CHECKED_SINGLY,
    )
    if found.there:
        reader.evidence.fail_rows(listing, f"lacked {len(found.there)} records that exist")
    elif found.unasked and not found.unreadable:
        reader.evidence.prove(table, listing.name, {}, proof.by)
        return
    reader.evidence.note(table, proof.by)


def organization_of(page: Page) -> Any:
    return get_path(page.payload, "data.organization.id")
