"""`kollect accounts`: a list that every machine of `[scale]` reads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.core.errors import BadSettings
from pipelines.settings import read_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kollect(tmp_path: Path, address: str) -> Callable[..., str]:
    """Runs a command with the control database in the settings; its output, or its error."""
    (tmp_path / "kollect.toml").write_text(f'[scale]\ncontrol = "{address}"\n')
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "KOLLECT_KEYRING": "0"}

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *words],
            cwd=tmp_path, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    return run


def names(folder: Path, **variables: str) -> list[str]:
    environ = {"KOLLECT_KEYRING": "0", **variables}
    return list(read_settings(folder / "kollect.toml", environ=environ).accounts)


def test_an_account_is_added_paused_and_removed_for_all_machines(
    kollect: Callable[..., str], tmp_path: Path
) -> None:
    """The settings of every machine hold what is on the list and not paused."""
    added = kollect("accounts", "add", "acme", "service=kippt", "token_env=ACME", "files=true")
    assert "every machine needs KIPPT_USERNAME and ACME" in added
    assert names(tmp_path) == ["acme"]
    account = read_settings(tmp_path / "kollect.toml", environ={"ACME": "x"}).account("acme")
    assert account.connector.name == "kippt" and account.files.wanted
    assert account.credential["token"] == "x"
    assert "acme is paused" in kollect("accounts", "pause", "acme")
    assert "token_env = ACME" in kollect("accounts", "list")
    assert names(tmp_path) == []
    assert "synced again" in kollect("accounts", "pause", "acme", "--end")
    assert names(tmp_path) == ["acme"]
    assert "did you mean 'acme'?" in kollect("accounts", "remove", "acne")
    assert "its rows stay" in kollect("accounts", "remove", "acme")
    assert names(tmp_path) == []


def test_what_a_table_of_the_file_could_not_hold_is_refused_on_the_list(
    kollect: Callable[..., str], tmp_path: Path
) -> None:
    """Secrets and unknown settings are refused; an account is in the file or on the list."""
    assert "secrets do not belong" in kollect("accounts", "add", "a", "service=kippt", "token=x")
    assert "unknown setting" in kollect("accounts", "add", "a", "service=kippt", "tokenenv=x")
    assert "cannot be named so" in kollect("accounts", "add", "a b", "service=kippt")
    kollect("accounts", "add", "kippt")
    with (tmp_path / "kollect.toml").open("a") as file:
        file.write("[accounts.kippt]\n")
    with pytest.raises(BadSettings, match="is in the list of the control database too"):
        names(tmp_path)


def test_a_secret_may_be_in_a_file(kollect: Callable[..., str], tmp_path: Path) -> None:
    """As Kubernetes mounts it (NAME_FILE), and as systemd gives it (CREDENTIALS_DIRECTORY)."""
    kollect("accounts", "add", "kippt")
    (tmp_path / "token").write_text("from a file\n")
    (tmp_path / "KIPPT_USERNAME").write_text("somebody\n")
    environ = {
        "KIPPT_API_TOKEN_FILE": str(tmp_path / "token"),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
        "KOLLECT_KEYRING": "0",
    }
    account = read_settings(tmp_path / "kollect.toml", environ=environ).account("kippt")
    assert account.credential == {"username": "somebody", "token": "from a file"}
    with pytest.raises(BadSettings, match="KIPPT_API_TOKEN_FILE names a file that cannot be read"):
        names(tmp_path, KIPPT_API_TOKEN_FILE=str(tmp_path / "missing"))
