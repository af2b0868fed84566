"""The rows of a complete copy; written apart from what the routes send, so that it can differ."""

from __future__ import annotations

from sandbox.core import Store, Tables, lagging
from sandbox.example.data import Book, Shelf


def tables(shelves: Store[int, Shelf], books: Store[int, Book]) -> Tables:
    return {
        "shelves": [{"id": shelf.id, "name": shelf.name} for shelf in shelves.values()],
        "books": [
            {"id": b.id, "shelf_id": b.shelf.id, "title": b.title, "updated_at": b.updated_at}
            for b in books.values()
        ],
    }


def after_increment(before: Tables, now: Tables) -> Tables:
    """`updated_since` shows edited and new books; only a full pass shows removed ones."""
    newest = max((row["updated_at"] for row in before["books"]), default="")
    shown = {row["id"] for row in now["books"] if row["updated_at"] > newest}
    books = lagging(before["books"], now["books"], ("id",), lambda row: row["id"] in shown)
    return now | {"books": books}
