"""Scratch files of lines, and the SQL by which DuckDB types them.

A line is one record: `{"s": order, "n": source, "p": inherited values, "r": record, "v": fields
that make no version}`; without `n` it comes from a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from connectors.core.resources import RecordSource
from connectors.core.schema import Column, Table
from warehouse.schema.types import (
    DUCKDB_TYPES,
    cast_of,
    literal,
    misfit,
    quoted,
    read_apart,
    settled,
    structure,
    text_in_json,
    text_of,
)

SMALLEST_READ = 1 << 20


@dataclass
class Batch:
    """A scratch file that is being written, or was."""

    file: Path
    writer: BinaryIO
    begun_at: float
    """By the clock of its `Ingest`, in seconds."""
    size: int = 0
    longest: int = 0
    """No line has more bytes than this."""


def typed_rows(table: Table, columns: tuple[Column, ...], batch: Batch) -> str:
    """SQL for the typed rows of a scratch file: `_s`, `_source`, the columns, `_raw`, `_content`,
    `_misfit`.

    Each value is computed in steps, a subquery each: text (`t:`), cast (`c:`), value. In one
    expression DuckDB would compute the text and the cast several times. No column's own name holds
    a colon.
    """
    own = [c for c in columns if not c.inherited]
    parts = {
        '"d:"': ('"r:"', [c for c in own if not c.unversioned]),
        '"m:"': ('"v:"', [c for c in own if c.unversioned]),
    }
    objects: dict[str, str] = {}
    texts: dict[str, str] = {}
    casts: dict[str, str] = {}
    values = {
        quoted(c.name): f'TRY_CAST("p:".{quoted(c.name)} AS {DUCKDB_TYPES[c.type]})'
        for c in columns
        if c.inherited
    }
    wrong = []
    for place, (record, some) in parts.items():
        if some:
            objects[place] = f"json_transform({record}, {literal(structure(some))})"
        apart = read_apart(some)
        for column in some:
            text, cast = quoted(f"t:{column.name}"), quoted(f"c:{column.name}")
            is_apart = column.name in apart
            texts[text] = text_in_json(column, record) if is_apart else text_of(column, place)
            casts[cast] = cast_of(column, text, record)
            values[quoted(column.name)] = settled(column, text, cast)
            wrong.append(misfit(column, text, quoted(column.name)))
    read = _reading(columns, batch)
    for step in (objects, texts, casts, values):
        made = "".join(f", {value} AS {name}" for name, value in step.items())
        read = f"(SELECT *{made} FROM {read})"
    raw = 'CAST("r:" AS VARCHAR)'
    extra_content = "".join(
        f" || ' ' || coalesce({quoted(c.name)}::VARCHAR, '')"
        for c in columns
        if c.inherited and c.name not in table.key
    )
    whole = raw
    if parts['"m:"'][1] or table.unversioned:
        whole = (
            f"CASE WHEN \"v:\" IS NULL THEN {raw} WHEN {raw} = '{{}}' THEN "
            f'CAST("v:" AS VARCHAR) ELSE {raw}[:-2] || \',\' || CAST("v:" AS VARCHAR)[2:] END'
        )
    names = "".join(f"{quoted(c.name)}, " for c in columns)
    return (
        f'SELECT "s:" AS _s, coalesce("n:", {RecordSource.LIST:d}) AS _source, {names}{whole} '
        f"AS _raw, md5({raw}{extra_content})::UUID AS _content, "
        f"{' OR '.join(filter(None, wrong)) or 'false'} AS _misfit FROM {read}"
    )


def read_lines(file: Path, kinds: Mapping[str, str], longest: int) -> str:
    """SQL for the lines of a scratch file, read with these columns and types.

    `longest` is the number of bytes that no line exceeds.
    """
    listed = ", ".join(f"{name}: {literal(kind)}" for name, kind in kinds.items())
    size = max(SMALLEST_READ, longest) + 1024
    return (
        f"read_json({literal(str(file))}, format = 'newline_delimited', "
        f"maximum_object_size = {size}, columns = {{{listed}}})"
    )


def _reading(columns: tuple[Column, ...], batch: Batch) -> str:
    """SQL for the lines of a batch as they were written: `s:`, `n:`, `p:`, `r:`, `v:`."""
    inherited = ", ".join(
        f"{quoted(c.name)} {'JSON' if c.type == 'json' else 'VARCHAR'}"
        for c in columns
        if c.inherited
    )
    kinds = {
        "s": "BIGINT",
        "n": "BIGINT",
        "p": f"STRUCT({inherited})" if inherited else "JSON",
        "r": "JSON",
        "v": "JSON",
    }
    renamed = ", ".join(f'{name} AS "{name}:"' for name in kinds)
    return f"(SELECT {renamed} FROM {read_lines(batch.file, kinds, batch.longest)})"
