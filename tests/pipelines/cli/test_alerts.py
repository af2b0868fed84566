"""Syncs without Dagster are told of and written into a log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from connectors.core.errors import BadCredential
from pipelines.cli.examination import backup_problem
from pipelines.orchestration.sync_alerts import mark_watched, tell_about_syncs
from pipelines.settings import Settings, read_settings
from pipelines.sync.result import AccountResult
from sandbox import Fault
from tests.kit.account import Bench
from tests.kit.processes import kollect


def alerting(folder: Path) -> tuple[Settings, Path]:
    """Settings whose messages go into a file, and that file."""
    box, script = folder / "messages", folder / "tell.sh"
    script.write_text(f'#!/bin/sh\necho "$KOLLECT_ALERT_TITLE" >> {box}\n')
    script.chmod(0o755)
    text = f'[accounts.kippt]\n[alerts]\ncommand = "{script}"\n'
    (folder / "kollect.toml").write_text(text)
    environ = {"KOLLECT_KEYRING": "0", "KIPPT_USERNAME": "me", "KIPPT_API_TOKEN": "s3cret-token"}
    return read_settings(folder / "kollect.toml", environ=environ), box


def test_a_failing_sync_is_told_once_and_once_when_it_is_over(tmp_path: Path) -> None:
    """By the channels of [alerts], without a secret; not while Dagster's sensor tells."""
    settings, box = alerting(tmp_path)
    failed = AccountResult("kippt", "failed", BadCredential("s3cret-token is refused"))
    for _ in range(2):
        tell_about_syncs(settings, [failed])
    (told,) = box.read_text().splitlines()
    assert told.startswith("kollect: kippt has a problem: ")
    assert "s3cret" not in told
    good = AccountResult("kippt")
    mark_watched(settings.warehouse)
    tell_about_syncs(settings, [good])
    assert len(box.read_text().splitlines()) == 1
    (tmp_path / ".kollect" / "alerts.watched").unlink()
    tell_about_syncs(settings, [good])
    assert box.read_text().splitlines()[1:] == ["kollect: kippt is fine again"]
    tell_about_syncs(settings, [good], lambda: "the newest is 9.0 days old")
    tell_about_syncs(settings, [good])
    assert box.read_text().splitlines()[2:] == [
        "kollect: the backup has a problem: the newest is 9.0 days old",
        "kollect: the backup is fine again",
    ]


def test_a_sync_that_only_waits_for_later_syncs_is_not_told(tmp_path: Path) -> None:
    """Tables that are read in turns are on schedule while nothing else is wrong with them."""
    settings, box = alerting(tmp_path)
    turns = "9,800 lists wait to be asked for: one sync asks for 200"
    for reason, told in ((turns, 0), (f"{turns}; lists: page 3 never came", 1)):
        tables = {"lists": {"complete": False, "reason": reason}}
        tell_about_syncs(settings, [AccountResult("kippt", "partial", tables=tables)])
        assert box.exists() == bool(told)


def test_damaged_and_late_backups_are_a_problem_and_none_yet_is_not(
    synced: Callable[..., Bench],
) -> None:
    """The first backup comes when its time has come."""
    at = synced("kippt", size=4)
    assert backup_problem(at.settings) == ""
    assert kollect(at.folder, at.box.environment(), "backup").returncode == 0
    assert backup_problem(at.settings) == ""
    (made,) = at.settings.backup_dir.glob("20*")
    made.rename(made.with_name("2020-01-01T00-00-00Z"))
    assert "run `kollect backup`" in backup_problem(at.settings)


def test_a_sync_is_written_into_a_log_that_rotates_and_is_told_of(
    synced: Callable[..., Bench], tmp_path: Path
) -> None:
    """Commands, what happened, the closing sentence and errors; no secret."""
    at = synced("kippt", size=4)
    _, box = alerting(tmp_path)
    text = at.settings_file.read_text()
    at.settings_file.write_text(f'{text}\n[alerts]\ncommand = "{tmp_path / "tell.sh"}"\n')
    log = at.folder / ".kollect" / "log" / "kollect.log"
    log.parent.mkdir()
    log.write_text("x" * 1_000_001)
    at.stand_in.faults.add(Fault("token_died", times=None))
    environ = at.box.environment()
    assert kollect(at.folder, environ, "sync").returncode == 1
    written = log.read_text()
    for words in ("kollect sync", "kippt: failed, ", "KIPPT_API_TOKEN"):
        assert words in written
    assert environ["KIPPT_API_TOKEN"] not in written
    assert log.stat().st_mode & 0o077 == 0
    assert sorted(file.name for file in log.parent.iterdir()) == ["kollect.log", "kollect.log.1"]
    assert box.read_text().startswith("kollect: kippt has a problem: ")
