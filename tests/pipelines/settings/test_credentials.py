"""Where a credential may live: the environment before `.env`, `.env` before the system keyring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from pipelines.settings import read_settings


class Memory(KeyringBackend):
    """A keyring of one process."""

    priority = 1
    locked = False

    def __init__(self) -> None:
        super().__init__()
        self.kept = {("kollect", "KINOPIO_API_KEY"): "from the keyring"}

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def memory() -> Iterator[Memory]:
    before = keyring.get_keyring()
    keyring.set_keyring(found := Memory())
    yield found
    keyring.set_keyring(before)


def token(folder: Path, **environ: str) -> str:
    settings = read_settings(folder=folder, environ={"TZ": "UTC", **environ})
    return settings.accounts["kinopio"].credential["token"]


def test_the_environment_wins_over_env_and_env_over_the_keyring(
    tmp_path: Path, memory: Memory
) -> None:
    """An account appears as soon as its credential is in any of the three."""
    assert token(tmp_path) == "from the keyring"
    (tmp_path / ".env").write_text("KINOPIO_API_KEY='from the file'\n")
    assert token(tmp_path) == "from the file"
    assert token(tmp_path, KINOPIO_API_KEY="from the shell") == "from the shell"


def test_a_locked_keyring_is_no_credential_and_no_error(tmp_path: Path, memory: Memory) -> None:
    """Nothing breaks where a machine has no keyring that opens."""
    memory.locked = True
    settings = read_settings(folder=tmp_path, environ={"TZ": "UTC", "KIPPT_USERNAME": "x"})
    assert "kinopio" not in settings.accounts
