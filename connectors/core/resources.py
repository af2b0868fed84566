"""How to ask: resources, the rows in their answers, and for which parents each is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from connectors.core.schema import Record, Table
from connectors.paging import OnePage, Paging

if TYPE_CHECKING:
    from connectors.core.reader import Reader

Take = Callable[[Any, Mapping[str, Any]], Iterable[Record] | None]


class RecordSource(IntEnum):
    """Where a copy of a record comes from: when copies disagree, the higher source wins."""

    EMBEDDED = 1
    """A copy inside another record, which may be older: it inserts a record that is not known
    yet and fills columns that were never known, and makes no version of a known one."""
    LIST = 2
    """A list of such records."""
    OWN = 3
    """The record's own answer."""


@dataclass(frozen=True)
class Rows:
    """Where the rows of one table stand in an answer, or inside an enclosing record."""

    table: Table
    at: str = ""
    """Dotted path from the answer (or the enclosing record) to a list or an object."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Given column -> field of the enclosing record, `:name` for a value of the request (or of
    an enclosing record's given columns), `=text` for a constant, or `.name` for a member that
    `rows` put into the record, which is taken out of it again."""
    children: tuple[Rows, ...] = ()
    rows: Take | None = None
    """A function of (found value, surroundings) that yields the records, where `at` cannot say;
    None where an answer has another shape. Inside a record it gets what stands at `at`."""
    only: Callable[[Record, Mapping[str, Any]], bool] | None = None
    """Which records of the answer are kept; paging counts all of them."""
    sparse: bool = False
    """These records lack fields that other answers show: absent fields keep their value."""
    position: str = ""
    """The given column that numbers the items from 0."""
    keep: bool = False
    """The enclosing record keeps this value in its own raw record as well."""
    proves: bool = True
    """A present list is all there is in its parent: what it lacks has ended."""
    count: str = ""
    """Dotted path in the enclosing record to how many there are: a list of another length is cut
    (`Walk.cuts` tells a plan of it) and ends nothing."""
    source: RecordSource = RecordSource.LIST
    """Where these copies of the records come from."""


@dataclass(frozen=True)
class ForEachParent:
    """Ask once for each row of another resource (or once for each batch of them)."""

    of: str
    """The resource whose rows of its first table are gone through, in the order read."""
    bind: Mapping[str, str]
    """Name in the path or parameters -> field of that row."""
    where: Callable[[Reader, list[Record]], list[Record]] | None = None
    """Chooses among the rows read; without it, all are asked for."""
    batch: int = 1
    """So many ids are joined by commas in one request."""


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
    """Another spelling of the path, tried once where the first answers 404."""
    spelling: str = ""
    """Resources with the same word here share which of their two spellings works."""
    forbidden_statuses: tuple[int, ...] = ()
    """Statuses that mean `this one may not be seen` where elsewhere they would mean more."""
    listing: bool = True
    """A complete answer holds every row of its scope: what it lacks has ended."""


def names_in(rows: Rows) -> list[str]:
    """The table that rows of an answer go to, then those of the rows inside them."""
    return [rows.table.name, *(name for child in rows.children for name in names_in(child))]
