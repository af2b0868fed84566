"""What every kind of paging offers to a reader, and the simplest kind: one page."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from connectors.paging.facts import NO_FACTS, ROUND_NUMBERS, Facts, get_path

Params = dict[str, str]


def records_at(payload: Any, path: str, *, single: bool = True) -> list[Any] | None:
    """The list at a path, or None where no list stands there: a null or a text is none.

    With `single`, one object counts as a list of one.
    """
    found = get_path(payload, path)
    if isinstance(found, list):
        return found
    return [found] if single and isinstance(found, Mapping) else None


@dataclass(frozen=True)
class Completeness:
    """What reading a listing has shown."""

    complete: bool
    by: str = ""
    """What proves it: `total matched`, `end reached`, `two passes were equal` ..."""
    reason: str = ""
    """Why it is not complete, for people."""
    whole: bool = True
    """False where only what is new was read: then absence is no evidence."""
    stale: frozenset[Hashable] = frozenset()
    """Identities that an overtaken pass showed and the proving one did not."""
    lacking: bool = False
    """Not complete, and asking again now would not help."""
    capped: bool = False
    """The answer is as long as it can be: it is complete if it overlaps with what is known."""


NO_SECOND_PAGE = Completeness(True, "one whole answer, no second page")


@dataclass(frozen=True)
class SeenPage:
    """One answered page as the paging sees it."""

    params: Params
    payload: Any
    ids: list[Hashable] = field(default_factory=list)
    """The identities of the page's records, in order."""
    facts: Facts = NO_FACTS
    """What the answer itself says of the whole list."""


class Paginator(Protocol):
    """Goes through the pages of one listing, answer by answer in the order asked."""

    def first(self) -> Params:
        """The parameters of the first request."""

    def after(self, page: SeenPage) -> list[Params]:
        """What to ask next, possibly several at once; nothing while waiting, or at the end."""

    def completeness(self) -> Completeness:
        """What the pages so far have shown; called when nothing is left to ask."""

    def refused(self) -> list[Params] | None:
        """What to ask instead of a request that the service refused; None to give up, an empty
        list where the refusal itself tells that nothing follows."""


class Paging(Protocol):
    """A kind of paging, declared once for a resource."""

    def paginator(self) -> Paginator:
        """A fresh paginator."""

    def requests(self, rows: int) -> int:
        """How many requests a listing of so many rows takes, at least 1."""

    def total(self, payload: Any) -> int | None:
        """How many rows the whole listing has, where its first page tells."""


@dataclass(frozen=True)
class OnePage:
    """The whole listing is one answer.

    An answer of a round number of rows, which may be a page of a list that nobody described, is
    whole only if a second page shows nothing more.
    """

    most: int = 0
    """The most rows that the service gives at all (the last 50, `limit=1000`); 0 if unlimited."""
    page_param: str = "page"
    """The parameter of a second page; empty where the interface rules out that there is one."""

    def paginator(self) -> Paginator:
        return _OnePagePaginator(self)

    def requests(self, rows: int) -> int:
        return 1

    def total(self, payload: Any) -> int | None:
        return None


@dataclass
class BasePaginator:
    """What most paginators share: how reading ended."""

    result: Completeness | None = field(default=None, init=False)

    def ended(self, proof: Completeness) -> list[Params]:
        """Nothing more is asked, and this is what the pages have shown."""
        self.result = proof
        return []

    def completeness(self) -> Completeness:
        return self.result or Completeness(False, reason="the listing was not read to its end")

    def refused(self) -> list[Params] | None:
        return None


@dataclass
class _OnePagePaginator(BasePaginator):
    rule: OnePage
    first_ids: list[Hashable] | None = None

    def first(self) -> Params:
        return {}

    def after(self, page: SeenPage) -> list[Params]:
        count = len(page.ids)
        if self.first_ids is not None:
            if not page.ids or set(page.ids) == set(self.first_ids):
                return self.ended(NO_SECOND_PAGE)
            reason = f"exactly {len(self.first_ids)} rows came, and a second page has others"
            return self.ended(Completeness(False, reason=reason))
        if self.rule.most and count >= self.rule.most:
            by = f"the newest {count} rows"
            return self.ended(Completeness(True, by, whole=False, capped=True))
        if self.rule.page_param and count in ROUND_NUMBERS and not page.facts.tells_end:
            self.first_ids = page.ids
            return [{self.rule.page_param: "2"}]
        return self.ended(Completeness(True, "one whole answer"))

    def refused(self) -> list[Params] | None:
        return None if self.first_ids is None else self.ended(NO_SECOND_PAGE)
