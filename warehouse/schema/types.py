"""From declared types to DuckDB: how a value is read out of a record, and when it does not fit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from connectors.core.schema import Column

DUCKDB_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMPTZ",
    "json": "JSON",
}


def quoted(name: str) -> str:
    """An SQL identifier; the only place where names become SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL text literal, for the few places that take no bound values (DDL, file names)."""
    return "'" + text.replace("'", "''") + "'"


def read_apart(columns: Iterable[Column]) -> frozenset[str]:
    """The columns whose field another column's field equals but for its case. The names in a
    DuckDB struct know no case, so these are read by `text_in_json`."""
    spellings: dict[str, str] = {}
    apart = set()
    for column in columns:
        first = column.source.partition(".")[0]
        if not column.inherited and spellings.setdefault(first.lower(), first) != first:
            apart.add(column.name)
    return frozenset(apart)


def text_in_json(column: Column, record: str) -> str:
    """The SQL expression for the value as text, out of the JSON `record`."""
    path = "$" + "".join('."' + step.replace('"', '\\"') + '"' for step in column.source.split("."))
    return f"json_extract_string({record}, {literal(path)})"


def structure(columns: Iterable[Column]) -> str:
    """The shape that `json_transform` reads out of a record, as a JSON text.

    Every field is read as text (or as JSON where it is kept as JSON), so that one odd value
    spoils neither its record nor its column. Without the columns of `read_apart`.
    """
    shape: dict[str, Any] = {}
    columns = tuple(columns)
    apart = read_apart(columns)
    for column in columns:
        if column.inherited or column.name in apart:
            continue
        for source in (column.source, *column.aliases):
            *steps, last = source.split(".")
            place = shape
            for step in steps:
                inner = place.setdefault(step, {})
                place = inner if isinstance(inner, dict) else place.setdefault(step, {})
            if not isinstance(place.get(last), dict):
                place[last] = "JSON" if column.type == "json" else "VARCHAR"
    return json.dumps(shape)


def text_of(column: Column, record: str = "d", surroundings: str = "p") -> str:
    """The SQL expression for the value as text; the first of several sources that is there."""
    if column.inherited:
        return f"{surroundings}.{quoted(column.name)}"
    paths = [
        ".".join([record, *(quoted(step) for step in source.split("."))])
        for source in (column.source, *column.aliases)
    ]
    return paths[0] if len(paths) == 1 else f"coalesce({', '.join(paths)})"


def nested(column: Column, record: str) -> str:
    """The SQL condition that the field is an object or a list, not a text that looks like one."""
    paths = ("$" + "".join(f".{json.dumps(s)}" for s in source.split("."))
             for source in (column.source, *column.aliases))  # fmt: skip
    kinds = (f"json_type({record}, {literal(path)}) IN ('OBJECT', 'ARRAY')" for path in paths)
    return f"({' OR '.join(kinds)})"


def cast_of(column: Column, text: str, record: str) -> str:
    """The SQL expression of the expensive half of `value_of`, to be computed once per value.

    `record` is the JSON that the text was read out of.
    """
    if column.type == "text":
        # A text that begins like JSON is looked up in its record: it may just look like it.
        looks = f"starts_with({text}, '{{') OR starts_with({text}, '[')"
        return (
            f"CASE WHEN {looks} THEN CASE WHEN {nested(column, record)} THEN NULL ELSE {text} END "
            f"ELSE {text} END"
        )
    if column.type == "json":
        return f"CAST({text} AS JSON)"
    if column.parse == "address":
        text = f"regexp_extract({text}, '(\\d+)/?$', 1)"
        return f"CASE WHEN {text} <> '' THEN TRY_CAST({text} AS BIGINT) END"
    if column.type == "boolean":
        return f"CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END"
    if column.parse == "epoch_seconds":
        return f"TRY_CAST({text} AS DOUBLE)"
    if column.parse == "epoch_milliseconds":
        return f"TRY_CAST({text} AS DOUBLE) / 1000"
    if column.parse == "utc_word":
        text = f"regexp_replace({text}, '(?:(\\.\\d{{1,6}})\\d*)? UTC$', '\\1+00')"
    return f"TRY_CAST({text} AS {DUCKDB_TYPES[column.type]})"


def settled(column: Column, text: str, cast: str) -> str:
    """The SQL expression of the value, given its text and what `cast_of` made of it."""
    if column.parse == "epoch_seconds":
        return f"CASE WHEN {cast} BETWEEN -6e10 AND 2.5e11 THEN to_timestamp({cast}) END"
    if column.parse == "epoch_milliseconds":
        moment = f"TRY_CAST({text} AS TIMESTAMPTZ)"
        return (
            f"CASE WHEN {cast} BETWEEN -6e10 AND 2.5e11 THEN to_timestamp({cast}) "
            f"WHEN isfinite({moment}) THEN {moment} END"
        )
    if column.parse == "address" or column.type in ("text", "json", "boolean"):
        return cast
    if column.type == "integer":
        # Most are written as DuckDB writes them; only others need a closer look.
        whole = f"regexp_full_match({text}, '[+-]?\\d+(\\.0+)?')"
        return f"CASE WHEN CAST({cast} AS VARCHAR) = {text} OR {whole} THEN {cast} END"
    return f"CASE WHEN isfinite({cast}) THEN {cast} END"


def value_of(column: Column, text: str, record: str) -> str:
    """The SQL expression that turns text into the column's type; NULL where it does not fit.

    `record` is the JSON that the text was read out of.
    """
    return settled(column, text, f"({cast_of(column, text, record)})")


def misfit(column: Column, text: str, value: str) -> str | None:
    """The SQL condition that a value is there but does not fit; None where all fits."""
    if column.type == "json":
        return None
    return f"({text} IS NOT NULL AND {value} IS NULL)"


def generated_columns(create: str, columns: Iterable[str]) -> set[str]:
    """Which of a table's columns are worked out from others, by its CREATE statement."""
    if " GENERATED ALWAYS AS(" not in create:
        return set()
    found = set()
    for column in columns:
        name = f"(?:{re.escape(column)}|{re.escape(quoted(column))})"
        if re.search(rf"[(,] ?{name} [A-Z][^,]*? GENERATED ALWAYS AS\(", create):
            found.add(column)
    return found
