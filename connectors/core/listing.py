"""What comes back from reading: pages, and whole listings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.core.schema import Record
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
    gone: bool = False
    """The service answered 404, and the resource declares that as no failure."""
