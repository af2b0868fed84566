"""Pages by an opaque cursor (`cursor`, `hasMore`): each answer names the next request."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from connectors.paging.base import BasePaginator, Completeness, Paginator, Params, SeenPage
from connectors.paging.facts import ROUND_NUMBERS, get_path

END_REACHED = Completeness(True, "end reached")


@dataclass(frozen=True)
class CursorPages:
    """`param` carries the cursor that the answer before gave; `more` says whether to go on."""

    param: str
    cursor: str
    """Dotted path of the cursor in the answer."""
    more: str
    """Dotted path of the flag that says whether another page follows."""
    size: int = 50

    def paginator(self) -> Paginator:
        return _CursorPaginator(self)

    def requests(self, rows: int) -> int:
        return max(1, math.ceil(rows / self.size))

    def total(self, payload: Any) -> int | None:
        return None


@dataclass
class _CursorPaginator(BasePaginator):
    rule: CursorPages
    used: set[str] = field(default_factory=set)

    def first(self) -> Params:
        return {}

    def after(self, page: SeenPage) -> list[Params]:
        more = get_path(page.payload, self.rule.more)
        cursor = get_path(page.payload, self.rule.cursor)
        text = "" if cursor is None else str(cursor)
        if more is None and not text:
            return self._end_without_flag(page)
        if not more and more is not None:
            return self.ended(END_REACHED)
        if not page.ids or not text or text in self.used:
            fault = "an empty page promised more" if not page.ids else f"cursor {text!r} came again"
            return self.ended(Completeness(False, reason=fault))
        self.used.add(text)
        return [{self.rule.param: text}]

    def _end_without_flag(self, page: SeenPage) -> list[Params]:
        """Neither flag nor cursor: the end, unless the page is as long as a full one."""
        count = len(page.ids)
        if count < self.rule.size and count not in ROUND_NUMBERS:
            return self.ended(END_REACHED)
        reason = f"{count} rows came, and nothing says whether more follow"
        return self.ended(Completeness(False, reason=reason, lacking=True))
