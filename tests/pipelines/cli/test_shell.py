"""`kollect shell`: read-only SQL, and `kollect completion`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.kit.account import Bench
from tests.kit.processes import ROOT, kollect


def test_statements_run_one_after_the_other_and_errors_end_nothing(
    synced: Callable[..., Bench],
) -> None:
    """Also through a pipe; nothing can be written."""
    at = synced("kippt", size=4)
    typed = (
        "SELECT 41 + 1\n AS n;\nDELETE FROM kippt.clips;\n.format csv\nSELECT true AS t;\n"
        ".tabels\n.tables kippt.clips\n.quit\nSELECT 99;\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "shell"], input=typed, cwd=ROOT, text=True,
        env={**os.environ, "KOLLECT_CONFIG": str(at.folder / "kollect.toml")},
        capture_output=True, check=True,
    )  # fmt: skip
    assert "42" in done.stdout
    assert "t\ntrue\n" in done.stdout
    assert "kippt.clips: " in done.stdout
    assert "99" not in done.stdout
    assert "read-only" in done.stderr
    assert "did you mean '.tables'?" in done.stderr


def test_completion_and_the_manual_page_install_themselves(tmp_path: Path) -> None:
    """One command; the page names every command."""
    from pipelines.cli import COMMANDS

    environ = {"XDG_DATA_HOME": str(tmp_path), "SHELL": "/bin/bash"}
    done = kollect(tmp_path, environ, "--config", "none.toml", "completion")
    assert done.returncode == 0, done.stderr
    assert "_KOLLECT_COMPLETE" in (tmp_path / "bash-completion/completions/kollect").read_text()
    page = (tmp_path / "man/man1/kollect.1").read_text()
    assert all(f".SS kollect {name}" in page for name in COMMANDS)
    environ = {
        "_KOLLECT_COMPLETE": "bash_complete",
        "COMP_WORDS": "kollect hist",
        "COMP_CWORD": "1",
    }
    assert kollect(tmp_path, environ).stdout == "plain,history\n"
