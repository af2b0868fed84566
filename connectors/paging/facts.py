"""Reads from an answer how long the whole list is, whatever paging was declared.

A list that was declared as one answer may turn out to be paged: `{"meta": {"pagination":
{"total": 37}}, "data": [... 10 rows ...]}`. Totals, links to a next page and flags for more are
looked for beside the list and in the usual envelopes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ROUND_NUMBERS = frozenset((10, 20, 25, 50, 100, 200, 250, 500, 1000))
"""Usual page sizes: a list that ends at one of them, and does not say that it ends, may go on."""
ENVELOPES = (
    "", "meta", "meta.pagination", "meta.page", "pagination", "paging", "page", "pageInfo",
    "page_info", "links", "_links",
)  # fmt: skip
TOTALS = ("total", "totalCount", "total_count", "totalItems", "total_items", "totalResults",
          "total_results", "totalRecords", "total_records")  # fmt: skip
FLAGS = ("hasMore", "has_more", "hasNextPage", "has_next_page", "hasNext", "has_next")
NEXT = ("next", "nextPage", "next_page", "nextUrl", "next_url", "nextCursor", "next_cursor",
        "nextPageToken", "next_page_token")  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What one answer says of the whole list."""

    total: int | None = None
    """How many rows there are in all."""
    count: int | None = None
    """A `count` beside the list, which may mean the page or the whole list."""
    more: bool | None = None
    """Whether rows follow; None where the answer does not say."""

    @property
    def tells_end(self) -> bool:
        """Whether the answer says where the list ends."""
        return self.total is not None or self.more is not None

    def contradiction(self, rows: int) -> str:
        """Why a list that was read whole with so many rows cannot be whole; empty if it can."""
        said = max(self.total or 0, self.count or 0)
        if said > rows:
            return f"the service says that there are {said} rows, {rows} came"
        return "the service says that more rows follow" if self.more else ""


NO_FACTS = Facts()


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


def facts_of(payload: Any, path: str) -> Facts:
    """The facts beside the list at `path`, in any object that encloses it."""
    places = list(_places(payload, path))
    totals = [as_count(place.get(name)) for place in places for name in TOTALS]
    counts = [as_count(place.get("count")) for place in places]
    flags = [flag for place in places if (flag := _more(place)) is not None]
    return Facts(
        total=max((total for total in totals if total is not None), default=None),
        count=max((count for count in counts if count is not None), default=None),
        more=any(flags) if flags else None,
    )


def _places(payload: Any, path: str) -> Iterator[Mapping[str, Any]]:
    steps = path.split(".") if path else []
    for depth in range(max(1, len(steps))):
        outer = get_path(payload, ".".join(steps[:depth]))
        for envelope in ENVELOPES if isinstance(outer, Mapping) else ():
            found = get_path(outer, envelope)
            if isinstance(found, Mapping):
                yield found


def _more(place: Mapping[str, Any]) -> bool | None:
    """Whether an object says that more follows; a flag counts more than a link or a cursor."""
    flags = [place[name] for name in FLAGS if isinstance(place.get(name), bool)]
    if flags:
        return any(flags)
    links = [place[name] for name in NEXT if name in place]
    return any(map(bool, links)) if links else None
