"""`kollect ui` prepares the home of Dagster's instance and leaves alone what a person changed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli.ui import environment, own_instance_file, prepare_home
from tests.pipelines.conftest import ROOT


def test_the_instance_file_of_kollect_is_put_into_the_hidden_folder(tmp_path: Path) -> None:
    """History and logs stay in it as well: it is DAGSTER_HOME."""
    home = prepare_home(tmp_path)
    assert home == tmp_path / ".dagster"
    assert (home / "dagster.yaml").read_text() == own_instance_file().read_text()
    assert environment(home, {"PATH": "/bin"})["DAGSTER_HOME"] == str(home)
    assert [place.name for place in tmp_path.iterdir()] == [".dagster"]


def test_an_unchanged_instance_file_follows_an_upgrade(tmp_path: Path) -> None:
    """Also one of an older kollect, which wrote it anew at each start and left no mark."""
    home = prepare_home(tmp_path)
    for old in ("dagster.yaml", "dagster.yaml.shipped"):
        (home / old).write_text("telemetry: {enabled: false}  # an older kollect's\n")
    prepare_home(tmp_path)
    assert (home / "dagster.yaml").read_text() == own_instance_file().read_text()
    (home / "dagster.yaml.shipped").unlink()
    (home / "dagster.yaml").write_text("run_launcher: {module: gone}\n")
    prepare_home(tmp_path)
    assert (home / "dagster.yaml").read_text() == own_instance_file().read_text()


def test_an_instance_file_that_was_changed_by_hand_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL storage stays configured; a newer default is pointed at, once there is one."""
    home = prepare_home(tmp_path)
    mine = "storage: {postgres: {postgres_url: postgresql+psycopg2://x}}\n"
    (home / "dagster.yaml").write_text(mine)
    prepare_home(tmp_path)
    assert (home / "dagster.yaml").read_text() == mine
    assert capsys.readouterr().err == ""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    prepare_home(tmp_path)
    assert (home / "dagster.yaml").read_text() == mine
    assert "changed by hand" in capsys.readouterr().err


def test_a_folders_own_instance_file_comes_first(tmp_path: Path) -> None:
    """At the root of the repository `dg dev` reads the same one."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    home = prepare_home(tmp_path)
    assert (home / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"


def test_the_sandbox_and_the_settings_reach_dagsters_processes(tmp_path: Path) -> None:
    """By variables, since its code server is a process of its own."""
    made = environment(tmp_path, {"KOLLECT_SANDBOX": "1", "KOLLECT_CONFIG": "/there/kollect.toml"})
    assert made["KOLLECT_SANDBOX"] == "1"
    assert made["KOLLECT_CONFIG"] == "/there/kollect.toml"


@pytest.mark.parametrize(
    ("sent", "begun"),
    [
        (signal.SIGINT, ""),
        (signal.SIGTERM, ""),
        # So a script's shell starts what it does not wait for.
        (signal.SIGTERM, "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"),
    ],
    ids=["Ctrl-C", "a service manager", "in the background of a script"],
)
def test_a_signal_to_the_first_process_alone_ends_everything(
    tmp_path: Path, sent: int, begun: str
) -> None:
    """Service managers and containers tell nobody else; what was started ends well."""
    child = (
        "import time\n"
        "try:\n"
        "    print('started', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    print('ended well', flush=True)\n"
    )
    (tmp_path / "child.py").write_text(child)
    (tmp_path / "parent.py").write_text(
        f"{begun}import os, sys\nfrom pathlib import Path\nfrom pipelines.cli.ui import run\n"
        "sys.exit(run([sys.executable, 'child.py'], Path.cwd(), os.environ))\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "parent.py"], cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        parent.send_signal(sent)
        assert parent.wait(20) == 0
        assert parent.stdout.readline() == "ended well\n"
