"""Pages by index (`offset` counts pages of `limit` rows, or rows: found out) with a total.

Writes between two pages shift the rows behind them, and the total need not show it: an edit may
be a new row at the end and the old one gone. So each window overlaps the one before by a row or
a few: `offset` times `limit` need not be a multiple of one page size. Where the overlap does
not show the same rows again, the list is read again from its start.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from connectors.paging.base import BasePaginator, Completeness, Paginator, Params, SeenPage
from connectors.paging.facts import as_count, get_path

PASSES = 4
"""How often a list that moves is read from its start before it is called unproved."""
USUAL = 100
"""A limit that is known to be taken; a greater one that is refused becomes this."""
OVERLAP = 8
"""How many rows before the end of one window the next may begin."""


@dataclass(frozen=True)
class PageIndexes:
    """`offset` counts pages from 0 (or rows: found out), `amount` is the number of rows.

    Reading ends when as many distinct rows were seen as `amount` says, or with a window that
    shows nothing new; what fits neither the overlap nor the amount is read again.
    """

    limit: int = 100
    amount: str = "amount"

    def paginator(self) -> Paginator:
        return _PageIndexPaginator(self)

    def requests(self, rows: int) -> int:
        count, end = 1, self.limit
        while end < rows:
            offset, size = window(end, self.limit)
            count, end = count + 1, (offset + 1) * size
        return count

    def total(self, payload: Any) -> int | None:
        return as_count(get_path(payload, self.amount))


def window(end: int, limit: int) -> tuple[int, int]:
    """(offset, limit) of the window that leads furthest and still shows some rows before `end`."""
    best = (0, 0, 0)
    for start in range(max(1, end - OVERLAP), end):
        size = next(size for size in range(limit, 0, -1) if start % size == 0)
        best = max(best, (start + size, start // size, size))
    if best[0] > end:
        return best[1:]
    # Windows too small to overlap: side by side.
    size = next(size for size in range(limit, 0, -1) if end % size == 0)
    return end // size, size


@dataclass
class _PageIndexPaginator(BasePaginator):
    rule: PageIndexes
    size: int = 0
    """Rows in one window: the limit asked for, or fewer where the service gives fewer."""
    by_rows: bool = False
    """Offsets turned out to count rows."""
    start: int = 0
    """The row that the window asked for begins with."""
    end: int = 0
    """Rows covered so far in this pass."""
    tail: list[Hashable] = field(default_factory=list)
    """The last rows covered."""
    second: list[Hashable] = field(default_factory=list)
    """The second row of the list, alone in a list."""
    seen: set[Hashable] = field(default_factory=set)
    earlier: set[Hashable] = field(default_factory=set)
    """What overtaken passes have shown."""
    passes: int = 1
    moved: str = ""
    """What was wrong in the last pass, which goes on to the end all the same."""

    def first(self) -> Params:
        self.size = self.size or self.rule.limit
        self.start = 0
        return {"limit": str(self.size), "offset": "0"}

    def _next(self) -> Params:
        if self.by_rows:
            self.start = max(1, self.end - 1)
            return {"limit": str(self.size), "offset": str(self.start)}
        offset, size = window(self.end, self.size)
        self.start = offset * size
        return {"limit": str(size), "offset": str(offset)}

    def after(self, page: SeenPage) -> list[Params]:
        amount = as_count(get_path(page.payload, self.rule.amount))
        if self.start == 0:
            if 0 < len(page.ids) < min(self.size, self.size if amount is None else amount):
                self.size = len(page.ids)
            self.second = page.ids[1:2]
            fresh = page.ids
        elif self._counts_rows(page):
            self.by_rows = True
            return [self._next()]
        else:
            overlap = self.end - self.start
            fresh = page.ids[overlap:]
            if page.ids[:overlap] != self.tail[len(self.tail) - overlap :]:
                if self.passes < PASSES:
                    return self._again("")
                self.moved, fresh = "rows moved while the pages were read", page.ids
        self.end = self.start + len(page.ids)
        self.tail = [*self.tail, *fresh][-OVERLAP:]
        self.seen.update(fresh)
        if fresh and (amount is None or len(self.seen) < amount):
            return [self._next()]
        if self.moved:
            return self._again(self.moved)
        if amount is not None and len(self.seen) != amount:
            return self._again(f"{len(self.seen)} distinct rows came, {amount} were announced")
        by = "end reached" if amount is None else "amount matched"
        return self.ended(Completeness(True, by, stale=frozenset(self.earlier - self.seen)))

    def _counts_rows(self, page: SeenPage) -> bool:
        """Whether offset 1 led to the second row of the list."""
        asked_for_one = page.params.get("offset") == "1" and self.start > 1
        return asked_for_one and bool(self.second) and page.ids[:1] == self.second

    def _again(self, reason: str) -> list[Params]:
        if self.passes >= PASSES:
            reason = f"{reason}, in each of {PASSES} passes"
            return self.ended(Completeness(False, reason=reason))
        self.passes += 1
        self.earlier |= self.seen
        self.seen, self.tail, self.end = set(), [], 0
        return [self.first()]

    def refused(self) -> list[Params] | None:
        """The first page with a usual limit, where a greater one was refused."""
        if self.start or self.size <= USUAL:
            return None
        self.size = USUAL
        return [self.first()]
