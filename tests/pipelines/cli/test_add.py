"""`kollect add` and `init`: from nothing to an account that works."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.core.errors import BadSettings
from pipelines.settings import TABLES, read_settings
from pipelines.sync.runtime import is_this_computer, make_client
from tests.kit.account import Bench
from tests.kit.processes import kollect

PLAIN = {"KOLLECT_KEYRING": "0"}


def add(folder: Path, typed: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`kollect add`, with its questions answered through standard input."""
    return kollect(folder, environ, "add", *words, stdin=typed)


def test_an_account_is_asked_for_tried_and_written(
    made: Callable[..., Bench], tmp_path: Path
) -> None:
    """The credential is in `.env` for its owner alone, the settings name none of it, and the
    account syncs."""
    bench = made("kinopio", size=4)
    key = bench.box.environment()["KINOPIO_API_KEY"]
    words = ("kinopio", "--base-url", bench.account.base_url)
    done = add(tmp_path, f"{key}\n", *words)
    assert done.returncode == 0, done.stderr
    assert "kinopio: good, sees the account of" in done.stdout
    assert re.search(r"A first sync takes about \d+ requests", done.stdout)
    assert key not in done.stdout + done.stderr
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    text = (tmp_path / "kollect.toml").read_text()
    assert key not in text
    account = read_settings(tmp_path / "kollect.toml", environ=PLAIN).accounts["kinopio"]
    assert account.ready
    second = add(tmp_path, f"{key}\n", *words)
    assert second.returncode == 0, second.stderr
    accounts = tomllib.loads((tmp_path / "kollect.toml").read_text())["accounts"]
    assert accounts["kinopio-2"]["token_env"] == "KINOPIO_API_KEY_KINOPIO_2"
    assert read_settings(tmp_path / "kollect.toml", environ=PLAIN).accounts["kinopio-2"].ready


def test_a_refused_credential_is_not_written(made: Callable[..., Bench], tmp_path: Path) -> None:
    """Unless the person wants it all the same."""
    bench = made("kippt", size=4)
    done = add(tmp_path, "me\nbeef-of-kippt\nn\n", "kippt", "--base-url", bench.account.base_url)
    assert done.returncode == 1
    assert "KIPPT_API_TOKEN" in done.stderr
    assert "beef" not in done.stdout + done.stderr
    assert not (tmp_path / ".env").exists()
    assert not (tmp_path / "kollect.toml").exists()


def test_accounts_of_the_environment_stay_when_the_first_is_written(
    made: Callable[..., Bench], tmp_path: Path
) -> None:
    """A kollect.toml that names an account would hide those that it does not name."""
    bench = made("kinopio", size=4)
    environ = bench.box.environment()
    done = add(
        tmp_path, "", "kinopio", "--base-url", bench.account.base_url,
        KIPPT_USERNAME="me", KIPPT_API_TOKEN="token-of-kippt", **environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "KINOPIO_API_KEY: found" in done.stdout
    accounts = tomllib.loads((tmp_path / "kollect.toml").read_text())["accounts"]
    assert accounts.keys() == {"kippt", "kinopio"}
    assert not (tmp_path / ".env").exists()


def test_init_shows_every_setting(tmp_path: Path) -> None:
    """Of every table, schedule and alerts included; and with the comments taken away it is valid."""
    assert kollect(tmp_path, {}, "init").returncode == 0
    text = (tmp_path / "kollect.toml").read_text()
    old = ("email_", "smtp_")
    for table, names in TABLES.items():
        for name in names:
            if not name.startswith(old):
                assert re.search(rf"^# {name} *=", text, re.MULTILINE), f"{table}: {name}"


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("127.0.0.9", True), ("::1", True), ("a.localhost", True),
     ("10.0.0.1", False), ("nas", False), ("localhost.example.org", False)],
)  # fmt: skip
def test_which_hosts_are_this_computer(host: str, own: bool) -> None:
    assert is_this_computer(host) is own


def test_a_credential_does_not_leave_this_computer_unencrypted(tmp_path: Path) -> None:
    """Plain http:// to another host is refused before anything is sent, unless it is allowed."""
    text = '[accounts.kinopio]\nbase_url = "http://nas.example"\n'
    environ = {**PLAIN, "KINOPIO_API_KEY": "a-key"}
    (tmp_path / "kollect.toml").write_text(text)
    account = read_settings(tmp_path / "kollect.toml", environ=environ).accounts["kinopio"]
    with pytest.raises(BadSettings, match="allow_http = true"):
        make_client(account, tmp_path)
    (tmp_path / "kollect.toml").write_text(f"{text}allow_http = true\n")
    account = read_settings(tmp_path / "kollect.toml", environ=environ).accounts["kinopio"]
    make_client(account, tmp_path).close()
