"""docs/running.md and deploy/ say what is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from pipelines.orchestration import backups, summary, views
from pipelines.orchestration.table_checks import CHECKS
from pipelines.settings import TABLES
from pipelines.settings.alerts import AlertSettings, read_alerts
from pipelines.settings.schedule import ScheduleSettings, read_schedule
from tests.kit.live import commands_of
from tests.pipelines.conftest import ROOT

PAGE = (ROOT / "docs" / "running.md").read_text()
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_settings_on_the_page_are_taken_as_they_stand() -> None:
    """Copy, paste, works; and the defaults shown are the defaults."""
    values = {k: v for block in blocks("toml") for k, v in tomllib.loads(block).items()}
    assert set(values["schedule"]) == TABLES["schedule"]
    assert set(values["alerts"]) == {field.name for field in fields(AlertSettings)}
    shown = read_schedule(values["schedule"], {})
    assert shown == ScheduleSettings(timezone="Europe/Berlin")
    read_alerts(values["alerts"])


def test_every_check_and_every_setting_of_the_instance_is_explained() -> None:
    """Nothing is there without a reason."""
    checks = [check.name for check in CHECKS]
    for name in (*checks, backups.CHECK, views.CHECK, *summary.MEANINGS):
        assert f"`{name}`" in PAGE, name
    for name, inside in yaml.safe_load((ROOT / "dagster.yaml").read_text()).items():
        named = [name, *(f"{name}.{part}" for part in inside)]
        assert any(f"`{word}`" in PAGE or f"`{word}," in PAGE for word in named), name


def test_every_file_of_deploy_is_on_the_page() -> None:
    """Units by name, the rest by path."""
    assert all(f"`{unit.stem}`" in PAGE for unit in UNITS)
    assert "deploy/compose.yaml" in PAGE


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_what_exists_with_options_that_exist(unit: Path) -> None:
    """A renamed option is found here and not after a restart."""
    words, _ = commands_of(unit)
    program = Path(sys.executable).parent / Path(words[0]).name
    assert program.exists()
    subcommands = [w for w in words[1:] if w in ("api", "grpc", "run")]
    shown = subprocess.run(
        [program, *subcommands, "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for option in (w for w in words if w.startswith("--")):
        assert option in shown, option
    text = unit.read_text()
    assert "DAGSTER_HOME=%h/kollect" in text
    assert "WorkingDirectory=%h/kollect" in text


def test_units_are_what_systemd_expects(tmp_path: Path) -> None:
    """Checked by systemd itself, where it is."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("no systemd here: install Debian's package systemd")
    programs = tmp_path / "kollect" / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("dagster", "dagster-daemon", "dagster-webserver"):
        (programs / name).symlink_to(Path(sys.executable).parent / name)
    (tmp_path / "run").mkdir(mode=0o700)
    done = subprocess.run(
        [tool, "verify", "--user", *map(str, UNITS)],
        env={"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "PATH": "/usr/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_services_share_the_history_of_the_ui() -> None:
    """One name of the code location, one socket."""
    place = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    words, before = commands_of(DEPLOY / "kollect-code.service")
    assert place["location_name"] == "kollect" == words[words.index("--location-name") + 1]
    assert place["socket"] == words[words.index("--socket") + 1]
    assert ["/usr/bin/env", "rm", "-f", place["socket"]] in before


def test_the_container_is_closed_and_keeps_its_data() -> None:
    """The page on this computer alone, no rights, everything that lasts outside."""
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["kollect"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["cap_drop"] == ["ALL"]
    assert service["volumes"] == ["../data:/data"]
    assert service["init"] is True
    built = (DEPLOY / "Dockerfile").read_text()
    assert "USER kollect" in built
    assert "--require-hashes" in built
    for name in re.findall(r"^COPY (\w+) ", built, re.MULTILINE):
        assert (ROOT / name).is_dir(), name
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", "kollect.toml", "*.duckdb", ".git"} <= set(ignored)
