"""`kollect service`: what the operating system runs is what [schedule] says."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cronsim import CronSim

from pipelines.cli.schedule_files import (
    BEGIN,
    END,
    Job,
    calendars,
    cron_lines,
    jobs_of,
    moments,
    replaced_crontab,
    systemd_files,
)
from pipelines.settings import read_settings
from tests.kit.processes import kollect

START = datetime(2026, 3, 1)  # noqa: DTZ001 - wall clock
EXPRESSIONS = ["5 * * * *", "5 3 * * 0", "15 */2 * * mon-fri", "0 4 1,15 * 7", "*/20 6-8 * 1-6 *"]


def job(expression: str) -> Job:
    return Job("sync", expression, [["kollect", "sync"]], Path("/a b/50%"), "UTC")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_moment_is_one_of_cron_and_none_is_missing(expression: str) -> None:
    """launchd's list of moments over half a month, at each fifth minute; no other is in it."""
    wanted = []
    for tick in CronSim(expression, START - timedelta(minutes=1)):
        if tick >= START + timedelta(days=16):
            break
        wanted.append(tick)
    listed = moments(job(expression))
    found = [
        at
        for n in range(0, 16 * 24 * 60, 5)
        if any(matches(moment, at := START + timedelta(minutes=n)) for moment in listed)
    ]
    assert found == wanted
    assert all(moment.get("Minute", 0) % 5 == 0 for moment in listed)


def matches(moment: dict[str, int], at: datetime) -> bool:
    parts = {"Minute": at.minute, "Hour": at.hour, "Day": at.day, "Month": at.month,
             "Weekday": (at.weekday() + 1) % 7}  # fmt: skip
    return all(parts[name] == value for name, value in moment.items())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_systemd_understands_the_times(expression: str) -> None:
    """The next time is cron's, as systemd itself reckons it where it is installed."""
    found = calendars(job(expression))
    assert all(line.endswith(":00 UTC") for line in found)
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run([program, "calendar", *found], capture_output=True, text=True, check=True)
    after = [line.split(": ")[1] for line in done.stdout.splitlines() if "(in UTC)" in line
             or "Next elapse" in line]  # fmt: skip
    assert after


def test_the_units_start_kollect_with_its_settings(tmp_path: Path) -> None:
    """One timer and one service for each schedule that is not `never`."""
    (tmp_path / "kollect.toml").write_text('[schedule]\nfull = "never"\ntimezone = "UTC"\n')
    settings = read_settings(tmp_path / "kollect.toml", environ={"KOLLECT_KEYRING": "0"})
    files = systemd_files(jobs_of(settings, ["/opt/kollect/bin/kollect"]))
    assert {name.partition(".")[0] for name in files} == {
        "kollect-sync", "kollect-backup", "kollect-verify",
    }  # fmt: skip
    text = files["kollect-backup.service"]
    config = tmp_path / "kollect.toml"
    for command in ("backup", "prune"):
        assert f'ExecStart="/opt/kollect/bin/kollect" "--config" "{config}" "{command}"' in text
    assert "OnCalendar=*-*-* 04:05:00 UTC" in files["kollect-backup.timer"]


def test_installing_again_replaces_and_removing_leaves_nothing(tmp_path: Path) -> None:
    """Only files of kollect's own are touched."""
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "KOLLECT_KEYRING": "0"}
    units = tmp_path / "config" / "systemd" / "user"
    units.mkdir(parents=True)
    (units / "kollect-daemon.service").write_text("mine")
    words = ("service", "install", "--kind", "systemd", "--only-write")
    assert kollect(tmp_path, environ, *words).returncode == 0
    assert len(list(units.iterdir())) == 9
    (tmp_path / "kollect.toml").write_text('[schedule]\nverify = "never"\n')
    assert kollect(tmp_path, environ, *words).returncode == 0
    assert len(list(units.iterdir())) == 7
    assert kollect(tmp_path, environ, "service", "remove", "--kind", "systemd").returncode == 0
    assert [file.name for file in units.iterdir()] == ["kollect-daemon.service"]


def test_a_crontab_keeps_the_lines_of_its_owner() -> None:
    """kollect's lines stand between two marks; a percent sign, which cron would read, is escaped."""
    lines = cron_lines([job("5 * * * *")], Path("/log"))
    assert "50\\%" in lines
    once = replaced_crontab("0 1 * * * mine", lines)
    assert once == f"0 1 * * * mine\n{lines}"
    assert replaced_crontab(once + "# after\n", lines) == f"{once}# after\n"
    assert replaced_crontab(once, "") == "0 1 * * * mine\n"
    assert (once.count(BEGIN), once.count(END)) == (1, 1)


def test_launchd_agents_are_property_lists(tmp_path: Path) -> None:
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    done = kollect(tmp_path, {"KOLLECT_KEYRING": "0"}, "service", "show", "--kind", "launchd")
    first = done.stdout.partition("<?xml")[2].partition("</plist>")[0]
    agent = plistlib.loads(f"<?xml{first}</plist>".encode())
    assert agent["Label"] == "kollect.sync"
    assert agent["ProgramArguments"][2].endswith(" sync")
