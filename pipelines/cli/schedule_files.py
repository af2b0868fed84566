"""Files that let the operating system run kollect on its schedules: systemd user timers, launchd
agents, or cron lines. They do what Dagster's schedules do, without its UI."""

from __future__ import annotations

import plistlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pipelines.settings import Settings
from pipelines.settings.schedule import cron

FIELDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
NAMES = {name: n for n, name in enumerate(WEEKDAYS)} | {name: n for n, name in enumerate(MONTHS, 1)}
COMMANDS = {
    "sync": [["sync"]],
    "full": [["sync", "--full"]],
    "backup": [["backup"], ["prune"]],
    "verify": [["verify"]],
}
DESCRIPTIONS = {
    "sync": "fetch what changed",
    "full": "read everything again",
    "backup": "write a backup, remove old ones",
    "verify": "prove the newest backup",
}
BEGIN, END = "# kollect: begin", "# kollect: end"


@dataclass(frozen=True)
class Job:
    """One schedule: its cron expression and what it runs, one command after the other."""

    kind: str
    expression: str
    commands: Sequence[Sequence[str]]
    folder: Path
    timezone: str

    @property
    def fields(self) -> dict[str, list[int] | None]:
        """Field -> its values, None for all."""
        parts = zip(FIELDS, self.expression.split(), strict=True)
        return {name: cron_values(part, *FIELDS[name]) for name, part in parts}

    @property
    def shell(self) -> str:
        """The commands as one line for a shell, from the folder of the settings."""
        lines = " && ".join(shlex.join(words) for words in self.commands)
        return f"cd {shlex.quote(str(self.folder))} && {lines}"


def jobs_of(settings: Settings, program: Sequence[str]) -> list[Job]:
    """The jobs of [schedule], without those that say `never`."""
    folder = settings.file.parent if settings.file else Path.cwd()
    config = ["--config", str(settings.file)] if settings.file else []
    found = []
    for kind, commands in COMMANDS.items():
        expression = cron(getattr(settings.schedule, kind), kind)
        if expression:
            words = [[*program, *config, *command] for command in commands]
            found.append(Job(kind, expression, words, folder, settings.schedule.timezone))
    return found


def cron_values(part: str, low: int, high: int) -> list[int] | None:
    """The numbers that one field of cron means, None for every one. The field is valid."""
    if part == "*":
        return None
    found: set[int] = set()
    for piece in part.lower().split(","):
        span, _, step = piece.partition("/")
        if span == "*":
            first, last = low, min(high, 6) if high == 7 else high
        else:
            begin, _, end = span.partition("-")
            first = NAMES[begin] if begin in NAMES else int(begin)
            last = (NAMES[end] if end in NAMES else int(end)) if end else (high if step else first)
        found.update(range(first, last + 1, int(step or 1)))
    return sorted({0 if high == 7 and n == 7 else n for n in found})


# -- systemd ---------------------------------------------------------------------------------------


def systemd_files(jobs: Sequence[Job]) -> dict[str, str]:
    """Name -> text of a timer and a service for each job."""
    files: dict[str, str] = {}
    for job in jobs:
        starts = "\n".join(f"ExecStart={_systemd_words(words)}" for words in job.commands)
        files[f"kollect-{job.kind}.service"] = (
            f"[Unit]\nDescription=kollect: {DESCRIPTIONS[job.kind]}\n\n"
            f"[Service]\nType=oneshot\nWorkingDirectory={_percent(str(job.folder))}\n{starts}\n"
            "Nice=10\nUMask=0077\nNoNewPrivileges=yes\nKillSignal=SIGINT\n"
        )
        times = "\n".join(f"OnCalendar={text}" for text in calendars(job))
        files[f"kollect-{job.kind}.timer"] = (
            f"[Unit]\nDescription=kollect: when to {DESCRIPTIONS[job.kind]}\n\n"
            f"[Timer]\n{times}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
        )
    return files


def calendars(job: Job) -> list[str]:
    """The job's times as systemd writes them. Where cron names days of the month and of the week,
    either counts, so there are two."""
    fields = job.fields
    clock = f"{_listed(fields['hour'])}:{_listed(fields['minute'])}:00 {job.timezone}"
    month, day, weekday = (_listed(fields[name]) for name in ("month", "day", "weekday"))
    by_day = f"*-{month}-{day} {clock}"
    if weekday == "*":
        return [by_day]
    names = ",".join(WEEKDAYS[n].capitalize() for n in fields["weekday"] or ())
    by_weekday = f"{names} *-{month}-* {clock}"
    return [by_weekday] if day == "*" else [by_day, by_weekday]


def _listed(values: Sequence[int] | None) -> str:
    return "*" if values is None else ",".join(f"{value:02d}" for value in values)


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _systemd_words(words: Sequence[str]) -> str:
    quoted = (
        '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") + '"'
        for word in words
    )
    return _percent(" ".join(quoted))


# -- launchd ---------------------------------------------------------------------------------------


def launchd_files(jobs: Sequence[Job], log: Path) -> dict[str, str]:
    """Name -> text of an agent for each job, which writes what it prints into `log`."""
    files: dict[str, str] = {}
    for job in jobs:
        label = f"kollect.{job.kind}"
        agent: dict[str, Any] = {
            "Label": label,
            "ProgramArguments": ["/bin/sh", "-c", job.shell],
            "StartCalendarInterval": moments(job),
            "StandardOutPath": str(log),
            "StandardErrorPath": str(log),
            "LowPriorityIO": True,
            "Nice": 10,
        }
        files[f"{label}.plist"] = plistlib.dumps(agent).decode()
    return files


def moments(job: Job) -> list[dict[str, int]]:
    """The job's times as launchd wants them: each by itself, in the computer's own time zone."""
    names = {"minute": "Minute", "hour": "Hour", "day": "Day", "month": "Month",
             "weekday": "Weekday"}  # fmt: skip
    fields = {names[name]: values for name, values in job.fields.items() if values is not None}
    both = "Day" in fields and "Weekday" in fields
    ways = [_without(fields, "Weekday"), _without(fields, "Day")] if both else [fields]
    return [dict(zip(way, each, strict=True)) for way in ways for each in product(*way.values())]


def _without(fields: Mapping[str, list[int]], name: str) -> dict[str, list[int]]:
    return {key: values for key, values in fields.items() if key != name}


# -- cron ------------------------------------------------------------------------------------------


def cron_lines(jobs: Sequence[Job], log: Path) -> str:
    """Lines for a crontab between two marks; cron runs in the computer's own time zone."""
    into = _cron_text(shlex.quote(str(log)))
    lines = [f"{job.expression} ({_cron_text(job.shell)}) >> {into} 2>&1" for job in jobs]
    return "\n".join([BEGIN, *lines, END]) + "\n"


def _cron_text(text: str) -> str:
    return text.replace("%", "\\%")


def replaced_crontab(old: str, lines: str) -> str:
    """A crontab with kollect's lines replaced (removed where `lines` is empty)."""
    before, found, rest = old.partition(BEGIN)
    after = rest.partition(END)[2].lstrip("\n") if found else ""
    kept = before if not before or before.endswith("\n") else f"{before}\n"
    return f"{kept}{lines}{after}"
