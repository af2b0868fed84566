"""Paging by number, the part that does not depend on where new rows come."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors.paging.base import BasePaginator, Completeness, Params, SeenPage
from connectors.paging.facts import ROUND_NUMBERS, as_count, get_path

SMALLEST_PAGE = 10
CUTS = 4
"""With how many page borders a listing is read before it is called unproved."""


@dataclass(frozen=True)
class Numbering:
    """How pages are numbered: `page` counts from 1; the answer echoes the page size really used
    and the total."""

    per_page: int = 100
    total_path: str = "meta.pagination.total"
    """Dotted path of the number of all rows."""
    echoed_size: str = "meta.pagination.per_page"
    """Dotted path of the page size that the service really used."""
    page_param: str = "page"
    size_param: str = "per_page"
    grows_at_end: bool = False
    """The order asked for puts new rows last, and no edit moves a row."""

    def total(self, payload: Any) -> int | None:
        return as_count(get_path(payload, self.total_path))


@dataclass
class NumberedPaginator(BasePaginator, ABC):
    """Reads the first answers, counts rows and moves page borders; a subclass does the rest."""

    rule: Numbering
    ask_size: int = 0
    """The page size asked for; smaller where the service refused more, or to move the borders."""
    total: int | None = None
    size: int = 0
    """The page size that the service really used."""
    pages: int = 1
    waiting: set[int] = field(default_factory=set)
    here: set[int] = field(default_factory=set)
    """The rows of this pass, as hashes: half the memory for a million rows, and two that clash
    count as one, so that the count can only be doubted for it, never believed."""
    before: set[int] = field(default_factory=set)
    """The same of the passes before this one."""
    rows: int = 0
    """Rows of this pass, repeated ones included."""
    cuts: int = 1
    begun: bool = False
    first_ids: list[Hashable] = field(default_factory=list)
    alike: bool = False
    """The second page was the first one over again, in a listing without a total."""
    moved: bool = False
    """Whether there was any sign that rows moved."""

    # -- what differs ----------------------------------------------------------------------

    @abstractmethod
    def begin(self, page: SeenPage) -> list[Params]:
        """What follows the first page of several, where the total is known."""

    @abstractmethod
    def go_on(self, number: int, page: SeenPage, total: int | None) -> list[Params]:
        """What follows a later answer; without a total, the second page comes here first."""

    @abstractmethod
    def read_again(self) -> list[Params]:
        """From the first page, so that what moved meanwhile is seen."""

    # -- the pages -------------------------------------------------------------------------

    def first(self) -> Params:
        self.ask_size = self.ask_size or self.rule.per_page
        self.waiting.add(1)
        return self.page(1)

    def refused(self) -> list[Params] | None:
        """A smaller page, where the first one was refused: the maximum differs by endpoint."""
        if self.first_ids and self.waiting == {2} and not self.begun:
            return self.proved("one whole answer, no second page")
        if self.total is not None or self.rows or self.ask_size <= SMALLEST_PAGE:
            return None
        self.ask_size = max(SMALLEST_PAGE, self.ask_size // 2)
        return [self.page(1)]

    def after(self, page: SeenPage) -> list[Params]:
        number = int(page.params[self.rule.page_param])
        total = self.rule.total(page.payload)
        self.waiting.discard(number)
        if self.begun:
            return self.go_on(number, page, total)
        if total is None:
            return self._without_total(number, page)
        self.moved |= self.total not in (None, total)
        self.total = total
        echoed = as_count(get_path(page.payload, self.rule.echoed_size))
        self.size = echoed or len(page.ids) or self.ask_size
        self.pages = self.last_page()
        if self.pages == 1:
            self.count(page)
            return self.end("total matched")
        self.begun = True
        return self.begin(page)

    def _without_total(self, number: int, page: SeenPage) -> list[Params]:
        """An answer that shows no total: one whole answer, or pages up to an empty one."""
        if number == 2 and page.ids != self.first_ids:
            self.begun, self.pages = True, 2
            return self.go_on(number, page, None)
        if number == 2:
            # So many new rows before the others would look the same, but not the first page.
            self.alike = True
            return self.ask([1])
        if not self.alike:
            self.first_ids = page.ids
            count = len(page.ids)
            if count < self.ask_size and count not in ROUND_NUMBERS:
                return self.proved("one whole answer")
            self.count(page)
            return self.ask([2])
        if page.ids == self.first_ids:
            # Whatever page is asked for, the whole list comes.
            return self.proved("end reached")
        self.begun, self.pages = True, 2
        return self.read_again()

    # -- for each kind ---------------------------------------------------------------------

    def page(self, number: int) -> Params:
        return {self.rule.page_param: str(number), self.rule.size_param: str(self.ask_size)}

    def ask(self, numbers: Iterable[int]) -> list[Params]:
        asked = list(numbers)
        self.waiting.update(asked)
        return [self.page(number) for number in asked]

    def last_page(self) -> int:
        """By the total, where there is one."""
        if self.total is None:
            return self.pages
        return max(1, math.ceil(self.total / (self.size or self.ask_size)))

    def count(self, page: SeenPage) -> None:
        self.rows += len(page.ids)
        self.here.update(map(hash, page.ids))

    def seen(self) -> int:
        """How many different rows all passes have shown."""
        return len(self.here) + sum(row not in self.here for row in self.before)

    def next_pass(self) -> None:
        self.before = self.before | self.here if self.before else self.here
        self.here, self.rows = set(), 0

    def proved(self, by: str) -> list[Params]:
        return self.ended(Completeness(True, by))

    def end(self, by: str) -> list[Params]:
        """All pages came and nothing moved in this pass: proved, if no row is missing or double."""
        if self.rows == len(self.here) and self.total in (None, self.rows):
            return self.proved(by)
        if not self.moved and self.seen() == self.total:
            return self.proved("total matched, pages cut in several ways")
        return self.cut_otherwise()

    def cut_otherwise(self) -> list[Params]:
        """Another pass with other page borders.

        Nothing moved, and yet rows came twice or not at all: rows that are equal in the order
        asked for change places from page to page. Those at a border of one size lie inside a
        page of another.
        """
        if self.size >= (self.total or 0) or self.cuts >= CUTS:
            of_all = "" if self.total is None else f" of {self.total}"
            return self.ended(Completeness(False, reason=f"{self.seen()} rows{of_all} came"))
        self.cuts += 1
        self.ask_size = max(2, self.size - self.size // 7 - 1)
        self.next_pass()
        self.begun = False
        return self.ask([1])
