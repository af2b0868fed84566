"""Numbered pages of a list whose rows come and go anywhere: read until two passes are equal."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from connectors.paging.base import Completeness, Params, SeenPage
from connectors.paging.numbered import NumberedPaginator

PASS_TRIES = 8
"""How many passes are made until two in a row are equal."""


@dataclass
class AnyOrderPaginator(NumberedPaginator):
    """Reads whole passes; within a pass, all pages are asked for at once."""

    equal: EqualPasses | None = None

    def begin(self, page: SeenPage) -> list[Params]:
        self.equal = EqualPasses()
        return self.go_on(1, page, self.total)

    def go_on(self, number: int, page: SeenPage, total: int | None) -> list[Params]:
        if self.equal is None:
            # Without a total, the first page came before it was known that others follow.
            self.equal = EqualPasses()
            self.equal.take(1, self.first_ids)
        if total not in (None, self.total):
            self.equal.moved, self.total = True, total
        self.equal.take(number, page.ids)
        self.count(page)
        fresh: list[Params] = []
        if number == 1:
            self.pages = self.last_page()
            fresh = self.ask(range(2, self.pages + 1))
        elif number == self.pages and self.total is None and page.ids not in ([], self.first_ids):
            self.pages += 1
            fresh = self.ask([self.pages])
        return fresh if self.waiting else self._pass_ended(self.equal)

    def read_again(self) -> list[Params]:
        self.equal = self.equal or EqualPasses()
        self.next_pass()
        return self.ask([1])

    def _pass_ended(self, equal: EqualPasses) -> list[Params]:
        verdict = equal.end()
        self.moved |= equal.ever_moved
        if verdict is None:
            return self.read_again()
        if verdict:
            return self.end("two passes were equal")
        reason = "rows moved in each pass over the pages"
        return self.ended(Completeness(False, reason=reason))


@dataclass
class EqualPasses:
    """Whole passes until two in a row show the same rows on the same pages, none of them twice.

    A proof also where rows come and go anywhere. A row that stays is missed by a pass only if
    others before it went meanwhile. Those were on pages already read, and the next pass would
    have to show them again; or they had come unseen, and then a page that was read between their
    coming and going repeats a row of the page before. Comparing borders alone is no proof here:
    what goes and comes in turns moves a border and puts it back between the two looks at it.
    """

    moved: bool = False
    """Whether something else than the rows said so in this pass."""
    ever_moved: bool = False
    passes: int = 0
    shown: dict[int, int] = field(default_factory=dict)
    """Page -> hash of its rows, in this pass."""
    before: dict[int, int] = field(default_factory=dict)

    def take(self, number: int, ids: Sequence[Hashable]) -> None:
        """One page of this pass."""
        self.shown[number] = hash(tuple(ids))

    def end(self) -> bool | None:
        """All pages of a pass came: True for equal passes, None for one more, False for enough."""
        self.passes += 1
        first = self.passes == 1
        differs = not first and (self.moved or self.shown != self.before)
        self.ever_moved |= self.moved or differs
        self.before, self.shown, self.moved = self.shown, {}, False
        if not first and not differs:
            return True
        return None if self.passes < PASS_TRIES else False
