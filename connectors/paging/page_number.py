"""Pages by number with a total (`page`, `per_page`, `meta.pagination.total`).

A row that is deleted while the pages are read shifts all later rows up, so that one row slips
over a page border unseen; another row that is added meanwhile keeps the total as it was. How
that is noticed depends on where rows may come: `GrowingPaginator`, `AnyOrderPaginator`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from connectors.paging.any_order import AnyOrderPaginator
from connectors.paging.base import Paginator
from connectors.paging.growing import GrowingPaginator
from connectors.paging.numbered import Numbering


@dataclass(frozen=True)
class PageNumbers(Numbering):
    """Pages by number, read in the way that fits where new rows may come."""

    def paginator(self) -> Paginator:
        return GrowingPaginator(self) if self.grows_at_end else AnyOrderPaginator(self)

    def requests(self, rows: int) -> int:
        return max(1, math.ceil(rows / self.per_page))
