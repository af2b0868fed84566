"""The routes and what each sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.core import Call, Route, by_number
from sandbox.example.changes import Changes
from sandbox.example.data import Book, Shelf

Payload = dict[str, Any]


def page(call: Call[Changes], rows: list[Any], render: Callable[[Any], Payload]) -> Payload:
    """One page of a list: 5 rows if not asked otherwise, 50 at most."""
    found = by_number(call.query, rows, usual=5, most=50)
    meta = {"page": found.number, "per_page": found.size}
    if call.service.switches.total == "told":
        meta["total"] = found.total
    return {"meta": meta, "data": [render(row) for row in found.rows]}


def shelf_payload(shelf: Shelf) -> Payload:
    return {"id": shelf.id, "name": shelf.name}


def book_payload(book: Book) -> Payload:
    return {"id": book.id, "title": book.title, "updated_at": book.updated_at}


def status(call: Call[Changes]) -> Payload:
    return {"ok": True}


def shelves(call: Call[Changes]) -> Payload:
    return page(call, list(call.service.shelves.values()), shelf_payload)


def shelf_books(call: Call[Changes], shelf_id: str) -> Payload:
    """The books of a shelf, or those that were updated after `updated_since`."""
    shelf = call.service.shelves.find(int(shelf_id) if shelf_id.isdecimal() else -1)
    since = call.query.get("updated_since", "")
    books = call.service.books.values()
    rows = [book for book in books if book.shelf is shelf and book.updated_at > since]
    return page(call, rows, book_payload)


ROUTES = (
    Route("GET", "/status", status, public=True),
    Route("GET", "/shelves", shelves),
    Route("GET", "/shelves/{shelf_id}/books", shelf_books),
)
