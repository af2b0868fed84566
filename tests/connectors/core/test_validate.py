"""A page that contradicts itself is refused when it is imported, and the error names the cure."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.core import (
    DeclarationError,
    Family,
    ForEachChanged,
    ForEachParent,
    Reference,
    Resource,
    Rows,
    col,
    inherited,
    parent,
    request,
)
from tests.kit.invented import connector, table

THINGS = table("things")
PARTS = table("parts", inherited("thing_id", "text", "its thing"))
LIST = Resource("things", "/things", (Rows(THINGS),))


def of_thing(path: str = "/things/{thing_id}", **more: Any) -> Resource:
    rows = Rows(PARTS, inherit={"thing_id": request("thing_id")})
    return Resource("parts", path, (more.pop("rows", rows),), **more)


EACH = ForEachParent("things", {"thing_id": "id"})


@pytest.mark.parametrize(
    ("resources", "what", "cure"),
    [
        ((LIST, of_thing()), "uses {thing_id}, which nothing binds", "bind it by each="),
        (
            (LIST, of_thing("/parts", each=EACH)),
            "binds thing_id without using it",
            "get= or params=",
        ),
        ((of_thing(each=EACH), LIST), "for each of 'things'", "declare that resource before it"),
        (
            (LIST, of_thing(each=ForEachChanged("stars", {"thing_id": "id"}))),
            "'stars', which is no table",
            "declare that table",
        ),
        (
            (LIST, of_thing(rows=Rows(PARTS, inherit={"thing_id": parent("id")}), each=EACH)),
            "inherits thing_id by parent('id')",
            "use request('id')",
        ),
        (
            (LIST, Resource("parts", "/p", (Rows(PARTS, inherit={"thing_id": request("x")}),))),
            "gives parts.thing_id by request('x'), unbound",
            "bind it by each=",
        ),
        ((Resource("things", "/t", (Rows(THINGS, count="n"),)),), "counts by 'n'", "remove count="),
    ],
)
def test_resources(resources: tuple[Resource, ...], what: str, cure: str) -> None:
    """What is wrong, and what to write instead."""
    with pytest.raises(DeclarationError) as error:
        connector(Family("things", resources))
    place, _, told = str(error.value).partition("; ")
    assert place.startswith("connectors/invented/__init__.py: resource ")
    assert what in place
    assert cure in told


@pytest.mark.parametrize(
    ("declared", "what", "cure"),
    [
        (table("things", col("id", "text", "again")), "has columns twice: id", "name="),
        (
            table("things", parents=(Reference("star_id", "things"),)),
            "refers by 'star_id', which is no column of it",
            "add that column",
        ),
        (
            table("things", parents=(Reference("id", "stars"),)),
            "refers to 'stars', which is no table",
            "name one of: things",
        ),
        (
            table("things", parents=(Reference(("id", "id"), "things"),)),
            "by another number",
            "one column for each of its key: id",
        ),
    ],
)
def test_tables(declared: Any, what: str, cure: str) -> None:
    """What is wrong, and what to write instead."""
    with pytest.raises(DeclarationError) as error:
        connector(Family("things", (Resource("things", "/things", (Rows(declared),)),)))
    place, _, told = str(error.value).partition("; ")
    assert what in place
    assert cure in told
