"""What a family's plan may use: the reader as a protocol, the pages and listings it returns.

Declarations name these types, and the reader implements them, so neither imports the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from connectors.core.errors import Skippable
from connectors.core.evidence import Evidence
from connectors.core.known import KnownRows
from connectors.core.records import Cut, Sink
from connectors.core.resources import Resource, Rows
from connectors.core.schema import Record, Table
from connectors.paging import Completeness

Bind = Mapping[str, Any]
"""Values for the names in a resource's path and parameters."""
Collect = bool | Callable[[Record], Record]
"""Whether a listing returns its records (the plain fields), or what to make of each."""


@dataclass(frozen=True)
class Page:
    """One answered and staged request."""

    payload: Any
    status: int
    bind: Bind
    params: Mapping[str, str]
    date: str = ""
    """When the service made the answer, by its own clock (HTTP's `Date`)."""


@dataclass
class Listing:
    """One listing read to its end: whether it was complete, and the records that others need."""

    completeness: Completeness
    records: list[Record] = field(default_factory=list)
    refused: bool = False
    """The service does not let this credential see it."""
    count: int = 0
    """How many records were read, those of further passes included."""


class Reader(Protocol):
    """Reads the resources of one family in one run; a plan decides the order."""

    family: str
    resources: tuple[Resource, ...]
    """Of this family."""
    tables: tuple[Table, ...]
    """That this family feeds."""
    known: KnownRows
    full: bool
    """A full pass: everything is read, whatever was read before."""
    started_at: datetime
    """When the run began, with time zone; the same after a resume."""
    evidence: Evidence
    sink: Sink
    options: Mapping[str, Any]
    """Settings of the account that a plan may use, such as `transport`."""

    def keeps(self, table: str) -> bool:
        """Whether rows of a table are kept at all (the account may leave tables out)."""

    def wants(self, resource: Resource) -> bool:
        """Whether any table that the resource feeds was asked for."""

    def credential(self, part: str) -> str:
        """A part of the account's credential."""

    def resource(self, name: str) -> Resource:
        """A resource of the connector by its name, whichever family it belongs to."""

    def read(
        self, resource: Resource, bind: Bind | None = None, *, collect: Collect = False
    ) -> Listing:
        """One listing with all its pages; its rows are kept. Skippable errors are recorded."""

    def read_each(
        self, resource: Resource, binds: Iterable[Bind], *, collect: Collect = False
    ) -> list[Listing]:
        """The same resource for each of several bindings, several requests in flight."""

    def ask(
        self,
        resource: Resource,
        bind: Bind | None = None,
        *,
        also: frozenset[int] = frozenset(),
        now: bool = False,
    ) -> Page:
        """One request without paging; its rows are not kept. Raises Skippable or Fatal errors."""

    def ask_all(
        self, resource: Resource, binds: Iterable[Bind], *, also: frozenset[int] = frozenset()
    ) -> Iterator[tuple[Bind, Page | Skippable]]:
        """One request for each binding, several in flight, answers in the order asked."""

    def check_credential(self) -> None:
        """Ask the service now whether the credential is good; raises BadCredential if not."""

    def cuts(self, table: Table) -> list[Cut]:
        """The embedded lists of a table that were found cut so far (`Rows.count`)."""

    def keep(self, rows: Rows, payload: Any, surroundings: Bind | None = None) -> int:
        """Keep the rows of an answer; returns how many. Raises UnexpectedShape."""


Plan = Callable[[Reader], None]
