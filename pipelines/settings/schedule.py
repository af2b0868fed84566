"""The section [schedule]: words or cron expressions, spread over the hour, in local time.

Nothing here imports Dagster: settings are checked with it before anything else is imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from connectors.core.errors import BadSettings

WORDS = ("hourly", "daily", "weekly", "never")
MANY_ACCOUNTS = 50
BATCH = 25
DAYS_LOOKED_AT = 800
"""Enough to meet the 29th of February of one leap year, or the same day a year later."""


@dataclass(frozen=True)
class ScheduleSettings:
    """When kollect runs by itself: words or cron expressions, and the time zone that they mean."""

    sync: str = "hourly"
    full: str = "weekly"
    backup: str = "daily"
    verify: str = "weekly"
    report: str = "daily"
    timezone: str = "UTC"
    accounts_per_run: int = 0
    """Accounts that one run of Dagster syncs; 0 leaves it to `batch_size`."""

    def batch_size(self, accounts: int) -> int:
        """How many of so many accounts share a run: each has its own below 50, by default."""
        if self.accounts_per_run:
            return self.accounts_per_run
        return 1 if accounts < MANY_ACCOUNTS else BATCH


def read_schedule(
    values: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    where: str = "[schedule]",
) -> ScheduleSettings:
    """The checked section [schedule]; raises BadSettings with the setting and the cure."""
    found: dict[str, str] = {}
    together = values.get("accounts_per_run", 0)
    if isinstance(together, bool) or not isinstance(together, int) or together < 0:
        raise BadSettings(
            f"{where} accounts_per_run = {together!r} is no number of accounts",
            guidance="write 0 (kollect chooses), 1 (a run for each account) or such as 25",
        )
    for name, value in values.items():
        if name == "accounts_per_run":
            continue
        if not isinstance(value, str):
            raise BadSettings(
                f"{where} {name} = {value!r} is no text",
                guidance=f'write {name} = "hourly", or a cron expression such as "15 * * * *"',
            )
        found[name] = value.strip()
    for name in ("sync", "full", "backup", "verify", "report"):
        chosen = found.get(name, "never")
        if chosen not in WORDS and (problem := cron_problem(chosen)):
            raise BadSettings(
                f"{where} {name} = {chosen!r}: {problem}",
                guidance=f"write one of {', '.join(WORDS)}, or five fields of cron: minute, "
                "hour, day, month, weekday",
            )
    zone = found.setdefault("timezone", local_timezone(environ))
    if not is_timezone(zone):
        raise BadSettings(
            f"{where} timezone = {zone!r} is unknown",
            guidance='write a name such as "Europe/Berlin" or "UTC"',
        )
    return ScheduleSettings(**found, accounts_per_run=together)


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


def cron(when: str, kind: str, position: int = 0) -> str | None:
    """The cron expression of a setting; None for `never`.

    Words leave the moment to kollect: accounts (by `position`) begin at different minutes, so
    that they do not all start at once; a full pass, a backup, its verification and the
    report run at night.
    """
    minute = (5 + 11 * position) % 60
    hour = {"sync": 2, "full": 3, "backup": 4, "verify": 5, "report": 6}[kind]
    return {
        "never": None,
        "hourly": f"{minute} * * * *",
        "daily": f"{minute} {hour} * * *",
        "weekly": f"{minute} {hour} * * 0",
    }.get(when, when)


def cron_problem(expression: str) -> str:
    """Why this is no cron expression of five fields; empty where it is one."""
    fields = expression.split()
    if len(fields) != 5:
        return f"has {len(fields)} fields instead of 5"
    try:
        CronSim(expression, datetime(2023, 3, 1))  # noqa: DTZ001 - only the form matters here
    except CronSimError as error:
        return str(error).lower()
    return ""


@cache
def longest_gap(expression: str) -> timedelta:
    """The longest time between two ticks of a cron expression, daylight saving aside.

    Ticks of one day follow the same pattern on each day that has any, so it suffices to look at
    one day, and at the pauses between the last tick of a day and the next day with ticks.
    """
    start = datetime(2023, 3, 1)  # noqa: DTZ001 - wall clock
    ticks = CronSim(expression, start - timedelta(minutes=1))
    tick = first = next(ticks)
    longest = timedelta()
    while (following := next(ticks)).date() == first.date():
        longest, tick = max(longest, following - tick), following
    while tick < start + timedelta(days=DAYS_LOOKED_AT):
        longest = max(longest, following - tick)
        midnight = datetime.combine(following.date() + timedelta(days=1), datetime.min.time())
        tick = next(CronSim(expression, midnight, reverse=True))
        following = next(CronSim(expression, tick))
    return longest
