"""Kinesis API: one typed view for each collection that people built.

`kinesis."<project>__<collection>"` has a row for each record and a column for each structure
in its declared type; structures of a custom structure are named `<custom>.<structure>`. Secret
structures have no column. Accounts that hold a collection under the same ids share its view:
it holds the rows of all of them, told apart by `_account`, and a structure that they declare
in different types is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.core import View, ViewColumn, Views

READS = {
    "collections": ("_account", "project_id", "id", "name"),
    "custom_structures": ("_account", "project_id", "collection_id", "id", "position"),
    "structures": (
        "_account", "project_id", "collection_id", "custom_structure_id", "position", "id", "name",
        "stype", "encrypted", "array",
    ),
}  # fmt: skip
OWN = (
    ViewColumn("_account", ("_account",), "the account that this record belongs to"),
    ViewColumn("_data_id", ("data_id",), "the record's id; an edit changes it"),
    ViewColumn("_published", ("published",), "whether the record is published"),
)
KINDS = {
    "INTEGER": "integer",
    "FLOAT": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DATETIME": "time",
    "JSON": "json",
}
"""What is not here is text: texts, choices, addresses of media, ids, and types yet unknown."""

Place = tuple[str, str]
"""A project's id and a collection's."""


def collection_views(rows: Mapping[str, list[tuple[Any, ...]]]) -> list[View]:
    """The views of all collections, in the order of their names."""
    titles: dict[Place, str] = {}
    for _, project, collection, title in sorted(rows["collections"], key=_by_text):
        titles.setdefault((project, collection), title or collection)
    columns = _columns(rows)
    places = sorted(titles)
    names = free_names((f"{project}__{collection}" for project, collection in places), ())
    return [
        View(
            name=name,
            meaning=f"{titles[place]}: the records of collection {place[1]} in project {place[0]}",
            table="records",
            where={"project_id": place[0], "collection_id": place[1]},
            columns=(*OWN, *columns.get(place, ())),
        )
        for place, name in zip(places, names, strict=True)
    ]


def free_names(wanted: Iterable[str], taken: Iterable[str]) -> Iterator[str]:
    """The names, with a number behind those that differ from an earlier one by case alone."""
    used = {name.lower() for name in taken}
    for name in wanted:
        free, number = name, 2
        while free.lower() in used:
            free, number = f"{name}_{number}", number + 1
        used.add(free.lower())
        yield free


def _columns(rows: Mapping[str, list[tuple[Any, ...]]]) -> dict[Place, list[ViewColumn]]:
    """The columns by collection: plain structures first, then those of custom structures."""
    found: dict[Place, dict[tuple[str, str], ViewColumn]] = {}
    groups = {row[:4]: row[4] for row in rows["custom_structures"]}

    def in_order(row: tuple[Any, ...]) -> tuple[Any, ...]:
        account, project, collection, custom, position, structure = row[:6]
        group = groups.get(row[:4], 0) if custom else -1
        return project, collection, custom != "", account, group, custom, position, structure

    for row in sorted(rows["structures"], key=in_order):
        _, project, collection, custom, _, structure, title, kind, encrypted, listed = row
        if kind is None or kind.upper() == "PASSWORD" or encrypted:
            continue
        parts = found.setdefault((project, collection), {})
        column = ViewColumn(
            name=f"{custom}.{structure}" if custom else structure,
            at=("custom_values", custom, structure) if custom else ("values", structure),
            meaning=f"{title or structure} ({kind}{', a list' if listed else ''})",
            type=KINDS.get(kind, "text"),
            listed=bool(listed),
        )
        other = parts.setdefault((custom, structure), column)
        if (other.type, other.listed) != (column.type, column.listed):
            meaning = f"{title or structure} (declared in several types)"
            parts[(custom, structure)] = ViewColumn(column.name, column.at, meaning)
    return {place: _named(list(parts.values())) for place, parts in found.items()}


def _named(columns: list[ViewColumn]) -> list[ViewColumn]:
    names = free_names((column.name for column in columns), (own.name for own in OWN))
    return [
        ViewColumn(name, column.at, column.meaning, column.type, column.listed)
        for name, column in zip(names, columns, strict=True)
    ]


def _by_text(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(str(value) for value in row)


VIEWS = Views(READS, collection_views)
