"""Syncs without Dagster are told of and written into a log."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.orchestration.sync_alerts import mark_watched
from sandbox import Fault
from tests.kit.account import Bench
from tests.kit.processes import kollect


def test_a_failing_sync_is_told_once_and_once_when_it_is_over(
    synced: Callable[..., Bench],
) -> None:
    """By the command of [alerts]; not while Dagster's sensor tells, and not with --no-alert."""
    at = synced("kippt", size=4)
    box = at.folder / "messages"
    text = at.settings_file.read_text()
    script = at.folder / "tell.sh"
    script.write_text(f'#!/bin/sh\necho "$KOLLECT_ALERT_TITLE" >> {box}\n')
    script.chmod(0o755)
    at.settings_file.write_text(f'{text}\n[alerts]\ncommand = "{script}"\n')
    environ = at.box.environment()
    at.stand_in.faults.add(Fault("token_died", times=None))
    for words in (("--no-alert",), (), ()):
        assert kollect(at.folder, environ, "sync", *words).returncode == 1
    (told,) = box.read_text().splitlines()
    assert told.startswith("kollect: kippt has a problem: ")
    assert environ["KIPPT_API_TOKEN"] not in told
    at.stand_in.faults.clear()
    mark_watched(at.warehouse)
    assert kollect(at.folder, environ, "sync").returncode == 0
    assert len(box.read_text().splitlines()) == 1
    (at.folder / ".kollect" / "alerts.watched").unlink()
    assert kollect(at.folder, environ, "sync").returncode == 0
    assert box.read_text().splitlines()[1:] == ["kollect: kippt is fine again"]


def test_the_log_says_what_was_done_and_grows_no_further(synced: Callable[..., Bench]) -> None:
    """Commands, what happened, the closing sentence and errors; no secret."""
    at = synced("kippt", size=4)
    environ = at.box.environment()
    assert kollect(at.folder, environ, "sync").returncode == 0
    assert kollect(at.folder, environ, "backup").returncode == 0
    log = at.folder / ".kollect" / "log" / "kollect.log"
    text = log.read_text()
    for words in ("kollect sync", "kippt: complete, ", "kollect backup"):
        assert words in text
    assert environ["KIPPT_API_TOKEN"] not in text
    assert log.stat().st_mode & 0o077 == 0
    log.write_text("x" * 1_000_001)
    assert kollect(at.folder, environ, "sync").returncode == 0
    assert sorted(file.name for file in log.parent.iterdir()) == ["kollect.log", "kollect.log.1"]
