"""Pages by number with a total (`page`, `per_page`, `meta.pagination.total`).

A row that is deleted while the pages are read shifts all later rows up, so that one row slips
over a page border unseen; another row that is added meanwhile keeps the total as it was.

Where new rows can only come at the end, the pages between are read at once, and the last and the
first page before and after them: with both unchanged, nothing shifted. Signs of movement are also
a changed total, repeated rows, rows that do not add up. On any sign, and where rows may come
anywhere, a careful pass follows: after each page the one before it is asked again, and only where
its last row still stands is the border proved not to have moved.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors.paging.base import Asked, PagingWalk, Params, Proof, dig

SMALLEST_PAGE = 10
PASSES = 4
"""How often a listing is read with other page borders before it is called unproved."""
CAREFUL_TRIES = 8
"""How often one border is compared before the listing is called unproved."""


@dataclass(frozen=True)
class PageNumbers:
    """`page` counts from 1; the answer echoes the page size really used and the total."""

    per_page: int = 100
    meta: str = "meta.pagination"
    page_param: str = "page"
    size_param: str = "per_page"
    grows_at_end: bool = False
    """The order asked for puts new rows last, and no edit moves a row."""

    def walk(self) -> PagingWalk:
        return _PageNumberWalk(self)

    def requests(self, rows: int) -> int:
        return max(1, math.ceil(rows / self.per_page))

    def total(self, payload: Any) -> int | None:
        return _whole(dig(payload, self.meta + ".total"))


@dataclass
class _PageNumberWalk:
    rule: PageNumbers
    ask_size: int = 0
    """The page size asked for; smaller where the service refused more, or to move the borders."""
    total: int | None = None
    size: int = 0
    """The page size that the service really used."""
    waiting: set[int] = field(default_factory=set)
    here: set[int] = field(default_factory=set)
    """The rows of this pass, as hashes: half the memory for a million rows, and two that clash
    count as one, so that the count can only be doubted for it, never believed."""
    before: set[int] = field(default_factory=set)
    """The same of the passes before this one."""
    rows: int = 0
    """Rows of this pass, repeated ones included."""
    passes: int = 1
    signs: list[str] = field(default_factory=list)
    ends: dict[int, list[Hashable]] = field(default_factory=dict)
    """The first and the last page of this pass, to be compared with a second look."""
    looking_again: bool = False
    pages: int = 1
    first_ids: list[Hashable] = field(default_factory=list)
    careful: _CarefulPass | None = None
    outcome: Proof | None = None

    def first(self) -> Params:
        self.ask_size = self.ask_size or self.rule.per_page
        self.waiting.add(1)
        return self._page(1)

    def refused(self) -> Params | None:
        """A smaller page, where the first one was refused: the maximum differs by endpoint."""
        if self.total is not None or self.rows or self.ask_size <= SMALLEST_PAGE:
            return None
        self.ask_size = max(SMALLEST_PAGE, self.ask_size // 2)
        return self._page(1)

    def after(self, page: Asked) -> list[Params]:
        number = int(page.params[self.rule.page_param])
        total = _whole(dig(page.payload, self.rule.meta + ".total"))
        if self.careful is not None:
            return self._carefully(number, page, total)
        self.waiting.discard(number)
        if total is None:
            return self._without_total(number, page)
        fresh: list[Params] = []
        if self.total is None:
            self.total = total
        elif total != self.total:
            self.signs.append(f"the total went from {self.total} to {total}")
            self.total = total
        if not self.size:
            echoed = _whole(dig(page.payload, f"{self.rule.meta}.{self.rule.size_param}"))
            self.size = echoed or len(page.ids) or self.ask_size
            self.pages = max(1, math.ceil(total / self.size))
            fresh = self._begin(page)
        elif number == self.pages and not self.looking_again and self.rule.grows_at_end:
            fresh = self._ask(range(2, self.pages))
        if self.looking_again and page.ids != self.ends[number]:
            self.signs.append(f"page {number} changed while the others were read")
        if number in (1, self.pages):
            self.ends[number] = page.ids
        if not self.looking_again:
            self._count(page)
        return fresh if fresh or self.waiting else self._end()

    def _begin(self, page: Asked) -> list[Params]:
        """What follows the first page: the last one, where the ends are to be compared."""
        if self.pages == 1:
            return []
        if self.rule.grows_at_end:
            return self._ask([self.pages])
        self.careful = _CarefulPass(ids=page.ids, last=self.pages)
        return [self._page(2)]

    def _ask(self, numbers: Iterable[int]) -> list[Params]:
        asked = list(numbers)
        self.waiting.update(asked)
        return [self._page(n) for n in asked]

    def proof(self) -> Proof:
        if self.outcome is None:
            return Proof(False, reason="the listing was not read to its end")
        return self.outcome

    def _page(self, number: int) -> Params:
        return {self.rule.page_param: str(number), self.rule.size_param: str(self.ask_size)}

    def _count(self, page: Asked) -> None:
        self.rows += len(page.ids)
        self.here.update(map(hash, page.ids))

    def _seen(self) -> int:
        """How many different rows all passes have shown."""
        return len(self.here) + sum(row not in self.here for row in self.before)

    def _next_pass(self) -> None:
        self.before = self.before | self.here if self.before else self.here
        self.here = set()

    def _end(self) -> list[Params]:
        if self.pages > 1 and not self.looking_again and not self.signs:
            self.looking_again = True
            return self._ask([1] if self.pages == 2 else [self.pages, 1])
        if not self.signs and len(self.here) == self.total == self.rows:
            self.outcome = Proof(True, "total matched")
            return []
        if not self.signs and self._seen() == self.total:
            self.outcome = Proof(True, "total matched, pages cut in several ways")
            return []
        if self.signs:
            self._next_pass()
            self.careful = _CarefulPass()
            return [self._page(1)]
        return self._short()

    def _short(self) -> list[Params]:
        """Fewer rows came than there are, although nothing moved."""
        if self.size >= (self.total or 0) or self.passes >= PASSES:
            short = f"{self._seen()} rows of {self.total} came"
            self.outcome = Proof(False, reason=short)
            return []
        return self._other_borders()

    def _other_borders(self) -> list[Params]:
        """Another pass with other page borders.

        Nothing moved, and yet rows came twice or not at all: rows that are equal in the order
        asked for change places from page to page. Those at a border of one size lie inside a
        page of another.
        """
        self.passes += 1
        self.ask_size = max(2, self.size - self.size // 7 - 1)
        self._next_pass()
        self.size, self.rows = 0, 0
        self.looking_again, self.ends = False, {}
        self.waiting = {1}
        return [self._page(1)]

    def _without_total(self, number: int, page: Asked) -> list[Params]:
        """An answer that shows no total: one whole answer, or pages up to an empty one."""
        if number == 1:
            self.first_ids = page.ids
            if len(page.ids) < self.ask_size:
                self.outcome = Proof(True, "one whole answer")
                return []
        elif page.ids == self.first_ids or not page.ids:
            if number == 2 and page.ids:
                # Whatever page is asked for, the whole list comes.
                self.outcome = Proof(True, "end reached")
                return []
            self.pages = number
            self._next_pass()
            self.careful = _CarefulPass()
            return [self._page(1)]
        self._count(page)
        return [self._page(number + 1)]

    def _carefully(self, number: int, page: Asked, total: int | None) -> list[Params]:
        assert self.careful is not None
        self.total = total if total is not None else self.total
        self._count(page)
        last = self.pages
        if self.total is not None:
            last = max(1, math.ceil(self.total / (self.size or self.ask_size)))
        step = self.careful.take(number, page.ids, last)
        if step == 0:
            if len(self.here) >= (self.total or 0):
                self.outcome = Proof(True, "page borders compared")
                return []
            if self._seen() == self.total and not self.signs:
                self.outcome = Proof(True, "total matched, pages cut in several ways")
                return []
            self.careful = None
            return self._short()
        if step < 0:
            self.signs.append(f"page {self.careful.number} kept moving")
            self.outcome = Proof(False, reason="; ".join(self.signs[-3:]))
            return []
        return [self._page(step)]


@dataclass
class _CarefulPass:
    """Page k, page k+1, page k again: unmoved when its last row still ends it."""

    number: int = 1
    ids: list[Hashable] | None = None
    last: int = 0
    """Which page was the last one when `ids` were read; the list may be shorter by now."""
    ahead: list[Hashable] | None = None
    ahead_last: int = 0
    tries: int = 0

    def take(self, number: int, ids: list[Hashable], last: int) -> int:
        """The next page to ask; 0 when all borders are proved, -1 when one never settles."""
        if self.ids is None:
            self.ids, self.last = ids, last
        elif self.ahead is None and number > self.number:
            self.ahead, self.ahead_last = ids, last
            return self.number
        elif self.ahead is not None and number == self.number:
            unmoved = ids[-1:] == self.ids[-1:] and len(ids) == len(self.ids)
            if unmoved:
                self.number, self.tries = self.number + 1, 0
                self.ids, self.last = self.ahead, self.ahead_last
            else:
                self.ids, self.last, self.tries = ids, last, self.tries + 1
            self.ahead = None
            if self.tries > CAREFUL_TRIES:
                return -1
        return self.number + 1 if self.number < self.last else 0


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
