"""Encryption at rest, in the age format: `age` itself opens what kollect wrote.

The key is an age identity (`AGE-SECRET-KEY-1...`), from a file, from the environment or from
the system keyring. Its public half stands in the backup and tells which key opens it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from connectors.core.errors import BadSettings
from warehouse.backup.errors import DamagedBackup, MissingLibrary, WrongKey

SCHEME = "age"
KEY_VARIABLE = "KOLLECT_BACKUP_KEY"
FILE_VARIABLE = "KOLLECT_BACKUP_KEY_FILE"
WORD = "AGE-SECRET-KEY-"


def _library() -> Any:
    try:
        import pyrage
    except ImportError:
        raise MissingLibrary(
            "encryption needs the library pyrage",
            guidance="install it with `pip install 'kollect[encrypt]'` and run it again",
        ) from None
    return pyrage


class BackupKey:
    """A key that encrypts and opens backups; its text is never shown."""

    def __init__(self, text: str, *, where: str) -> None:
        """Raises BadSettings where the text is no key, MissingLibrary without pyrage."""
        self._age = _library()
        try:
            self._identity = self._age.x25519.Identity.from_str(text.strip())
        except self._age.IdentityError:
            raise BadSettings(
                f"{where} holds no key for backups",
                guidance=f"it starts with {WORD}1; `kollect backup --new-key FILE` makes one",
            ) from None
        self._public = self._identity.to_public()

    @property
    def recipient(self) -> str:
        """The public half, which may be shown."""
        return str(self._public)

    def __repr__(self) -> str:
        return f"BackupKey({self.recipient})"

    def encrypt_bytes(self, data: bytes) -> bytes:
        """Encrypt a small thing."""
        return bytes(self._age.encrypt(data, [self._public]))

    def decrypt_bytes(self, data: bytes, where: str) -> bytes:
        """Decrypt a small thing; raises WrongKey or DamagedBackup."""
        try:
            return bytes(self._age.decrypt(data, [self._identity]))
        except self._age.DecryptError as error:
            raise self._refused(error, where) from None

    def encrypt_file(self, plain: Path, sealed: Path) -> None:
        """Encrypt a file of any size, a block at a time."""
        self._age.encrypt_file(str(plain), str(sealed), [self._public])

    def decrypt_file(self, sealed: Path, plain: Path) -> None:
        """Decrypt a file of any size; nothing is left of it when that fails."""
        try:
            self._age.decrypt_file(str(sealed), str(plain), [self._identity])
        except BaseException as error:
            plain.unlink(missing_ok=True)
            # What is cut or changed in the middle comes as an OSError without a number.
            if isinstance(error, self._age.DecryptError) or (
                isinstance(error, OSError) and error.errno is None
            ):
                raise self._refused(error, str(sealed)) from None
            raise

    def _refused(self, error: BaseException, where: str) -> WrongKey | DamagedBackup:
        if "no matching keys" in str(error).lower():
            return WrongKey(f"the key {self.recipient} does not open {where}")
        return DamagedBackup(f"{where} cannot be decrypted: it is damaged")


class Keys(Enum):
    """Which key to use where none is given."""

    SET = "the key that is set in the environment or the keyring, if any"


KeyChoice = BackupKey | Keys | None


def chosen_key(choice: KeyChoice) -> BackupKey | None:
    """The key itself; looks for the one that is set where that was the choice."""
    return find_key() if isinstance(choice, Keys) else choice


def find_key(
    file: Path | None = None, environ: Mapping[str, str] | None = None
) -> BackupKey | None:
    """The key from a file, else from the environment, else from the keyring; None without one.

    Raises BadSettings where what was named cannot be read or is no key.
    """
    known = os.environ if environ is None else environ
    named = file or (Path(known[FILE_VARIABLE]) if known.get(FILE_VARIABLE) else None)
    if named is not None:
        return BackupKey(_key_in(named), where=str(named))
    if known.get(KEY_VARIABLE):
        return BackupKey(known[KEY_VARIABLE], where=KEY_VARIABLE)
    if known.get("KOLLECT_KEYRING", "1") == "0":
        return None
    try:
        import keyring
    except ImportError:
        return None
    try:
        text = keyring.get_password("kollect", KEY_VARIABLE)
    except Exception:  # noqa: BLE001 - a keyring that is locked or absent is no error of ours
        return None
    return BackupKey(text, where="the keyring") if text else None


def _key_in(file: Path) -> str:
    """The key in a file as `age-keygen` writes it, comments and all."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(
            f"the key file {file} cannot be read ({type(error).__name__})",
            guidance="check --key-file or KOLLECT_BACKUP_KEY_FILE",
        ) from None
    return next((line.strip() for line in lines if line.strip().startswith(WORD)), "")


def new_key(file: Path) -> BackupKey:
    """Make a key and write it to a new file that only its owner may read."""
    age = _library()
    identity = age.x25519.Identity.generate()
    text = f"# public key: {identity.to_public()}\n{identity}\n"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadSettings(
            f"the key file {file} cannot be made ({error.strerror})",
            guidance="name a new file in a folder that you can write to",
        ) from None
    with os.fdopen(handle, "w", encoding="utf-8") as writer:
        writer.write(text)
        writer.flush()
        os.fsync(writer.fileno())
    return BackupKey(str(identity), where=str(file))
