"""What a family's plan may use: the reader as a protocol.

Declarations name this type, and `connectors.core.reader` implements it, so neither imports the
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from connectors.core.errors import Skippable
from connectors.core.evidence import Evidence
from connectors.core.known import KnownRows
from connectors.core.listing import Bind, Collect, Listing, Page
from connectors.core.resources import Resource, Rows
from connectors.core.schema import Table
from connectors.core.sink import Cut, Sink


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

    @property
    def unproved(self) -> int:
        """Records that could not be read, and empty lists inside records that are not believed,
        so far: what holds one is to be read again."""

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

    def confirm_empty(
        self, resource: Resource, bind: Bind, listing: Listing, *, collect: Collect = False
    ) -> Listing:
        """A listing whose proof the plan judges: one that came empty where rows were is asked
        again, and is complete only when that is believed."""

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
