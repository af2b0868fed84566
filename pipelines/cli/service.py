"""`kollect service`: schedules without Dagster's UI, run by the operating system."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from connectors.core.errors import BadSettings
from pipelines.cli.schedule_files import (
    Job,
    cron_lines,
    jobs_of,
    launchd_files,
    replaced_crontab,
    systemd_files,
)
from pipelines.settings import Settings, read_settings
from warehouse.store.warehouse import Warehouse

KINDS = ("systemd", "launchd", "cron")
kind_option = click.option(
    "--kind", type=click.Choice(KINDS), help="Default: what this computer has."
)


@click.group()
def service() -> None:
    """Run the schedules of [schedule] without Dagster's UI: systemd user timers, launchd agents,
    or cron lines. Do not use both on one folder."""


@service.command()
@kind_option
@click.pass_obj
def show(config: Path | None, kind: str | None) -> None:
    """Print what `install` would write."""
    settings = read_settings(config)
    for name, text in _files(kind or _own_kind(), settings, _jobs(settings)).items():
        click.echo(f"# {name}\n{text}")


@service.command()
@kind_option
@click.option("--only-write", is_flag=True, help="Write the files, start nothing.")
@click.pass_obj
def install(config: Path | None, kind: str | None, only_write: bool) -> None:
    """Write the schedules and start them; again after a change of [schedule]."""
    settings = read_settings(config)
    kind, jobs = kind or _own_kind(), _jobs(settings)
    if kind == "cron":
        _write_crontab(cron_lines(jobs, _log(settings)))
        click.echo(f"wrote {len(jobs)} lines into your crontab; `crontab -l` shows them")
        return
    _remove_files(kind)
    files = _files(kind, settings, jobs)
    folder = _folder(kind)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    click.echo(f"wrote {', '.join(files)} in {folder}")
    if not only_write:
        _start(kind, [name for name in files if name.endswith((".timer", ".plist"))])
    if kind == "systemd":
        click.echo("`loginctl enable-linger` lets them run when you are not logged in;")
        click.echo("`systemctl --user list-timers` shows them, `journalctl --user` what they said.")


@service.command()
@kind_option
@click.pass_obj
def remove(config: Path | None, kind: str | None) -> None:
    """Stop the schedules and remove what `install` wrote."""
    del config
    kind = kind or _own_kind()
    if kind == "cron":
        _write_crontab("")
        click.echo("removed kollect's lines from your crontab")
        return
    removed = _remove_files(kind)
    click.echo(f"removed {', '.join(removed)}" if removed else "there was nothing to remove")


def _own_kind() -> str:
    if sys.platform == "darwin":
        return "launchd"
    return "systemd" if shutil.which("systemctl") else "cron"


def _jobs(settings: Settings) -> list[Job]:
    script = Path(sys.executable).with_name("kollect")
    program = [str(script)] if script.exists() else [sys.executable, "-m", "pipelines"]
    jobs = jobs_of(settings, program)
    if not jobs:
        raise BadSettings("every schedule is `never`", guidance="set one in [schedule]")
    return jobs


def _log(settings: Settings) -> Path:
    return Warehouse(settings.warehouse).home / "schedules.log"


def _files(kind: str, settings: Settings, jobs: list[Job]) -> Mapping[str, str]:
    if kind == "systemd":
        return systemd_files(jobs)
    if kind == "launchd":
        return launchd_files(jobs, _log(settings))
    return {"crontab": cron_lines(jobs, _log(settings))}


def _folder(kind: str) -> Path:
    if kind == "launchd":
        return Path.home() / "Library" / "LaunchAgents"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "systemd" / "user"


def _start(kind: str, names: list[str]) -> None:
    if kind == "systemd":
        _run("systemctl", "--user", "daemon-reload")
        _run("systemctl", "--user", "enable", "--now", *names)
    else:
        for name in names:
            _run("launchctl", "load", "-w", str(_folder(kind) / name))
    click.echo(f"started {', '.join(names)}")


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BadSettings(
            f"cannot run {words[0]}: {error.strerror}",
            guidance="the files are written; start them by hand, or use --kind cron",
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise BadSettings(
            f"`{' '.join(words)}` failed: {said[-1]}",
            guidance="the files are written; start them by hand, or use --kind cron",
        )


def _remove_files(kind: str) -> list[str]:
    """Stop and remove the files of earlier installs; their names."""
    pattern = "kollect.*.plist" if kind == "launchd" else "kollect-*.*"
    own = {"sync", "full", "backup", "verify"}
    found = [f for f in sorted(_folder(kind).glob(pattern)) if _job_of(f) in own]
    for file in found:
        words = ["launchctl", "unload", "-w", str(file)]
        if kind == "systemd":
            words = ["systemctl", "--user", "disable", "--now", file.name]
        if file.suffix != ".service" and shutil.which(words[0]):
            subprocess.run(words, capture_output=True, check=False)
        file.unlink()
    return [file.name for file in found]


def _job_of(file: Path) -> str:
    return file.stem.replace(".", "-").removeprefix("kollect-")


def _write_crontab(lines: str) -> None:
    try:
        old = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False).stdout
        text = replaced_crontab(old, lines)
        subprocess.run(["crontab", "-"], input=text, text=True, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadSettings(
            f"cannot change the crontab: {error}",
            guidance="`kollect service show --kind cron` prints the lines to add by hand",
        ) from None
