"""The section [schedule]: words, cron expressions, gaps and the person's time zone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.core.errors import BadSettings
from pipelines.settings.schedule import (
    ScheduleSettings,
    cron,
    local_timezone,
    longest_gap,
    read_schedule,
)


def test_without_a_section_everything_has_a_sensible_rhythm() -> None:
    """Syncs hourly and whole ones weekly; backups and the report nightly, proofs weekly."""
    found = read_schedule({}, {"TZ": "Europe/Berlin"})
    assert found == ScheduleSettings(
        "hourly", "weekly", "daily", "weekly", "daily", timezone="Europe/Berlin"
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sync": "sometimes"}, "1 fields instead of 5"),
        ({"full": "61 * * * *"}, "bad minute"),
        ({"backup": "0 0 * * fun"}, "bad day-of-week"),
        ({"verify": "*/0 * * * *"}, "bad minute"),
        ({"sync": 5}, "no text"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"timezone": ""}, "unknown"),
        ({"timezone": "../etc/passwd"}, "unknown"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_cure(
    values: dict[str, object], said: str
) -> None:
    """One line: the setting, the value, what to write instead."""
    with pytest.raises(BadSettings, match=said) as raised:
        read_schedule(values, {})
    assert "[schedule]" in str(raised.value)
    assert "write" in raised.value.guidance


def test_accounts_begin_at_different_minutes() -> None:
    """Five accounts do not start at once; a chosen expression stays as it is."""
    minutes = {str(cron("hourly", "sync", n)).split()[0] for n in range(5)}
    assert len(minutes) == 5
    assert cron("7 * * * *", "sync", 3) == "7 * * * *"
    assert cron("never", "sync") is None


@pytest.mark.parametrize(
    ("expression", "gap"),
    [
        ("5 * * * *", timedelta(hours=1)),
        ("5 2 * * *", timedelta(days=1)),
        ("5 3 * * 0", timedelta(days=7)),
        ("5 3 * * sun", timedelta(days=7)),
        ("5 3 * * 7", timedelta(days=7)),
        ("*/15 8-18 * * mon-fri", timedelta(days=2, hours=13, minutes=15)),
        ("0 0 1 * *", timedelta(days=31)),
        ("0 0 1,15 * 1", timedelta(days=7)),
        ("0 12 1 jan *", timedelta(days=366)),
        ("0 0 * * *", timedelta(days=1)),
        ("* 8-18 * 1-6 *", timedelta(days=184, hours=13, minutes=1)),
    ],
)
def test_the_longest_gap_says_how_late_is_late(expression: str, gap: timedelta) -> None:
    """Freshness follows from the rhythm, weekends included."""
    assert longest_gap(expression) == gap


def test_the_time_zone_of_the_computer_is_found(tmp_path: Path) -> None:
    """TZ first, then what the system says, else UTC."""
    (tmp_path / "etc").mkdir()
    assert local_timezone({}, tmp_path) == "UTC"
    (tmp_path / "etc" / "localtime").symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    assert local_timezone({}, tmp_path) in ("Asia/Tokyo", "Japan")
    (tmp_path / "etc" / "timezone").write_text("Europe/Paris\n")
    assert local_timezone({}, tmp_path) == "Europe/Paris"
    assert local_timezone({"TZ": ":America/New_York"}, tmp_path) == "America/New_York"
    assert local_timezone({"TZ": "nonsense"}, tmp_path) == "Europe/Paris"
