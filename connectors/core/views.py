"""Views that follow from rows: said as frozen dataclasses, made into SQL by the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ViewColumn:
    """One column of a view: a text somewhere below a JSON column of its table, typed.

    What does not fit its type is NULL, and so is empty text unless the type is text.
    """

    name: str
    at: tuple[str, ...]
    """A column of the table (alone: as it is), then the members that lead to the text."""
    meaning: str
    type: str = "text"
    listed: bool = False
    """The text is a list joined by commas; empty text is an empty list."""


@dataclass(frozen=True)
class View:
    """Some rows of one table, with columns of their own."""

    name: str
    meaning: str
    table: str
    where: Mapping[str, str]
    """Column of the table -> the value that the rows have there."""
    columns: tuple[ViewColumn, ...] = field(repr=False)


@dataclass(frozen=True)
class Views:
    """Which views a schema has, as a function of the rows of some of its tables."""

    reads: Mapping[str, tuple[str, ...]]
    """Table -> the columns that `make` wants of each current row, whatever its account."""
    make: Callable[[Mapping[str, list[tuple[Any, ...]]]], Iterable[View]]
    """From those rows to the views; names may repeat no name without regard to case."""
