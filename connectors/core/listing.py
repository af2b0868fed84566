"""What comes back from reading: pages, and whole listings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.core.records import identity
from connectors.core.resources import Resource
from connectors.core.schema import Record
from connectors.paging import Completeness, SeenPage, facts_of, records_at
from connectors.paging.base import Params

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
    size: int = 0
    """Bytes of the answer as it is staged."""


@dataclass
class Listing:
    """One listing read to its end: whether it was complete, and the records that others need."""

    completeness: Completeness
    records: list[Record] = field(default_factory=list)
    refused: bool = False
    """The service does not let this credential see it."""
    count: int = 0
    """How many records were read, those of further passes included."""
    date: str = ""
    """When the service made the first answer, by its own clock (HTTP's `Date`)."""
    gone: bool = False
    """The service answered 404, and the resource declares that as no failure."""


def seen_page(resource: Resource, params: Params, payload: Any) -> SeenPage:
    """One answer as the resource's paging sees it, for those who ask outside of a sync.

    Without rows, a resource has one page.
    """
    at, identify = "", None
    if resource.rows:
        at, identify = resource.rows[0].at, identity(resource.rows[0])
    found = records_at(payload, at) or [] if identify else []
    ids = [identify(record) for record in found] if identify else []
    return SeenPage(params, payload, ids, facts_of(payload, at))
