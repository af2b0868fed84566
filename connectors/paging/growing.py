"""Numbered pages of a list that only grows at its end: a deleted row moves the later ones up.

The first page is read, then the last, then all pages between and both ends again, together. If the
first page is unchanged, nothing moved before the last one was read. If the last page is unchanged,
nothing moved while those between were read. Some of these may be answered after the second look at
the last page; a row that is missed then moves others up, so that one comes twice, on its own page
and on the one before. A changed total and rows that do not add up are signs of movement, too. On
any sign each page border is compared.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from connectors.paging.base import Completeness, Params, SeenPage
from connectors.paging.numbered import NumberedPaginator

BORDER_TRIES = 8
"""How often one border is compared before the listing is called unproved."""


@dataclass
class GrowingPaginator(NumberedPaginator):
    """Reads the first page, the last, and then those between and both ends again."""

    signs: list[str] = field(default_factory=list)
    ends: dict[int, list[Hashable]] = field(default_factory=dict)
    """The first and the last page, to be compared with a second look."""
    borders: BorderPass | None = None

    def begin(self, page: SeenPage) -> list[Params]:
        self.ends = {1: page.ids}
        self.count(page)
        return self.ask([self.pages])

    def go_on(self, number: int, page: SeenPage, total: int | None) -> list[Params]:
        if self.borders is not None:
            return self._compare_border(self.borders, number, page, total)
        if self.total is None:
            return self._next_without_total(number, page)
        if total not in (None, self.total):
            self._sign(f"the total went from {self.total} to {total}")
            self.total = total
        if number in self.ends:
            if page.ids != self.ends[number]:
                self._sign(f"page {number} changed while the others were read")
            return [] if self.waiting else self._ended()
        self.count(page)
        if number == self.pages:
            self.ends[number] = page.ids
            return self.ask([1] if number == 2 else [*range(2, number), 1, number])
        return [] if self.waiting else self._ended()

    def read_again(self) -> list[Params]:
        self.next_pass()
        self.borders = BorderPass()
        return self.ask([1])

    def _sign(self, text: str) -> None:
        self.signs.append(text)
        self.moved = True

    def _ended(self) -> list[Params]:
        return self.read_again() if self.signs else self.end("total matched")

    def _next_without_total(self, number: int, page: SeenPage) -> list[Params]:
        if not page.ids or page.ids == self.first_ids:
            self.pages = number
            return self.read_again()
        self.count(page)
        return self.ask([number + 1])

    def _compare_border(
        self, borders: BorderPass, number: int, page: SeenPage, total: int | None
    ) -> list[Params]:
        self.total = total if total is not None else self.total
        self.count(page)
        step = borders.take(number, page.ids, self.last_page())
        if step > 0:
            return self.ask([step])
        if step < 0:
            self.signs.append(f"page {borders.number} kept moving")
            return self.ended(Completeness(False, reason="; ".join(self.signs[-3:])))
        if len(self.here) >= (self.total or 0):
            return self.proved("page borders compared")
        self.borders = None
        return self.cut_otherwise()


@dataclass
class BorderPass:
    """Page k, page k+1, page k again: unmoved when its last row still ends it.

    A proof where rows only move up: a border that moved never moves back. One that stays in
    motion holds up its own page only.
    """

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
            if self.tries > BORDER_TRIES:
                return -1
        return self.number + 1 if self.number < self.last else 0
