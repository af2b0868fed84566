"""How to ask: resources, the rows in their answers, and for which parents each is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any

from connectors.core.schema import Record, Table
from connectors.core.since import Since
from connectors.paging import OnePage, Paging, get_path

Take = Callable[[Any, Mapping[str, Any]], Iterable[Record] | None]
Normalize = Callable[[Any, Mapping[str, Any]], Any]


class Origin(Enum):
    """Where the value of an inherited column comes from."""

    PARENT = "a field of the enclosing record"
    REQUEST = "a value of the request, or an inherited column of an enclosing record"
    CONSTANT = "the declaration"
    MEMBER = "a member that the connector put into the record, and that is taken out again"


@dataclass(frozen=True)
class Inherit:
    """The value of one inherited column: made by `parent`, `request`, `constant` or `member`."""

    origin: Origin
    name: str
    """The field, the name of the value, or the constant itself."""


def parent(field: str) -> Inherit:
    """From a field of the enclosing record."""
    return Inherit(Origin.PARENT, field)


def request(name: str) -> Inherit:
    """From a value that the request was made with, or that an enclosing record inherited."""
    return Inherit(Origin.REQUEST, name)


def constant(value: str) -> Inherit:
    """The same for every record."""
    return Inherit(Origin.CONSTANT, value)


def member(name: str) -> Inherit:
    """From a member that a `rows=` function put into the record; it is removed from the record."""
    return Inherit(Origin.MEMBER, name)


class RecordSource(IntEnum):
    """Where a copy of a record comes from: when copies disagree, the higher source wins."""

    EMBEDDED = 1
    """A copy inside another record, which may be older: it inserts a record that is not known
    yet and fills columns that were never known, and makes no version of a known one."""
    LIST = 2
    """A list of such records."""
    OWN = 3
    """The record's own answer: no list (`listing=False`) and nothing inside another record."""


@dataclass(frozen=True)
class Rows:
    """Where the rows of one table stand in an answer, or inside an enclosing record."""

    table: Table
    at: str = ""
    """Dotted path from the answer (or the enclosing record) to a list or an object."""
    inherit: Mapping[str, Inherit] = field(default_factory=dict)
    """Inherited column -> where its value comes from."""
    children: tuple[Rows, ...] = ()
    rows: Take | None = None
    """A function of (found value, surroundings) that yields the records, where `at` cannot say;
    None where an answer has another shape. Inside a record it gets what stands at `at`."""
    normalize: Normalize | None = None
    """A function of (record, surroundings) that gives the record its one form. One that raises
    rejects that record alone; `rows` that raises rejects the answer."""
    only: Callable[[Record, Mapping[str, Any]], bool] | None = None
    """Which records of the answer are kept; paging counts all of them."""
    sparse: bool = False
    """These records lack fields that other answers show: absent fields keep their value."""
    position: str = ""
    """The inherited column that numbers the items from 0."""
    keep: bool = False
    """The enclosing record keeps this value in its own raw record as well."""
    proves: bool = True
    """A present list is all there is in its parent: what it lacks has ended."""
    part: Mapping[str, str] = field(default_factory=dict)
    """Column -> value: the list shows only the rows of the table that have it, and a list that
    came empty is compared with the known rows of that part."""
    count: str = ""
    """Dotted path in the enclosing record to how many there are: a list of another length is cut
    (`Reader.cuts` lists them) and ends nothing."""
    nulls: bool = False
    """The service is known to put null between the records. Elsewhere a null is a record that
    cannot be read: it is rejected, and the list ends nothing."""
    source: RecordSource = RecordSource.LIST
    """Where these copies of the records come from."""


@dataclass(frozen=True)
class ForEachParent:
    """Ask once for each row of another resource."""

    of: str
    """The resource whose rows of its first table are gone through, in the order read."""
    bind: Mapping[str, str]
    """Name in the path or parameters -> field of that row."""


@dataclass(frozen=True)
class ForEachChanged:
    """Ask once for each known row of a table whose content changed since it was asked for last.

    Unchanged rows come round again too, spread evenly over `again_days` days, since some
    changes do not show in the row itself.
    """

    table: str
    bind: Mapping[str, str]
    """Name in the path or parameters -> column of that table."""
    again_days: int = 30
    per_run: int = 0
    """One run asks for so many at most, those first that were never asked for or changed since;
    0 for all that are due. A table that waits for more is not complete."""
    setting: str = ""
    """The setting of an account that says how many, for the message."""
    at_once: int = 20_000
    """So many are asked for before what came is loaded: a first pass over millions keeps what it
    has read when it breaks off, and its memory stays small."""


@dataclass(frozen=True)
class Order:
    """A documented order of a list, and the paging that it allows."""

    params: Mapping[str, str]
    paging: Paging
    newest_first: bool = False
    """What changed last comes first."""


@dataclass(frozen=True)
class Resource:
    """One way to ask: an address, its paging, and the rows in its answers."""

    name: str
    get: str
    rows: tuple[Rows, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    paging: Paging = field(default_factory=OnePage)
    each: ForEachParent | ForEachChanged | None = None
    post: Mapping[str, Any] | None = None
    """A JSON body: the request is a POST that only reads (GraphQL)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside those of all requests, as {"Authorization": "Bearer {token}"}."""
    gone_is_empty: bool = False
    """A 404 means that the route or the list no longer exists: a soft skip, nothing ends."""
    fallback_path: str = ""
    """Another spelling of the path; the first answer of a run shows which one exists."""
    orders: tuple[Order, ...] = ()
    """Orders to ask for, the best one first. An order that the service refuses costs the order,
    not the table: the next one is tried, and at last `params` and `paging` alone."""
    path_group: str = ""
    """Resources with the same word here share which of their two paths works."""
    since: Since | None = None
    """Incremental passes read only what changed; full passes read the whole list."""
    newest_first: bool = False
    """Without any order asked for, what changed last comes first."""
    forbidden_statuses: tuple[int, ...] = ()
    """Statuses that mean `this one may not be seen` where elsewhere they would mean more."""
    listing: bool = True
    """A complete answer holds every row of its scope: what it lacks has ended."""

    @property
    def table_names(self) -> list[str]:
        """The tables that it feeds, those of rows inside its records included."""
        return [name for rows in self.rows for name in names_in(rows)]


def names_in(rows: Rows) -> list[str]:
    """The table that rows of an answer go to, then those of the rows inside them."""
    return [rows.table.name, *(child.table.name for child in inside(rows))]


def inside(rows: Rows) -> Iterator[Rows]:
    """The rows that stand inside these, at any depth."""
    for child in rows.children:
        yield child
        yield from inside(child)


def scope_of(rows: Rows, bind: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a table that a listing shows: its inherited columns with their values."""
    return {
        name: source.name if source.origin is Origin.CONSTANT else bind.get(source.name)
        for name, source in rows.inherit.items()
        if source.origin in (Origin.CONSTANT, Origin.REQUEST)
    }


def binds_of(each: ForEachParent, parents: Iterable[Record]) -> list[dict[str, Any]]:
    """The bindings for a list of parents, without repeats and without those that lack an id."""
    binds: dict[str, dict[str, Any]] = {}
    for record in parents:
        values = {name: get_path(record, source) for name, source in each.bind.items()}
        if None not in values.values():
            binds.setdefault(repr(values), values)
    return list(binds.values())
