"""The new rows of a list that only grows, found from whichever end they are added at."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Set
from dataclasses import dataclass, field
from typing import Any

from connectors.paging.base import BasePaginator, Completeness, Paginator, Params, SeenPage
from connectors.paging.facts import as_count, get_path
from connectors.paging.page_index import USUAL, PageIndexes


@dataclass(frozen=True)
class TailPages:
    """Pages as in `PageIndexes`, from the newest back to a row that is `known`.

    The first page tells the total and the order: where it begins with known rows, the new ones
    stand on the last pages. What does not add up is read from start to end.
    """

    known: Set[str]
    """Identities of the rows that are here, as text."""
    limit: int = 100
    amount: str = "amount"

    def paginator(self) -> Paginator:
        return _TailPaginator(self)

    def requests(self, rows: int) -> int:
        return min(2, PageIndexes(self.limit).requests(rows))

    def total(self, payload: Any) -> int | None:
        return as_count(get_path(payload, self.amount))


def texts(ids: Iterable[Hashable]) -> list[str]:
    """Identities as the warehouse holds them."""
    return [str(found) for found in ids]


@dataclass
class _TailPaginator(BasePaginator):
    rule: TailPages
    size: int = 0
    index: int = 0
    step: int = 0
    """1 towards the end, -1 towards the start, 0 while the order is unknown."""
    by_rows: bool = False
    first_ids: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    amount: int = 0
    everything: Paginator | None = None

    def first(self) -> Params:
        self.size = self.rule.limit
        return self._ask(0)

    def _ask(self, index: int) -> Params:
        self.index = index
        offset = index * self.size if self.by_rows else index
        return {"limit": str(self.size), "offset": str(offset)}

    def after(self, page: SeenPage) -> list[Params]:
        if self.everything is not None:
            return self.everything.after(page)
        amount = as_count(get_path(page.payload, self.rule.amount))
        if not self.step:
            return self._begin(page, amount)
        if not self.by_rows and self._counts_rows(page, amount):
            self.by_rows = True
            return [self._ask(self.index)]
        ids = texts(page.ids)
        self.seen.update(ids)
        if not ids:
            return self._read_everything()
        if not self.rule.known.isdisjoint(ids) or self.index + self.step == 0:
            return self._joined()
        return [self._ask(self.index + self.step)]

    def _begin(self, page: SeenPage, amount: int | None) -> list[Params]:
        ids = texts(page.ids)
        if amount is None or not ids or len(ids) >= amount:
            # One page holds all of it, or nobody knows how much there is.
            self.everything = PageIndexes(self.rule.limit, self.rule.amount).paginator()
            self.everything.first()
            return self.everything.after(page)
        self.size, self.amount = min(self.size, len(ids)), amount
        self.first_ids = set(ids)
        self.seen.update(ids)
        self.step = -1 if ids[0] in self.rule.known else 1
        if self.step < 0:
            return [self._ask((amount - 1) // self.size)]
        return self._joined() if not self.rule.known.isdisjoint(ids) else [self._ask(1)]

    def _counts_rows(self, page: SeenPage, amount: int | None) -> bool:
        """Whether a page shows what stands at that row instead of on that page."""
        if self.step > 0:
            return self.index == 1 and not self.first_ids.isdisjoint(texts(page.ids))
        last = (self.amount - 1) // self.size
        if self.index != last or amount != self.amount:
            return False
        expected = self.amount - last * self.size
        return not self.first_ids.isdisjoint(texts(page.ids)) or len(page.ids) != expected

    def _joined(self) -> list[Params]:
        """The end, unless rows are missing although known ones were reached."""
        if len(self.seen | self.rule.known) < self.amount:
            return self._read_everything()
        return self.ended(Completeness(True, "read back to known rows", whole=False))

    def _read_everything(self) -> list[Params]:
        self.everything = PageIndexes(self.rule.limit, self.rule.amount).paginator()
        return [self.everything.first()]

    def completeness(self) -> Completeness:
        return self.everything.completeness() if self.everything else super().completeness()

    def refused(self) -> list[Params] | None:
        """The first page with a usual limit, where a greater one was refused."""
        if self.everything is not None:
            return self.everything.refused()
        if self.step or self.size <= USUAL:
            return None
        self.size = USUAL
        return [self._ask(0)]
