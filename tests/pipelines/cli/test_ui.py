"""`kollect ui`: what it starts, where, and how it says what is missing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from connectors.core.errors import BadSettings
from pipelines.cli import ui
from tests.kit.account import bench
from tests.kit.processes import kollect
from tests.pipelines.conftest import ROOT

CLEAN = {k: v for k, v in os.environ.items() if not k.endswith(("_API_KEY", "_TOKEN"))}
CLEAN |= {"KOLLECT_KEYRING": "0"}


def test_in_a_folder_of_ones_own_nothing_visible_appears(tmp_path: Path) -> None:
    """An installed kollect works outside of its repository; all of Dagster's is in .dagster/."""
    environ = ui.environment(ui.prepare_home(tmp_path), {"PATH": "/usr/bin"})
    words = ui.command(tmp_path, "127.0.0.1", 3000)
    assert [p.name for p in tmp_path.iterdir()] == [".dagster"]
    assert environ["DAGSTER_HOME"] == str(tmp_path / ".dagster")
    instance = yaml.safe_load((tmp_path / ".dagster" / "dagster.yaml").read_text())
    assert instance["telemetry"] == {"enabled": False}
    workspace = yaml.safe_load((tmp_path / ".dagster" / "workspace.yaml").read_text())
    module = workspace["load_from"][0]["python_module"]
    assert module == {
        "module_name": "pipelines.definitions",
        "location_name": "kollect",
        "working_directory": str(tmp_path),
    }
    assert "--workspace" in words
    assert environ["PATH"].startswith(str(Path(sys.executable).parent))


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    """It says what else to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = kollect(tmp_path, {}, "ui", "--port", str(other.getsockname()[1]))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "--port" in result.stderr


def test_without_dagster_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other commands need none of it."""
    monkeypatch.setattr(ui, "NEEDED", {"no_such_module": "dagster-webserver"})
    with pytest.raises(BadSettings, match="dagster-webserver") as raised:
        ui.need_dagster()
    assert "pip install dagster-webserver" in raised.value.guidance


def test_wrong_settings_are_told_before_anything_starts(tmp_path: Path) -> None:
    """Not in the log of a code server."""
    (tmp_path / "kollect.toml").write_text('[schedule]\nsync = "sometimes"\n')
    result = kollect(tmp_path, {}, "ui", "--port", "0")
    assert result.returncode == 2
    assert "sometimes" in result.stderr
    assert not (tmp_path / ".dagster").exists()


def test_a_sync_from_the_command_line_imports_no_dagster(tmp_path: Path) -> None:
    """Dagster may even be broken."""
    with bench(tmp_path, "kinopio", size=3) as made:
        script = (
            "import sys\n"
            "for name in ('dagster', 'dagster_shared', 'pandas'): sys.modules[name] = None\n"
            "from pipelines.cli import main\n"
            "main(['--config', 'kollect.toml', 'sync', 'kinopio.favorite_colors', '--json'])\n"
        )
        result = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, timeout=120, capture_output=True,
            env={**CLEAN, "PYTHONPATH": str(ROOT), **made.box.environment()}, text=True,
            check=False,
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["status"] == "complete"
