"""What can happen to the data while nobody watches."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.core import Clock, Service, action, set_fields
from sandbox.example.data import build, make_book
from sandbox.example.switches import LibrarySwitches


class Changes(Service):
    """The library's data and all that changes it."""

    name = "library"
    switch_class = LibrarySwitches
    switches: LibrarySwitches

    def build(self) -> None:
        self.clock = Clock(datetime(2025, 3, 3, tzinfo=UTC), timedelta(minutes=1))
        self.shelves, self.books = build(self.size, self.clock)

    @action
    def add_book(self, shelf_id: int = 0, title: str = "A new book") -> int:
        """One more book; returns its id."""
        return make_book(self.books, self.shelves[shelf_id], title, self.clock).id

    @action
    def edit_book(self, book_id: int, **fields: Any) -> None:
        book = self.books[book_id]
        set_fields(book, fields)
        book.updated_at = self.clock.tick().isoformat()

    @action
    def remove_book(self, book_id: int) -> None:
        """The book is gone, without a tombstone."""
        self.books.remove(book_id)

    def round(self, rng: random.Random, seed: int) -> list[str]:
        edited, removed = rng.sample(list(self.books), 2)
        self.edit_book(edited, title=f"Edited {seed}")
        self.remove_book(removed)
        added = self.add_book(rng.randrange(2), f"New {seed}")
        return [f"edited book {edited}", f"removed book {removed}", f"added book {added}"]
