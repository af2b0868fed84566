"""Pages by number with a total (`page`, `per_page`, `meta.pagination.total`).

A row that is deleted while the pages are read shifts all later rows up, so that one row slips
over a page border unseen; another row that is added meanwhile keeps the total as it was.

Where new rows can only come at the end, the pages between are read at once, and the last and the
first page before and after them: with both unchanged, nothing shifted. Signs of movement are also
a changed total, repeated rows, rows that do not add up. On any sign each border is compared
(`BorderPass`). Where rows may come anywhere, the list is read until two passes are equal
(`EqualPasses`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors.paging.base import Asked, PagingWalk, Params, Proof, dig
from connectors.paging.passes import BorderPass, EqualPasses

SMALLEST_PAGE = 10
PASSES = 4
"""How often a listing is read with other page borders before it is called unproved."""


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
    alike: bool = False
    """The second page was the first one over again, in a listing without a total."""
    borders: BorderPass | None = None
    equal: EqualPasses | None = None
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
        if self.borders is not None:
            return self._compare_border(number, page, total)
        self.waiting.discard(number)
        if self.equal is not None:
            return self._compare_passes(number, page, total)
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
            if self.pages > 1 and not self.rule.grows_at_end:
                self.equal = EqualPasses()
                return self._compare_passes(number, page, total)
            # The last one, which is to be compared when the others were read.
            fresh = self._ask([self.pages]) if self.pages > 1 else []
        elif number == self.pages and not self.looking_again and self.rule.grows_at_end:
            fresh = self._ask(range(2, self.pages))
        if self.looking_again and page.ids != self.ends[number]:
            self.signs.append(f"page {number} changed while the others were read")
        if number in (1, self.pages):
            self.ends[number] = page.ids
        if not self.looking_again:
            self._count(page)
        return fresh if fresh or self.waiting else self._end()

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
        return self._read_again() if self.signs else self._short()

    def _read_again(self) -> list[Params]:
        """From the start, so that what moved meanwhile is seen."""
        self._next_pass()
        if self.rule.grows_at_end:
            self.borders = BorderPass()
            return [self._page(1)]
        self.equal = self.equal or EqualPasses()
        self.rows, self.waiting = 0, {1}
        return [self._page(1)]

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
        self.looking_again, self.ends, self.equal = False, {}, None
        self.waiting = {1}
        return [self._page(1)]

    def _without_total(self, number: int, page: Asked) -> list[Params]:
        """An answer that shows no total: one whole answer, or pages up to an empty one."""
        if number == 1 and self.alike:
            if page.ids != self.first_ids:
                self.pages = 2
                return self._read_again()
            # Whatever page is asked for, the whole list comes.
            self.outcome = Proof(True, "end reached")
            return []
        if number == 1:
            self.first_ids = page.ids
            if len(page.ids) < self.ask_size:
                self.outcome = Proof(True, "one whole answer")
                return []
        elif number == 2 and page.ids == self.first_ids:
            # So many new rows before the others would look the same, but not the first page.
            self.alike = True
            return [self._page(1)]
        elif not self.rule.grows_at_end:
            self.pages, self.equal = 2, EqualPasses()
            self.equal.take(1, self.first_ids)
            return self._compare_passes(number, page, None)
        elif page.ids == self.first_ids or not page.ids:
            self.pages = number
            return self._read_again()
        self._count(page)
        return [self._page(number + 1)]

    def _compare_border(self, number: int, page: Asked, total: int | None) -> list[Params]:
        assert self.borders is not None
        self.total = total if total is not None else self.total
        self._count(page)
        last = self.pages
        if self.total is not None:
            last = max(1, math.ceil(self.total / (self.size or self.ask_size)))
        step = self.borders.take(number, page.ids, last)
        if step == 0:
            if len(self.here) >= (self.total or 0):
                self.outcome = Proof(True, "page borders compared")
                return []
            if self._seen() == self.total and not self.signs:
                self.outcome = Proof(True, "total matched, pages cut in several ways")
                return []
            self.borders = None
            return self._short()
        if step < 0:
            self.signs.append(f"page {self.borders.number} kept moving")
            self.outcome = Proof(False, reason="; ".join(self.signs[-3:]))
            return []
        return [self._page(step)]

    def _compare_passes(self, number: int, page: Asked, total: int | None) -> list[Params]:
        assert self.equal is not None
        if total is not None and total != self.total:
            self.equal.moved = True
            self.total = total
        self.equal.take(number, page.ids)
        self._count(page)
        fresh: list[Params] = []
        if number == 1:
            if self.total is not None:
                self.pages = max(1, math.ceil(self.total / (self.size or self.ask_size)))
            fresh = self._ask(range(2, self.pages + 1))
        elif number == self.pages and self.total is None and page.ids not in ([], self.first_ids):
            self.pages += 1
            fresh = self._ask([self.pages])
        return fresh if self.waiting else self._pass_ended(self.equal)

    def _pass_ended(self, equal: EqualPasses) -> list[Params]:
        verdict = equal.end()
        if verdict is None:
            return self._read_again()
        if not verdict:
            self.outcome = Proof(False, reason="rows moved in each pass over the pages")
        elif self.rows == len(self.here) and self.total in (None, self.rows):
            self.outcome = Proof(True, "two passes were equal")
        elif not equal.ever_moved and self._seen() == self.total:
            self.outcome = Proof(True, "total matched, pages cut in several ways")
        else:
            return self._short()
        return []


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
