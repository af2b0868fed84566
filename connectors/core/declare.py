"""The vocabulary of a connector: frozen dataclasses, checked on import, no behaviour.

A **connector** is one service. Its **tables** say what is kept (key, columns, meaning).
Its **resources** say how to ask for it (path, paging, for each of what) and which **rows** of
which tables stand where in the answer. A **family** is what is read together and loaded in one
transaction. What cannot be declared is a named function passed in (`rows=`, `plan=`, `where=`).

A wrong declaration raises `DeclarationError` when the module is imported: it names the
connector, the table or resource, the field, and the cure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from connectors.core.files import OWN, FileSource
from connectors.core.views import Views
from connectors.http.config import HttpRules
from connectors.paging import OnePage, Paging

if TYPE_CHECKING:
    from connectors.core.reader import Walk

Record = dict[str, Any]
TYPES = ("text", "integer", "number", "boolean", "time", "json")
PARSES = ("", "epoch_seconds", "epoch_milliseconds", "utc_word", "address")
"""How a time is written: ISO 8601, Unix seconds (number or text), Unix milliseconds (or ISO
8601), or `2023-01-24 16:30:35.613638555 UTC`. An `address` is a number that stands at the end
of a resource's address, as in `/api/lists/13/`."""


class DeclarationError(Exception):
    """A connector's page contradicts itself; the text says where and how to mend it."""


def snake(name: str) -> str:
    """The column name for an API field: `urlPreviewUrl` and `a.b` become snake_case."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name))
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


@dataclass(frozen=True)
class Column:
    """One typed column and the field of the record that it is read from."""

    name: str
    type: str
    meaning: str
    source: str
    """Dotted path inside the record; for a given column, where its value comes from."""
    unit: str = ""
    volatile: bool = False
    """Changes without anyone's edit: kept up to date, but never makes a version."""
    also: tuple[str, ...] = ()
    """Other fields that carry the same value in payloads of another era."""
    parse: str = ""
    given: bool = False
    """The value comes from the enclosing record or the request, not from the record."""
    late: bool = False
    """Only some answers show it: its first value makes no version, a later change does."""


def col(
    source: str,
    type: str = "text",
    meaning: str = "",
    *,
    name: str = "",
    unit: str = "",
    volatile: bool = False,
    also: Iterable[str] = (),
    parse: str = "",
    late: bool = False,
) -> Column:
    """A column read from `source` (dotted for a nested object), named in snake_case."""
    return Column(
        name=name or snake(source),
        type=type,
        meaning=meaning,
        source=source,
        unit=unit,
        volatile=volatile or late,
        also=tuple(also),
        parse=parse,
        late=late,
    )


def given(name: str, type: str = "text", meaning: str = "") -> Column:
    """A column whose value the enclosing record or the request gives."""
    return Column(name=name, type=type, meaning=meaning, source=name, given=True)


@dataclass(frozen=True)
class Reference:
    """`columns` hold the key of a row of `table`, in its order; for checks and cascades."""

    columns: str | tuple[str, ...]
    table: str
    orphans: float = 0.0
    """The share (0 to 1) of rows whose parent the service may legitimately not show."""
    owner: bool = False
    """The rows live inside that parent: with its end (proved) they end as well."""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.columns,) if isinstance(self.columns, str) else self.columns


@dataclass(frozen=True)
class Table:
    """What is kept of one kind of record."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("id",)
    parents: tuple[Reference, ...] = ()
    newest: str = ""
    """The time column that shows how new the newest record is."""
    partial: bool = False
    """Records arrive in pieces: fields that a piece lacks keep their known value."""
    lasting: bool = False
    """Absence from a listing proves nothing (a feed of the last 50, a window of days)."""
    unordered: tuple[str, ...] = ()
    """Fields holding lists whose order means nothing: sorted before they are compared."""
    ignored: tuple[str, ...] = ()
    """Fields that are known and wanted in no column (the raw record keeps them)."""
    volatile: tuple[str, ...] = ()
    """Further fields without a column that change without an edit."""

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


Take = Callable[[Any, Mapping[str, Any]], Iterable[Record] | None]


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
    partial: bool = False
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


@dataclass(frozen=True)
class Each:
    """Ask once for each row of another resource (or once for each batch of them)."""

    of: str
    """The resource whose rows of its first table are gone through, in the order read."""
    bind: Mapping[str, str]
    """Name in the path or parameters -> field of that row."""
    where: Callable[[Walk, list[Record]], list[Record]] | None = None
    """Chooses among the rows read; without it, all are asked for."""
    batch: int = 1
    """So many ids are joined by commas in one request."""


@dataclass(frozen=True)
class Due:
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
    each: Each | Due | None = None
    post: Mapping[str, Any] | None = None
    """A JSON body: the request is a POST that only reads (GraphQL)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside those of all requests, as {"Authorization": "Bearer {token}"}."""
    gone_is_empty: bool = False
    """A 404 means that the route or the list no longer exists: a soft skip, nothing ends."""
    otherwise: str = ""
    """Another spelling of the path, tried once where the first answers 404."""
    spelling: str = ""
    """Resources with the same word here share which of their two spellings works."""
    denied: tuple[int, ...] = ()
    """Statuses that mean `this one may not be seen` where elsewhere they would mean more."""
    listing: bool = True
    """A complete answer holds every row of its scope: what it lacks has ended."""


Plan = Callable[["Walk"], None]


@dataclass(frozen=True)
class Cost:
    """An estimate of one step of a sync, for `kollect plan`."""

    step: str
    requests: int
    rows: int = 0
    at_least: bool = False
    """The service does not say how many rows there are: it may be more."""


class Costing(Protocol):
    """What an estimate may know: the rows kept so far, and a look at a listing's first page."""

    full: bool
    options: Mapping[str, Any]
    """Settings of the account that a plan may heed, such as `transport`."""

    def kept(self, table: str) -> int:
        """Rows of the account in the warehouse."""

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """The given columns of those rows."""

    def cursors(self, resource: str) -> Mapping[str, str]:
        """Stored cursors of a resource by scope."""

    def look(self, resource: Resource) -> Any:
        """The payload of the listing's first page (one request)."""


@dataclass(frozen=True)
class Family:
    """Resources read together; their tables are loaded in one transaction."""

    name: str
    resources: tuple[Resource, ...]
    plan: Plan | None = None
    """A function that asks in its own order; without it, the resources are read in theirs."""
    opening: tuple[Resource, ...] = ()
    """What `plan` asks first in any case, so that it can be asked ahead."""
    tables: tuple[Table, ...] = ()
    """Tables that only `plan` feeds; those of the resources need not be repeated."""
    cost: Callable[[Costing], list[Cost]] | None = None
    """Estimates the requests of `plan`; resources without a plan are estimated as declared."""
    full_only: bool = False
    """Read by full passes alone (and when asked for by name): cheap syncs leave it out."""


@dataclass(frozen=True)
class Credential:
    """The parts of a credential and the environment variables that hold them by default."""

    parts: Mapping[str, str]
    """Part (token, username, password, uid) -> environment variable."""
    ways: tuple[tuple[str, ...], ...]
    """Sets of parts that suffice, the preferred one first."""


@dataclass(frozen=True)
class Option:
    """A setting of an account that this service alone has; plans find it in `walk.options`."""

    name: str
    default: Any
    right: Callable[[Any], bool]
    """Whether a value from kollect.toml can be used."""
    example: str
    """What to write, as a line of TOML: for the error and for `kollect init`."""


@dataclass(frozen=True)
class Connector:
    """One service: how to speak with it, what is kept of it, and in what order it is read."""

    name: str
    title: str
    base_url: str | None
    base_url_env: str
    credential: Credential
    http: HttpRules
    families: tuple[Family, ...]
    notes: str
    check: Resource
    """The one cheap request that proves a credential."""
    who: Callable[[Any], str]
    """Says from the answer of `check` whose data the credential may see."""
    secret_fields: tuple[str, ...] = ()
    """Member names that are dropped wherever they stand, before anything is written."""
    drop: tuple[str, ...] = ()
    """Paths below a record (`assets[].url`) that hold signed links or secrets by position."""
    full_every_days: int = 7
    """The default rhythm of full passes."""
    cleanse: Callable[[Record, Any], Any] | None = None
    """Redacts what no name shows (by value or neighbour); called with (request, payload), where
    the request is its `path` and its `bind`, the values that a plan asked with."""
    views: Views | None = None
    """Views that follow from rows, made again with each load of the tables that they read."""
    options: tuple[Option, ...] = ()
    adapt: Callable[[Connector, Mapping[str, Any]], Connector] | None = None
    """The page as an account's options change it, such as other addresses of its lists."""
    strip_queries: bool = True
    """URLs in any text lose parameters that may be signatures (`?token=`). False where addresses
    are what people keep, so that losing a parameter would break them."""

    files: tuple[FileSource, ...] = ()
    """What `files = true` downloads: which rows name which files."""
    file_hosts: tuple[str, ...] = (OWN,)
    """Hosts that files may come from, unless the account's settings say others."""
    max_file_bytes: int = 0
    """Larger files are left out, unless the account's settings say otherwise; 0 for any size."""

    @property
    def tables(self) -> dict[str, Table]:
        """Every table by name, in the order of the families."""
        found: dict[str, Table] = {}
        for family in self.families:
            for table in family_tables(family):
                found.setdefault(table.name, table)
        return found

    def families_of(self, tables: Iterable[str]) -> list[Family]:
        """The families that feed any of these tables, in order."""
        wanted = set(tables)
        return [f for f in self.families if wanted & {t.name for t in family_tables(f)}]


def names_in(rows: Rows) -> list[str]:
    """The table that rows of an answer go to, then those of the rows inside them."""
    return [rows.table.name, *(name for child in rows.children for name in names_in(child))]


def family_tables(family: Family) -> list[Table]:
    """The tables that a family feeds, parents before children."""
    found: dict[str, Table] = {}

    def visit(rows: Rows) -> None:
        found.setdefault(rows.table.name, rows.table)
        for child in rows.children:
            visit(child)

    for resource in family.resources:
        for rows in resource.rows:
            visit(rows)
    for table in family.tables:
        found.setdefault(table.name, table)
    return list(found.values())
