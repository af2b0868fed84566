"""What settings read from files and from the system: kollect.toml, `.env`, the keyring."""

from __future__ import annotations

import contextlib
import io
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.core.errors import BadSettings
from warehouse.where import decoded


def read_toml(file: Path) -> dict[str, Any]:
    """The parsed file; raises BadSettings with line and column where it is no TOML."""
    try:
        return tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(
            f"{file.name} is no valid TOML: {error}", guidance="mend that line"
        ) from None


def environment(folder: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of `.env` in the folder, overruled by those of the environment.

    Raises BadSettings where `.env` cannot be read.
    """
    file = folder / ".env"
    written: dict[str, str | None] = {}
    if is_there(file):
        from dotenv import dotenv_values

        written = dotenv_values(stream=io.StringIO(_text(file)))
    known = {name: value for name, value in written.items() if value is not None}
    return {**known, **(os.environ if environ is None else environ)}


def secret(variable: str, known: Mapping[str, str]) -> str:
    """The value of a variable: environment, `.env`, a file that VARIABLE_FILE names, systemd's
    credential of that name, then the system keyring where installed.

    Raises BadSettings for a named file that cannot be read."""
    if known.get(variable):
        return known[variable]
    if file := known.get(f"{variable}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise BadSettings(
                f"{variable}_FILE names a file that cannot be read",
                guidance="check its path and permissions",
            ) from None
    if folder := known.get("CREDENTIALS_DIRECTORY"):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (Path(folder) / variable).read_text(encoding="utf-8").strip()
    if known.get("KOLLECT_KEYRING", "1") == "0":
        return ""
    try:
        import keyring
    except ImportError:
        return ""
    try:
        return keyring.get_password("kollect", variable) or ""
    except Exception:  # noqa: BLE001 - a keyring that is locked or absent is no error of ours
        return ""


def is_there(file: Path) -> bool:
    """Whether there is such a file. Raises BadSettings for a link that leads nowhere."""
    if file.is_symlink() and not file.exists():
        raise BadSettings(
            f"{file} is a link to {os.readlink(file)}, which is not there",
            guidance="attach the disk that holds it, or correct the link",
        )
    return file.exists()


def _text(file: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its byte order mark. Raises BadSettings."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadSettings(
            f"{file.name} cannot be read: {error.strerror}", guidance="check its permissions"
        ) from None
    try:
        return decoded(content)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadSettings(
            f"{file.name} is not saved in UTF-8 (see line {line})",
            guidance="save it again as UTF-8 in your editor",
        ) from None
