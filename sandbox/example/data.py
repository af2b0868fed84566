"""The records and how the first of them are made."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import Clock, Store

TITLES = ("Plain", "Ünïcödé ✨", "", 'With "quotes", and a\nline break')


@dataclass(eq=False, kw_only=True)
class Shelf:
    id: int
    name: str


@dataclass(eq=False, kw_only=True)
class Book:
    id: int
    title: str
    shelf: Shelf
    updated_at: str


def build(size: int, clock: Clock) -> tuple[Store[int, Shelf], Store[int, Book]]:
    """Three shelves, the last of them empty, and `size` books on the first two."""
    shelves: Store[int, Shelf] = Store()
    books: Store[int, Book] = Store()
    for number in range(3):
        shelves[number] = Shelf(id=number, name=f"Shelf {number}")
    for number in range(size):
        make_book(books, shelves[number % 2], TITLES[number % len(TITLES)], clock)
    return shelves, books


def make_book(books: Store[int, Book], shelf: Shelf, title: str, clock: Clock) -> Book:
    number = len(books) + len(books.removed)
    book = Book(id=number, title=title, shelf=shelf, updated_at=clock.tick().isoformat())
    books[number] = book
    return book
