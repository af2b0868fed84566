"""Made figures: views by hour and video, usage by day, product and project.

Everything follows from (seed, day), so any day can be made; only the days that `first_day` to
`today` name have data.
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
"""The number of a video that was watched and is in no list."""


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
        self._size = max(size, 1)
        self._project_ids = project_ids[:4]
        self._more: dict[date, list[Hour]] = {}
        self._used: dict[date, list[Usage]] = {}
        self._made: dict[tuple[date, str], list[Hour]] = {}
        self.set_today(TODAY)

    def set_today(self, today: date) -> None:
        """Data are there for the days before `today` and, so far, for it."""
        self.today = today
        self.first_day = today - timedelta(days=DAYS_OF_ANALYTICS)
        self.first_billing_day = today - timedelta(days=DAYS_OF_BILLING)

    def days(self) -> list[date]:
        return _days(self.first_day, self.today)

    def hours(self, day: date, zone: ZoneInfo) -> list[Hour]:
        """All figures of one day of the workspace's zone."""
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
                key = row[:3]
                rows[key] = rows.get(key, 0) + row.usage
        return [Usage(*key, usage) for key, usage in rows.items()]

    def add_usage(self, day: date, product: str, project_id: str, usage: int) -> None:
        """The bill of a day is corrected upwards."""
        self._used.setdefault(day, []).append(Usage(day, product, project_id, usage))

    def _make(self, day: date, zone: ZoneInfo) -> Iterator[Hour]:
        chance = random.Random(f"{self._seed} views {day}")
        if day.toordinal() % 5 == 3:
            lost = self._library.id(LOST_VIDEO)
            yield Hour(_instant(day, 9, zone), lost, _figures(3, 1))
        if day.toordinal() % 7 == 2:
            return  # a day on which hardly anybody watched
        for number in sorted({chance.randrange(self._size) for _ in range(VIDEOS_A_DAY)}):
            # The first hours of the day lie before midnight UTC.
            for hour in sorted(chance.sample((0, 1, 2, 9, 14, 20, 23), 3)):
                figures = _figures(chance.randrange(1, 40), chance.randrange(9))
                yield Hour(_instant(day, hour, zone), self._library.id(number), figures)

    def _make_usage(self, day: date) -> Iterator[Usage]:
        chance = random.Random(f"{self._seed} usage {day}")
        projects = self._project_ids
        if chance.random() < 0.4:
            yield Usage(day, "encoding", chance.choice(projects), chance.randrange(1, 900))
        else:
            yield Usage(day, "encoding", None, 0)
        grown = day.toordinal() - date(2026, 1, 1).toordinal()
        for place, project_id in enumerate(projects):
            yield Usage(day, "storage", project_id, 8_448_099_631 * (place + 1) + grown * 1_000_003)
        watched = [project_id for project_id in projects if chance.random() < 0.5]
        for project_id in watched:
            yield Usage(day, "cdn", project_id, chance.randrange(10**9, 10**12))
        if not watched:
            yield Usage(day, "cdn", None, 0)


def _figures(views: int, other: int) -> dict[str, int]:
    return {
        "view": views,
        "unique_view": (views + 1) // 2,
        "play": views * 2 + other,
        "pause": other,
        "seek": other * 2,
        "replay": other // 3,
        "player_init": views + other,
        "player_load": views + other,
        "buffering_time": other * 130,
        "buffering_count": other // 2,
        "watch_time": views * 61 + other,
    }


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def _instant(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
