"""Pages of lists as services cut them: by number, by offset, or behind a cursor."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from sandbox.core.messages import Refused

T = TypeVar("T")


class Page(NamedTuple, Generic[T]):
    """One page of a list. `size` is the size asked for, after the maximum was applied."""

    rows: Sequence[T]
    offset: int
    size: int
    total: int

    @property
    def number(self) -> int:
        """Pages count from 1."""
        return self.offset // self.size + 1

    @property
    def has_more(self) -> bool:
        return self.offset + self.size < self.total


class CursorPage(NamedTuple, Generic[T]):
    """One page behind a cursor; `cursor` leads to the next one."""

    rows: Sequence[T]
    cursor: str
    has_more: bool


def by_number(
    query: Mapping[str, str],
    rows: Sequence[T],
    *,
    usual: int,
    most: int,
    refuse_above: bool = False,
    number_name: str = "page",
    size_name: str = "per_page",
) -> Page[T]:
    """The page of a number from 1, with `usual` rows unless the query says otherwise."""
    number = whole_number(query, number_name, 1, least=1)
    size = page_size(query, size_name, usual, most, refuse_above)
    return cut(rows, (number - 1) * size, size)


def by_offset(
    query: Mapping[str, str],
    rows: Sequence[T],
    *,
    usual: int,
    most: int,
    refuse_above: bool = False,
    offset_name: str = "offset",
    size_name: str = "limit",
) -> Page[T]:
    """The page that begins after `offset` rows. A size of 0 means the greatest."""
    size = page_size(query, size_name, usual, most, refuse_above, least=0)
    return cut(rows, whole_number(query, offset_name, 0), size or most)


def by_cursor(
    rows: Iterable[T],
    key: Callable[[T], tuple[Any, ...]],
    *,
    cursor: str | None,
    size: int,
    descending: bool = False,
) -> CursorPage[T]:
    """The page behind the row whose key the cursor holds: no row shifts under a reader."""
    if cursor:
        last = open_cursor(cursor)
        rows = [row for row in rows if (key(row) < last if descending else key(row) > last)]
    ordered = sorted(rows, key=key, reverse=descending)
    page = ordered[:size]
    following = seal_cursor(key(page[-1])) if page else cursor or ""
    return CursorPage(page, following, len(ordered) > size)


def cut(rows: Sequence[T], offset: int, size: int) -> Page[T]:
    return Page(rows[offset : offset + size], offset, size, len(rows))


def page_size(
    query: Mapping[str, str],
    name: str,
    usual: int,
    most: int,
    refuse_above: bool = False,
    least: int = 1,
) -> int:
    """The size asked for; one above `most` is lowered, or refused with 400."""
    size = whole_number(query, name, usual, least=least)
    if size > most and refuse_above:
        raise Refused(400, f"{name} is at most {most}", parameter=name)
    return min(size, most)


def whole_number(query: Mapping[str, str], name: str, usual: int, *, least: int = 0) -> int:
    """A parameter as a whole number; refuses with 400 what is none or is too small."""
    text = query.get(name) or str(usual)
    if not text.isdecimal() or int(text) < least:
        raise Refused(400, f"{name} is not a whole number from {least}", parameter=name)
    return int(text)


def seal_cursor(key: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def open_cursor(cursor: str) -> tuple[Any, ...]:
    """The key inside a cursor; refuses with 400 what `seal_cursor` did not make."""
    try:
        return tuple(json.loads(base64.urlsafe_b64decode(cursor.encode())))
    except (ValueError, TypeError):
        raise Refused(400, "the cursor is unknown", parameter="cursor") from None
