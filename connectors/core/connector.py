"""A connector: one service, its credential and limits, and its families of resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from connectors.core.analysis import Analysis
from connectors.core.exports import ServiceExport
from connectors.core.files import OWN, FileSource
from connectors.core.plan import Plan
from connectors.core.plots import Plot
from connectors.core.resources import Resource, Rows
from connectors.core.schema import Record, Table
from connectors.core.views import Views
from connectors.core.write import Writer

if TYPE_CHECKING:
    from connectors.http.config import HttpConfig


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

    def look(self, resource: Resource, bind: Mapping[str, Any] | None = None) -> Any:
        """The payload of the listing's first page (one request, however often it is looked at)."""

    def pages(self, resource: Resource, most: int) -> list[Any]:
        """The payloads of its first pages, at most so many."""


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
    """A setting of an account that this service alone has; plans find it in `reader.options`."""

    name: str
    default: Any
    is_valid: Callable[[Any], bool]
    """Whether a value from kollect.toml can be used."""
    example: str
    """What to write, as a line of TOML: for the error and for `kollect init`."""
    tables: tuple[str, ...] = ()
    """Tables that are read only where the option is set to something true."""


@dataclass(frozen=True)
class Connector:
    """One service: how to speak with it, what is kept of it, and in what order it is read."""

    name: str
    title: str
    base_url: str | None
    base_url_env: str
    credential: Credential
    http: HttpConfig
    families: tuple[Family, ...]
    notes: str
    check: Resource
    """The one cheap request that proves a credential."""
    describe: Callable[[Any], str]
    """From the answer of `check`: whose data the credential may see, for people."""
    identity: Callable[[Any, Mapping[str, str]], str] | None = None
    """Whose data a credential shows, such as `user 17`: from the answer to one of `identity_asks`
    and the parts of the credential that are no secret. Empty text where that does not tell it."""
    identity_asks: tuple[Resource, ...] = ()
    """Listings whose first answers tell it, asked in order until one does. Without any, the parts
    of the credential alone do (and the answer is None)."""
    secret_fields: tuple[str, ...] = ()
    """Member names that are dropped wherever they stand, before anything is written."""
    secret_paths: tuple[str, ...] = ()
    """Members that are secret by their place (`assets[].url`), dropped at whatever depth."""
    signed_hosts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Host -> query parameters that open something there; they are cut out of links in any text,
    and nothing else is. A host is written as in `file_hosts`; behind it may stand a part of the
    path (`*/media/stream`), and a parameter may end in `*`."""
    full_every_days: int = 7
    """The default rhythm of full passes."""
    redact: Callable[[Record, Any], Any] | None = None
    """Redacts what no name shows (by value or neighbour); called with (request, payload), where
    the request is its `path` and its `bind`, the values that a plan asked with."""
    views: Views | None = None
    """Views that follow from rows, made again with each load of the tables that they read."""
    analysis: Analysis = field(default_factory=Analysis)
    """Which rows have text, and which addresses name them, for the schema `analysis`."""
    options: tuple[Option, ...] = ()
    configure: Callable[[Connector, Mapping[str, Any]], Connector] | None = None
    """The page as an account's options change it, such as other addresses of its lists."""
    exports: tuple[ServiceExport, ...] = ()
    """File formats of the service's own that its rows can be written in."""
    writers: tuple[Writer, ...] = ()
    """How records are put back into the service, parents before what refers to them."""
    plots: tuple[Plot, ...] = ()
    """What the report draws of an account."""
    files: tuple[FileSource, ...] = ()
    """What `files = true` downloads: which rows name which files."""
    file_hosts: tuple[str, ...] = (OWN,)
    """Hosts that files may come from, unless the account's settings say others."""
    max_file_bytes: int = 0
    """Larger files are left out, unless the account's settings say otherwise; 0 for any size."""

    @cached_property
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
