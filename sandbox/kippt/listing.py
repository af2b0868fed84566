"""Collections: filters, order, pages and the addresses of the pages beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

MOST = 200
USUAL = 20


class Refused(Exception):
    """An error with its HTTP status; the body is one message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


NOT_FOUND = (404, "Not found.")
NO_ACCESS = (401, "Authentication required.")


@dataclass(frozen=True)
class Listing:
    """The rows of a collection in their order, and how one of them looks."""

    rows: list[Any]
    render: Callable[[Any], dict[str, Any]]
    next_path: str | None = None
    """Where the next page is said to be; the collection's own path if None."""
    shows_total: bool = True
    more_meta: Mapping[str, Any] | None = None


def envelope(
    listing: Listing, path: str, query: dict[str, str], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """One page of a collection with its `meta`."""
    limit = whole(query, "limit", USUAL)
    offset = whole(query, "offset", 0)
    if limit > MOST and settings["limit_above_200"] == "refuse":
        raise Refused(400, f"limit is at most {MOST}.")
    limit = min(limit or MOST, MOST)

    def address(start: int) -> str:
        kept = {name: query[name] for name in _kept(query, settings)}
        parameters = urlencode({"limit": limit, "offset": start, **kept})
        return f"{listing.next_path or path}?{parameters}"

    meta: dict[str, Any] = {
        "limit": limit,
        "offset": offset,
        "next": address(offset + limit) if offset + limit < len(listing.rows) else None,
        "previous": address(max(0, offset - limit)) if offset else None,
        **(listing.more_meta or {}),
    }
    if settings["total_count"] and listing.shows_total:
        meta["total_count"] = len(listing.rows)
    page = listing.rows[offset : offset + limit]
    return {"meta": meta, "objects": [listing.render(row) for row in page]}


def _kept(query: dict[str, str], settings: Mapping[str, Any]) -> list[str]:
    """The parameters that the addresses of other pages repeat."""
    if settings["next_keeps"] == "all":
        return [name for name in query if name not in ("limit", "offset", "callback")]
    if settings["next_keeps"] == "nothing":
        return []
    return [name for name in ("q", "since", "url") if name in query]


def whole(query: dict[str, str], name: str, usual: int) -> int:
    """A parameter as a number that is not negative; refuses anything else with 400."""
    text = query.get(name, str(usual))
    if not text.isdecimal():
        raise Refused(400, f"{name} is not a number.")
    return int(text)


def since(
    rows: list[Any], time: str, query: dict[str, str], settings: Mapping[str, Any]
) -> list[Any]:
    """The rows whose `time` is after `since` (or at it, by switch), if it is given."""
    if "since" not in query:
        return rows
    start = whole(query, "since", 0) - (settings["since_boundary"] == "inclusive")
    return [row for row in rows if getattr(row, time) > start]


def latest_first(rows: list[Any], time: str, settings: Mapping[str, Any]) -> list[Any]:
    """Rows by time descending, or in the order of their making by switch."""
    if settings["order"] == "insertion":
        return sorted(rows, key=lambda row: row.id)
    return sorted(rows, key=lambda row: (getattr(row, time), row.id), reverse=True)
