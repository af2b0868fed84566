"""What settings read from files and from the system: kollect.toml, `.env`, the keyring."""

from __future__ import annotations

import io
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.core.errors import BadSettings


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
    if file.exists():
        from dotenv import dotenv_values

        written = dotenv_values(stream=io.StringIO(_text(file)))
    known = {name: value for name, value in written.items() if value is not None}
    return {**known, **(os.environ if environ is None else environ)}


def secret(variable: str, known: Mapping[str, str]) -> str:
    """The value of a variable: environment, `.env`, then the system keyring where installed."""
    if known.get(variable):
        return known[variable]
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


def _text(file: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadSettings(
            f"{file.name} cannot be read: {error.strerror}", guidance="check its permissions"
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        found = "UTF-16" if utf16 else "another encoding"
        raise BadSettings(
            f"{file.name} is saved in {found}, not in UTF-8",
            guidance="save it again as UTF-8 in your editor",
        ) from None
