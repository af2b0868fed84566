"""When things run by themselves: words or cron expressions, spread over the hour, in local time.

Nothing here knows of Dagster: the settings are checked with it before anything else is imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.core.errors import BadSettings

WORDS = ("hourly", "daily", "weekly", "never")
FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "weekday": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
DAYS_LOOKED_AT = 800
"""Enough to meet the 29th of February of one leap year, or the same day a year later."""


@dataclass(frozen=True)
class Rhythm:
    """The rhythms of a kollect: cron expressions or words, and the time zone that they mean."""

    sync: str = "hourly"
    full: str = "weekly"
    backup: str = "daily"
    verify: str = "weekly"
    timezone: str = "UTC"


def read_rhythm(values: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Rhythm:
    """The checked section [schedule]; raises BadSettings with the setting and the cure."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if not isinstance(value, str):
            raise BadSettings(
                f"[schedule] {name} = {value!r} is no text",
                guidance=f'write {name} = "hourly", or a cron expression such as "15 * * * *"',
            )
        found[name] = value.strip()
    for name in ("sync", "full", "backup", "verify"):
        if name in found and found[name] not in WORDS:
            try:
                parse(found[name])
            except ValueError as error:
                raise BadSettings(
                    f"[schedule] {name} = {found[name]!r}: {error}",
                    guidance=f"write one of {', '.join(WORDS)}, or five fields of cron: minute, "
                    "hour, day, month, weekday",
                ) from None
    zone = found.setdefault("timezone", local_timezone(environ))
    if not is_timezone(zone):
        raise BadSettings(
            f"[schedule] timezone = {zone!r} is unknown",
            guidance='write a name such as "Europe/Berlin" or "UTC"',
        )
    return Rhythm(**found)


def is_timezone(name: str) -> bool:
    """Whether a time zone of this name is known."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError on some systems
        return False
    except KeyError:
        return False
    return bool(name)


def local_timezone(environ: Mapping[str, str] | None = None, root: Path = Path("/")) -> str:
    """The name of the time zone that this computer is set to; UTC where it does not say."""
    named = (os.environ if environ is None else environ).get("TZ", "").lstrip(":")
    if named and is_timezone(named):
        return named
    try:
        written = (root / "etc/timezone").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        written = ""
    if written and is_timezone(written):
        return written
    linked = os.path.realpath(root / "etc/localtime").partition("zoneinfo/")[2]
    return linked if linked and is_timezone(linked) else "UTC"


def cron(rhythm: str, kind: str, position: int = 0) -> str | None:
    """The cron expression of a rhythm; None for `never`.

    Words leave the moment to kollect: accounts (by `position`) begin at different minutes, so
    that they do not all start at once; a full pass, a backup and a check of it at night.
    """
    minute = (5 + 11 * position) % 60
    hour = {"sync": 2, "full": 3, "backup": 4, "verify": 5}[kind]
    return {
        "never": None,
        "hourly": f"{minute} * * * *",
        "daily": f"{minute} {hour} * * *",
        "weekly": f"{minute} {hour} * * 0",
    }.get(rhythm, rhythm)


def parse(expression: str) -> tuple[frozenset[int], ...]:
    """The minutes, hours, days, months and weekdays (0 is Sunday) of a cron expression.

    Raises ValueError in words. Lists, ranges, steps and English short names are understood.
    """
    parts = expression.split()
    if len(parts) != len(FIELDS):
        raise ValueError(f"has {len(parts)} fields instead of 5")
    found: list[frozenset[int]] = []
    for part, (name, least, most) in zip(parts, FIELDS, strict=True):
        values: set[int] = set()
        for piece in part.lower().split(","):
            values |= _piece(piece, name, least, most)
        found.append(frozenset(v % 7 for v in values) if name == "weekday" else frozenset(values))
    return tuple(found)


def _piece(piece: str, name: str, least: int, most: int) -> set[int]:
    span, _, step_text = piece.partition("/")
    step = int(step_text) if step_text.isdecimal() else 0 if step_text else 1
    if step < 1:
        raise ValueError(f"the step of {piece!r} ({name}) is no number from 1")
    first_text, dash, last_text = span.partition("-")
    if span == "*":
        first, last = least, most
    else:
        first = _value(first_text, name)
        last = _value(last_text, name) if dash else most if step_text else first
    if not least <= first <= last <= most:
        raise ValueError(f"{piece!r} is no {name} ({least} to {most})")
    return set(range(first, last + 1, step))


def _value(text: str, name: str) -> int:
    short = NAMES.get(name, ())
    if text in short:
        return short.index(text) + (1 if name == "month" else 0)
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no {name}")
    return int(text)


@cache
def longest_gap(expression: str) -> timedelta:
    """The longest time between two ticks of a cron expression, to the minute."""
    minutes, hours, days, months, weekdays = parse(expression)
    by_day, by_weekday = len(days) < 31, len(weekdays) < 7
    of_day = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    last: int | None = None
    longest = 0
    first_day = date(2023, 3, 1)
    for number in range(DAYS_LOOKED_AT):
        day = first_day + timedelta(days=number)
        weekday = (day.weekday() + 1) % 7
        if day.month not in months:
            continue
        # As in cron: where both are restricted, one of them suffices.
        fits = (day.day in days, weekday in weekdays)
        if not (any(fits) if by_day and by_weekday else all(fits)):
            continue
        for minute in of_day:
            now = number * 1440 + minute
            if last is not None:
                longest = max(longest, now - last)
            last = now
    return timedelta(minutes=longest) if longest else timedelta(days=366)
