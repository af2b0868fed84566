"""All videos of an account: made when asked for, kept only where something changed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Sequence
from copy import deepcopy
from datetime import datetime

from sandbox.kinescope.video_parts import Facts, Record
from sandbox.kinescope.videos import VideoMaker

KEPT_SELECTIONS = 8


class Library:
    """The videos by number; `order` lists those that exist, oldest first."""

    def __init__(self, maker: VideoMaker, size: int) -> None:
        self.maker = maker
        self.version = 0
        """Grows with every change."""
        self.removed: set[int] = set()
        self._count = size
        self._order: Sequence[int] = range(size)
        self._records: dict[int, Record] = {}
        self._added_at: dict[int, datetime] = {}
        self._selections: dict[Hashable, list[int]] = {}

    def __contains__(self, number: int) -> bool:
        return 0 <= number < self._count and number not in self.removed

    @property
    def order(self) -> Sequence[int]:
        """The existing videos by creation; equal times in the order of their numbers."""
        return self._order

    def id(self, number: int) -> str:
        return self.maker.id(number)

    def find(self, video_id: str) -> int | None:
        """The number of an existing video; None for removed and unknown ids."""
        number = self.maker.ids.number("video", video_id)
        return number if number is not None and number in self else None

    def facts(self, number: int) -> Facts:
        """What lists sort by, after all changes."""
        record = self._records.get(number)
        if record is None:
            return self.maker.facts(number)
        fields = {name: record[name] for name in Facts._fields[:5]}
        updated_at = record["updated_at"]
        return Facts(
            **fields,
            created_at=self.created_at(number),
            updated_at=None if updated_at is None else datetime.fromisoformat(updated_at),
            duration=record["duration"],
            noise=0,
        )

    def created_at(self, number: int) -> datetime:
        return self._added_at.get(number) or self.maker.created_at(number)

    def record(self, number: int) -> Record:
        """A record that the caller may change without changing the library."""
        record = self._records.get(number)
        return self.maker.record(number) if record is None else deepcopy(record)

    def keep(self, number: int, record: Record) -> None:
        """From now on the video is this record; its creation time stays."""
        self._records[number] = record
        self._changed()

    def add(self, created_at: datetime) -> int:
        """Take in one more video; returns its number. The caller keeps its record."""
        number = self._count
        self._count += 1
        self._added_at[number] = created_at
        insort(self._list(), number, key=self._place)
        self._changed()
        return number

    def remove(self, number: int) -> None:
        order = self._list()
        del order[bisect_left(order, self._place(number), key=self._place)]
        self.removed.add(number)
        self._changed()

    def restore(self, number: int) -> None:
        """A removed video is back where it was, with all that it had."""
        self.removed.remove(number)
        insort(self._list(), number, key=self._place)
        self._changed()

    def select(self, name: Hashable, choose: Callable[[], list[int]]) -> list[int]:
        """`choose()`, remembered under `name` until something changes.

        Paging through a sorted list of a large account needs this.
        """
        if name not in self._selections:
            if len(self._selections) >= KEPT_SELECTIONS:
                self._selections.pop(next(iter(self._selections)))
            self._selections[name] = choose()
        return self._selections[name]

    def _place(self, number: int) -> tuple[datetime, int]:
        return self.created_at(number), number

    def _list(self) -> list[int]:
        if not isinstance(self._order, list):
            self._order = list(self._order)
        return self._order

    def _changed(self) -> None:
        self.version += 1
        self._selections.clear()
