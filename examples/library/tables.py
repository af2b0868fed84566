"""Library: what is kept of shelves and books."""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited

SHELVES = Table(
    "shelves",
    "One shelf",
    (col("id", "integer", "the shelf's id"), col("name", "text", "its name")),
)

BOOKS = Table(
    "books",
    "One book",
    (
        col("id", "integer", "the book's id"),
        inherited("shelf_id", "integer", "the shelf that it stands on"),
        col("title", "text", "its title"),
        col("updated_at", "time", "when it was changed last"),
    ),
    parents=(Reference("shelf_id", "shelves", owner=True),),  # books end with their shelf
    newest="updated_at",
)
