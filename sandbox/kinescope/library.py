"""All videos of an account: made when asked for, kept only where something changed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sandbox.kinescope import moments
from sandbox.kinescope.video import VideoMaker
from sandbox.kinescope.video_facts import Facts

Record = dict[str, Any]
KEPT_SELECTIONS = 8


class Library:
    """The videos by number; `order` lists those that exist, oldest first."""

    def __init__(self, maker: VideoMaker, size: int) -> None:
        self.maker = maker
        self.version = 0
        """Grows with every change, so that what was computed before is known to be stale."""
        self._count = size
        self._order: Sequence[int] = range(size)
        self._records: dict[int, Record] = {}
        self._annotations: dict[int, list[Record]] = {}
        self._posters: dict[int, list[Record]] = {}
        self._removed: set[int] = set()
        self._added_at: dict[int, int] = {}
        self._selections: dict[object, list[int]] = {}

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, number: int) -> bool:
        return 0 <= number < self._count and number not in self._removed

    @property
    def order(self) -> Sequence[int]:
        """The existing videos by creation; equal moments in the order of their numbers."""
        return self._order

    def id(self, number: int) -> str:
        return self.maker.id(number)

    def find(self, video_id: str) -> int | None:
        """The number of an existing video; None for removed and unknown ids."""
        number = self.maker.ids.number("video", video_id)
        return number if number is not None and number in self else None

    def removed(self) -> list[int]:
        return sorted(self._removed)

    def facts(self, number: int) -> Facts:
        """What lists filter and sort by, after all changes."""
        record = self._records.get(number)
        if record is None:
            return self.maker.facts(number)
        updated_at = record["updated_at"]
        return Facts(
            record["title"],
            record["description"],
            record["status"],
            record["project_id"],
            record["folder_id"],
            self.created_at(number),
            None if updated_at is None else moments.of_text(updated_at),
            record["duration"],
            0,
        )

    def created_at(self, number: int) -> int:
        added_at = self._added_at.get(number)
        return self.maker.created_at(number) if added_at is None else added_at

    def record(self, number: int) -> Record:
        """A record that the caller may change without changing the library."""
        record = self._records.get(number)
        return self.maker.record(number) if record is None else _copy(record)

    def annotations(self, number: int) -> list[Record]:
        kept = self._annotations.get(number)
        return self.maker.annotations(number) if kept is None else _copy(kept)

    def inactive_posters(self, number: int) -> list[Record]:
        kept = self._posters.get(number)
        return self.maker.inactive_posters(number) if kept is None else _copy(kept)

    def keep(self, number: int, record: Record) -> None:
        """From now on the video is this record; its creation time stays."""
        self._records[number] = record
        self.touch()

    def keep_annotations(self, number: int, annotations: list[Record]) -> None:
        self._annotations[number] = annotations
        self.touch()

    def keep_inactive_posters(self, number: int, posters: list[Record]) -> None:
        self._posters[number] = posters
        self.touch()

    def add(self, created_at: int) -> int:
        """Take in one more video; returns its number. The caller keeps its record."""
        number = self._count
        self._count += 1
        self._added_at[number] = created_at
        insort(self._list(), number, key=self._place)
        self.touch()
        return number

    def remove(self, number: int) -> None:
        order = self._list()
        del order[bisect_left(order, self._place(number), key=self._place)]
        self._removed.add(number)
        self.touch()

    def restore(self, number: int) -> None:
        """A removed video is back where it was, with all that it had."""
        self._removed.remove(number)
        insort(self._list(), number, key=self._place)
        self.touch()

    def select(self, name: object, choose: Callable[[Iterator[int]], list[int]]) -> list[int]:
        """`choose` of all existing videos; remembered under `name` until something changes.

        Paging through a filtered or sorted list of a large account needs this.
        """
        found = self._selections.get(name)
        if found is None:
            found = choose(iter(self._order))
            if len(self._selections) >= KEPT_SELECTIONS:
                self._selections.pop(next(iter(self._selections)))
            self._selections[name] = found
        return found

    def _place(self, number: int) -> tuple[int, int]:
        return self.created_at(number), number

    def _list(self) -> list[int]:
        if not isinstance(self._order, list):
            self._order = list(self._order)
        return self._order

    def touch(self) -> None:
        """What was computed from the videos before no longer holds."""
        self.version += 1
        self._selections.clear()


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_copy(part) for part in value]
    return value
