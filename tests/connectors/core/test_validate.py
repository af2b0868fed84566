"""A page that contradicts itself is refused when it is imported, and the error names the cure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.core import (
    DeclarationError,
    Family,
    ForEachChanged,
    ForEachParent,
    RecordSource,
    Reference,
    Resource,
    Rows,
    col,
    inherited,
    parent,
    request,
)
from connectors.core.schema import Column, snake
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
        (
            (Resource("things", "/t", (Rows(THINGS, source=RecordSource.OWN),)),),
            "are no record's own answer",
            "say listing=False",
        ),
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
        (replace(THINGS, key=("key",)), "has no column for its key 'key'", ""),
        (replace(THINGS, meaning=""), "has no meaning", ""),
        (replace(THINGS, newest="id"), "is no time column", ""),
        (replace(THINGS, columns=(Column("id", "uuid", "its id", "id"),)), "has type 'uuid'", ""),
        (replace(THINGS, columns=(Column("id", "text", "", "id"),)), "has no meaning", ""),
        (
            replace(THINGS, columns=(Column("Id", "text", "its id", "id"),), key=("Id",)),
            "is not snake_case",
            "",
        ),
        (
            replace(THINGS, columns=(inherited("id", "text", "its id"),)),
            "does not give ['id']",
            "",
        ),
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
    assert place.startswith("connectors/invented/__init__.py: ")
    assert what in place
    assert told and cure in told


@pytest.mark.parametrize(
    ("opening", "plan", "words"),
    [
        ("parts", True, "needs a binding"),
        ("others", True, "is no part of its plan"),
        ("things", False, "is no part of its plan"),
    ],
)
def test_a_plan_opens_with_what_needs_no_other_answer(opening: str, plan: bool, words: str) -> None:
    """Only such resources of its own can be asked ahead."""
    made = {
        name: Resource(name, path, (Rows(THINGS),))
        for name, path in (("things", "/x"), ("parts", "/x/{id}"), ("others", "/y"))
    }
    family = Family(
        "things",
        (made["things"], *((made["parts"],) if plan else ())),
        plan=(lambda reader: None) if plan else None,
        opening=(made[opening],),
    )
    with pytest.raises(DeclarationError, match=f"opening with {opening} {words}"):
        connector(family)


@pytest.mark.parametrize(
    ("field", "column"),
    [("createdAt", "created_at"), ("urlPreviewUrl", "url_preview_url"), ("status.name", "status_name"),
     ("shouldIncreaseUIContrast", "should_increase_ui_contrast"), ("id", "id")],
)  # fmt: skip
def test_column_names_are_the_fields_in_snake_case(field: str, column: str) -> None:
    """The API's names, readable in SQL."""
    assert snake(field) == column
