"""What made data is kept in: records by id, a clock of its own, and how fields are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sandbox.core.messages import Refused

K = TypeVar("K")
R = TypeVar("R")


class Clock:
    """The service's own time: it moves one step with each change and not otherwise."""

    def __init__(self, start: datetime, step: timedelta) -> None:
        self.now = start
        self.step = step
        self.held = False
        """While held, everything that happens has the same time."""

    def tick(self) -> datetime:
        """The time after one more step; the same time again while held."""
        if not self.held:
            self.now += self.step
        return self.now

    def jump(self, seconds: float) -> None:
        """Move on by so much, back if negative."""
        self.now += timedelta(seconds=seconds)

    def set(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)


class Store(dict[K, R]):
    """Records by id in the order in which they were made, and those that were removed."""

    def __init__(self) -> None:
        super().__init__()
        self.removed: dict[K, R] = {}

    def find(self, key: K) -> R:
        """The record with this id; refuses with 404 where there is none."""
        if key not in self:
            raise Refused(404)
        return self[key]

    def remove(self, key: K) -> R:
        """Take a record out; `bring_back` returns it as it was. Raises KeyError."""
        self.removed[key] = self.pop(key)
        return self.removed[key]

    def bring_back(self, key: K) -> R:
        """Put a removed record back, last in the order. Raises KeyError."""
        self[key] = self.removed.pop(key)
        return self[key]


def pick(record: Any, *names: str) -> dict[str, Any]:
    """These attributes of a record, by name."""
    return {name: getattr(record, name) for name in names}


def set_fields(record: Any, fields: Mapping[str, Any]) -> None:
    """Set plain fields of a dataclass or a dict.

    Raises ValueError for a field that the record does not have, or that holds other records.
    """
    is_dict = isinstance(record, dict)
    for name, value in fields.items():
        known = name in record if is_dict else hasattr(record, name)
        old = (record[name] if is_dict else getattr(record, name)) if known else None
        if not known or isinstance(old, list | dict) or is_dataclass(old):
            raise ValueError(f"{type(record).__name__} has no plain field {name!r}")
        if is_dict:
            record[name] = value
        else:
            setattr(record, name, value)


def put(rows: list[R], row: R, on: bool) -> None:
    """Put a row last in a list, or take it out; it is never in there twice."""
    if row in rows:
        rows.remove(row)
    if on:
        rows.append(row)
