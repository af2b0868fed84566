"""Moments as whole microseconds since 1970 in UTC, and as the service writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
START_1970 = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK = [f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]
_days: dict[int, str] = {}


def at(year: int, month: int, day: int, hour: int = 0) -> int:
    """The moment of a full hour in UTC."""
    return of_datetime(datetime(year, month, day, hour, tzinfo=UTC))


def of_datetime(when: datetime) -> int:
    """The moment of an aware datetime."""
    return (when - START_1970) // timedelta(microseconds=1)


def to_datetime(moment: int) -> datetime:
    """The moment as a datetime in UTC."""
    return START_1970 + timedelta(microseconds=moment)


def text(moment: int) -> str:
    """RFC 3339 with Z; the service cuts trailing zeros of the fraction (page, section 7)."""
    minutes, late = divmod(moment, MINUTE)
    days, minute = divmod(minutes, 1440)
    day = _days.get(days)
    if day is None:
        day = _days[days] = f"{to_datetime(days * DAY):%Y-%m-%d}T"
    if late % SECOND:
        return f"{day}{CLOCK[minute]}{late / SECOND:09.6f}".rstrip("0") + "Z"
    return f"{day}{CLOCK[minute]}{late // SECOND:02}Z"


def of_text(written: str) -> int:
    """The moment that `text` wrote."""
    return of_datetime(datetime.fromisoformat(written))
