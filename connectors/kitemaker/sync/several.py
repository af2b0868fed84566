"""Kitemaker: records asked for one by one, many in one query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors.core import Reader, Record, Skippable, UnexpectedShape
from connectors.kitemaker.endpoints import Several
from connectors.kitemaker.normalize import objects
from connectors.kitemaker.queries import MOST_AT_ONCE
from connectors.paging import get_path

See = Callable[[Record], object]


def read_several(
    reader: Reader,
    several: Several,
    values: Iterable[str],
    variables: Mapping[str, Any],
    see: See = lambda record: None,
) -> dict[str, Skippable]:
    """Records by their ids or addresses, kept; returns those that cannot be had, and why.

    One missing record spoils its batch, whose records are then asked for one by one. `see` gets
    each record before it is kept.
    """
    ordered = sorted(values)
    missing: dict[str, Skippable] = {}
    for start in range(0, len(ordered), MOST_AT_ONCE):
        batch = ordered[start : start + MOST_AT_ONCE]
        error = _read_batch(reader, several, batch, variables, see)
        if error is not None and len(batch) == 1:
            missing[batch[0]] = error
        elif error is not None:
            for value in batch:
                if error := _read_batch(reader, several, [value], variables, see):
                    missing[value] = error
    return missing


def _read_batch(
    reader: Reader, several: Several, batch: list[str], variables: Mapping[str, Any], see: See
) -> Skippable | None:
    """Read and keep a few records; the error where one of them cannot be had."""
    resource, names = several.asked(batch)
    try:
        page = reader.ask(resource, {**variables, **names})
        data = get_path(page.payload, "data")
        shown = data if isinstance(data, dict) else {}
        records = objects([shown.get(name) for name in names])
        found = [get_path(record, several.named_by) for record in records]
        if len(records) < len(batch) or (several.named_by and found != batch):
            raise UnexpectedShape("Kitemaker answered without a record that was asked for")
    except Skippable as error:
        return error
    for record in records:
        see(record)
    reader.keep(resource.rows[0], page.payload)
    return None
