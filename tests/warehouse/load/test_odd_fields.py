"""New fields that differ by case alone, and whole numbers beyond 64 bits: each keeps its value."""

from __future__ import annotations

import dataclasses
import string
from pathlib import Path
from typing import Any

from connectors.core import Family, Resource, Rows, col
from tests.kit.loading import Loading
from tests.warehouse.load.test_poison import COUNTER, NUMBER_ROWS, NUMBERS


def load(loading: Loading, *records: dict[str, Any]) -> dict[str, Any]:
    return loading.load("numbers", [(NUMBER_ROWS, {"data": list(records)})])["numbers"]


def test_fields_that_differ_by_case_alone_keep_their_own_values(tmp_path: Path) -> None:
    """Beside each other, one without the other, and beside a declared field."""
    with Loading(tmp_path, COUNTER) as loading:
        load(
            loading, {"id": 1, "AB": "1", "aB": "2"}, {"id": 2, "aB": "3", "name": "n", "Name": "N"}
        )
        load(loading, {"id": 3, "AB": "4"}, {"id": 1, "AB": "5", "aB": "6"})
        sql = "SELECT id, ab, a_b, name, name_2 FROM counter.numbers ORDER BY id"
        assert loading.query(sql) == [
            (1, "5", "6", None, None), (2, None, "3", "n", "N"), (3, "4", None, None, None),
        ]  # fmt: skip
        fields = "SELECT field, column_name FROM _kollect.schema_changes ORDER BY ALL"
        assert loading.query(fields) == [("AB", "ab"), ("Name", "name_2"), ("aB", "a_b")]


def test_fields_may_be_called_as_anything_in_our_statements(tmp_path: Path) -> None:
    """Letters, `row`, `key` and the like; in a first load, in changes and in versions."""
    names = [*string.ascii_lowercase, "row", "key", "account", "source", "value", "raw"]
    with Loading(tmp_path, COUNTER) as loading:
        load(loading, {"id": 1, **dict.fromkeys(names, "first")})
        load(loading, {"id": 2, **dict.fromkeys(reversed(names), "other")})
        more = [f"{name}{letter}" for name in names[:6] for letter in "df"]
        changed = load(loading, {"id": 1, **dict.fromkeys([*names, *more], "second")})
        assert (changed["updated"], changed["rejected"]) == (1, 0)
        columns = dict(loading.query("SELECT field, column_name FROM _kollect.schema_changes"))
        assert columns.keys() == {*names, *more}
        listed = ", ".join(f'"{columns[name]}"' for name in names)
        for suffix, values in (("", {"second", "other"}), ("_history", {"first"})):
            rows = loading.query(f"SELECT {listed} FROM counter.numbers{suffix}")
            assert {value for row in rows for value in row} == values


def test_whole_numbers_beyond_64_bits_are_kept_to_the_last_digit(tmp_path: Path) -> None:
    """Or are counted as rejects, where the column holds smaller ones already."""
    huge = 123456789012345678901234567890
    with Loading(tmp_path, COUNTER) as loading:
        first = load(loading, {"id": 1, "big": 2**63, "huge": -huge, "small": 2**63 - 1,
                                "half": 0.5})  # fmt: skip
        assert first["rejected"] == 0
        assert loading.query("SELECT big, huge, small, half FROM counter.numbers") == [
            (str(2**63), str(-huge), 2**63 - 1, 0.5)
        ]
        second = load(loading, {"id": 1, "big": 7, "small": 2**63})
        assert second["rejected"] == 1
        assert loading.query("SELECT big, small FROM counter.numbers") == [("7", None)]
        assert loading.query("SELECT value FROM _kollect.rejects") == [(str(2**63),)]


def test_no_value_of_a_new_column_is_null_without_a_reject(tmp_path: Path) -> None:
    """Older versions, older rows and rows of another account held a nested value in the field."""
    with Loading(tmp_path, COUNTER) as loading:
        load(loading, {"id": 1, "odd": {"a": 1}}, {"id": 2, "odd": [2]}, {"id": 3, "odd": None})
        loading.account = "two"
        load(loading, {"id": 1, "odd": {"b": 3}})
        loading.account = "one"
        row = load(loading, {"id": 1, "odd": 7}, {"id": 4, "odd": [4]}, {"id": 5})
        rows = "SELECT _account, id, odd FROM counter.numbers WHERE odd IS NOT NULL"
        assert loading.query(rows) == [("one", 1, 7)]
        rejects = "SELECT account, record_key, reason, value FROM _kollect.rejects ORDER BY ALL"
        assert loading.query(rejects) == [
            ("one", "1", "is no integer, in an earlier version", '{"a":1}'),
            ("one", "2", "is no integer", "[2]"),
            ("one", "4", "is no integer", "[4]"),
            ("two", "1", "is no integer", '{"b":3}'),
        ]
        assert row["rejected"] == 3


def test_columns_that_a_newer_kollect_declares_are_filled_from_the_kept_records(
    tmp_path: Path,
) -> None:
    """In unchanged rows, earlier versions and rows of other accounts; also a field that had
    appeared by itself with another type. What does not fit is a reject."""
    declared = dataclasses.replace(
        NUMBERS,
        columns=(*NUMBERS.columns, col("at", "time"), col("sub.x", "integer"), col("n", "text")),
    )
    rows = Rows(declared, at="data")
    newer = dataclasses.replace(
        COUNTER, families=(Family("numbers", (Resource("numbers", "/numbers", (rows,)),)),)
    )
    same = {"id": 2, "at": "2024-05-06T07:08:09Z", "sub": {"x": 7}, "n": 5}
    with Loading(tmp_path, COUNTER) as loading:
        load(loading, {"id": 1, "at": "soon", "sub": {"x": 1}}, same)
        load(loading, {"id": 1, "at": [1], "sub": {"x": "many"}, "n": 6}, same)
        loading.account = "two"
        load(loading, {"id": 1, "at": "1970-01-01"})
        loading.account, loading.connector = "one", newer
        row = loading.load("numbers", [(rows, {"data": [same]})])["numbers"]
        assert (row["updated"], row["unchanged"]) == (0, 1)
        sql = 'SELECT _account, id, CAST("at" AS VARCHAR), sub_x, n FROM counter.{} ORDER BY ALL'
        assert loading.query(sql.format("numbers")) == [
            ("one", 1, None, None, "6"),
            ("one", 2, "2024-05-06 07:08:09+00", 7, "5"),
            ("two", 1, "1970-01-01 00:00:00+00", None, None),
        ]
        assert loading.query(sql.format("numbers_history")) == [("one", 1, None, 1, None)]
        rejects = (
            "SELECT account, record_key, column_name, reason, value FROM _kollect.rejects "
            "WHERE run_id = 'upgrade' ORDER BY ALL"
        )
        assert loading.query(rejects) == [
            ("one", "1", "at", "is no time", "[1]"),
            ("one", "1", "at", "is no time, in an earlier version", "soon"),
            ("one", "1", "sub_x", "is no integer", "many"),
        ]


def test_new_fields_with_the_names_of_our_own_sql_are_filled_for_older_rows(
    tmp_path: Path,
) -> None:
    """Fields called `d`, `row` and so on hide nothing of the statement that fills."""
    names = ("d", "row", "r", "f", "t", "key", "v0", "v1")
    with Loading(tmp_path, COUNTER) as loading:
        load(loading, {"id": 1, **dict.fromkeys(names)}, {"id": 2})
        load(loading, {"id": 1, **{name: n for n, name in enumerate(names)}}, {"id": 2})
        load(loading, {"id": 2, "later": 5, "d": {"later": 6}})
        columns = ", ".join(f'"{name}"' for name in (*names, "later"))
        rows = loading.query(f"SELECT id, {columns} FROM counter.numbers ORDER BY id")
        assert rows == [
            (1, *range(len(names)), None),
            (2, *(None for _ in names), 5),
        ]
