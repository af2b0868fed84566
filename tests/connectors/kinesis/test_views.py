"""Kinesis API: each collection is a typed view that follows its structures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import duckdb

from connectors.kinesis.views import READS, collection_views
from pipelines.sync.account import sync_account
from tests.kit.account import Bench


def plain(value: Any, kind: str) -> Any:
    """A value of a view as JSON, as the truth words it."""
    if isinstance(value, list):
        return [plain(item, kind.removesuffix("[]")) for item in value]
    if kind == "JSON" and value is not None:
        return json.loads(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def shown(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    """The rows of all views, read from the published file."""
    found = {}
    with duckdb.connect(str(bench.warehouse), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE schema_name = 'kinesis'"
        ).fetchall()
        for (name,) in names:
            result = connection.execute(f'SELECT * EXCLUDE (_account) FROM kinesis."{name}"')
            columns = [(column[0], str(column[1])) for column in result.description or ()]
            found[name] = [
                {n: plain(value, kind) for (n, kind), value in zip(columns, row, strict=True)}
                for row in result.fetchall()
            ]
    return found


def assert_views_true(bench: Bench) -> None:
    """The views are those of the truth, column by column and value by value."""
    truth, views = bench.world.truth_views(), shown(bench)
    assert views.keys() == truth.keys()
    for name, rows in truth.items():
        expected = {row["_data_id"]: row for row in rows}
        assert {row["_data_id"]: row for row in views[name]} == expected, name
        assert all(list(row) == list(rows[0]) for row in views[name])


def test_views_equal_the_truth_through_changes_of_structures(made: Callable[..., Bench]) -> None:
    """After a first sync, after structures are added, moved, renamed, retyped and deleted, and
    after collections come, are renamed and go; arrays are lists, misfits NULL, secrets absent."""
    kinesis = made("kinesis")
    world = kinesis.world
    assert kinesis.sync("records").status == "complete"
    assert_views_true(kinesis)
    assert any(rows for rows in shown(kinesis).values())
    world.add_structure("bookshop", "books", "shelf", "INTEGER", default="5")
    world.move_structure("bookshop", "books", "shelf", 0)
    world.rename_structure("bookshop", "books", "title", "Title")
    world.edit_structure("bookshop", "books", "pages", stype="TEXT")
    world.edit_structure("bookshop", "books", "isbn", encrypted=True)
    world.delete_structure("bookshop", "books", "genres")
    world.rename_custom_structure("bookshop", "books", "review", "reader")
    world.rename_collection("bookshop", "customers", "people")
    world.delete_collection("_lab", "posts")
    world.add_collection("empty", "notes")
    assert kinesis.sync("records").status == "complete"
    assert_views_true(kinesis)
    world.delete_project("_lab")
    world.change(4)
    last = kinesis.sync("records")
    assert last.status == "complete", (last.error, last.tables)
    assert_views_true(kinesis)


def test_views_have_types_comments_and_every_account(made: Callable[..., Bench]) -> None:
    """A column has its structure's type and name, and a second account's rows stand beside."""
    kinesis = made("kinesis", size=30)
    assert kinesis.sync("records").status == "complete"
    columns = kinesis.query(
        "SELECT column_name, data_type, comment FROM duckdb_columns() "
        "WHERE schema_name = 'kinesis' AND table_name = 'bookshop__books'"
    )
    kinds = {name: kind for name, kind, _ in columns}
    assert kinds["price"] == "DOUBLE"
    assert kinds["genres"] == "VARCHAR[]"
    assert kinds["published"] == "DATE"
    assert kinds["added_at"] == "TIMESTAMP WITH TIME ZONE"
    assert kinds["review.stars"] == "BIGINT"
    assert all(comment for _, _, comment in columns)
    (comment,) = kinesis.query(
        "SELECT comment FROM duckdb_views() WHERE view_name = 'bookshop__books'"
    )[0]
    assert comment.startswith("Books 📚")

    second = replace(kinesis.account, name="second")
    assert sync_account(kinesis.settings, second, tables=["records"]).status == "complete"
    counts = kinesis.query(
        'SELECT _account, count(*) FROM kinesis."bookshop__books" GROUP BY 1 ORDER BY 1'
    )
    books = len(kinesis.world.truth_views()["bookshop__books"])
    assert counts == [("kinesis", books), ("second", books)]


def structure(
    account: str, collection: str, name: str, kind: str = "TEXT", *, custom: str = "",
    position: int = 0, encrypted: bool = False, array: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """A row of `structures` as the views read it."""
    row = {
        "_account": account, "project_id": "p", "collection_id": collection,
        "custom_structure_id": custom, "position": position, "id": name, "name": name,
        "stype": kind, "encrypted": encrypted, "array": array,
    }  # fmt: skip
    return tuple(row[column] for column in READS["structures"])


def made_views(*structures: tuple[Any, ...]) -> dict[str, dict[str, str]]:
    """View name -> column name -> type, for structures in collections of two accounts."""
    place = READS["structures"].index("collection_id")
    collections = sorted({(row[0], "p", row[place], row[place]) for row in structures})
    views = collection_views(
        {"structures": list(structures), "collections": collections, "custom_structures": []}
    )
    return {view.name: {column.name: column.type for column in view.columns} for view in views}


def test_accounts_that_differ_share_a_view_of_both() -> None:
    """Each structure of either account has a column; what they type differently is text."""
    views = made_views(
        structure("a", "c", "size", "INTEGER"),
        structure("a", "c", "price", "FLOAT", position=1),
        structure("b", "c", "size", "FLOAT"),
        structure("b", "c", "weight", "FLOAT", position=1),
        structure("b", "c", "pin", "PASSWORD", position=2),
    )
    own = {"_account": "text", "_data_id": "text", "_published": "text"}
    assert views == {"p__c": {**own, "size": "text", "price": "number", "weight": "number"}}


def test_names_that_a_database_cannot_tell_apart_get_a_number() -> None:
    """Columns and views alike, also where the number itself is taken."""
    views = made_views(
        structure("a", "Posts", "Total"),
        structure("a", "Posts", "total", position=1),
        structure("a", "Posts", "total_2", position=2),
        structure("a", "Posts", "_DATA_ID", position=3),
        structure("a", "posts", "x"),
    )
    assert list(views) == ["p__Posts", "p__posts_2"]
    assert list(views["p__Posts"])[3:] == ["Total", "total_2", "total_2_2", "_DATA_ID_2"]
