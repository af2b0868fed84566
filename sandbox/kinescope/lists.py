"""Ordering, paging and envelopes: how the service answers a list (page, sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from sandbox.kinescope.catalogue import Record
from sandbox.kinescope.errors import bad_order, invalid
from sandbox.kinescope.state import State

T = TypeVar("T")
DEFAULT_PER_PAGE = 10


@dataclass(frozen=True)
class Asked:
    """What was asked: the ids in the path and the query."""

    ids: dict[str, str]
    query: dict[str, str]
    pairs: list[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        """All values of a repeated parameter such as `status[]`."""
        return [value for key, value in self.pairs if key == name]


class Page(NamedTuple):
    """One page, with its size after the maximum was applied."""

    page: int
    per_page: int

    @property
    def start(self) -> int:
        return (self.page - 1) * self.per_page

    def of(self, rows: Sequence[T]) -> Sequence[T]:
        return rows[self.start : self.start + self.per_page]

    def meta(self, total: int) -> dict[str, int]:
        return {"page": self.page, "per_page": self.per_page, "total": total}


class Order(NamedTuple):
    """One part of an order."""

    field: str
    descending: bool


def asked_page(state: State, asked: Asked) -> Page:
    """The page asked for; refuses what is no number and, by switch, what is too large."""
    page = _whole_number(state, asked, "page", 1)
    per_page = _whole_number(state, asked, "per_page", DEFAULT_PER_PAGE)
    largest = state.settings["largest_page"]
    if per_page > largest and state.settings["per_page_over_maximum"] == "error":
        form = state.settings["validation_errors"]
        raise invalid(form, "per_page", "max", f"Must not be greater than {largest}")
    return Page(page, min(per_page, largest))


def asked_order(asked: Asked, fields: Sequence[str], default: str) -> list[Order]:
    """The order asked for; 400216 where a field is not among `fields`."""
    orders = []
    for part in (asked.query.get("order") or default).split(","):
        field, _, direction = part.strip().partition(".")
        if field not in fields or direction not in ("", "asc", "desc"):
            raise bad_order(part)
        orders.append(Order(field, direction == "desc"))
    return orders


def name_order(state: State, asked: Asked) -> list[Order]:
    """The order of lists without documented order fields: by name, at most reversed."""
    if state.settings["order_where_undocumented"] == "ignore":
        return [Order("name", False)]
    return asked_order(asked, ("name",), "name.asc")


def echo(orders: Sequence[Order]) -> dict[str, str]:
    return {order.field: "desc" if order.descending else "asc" for order in orders}


def sort_rows(
    rows: list[T], orders: Sequence[Order], value: Callable[[T, str], Any], *, nulls: str
) -> None:
    """Sort in place and stably; nulls count as the largest or the smallest value."""
    rank = 1 if nulls == "largest" else -1

    for order in reversed(orders):

        def key(row: T, field: str = order.field) -> tuple[int, Any]:
            found = value(row, field)
            return (rank, 0) if found is None else (0, found)

        rows.sort(key=key, reverse=order.descending)


def ties_reversed(state: State, page: Page) -> bool:
    """Whether this page is cut from the order in which equal records stand reversed."""
    return state.settings["ties"] != "stable" and page.page % 2 == 0


def paged(
    state: State, asked: Asked, rows: Sequence[Record], orders: Sequence[Order]
) -> dict[str, Any]:
    """The envelope with pagination and order around one page of small records."""
    page = asked_page(state, asked)
    rows = list(reversed(rows)) if ties_reversed(state, page) else list(rows)
    nulls = state.settings["null_updated_at"]
    sort_rows(rows, orders, lambda row, field: row.get(field), nulls=nulls)
    meta = {"pagination": page.meta(len(rows)), "order": echo(orders)}
    return {"meta": meta, "data": page.of(rows)}


def first_ten(state: State, asked: Asked) -> Asked:
    """What is left of the question where paging is undocumented and ignored."""
    if state.settings["paging_where_undocumented"] == "honoured":
        return asked
    query = {key: value for key, value in asked.query.items() if key not in ("page", "per_page")}
    return Asked(asked.ids, query, asked.pairs)


def unshown(state: State, asked: Asked, rows: Sequence[Record]) -> dict[str, Any]:
    """A list whose answer no source shows: whole, or in pages."""
    if state.settings["unshown_lists"] == "plain":
        return {"data": list(rows)}
    page = asked_page(state, asked)
    return {"meta": {"pagination": page.meta(len(rows))}, "data": list(page.of(rows))}


def _whole_number(state: State, asked: Asked, name: str, default: int) -> int:
    text = asked.query.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        form = state.settings["validation_errors"]
        raise invalid(form, name, "min", "Must be a whole number from 1")
    return int(text)
