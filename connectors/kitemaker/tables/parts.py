"""Kitemaker: columns that many tables have, and tables of pairs."""

from __future__ import annotations

from connectors.core import Column, Reference, Table, col, inherited

ID = col("id", "text", "the record's id, the same for its whole life")
CREATED = col("createdAt", "time", "when the record was created")
UPDATED = col("updatedAt", "time", "when the record was changed last")
STAMPS = (CREATED, UPDATED)
LATE_STAMPS = (
    col("createdAt", "time", "when the record was created (GraphQL only)", backfilled=True),
    col("updatedAt", "time", "when the record was changed last (GraphQL only)", backfilled=True),
)
ACTOR = (
    col("actor.id", "text", "who made it: an id of a table for that type", unversioned=True),
    col("actor.name", "text", "what the maker is called", unversioned=True),
    col(
        "actor.type",
        "text",
        "`user`, `application`, `integration` or `integration_user`",
        unversioned=True,
    ),
)
SIZES = (
    col("effort", "text", "how much work it is, as `Small`, `Medium`, `Large`"),
    col("impact", "text", "how much it would change, as `Small`, `Medium`, `Large`"),
)
OF_SPACE = Reference("space_id", "spaces", owner=True)
LINK_PARTS = ("name", "color", "createdAt", "updatedAt")
"""What links repeat of the record that they lead to."""
End = tuple[str, str]


def link(name: str, meaning: str, owner: End, to: End, *more: Column) -> Table:
    """A table of pairs; `owner` and `to` are (column, table) of its two ends."""
    return Table(
        name,
        meaning,
        (
            inherited(owner[0], "text", f"the record in `{owner[1]}`"),
            col("id", "text", f"the record in `{to[1]}`", name=to[0]),
            *more,
        ),
        key=(owner[0], to[0]),
        parents=(Reference(owner[0], owner[1], owner=True), Reference(to[0], to[1], orphans=1.0)),
        unversioned=LINK_PARTS,
    )
