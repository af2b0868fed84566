"""Pages by offset, where each answer names the next one."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.paging.base import BasePaginator, Completeness, Paginator, Params, SeenPage
from connectors.paging.facts import ROUND_NUMBERS, get_path

PASSES = 4
"""How often a listing that moves is read from its start before it is called unproved."""


@dataclass(frozen=True)
class LinkedOffsets:
    """`meta.next` names the next offset; only that number is taken from it.

    Pages overlap by a few rows: the first rows of a page must be the last rows of the one
    before. Where they are not, rows were added, moved or deleted meanwhile and another pass
    follows; a pass in which every overlap fits proves the listing.
    """

    limit: int = 200
    overlap: int = 5
    next: str = "meta.next"

    def paginator(self) -> Paginator:
        return _LinkedOffsetPaginator(self)

    def requests(self, rows: int) -> int:
        return max(1, math.ceil((rows - self.overlap) / (self.limit - self.overlap)))

    def total(self, payload: Any) -> int | None:
        return None


@dataclass
class _LinkedOffsetPaginator(BasePaginator):
    rule: LinkedOffsets
    passes: int = 1
    tail: list[Hashable] = field(default_factory=list)
    visited: set[int] = field(default_factory=set)
    moved: str = ""
    probing: list[Hashable] | None = None
    """The rows of the page before, while the page asked for may not exist."""

    def first(self) -> Params:
        return self._at(0)

    def _at(self, offset: int) -> Params:
        self.visited.add(offset)
        return {"limit": str(self.rule.limit), "offset": str(offset)}

    def after(self, page: SeenPage) -> list[Params]:
        offset = int(page.params["offset"])
        if offset and self.tail and page.ids[: len(self.tail)] != self.tail:
            self.moved = f"rows moved around offset {offset} while the pages were read"
        link = get_path(page.payload, self.rule.next)
        named = parse_qs(urlsplit(link).query).get("offset") if isinstance(link, str) else None
        if not named and self._may_go_on(page) and page.ids != self.probing:
            self.probing, self.tail = page.ids, []
            return [self._at(offset + len(page.ids))]
        self.probing = None
        if not named or not page.ids:
            return self._end()
        following = int(named[0]) if named[0].isdigit() else -1
        overlap = min(self.rule.overlap, len(page.ids) - 1)
        self.tail = page.ids[-overlap:] if overlap > 0 else []
        target = following - overlap
        if following <= offset or target in self.visited:
            reason = f"`next` led back to offset {following}"
            return self.ended(Completeness(False, reason=reason))
        return [self._at(target)]

    def _may_go_on(self, page: SeenPage) -> bool:
        """Whether a page as long as a full one says nothing of a next one."""
        count = len(page.ids)
        return not page.facts.tells_end and (count >= self.rule.limit or count in ROUND_NUMBERS)

    def _end(self) -> list[Params]:
        if not self.moved:
            return self.ended(Completeness(True, "end reached, overlaps seen"))
        if self.passes >= PASSES:
            return self.ended(Completeness(False, reason=self.moved))
        self.passes += 1
        self.moved, self.tail, self.visited = "", [], set()
        return [self._at(0)]

    def refused(self) -> list[Params] | None:
        """Beyond a page that did not say whether it is the last, a refusal says so."""
        if self.probing is None:
            return None
        self._end()
        return []
