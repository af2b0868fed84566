"""The seam between a listing and its paging, and the simplest paging: one page."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Params = dict[str, str]


def get_path(value: Any, path: str) -> Any:
    """The value at a dotted path, or None where any step is missing or no object."""
    for name in path.split(".") if path else ():
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def as_count(value: Any) -> int | None:
    """A count, or None for anything else (JSON `true` is no count)."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def records_at(payload: Any, path: str) -> list[Any] | None:
    """The list at a path: a null is empty, a single object is a list of one, other shapes None."""
    found = get_path(payload, path)
    if found is None:
        parent = get_path(payload, path.rpartition(".")[0]) if path else None
        last = path.rpartition(".")[2]
        present = path == "" or (isinstance(parent, Mapping) and last in parent)
        return [] if present else None
    if isinstance(found, list):
        return found
    if isinstance(found, Mapping):
        return [found]
    return None


@dataclass(frozen=True)
class Completeness:
    """What a walk through a listing has shown."""

    complete: bool
    by: str = ""
    """What proves it: `total matched`, `end reached`, `two passes were equal` ..."""
    reason: str = ""
    """Why it is not complete, for people."""
    whole: bool = True
    """False where only what is new was read: then absence is no evidence."""
    stale: frozenset[Hashable] = frozenset()
    """Identities that an overtaken pass showed and the proving one did not."""


@dataclass(frozen=True)
class SeenPage:
    """One answered page as the paging sees it."""

    params: Params
    payload: Any
    ids: list[Hashable] = field(default_factory=list)
    """The identities of the page's records, in order."""


class Paginator(Protocol):
    """One walk through one listing: `first`, then `after` each answer in the order asked."""

    def first(self) -> Params:
        """The parameters of the first request."""

    def after(self, page: SeenPage) -> list[Params]:
        """What to ask next, possibly several at once; nothing when the walk waits or ends."""

    def completeness(self) -> Completeness:
        """What the pages so far have shown; called when nothing is left to ask."""

    def refused(self) -> Params | None:
        """What to ask instead when the service refused the first request; None to give up."""


class Paging(Protocol):
    """A kind of paging, declared once for a resource."""

    def paginator(self) -> Paginator:
        """A fresh walk."""

    def requests(self, rows: int) -> int:
        """How many requests a listing of so many rows takes, at least 1."""

    def total(self, payload: Any) -> int | None:
        """How many rows the whole listing has, where its first page tells."""


@dataclass(frozen=True)
class OnePage:
    """The whole listing is one answer."""

    def paginator(self) -> Paginator:
        return _OnePageWalk()

    def requests(self, rows: int) -> int:
        return 1

    def total(self, payload: Any) -> int | None:
        return None


class _OnePageWalk:
    def first(self) -> Params:
        return {}

    def after(self, page: SeenPage) -> list[Params]:
        return []

    def completeness(self) -> Completeness:
        return Completeness(True, "one whole answer")

    def refused(self) -> Params | None:
        return None
