"""Made figures: views by hour and video, usage by day, product and project.

Everything follows from (seed, day), so any day can be made; only the days that
`first_day` to `today` name have data.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sandbox.kinescope.library import Library

FIELDS = (
    "view",
    "unique_view",
    "play",
    "pause",
    "seek",
    "replay",
    "player_init",
    "player_load",
    "buffering_time",
    "buffering_count",
    "watch_time",
)
TODAY = date(2026, 11, 20)
DAYS_OF_ANALYTICS = 10
DAYS_OF_BILLING = 40
VIDEOS_A_DAY = 12
LOST_VIDEO = 4_000_000_000
"""The number of a video that was watched and is in no listing."""


class Hour(NamedTuple):
    """What one video did in one hour."""

    start: datetime
    video_id: str
    figures: dict[str, int]


class Usage(NamedTuple):
    """One row of billing; a day without usage has a row without project."""

    day: date
    product: str
    project_id: str | None
    usage: int


class Figures:
    """Analytics and billing of one account."""

    def __init__(self, library: Library, size: int, project_ids: Sequence[str]) -> None:
        self._library = library
        self._seed = library.maker.ids.seed
        self._size = size
        self._project_ids = project_ids
        self._more: dict[date, list[Hour]] = {}
        self._used: dict[date, list[Usage]] = {}
        self._made: dict[tuple[date, str], list[Hour]] = {}
        self.set_today(TODAY)

    def set_today(self, today: date) -> None:
        """Data are there for the days before `today` and, so far, for it."""
        self.today = today
        self.first_day = today - timedelta(days=DAYS_OF_ANALYTICS)
        self.first_billing_day = today - timedelta(days=DAYS_OF_BILLING)

    def pass_day(self) -> date:
        """A day later; the older data stay."""
        self.today += timedelta(days=1)
        return self.today

    def days(self) -> list[date]:
        return _days(self.first_day, self.today)

    def hours(self, day: date, zone: ZoneInfo) -> list[Hour]:
        """All figures of one day of the workspace's zone; none outside of the days."""
        if not self.first_day <= day <= self.today:
            return []
        if (day, zone.key) not in self._made:
            self._made[day, zone.key] = list(self._make(day, zone))
        return self._made[day, zone.key] + self._more.get(day, [])

    def add_views(self, day: date, video_id: str, views: int, zone: ZoneInfo) -> None:
        """Late or current views of a video; its row of that day grows or appears."""
        start = _instant(day, 1, zone)
        self._more.setdefault(day, []).append(Hour(start, video_id, _figures(views, 7)))

    def usage(self) -> list[Usage]:
        """All rows of billing, oldest first."""
        rows: dict[tuple[date, str, str | None], int] = {}
        for day in _days(self.first_billing_day, self.today):
            for row in (*self._make_usage(day), *self._used.get(day, [])):
                key = (row.day, row.product, row.project_id)
                rows[key] = rows.get(key, 0) + row.usage
        return [Usage(*key, usage) for key, usage in rows.items()]

    def add_usage(self, day: date, product: str, project_id: str, usage: int) -> None:
        """The bill of a day is corrected upwards."""
        self._used.setdefault(day, []).append(Usage(day, product, project_id, usage))

    def _make(self, day: date, zone: ZoneInfo) -> Iterator[Hour]:
        chance = random.Random(f"{self._seed} views {day}")
        if day.toordinal() % 5 == 3:
            yield Hour(
                _instant(day, 9, zone),
                self._library.maker.ids.of("video", LOST_VIDEO),
                _figures(3, 1),
            )
        if day.toordinal() % 7 == 2:
            return  # a day on which hardly anybody watched
        for number in sorted({chance.randrange(self._size) for _ in range(VIDEOS_A_DAY)}):
            # The first hours of the day lie before midnight UTC.
            for hour in sorted(chance.sample((0, 1, 2, 9, 14, 20, 23), 3)):
                yield Hour(
                    _instant(day, hour, zone),
                    self._library.id(number),
                    _figures(chance.randrange(1, 40), chance.randrange(9)),
                )

    def _make_usage(self, day: date) -> Iterator[Usage]:
        chance = random.Random(f"{self._seed} usage {day}")
        some = self._project_ids[:4]
        if chance.random() < 0.4:
            yield Usage(day, "encoding", chance.choice(some), chance.randrange(1, 900))
        else:
            yield Usage(day, "encoding", None, 0)
        grown = day.toordinal() - date(2026, 1, 1).toordinal()
        for place, project_id in enumerate(some):
            yield Usage(day, "storage", project_id, 8_448_099_631 * (place + 1) + grown * 1_000_003)
        watched = [project_id for project_id in some if chance.random() < 0.5]
        for project_id in watched:
            yield Usage(day, "cdn", project_id, chance.randrange(10**9, 10**12))
        if not watched:
            yield Usage(day, "cdn", None, 0)


def _figures(views: int, other: int) -> dict[str, int]:
    counts = (
        views,
        (views + 1) // 2,
        views * 2 + other,
        other,
        other * 2,
        other // 3,
        views + other,
        views + other,
        other * 130,
        other // 2,
        views * 61 + other,
    )
    return dict(zip(FIELDS, counts, strict=True))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def _instant(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
