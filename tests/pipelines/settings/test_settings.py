"""kollect.toml and .env: what is read, what is refused, and what the refusal says."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.core.errors import BadSettings
from pipelines.settings import Settings, read_settings

KEY = "0e79e82a-0000-0000-0000-000000000000"
NOTHING = {"KOLLECT_KEYRING": "0", "TZ": "UTC"}


def settings(folder: Path, text: str | bytes = "", **environ: str) -> Settings:
    """The settings of a kollect.toml with this text."""
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "kollect.toml").write_bytes(content)
    return read_settings(folder=folder, environ={**NOTHING, **environ})


REFUSED = [
    ("[warehous]\n", "unknown table [warehous]; did you mean 'warehouse'? The tables are"),
    ('[accounts.kinopio]\nbase_ulr = "x"\n', "'base_ulr'; did you mean 'base_url'? Its settings"),
    ('[accounts.kinopio]\ntransport = "rest"\n', "unknown setting 'transport'"),
    ('[accounts.mine]\nservice = "kinopo"\n', "did you mean 'kinopio'?"),
    ('[accounts.kinopio]\ninclude = ["card"]\n', "did you mean 'cards'?"),
    ("[accounts.kinopio]\ninclude = []\n", "include = [] keeps no table"),
    ('[accounts.kinopio]\ninclude = "cards"\n', "include: expected a list, got text"),
    ("[accounts.kinopio]\nrate = 5\n", "rate: expected a list, got a whole number"),
    ("[accounts.kinopio]\nrate = [{ limit = 0, seconds = 1 }]\n", "rate[0].limit"),
    ("[accounts.kinopio]\nrate = [{ limit = 5 }]\n", "missing required field 'seconds'"),
    ("[accounts.kinopio]\nretry = { tries = 5 }\n", "unknown field 'tries'"),
    ("[accounts.kinopio]\nmax_in_flight = 0\n", "max_in_flight"),
    ("[accounts.kinopio]\nfiles = 1\n", "files: expected true or false, got a whole number"),
    ("[accounts.kinopio]\nfile_parallel = 0\n", "file_parallel"),
    ('[accounts.kitemaker]\ntransport = "soap"\n', "transport"),
    ("accounts = 3\n", "accounts is a table"),
    ("[accounts]\nkinopio = 3\n", "[accounts.kinopio] is a table"),
    ("[backup]\nkeep = { hourly = 3 }\n", "keep: table contains unknown field 'hourly'"),
    ("[backup]\nkeep = { daily = -1 }\n", "keep.daily"),
    ("[guard]\nmass_delete_share = 0\n", "mass_delete_share"),
    ("[guard]\nmass_delete_share = 1.5\n", "mass_delete_share"),
    ("[guard]\nmass_delete_share = true\n", "expected a number, got true or false"),
    ("[guard]\nconfirm_empty_hours = -1\n", "confirm_empty_hours"),
    ("[schedule]\nsyc = 'daily'\n", "did you mean 'sync'?"),
    ("[alerts]\ncomand = 'x'\n", "did you mean 'command'?"),
    ('[scale]\nengine = "lake"\n', 'engine = "lake" is not available yet'),
    ('[scale]\nruns = "celery"\n', 'runs = "celery" is not available yet'),
    ('[scale]\ncontrol = "postgresql://host/db"\nshards = 4\n', "shards needs data"),
    ('[scale]\ncontrol = "postgresql://host/db"\ndata = "/mnt"\n', "data names no S3 bucket"),
    ('[scale]\ncontrol = "mysql://host/db"\n', "names no PostgreSQL database"),
    ('[scale]\ncontrol = "postgresql://me:secret@host/db"\n', "set PGPASSWORD"),
    ("[schedule]\naccounts_per_run = -1\n", "-1 is no number of accounts"),
    ("[schedule]\naccounts_per_run = '25'\n", "'25' is no number of accounts"),
    ("[warehouse]\npath = 3\n", "[warehouse] path: expected text, got a whole number"),
    ('[warehouse]\npath = "."\n', "names no file"),
    ('[warehouse]\npath = "Kippt.duckdb"\n', "cannot be named Kippt.duckdb"),
    ('[warehouse]\npath = "data/KINOPIO.db"\n', "schema 'kinopio'"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_its_place_and_a_cure(
    tmp_path: Path, text: str, words: str
) -> None:
    """One line with the file, the table, the setting, and what to write instead."""
    with pytest.raises(BadSettings) as raised:
        settings(tmp_path, text)
    said = str(raised.value)
    assert words in said
    assert "kollect.toml" in said
    assert "?." not in said


@pytest.mark.parametrize("name", ["a.b", "../../evil", "me@example.org", "two words", "-x", ""])
def test_an_account_name_that_is_a_path_or_no_word_is_refused(tmp_path: Path, name: str) -> None:
    """Names are parts of paths, of ACCOUNT.TABLE and of Dagster's keys."""
    with pytest.raises(BadSettings, match="letters, digits"):
        settings(tmp_path, f'[accounts."{name}"]\nservice = "kippt"\n')


@pytest.mark.parametrize("name", ["token", "api_key", "password", "Secret"])
def test_a_literal_secret_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    """The message names the setting and never the value."""
    with pytest.raises(BadSettings, match="secrets do not belong") as raised:
        settings(tmp_path, f'[accounts.kinopio]\n{name} = "{KEY}"\n')
    assert KEY not in str(raised.value)


def test_a_secret_in_place_of_a_variable_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """token_env names a variable; a key with dashes is none."""
    with pytest.raises(BadSettings, match="token_env is no name of an environment") as raised:
        settings(tmp_path, f'[accounts.kinopio]\ntoken_env = "{KEY}"\n')
    assert KEY not in str(raised.value)


def test_a_byte_order_mark_is_no_part_of_the_settings(tmp_path: Path) -> None:
    """Editors on Windows put one at the beginning, of .env as well."""
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfKINOPIO_API_KEY=" + KEY.encode())
    found = settings(tmp_path, b"\xef\xbb\xbf[accounts.kinopio]\n")
    assert found.accounts["kinopio"].ready


def test_files_in_utf_16_are_read(tmp_path: Path) -> None:
    """Windows writes them so, with a byte order mark and CR LF."""
    (tmp_path / ".env").write_bytes(f"A=ü\r\nKINOPIO_API_KEY={KEY}\r\n".encode("utf-16"))
    found = settings(tmp_path, "[accounts.kinopio]\r\nrate = []\r\n".encode("utf-16"))
    assert found.accounts["kinopio"].credential == {"token": KEY}


@pytest.mark.parametrize("file", [".env", "kollect.toml"])
def test_a_file_in_another_encoding_is_named(tmp_path: Path, file: str) -> None:
    """One sentence that says which file and line, and what to do with it."""
    (tmp_path / file).write_bytes("# a\n# Schlüssel\n".encode("latin-1"))
    with pytest.raises(BadSettings) as raised:
        read_settings(folder=tmp_path, environ=NOTHING)
    assert str(raised.value).startswith(f"{file} is not saved in UTF-8 (see line 2)")


@pytest.mark.parametrize("file", [".env", "kollect.toml"])
def test_settings_that_are_a_link_to_nowhere_are_not_taken_for_missing(
    tmp_path: Path, file: str
) -> None:
    (tmp_path / file).symlink_to("/nowhere/settings")
    with pytest.raises(BadSettings, match="is a link to /nowhere/settings, which is not there"):
        read_settings(folder=tmp_path, environ=NOTHING)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder in place of .env stands for whatever the system refuses."""
    (tmp_path / ".env").mkdir()
    with pytest.raises(BadSettings, match=r"^\.env cannot be read"):
        read_settings(folder=tmp_path, environ=NOTHING)


def test_the_home_folder_may_be_written_as_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the paths of the warehouse and of the backups."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    text = '[warehouse]\npath = "~/k.duckdb"\n[backup]\ndir = "~/kept"\n'
    found = settings(tmp_path, text)
    assert found.warehouse == tmp_path / "home" / "k.duckdb"
    assert found.backup_dir == tmp_path / "home" / "kept"


def test_settings_change_what_the_service_declares_and_leave_the_rest(tmp_path: Path) -> None:
    """One number of `retry` leaves the others; `rate = []` is no limit."""
    found = settings(
        tmp_path,
        "[accounts.kippt]\nretry = { attempts = 2 }\nrate = []\nmax_in_flight = 3\n"
        "[guard]\nconfirm_empty_hours = 5\n[backup]\nkeep = { daily = 3 }\n",
    )
    kippt = found.accounts["kippt"]
    assert (kippt.retry.attempts, kippt.retry.first_seconds) == (2, 5.0)
    assert (kippt.windows, kippt.max_in_flight) == ((), 3)
    assert (found.guard.mass_delete_share, found.guard.confirm_empty_hours) == (0.5, 5.0)
    assert found.keep == {"daily": 3}


def test_without_a_file_every_service_whose_credential_is_here_is_an_account(
    tmp_path: Path,
) -> None:
    """The environment overrules .env."""
    (tmp_path / ".env").write_text("KINOPIO_API_KEY=old\nKIPPT_USERNAME=me\n")
    found = read_settings(folder=tmp_path, environ={**NOTHING, "KINOPIO_API_KEY": KEY})
    assert list(found.accounts) == ["kinopio"]
    assert found.accounts["kinopio"].credential == {"token": KEY}
