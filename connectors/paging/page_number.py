"""Pages by number with a total (`page`, `per_page`, `meta.pagination.total`).

A row that is deleted while the pages are read shifts all later rows up, so that one row slips
over a page border unseen; another row that is added meanwhile keeps the total as it was. How
that is noticed depends on where rows may come: `GrowingPaginator`, `AnyOrderPaginator`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from connectors.paging.any_order import AnyOrderPaginator
from connectors.paging.base import Paginator
from connectors.paging.facts import as_count, get_path
from connectors.paging.growing import GrowingPaginator


@dataclass(frozen=True)
class PageNumbers:
    """`page` counts from 1; the answer echoes the page size really used and the total."""

    per_page: int = 100
    total_path: str = "meta.pagination.total"
    """Dotted path of the number of all rows."""
    echoed_size: str = "meta.pagination.per_page"
    """Dotted path of the page size that the service really used."""
    page_param: str = "page"
    size_param: str = "per_page"
    grows_at_end: bool = False
    """The order asked for puts new rows last, and no edit moves a row."""

    def paginator(self) -> Paginator:
        return GrowingPaginator(self) if self.grows_at_end else AnyOrderPaginator(self)

    def requests(self, rows: int) -> int:
        return max(1, math.ceil(rows / self.per_page))

    def total(self, payload: Any) -> int | None:
        return as_count(get_path(payload, self.total_path))
