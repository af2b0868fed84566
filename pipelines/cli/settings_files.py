"""Writes kollect.toml and `.env`: never over a file of the user's, readable by the user alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from connectors.core.errors import BadSettings

USER_ONLY = 0o600


def write_settings_files(folder: Path, texts: Mapping[str, str], *, force: bool) -> None:
    """Write files (name -> text) into a folder, which is made where it is missing.

    Raises BadSettings, before anything is written, where one of them is already here and `force`
    is not given; and where the folder cannot be written.
    """
    here = [name for name in texts if (folder / name).exists()]
    if here and not force:
        verb = "is" if len(here) == 1 else "are"
        raise BadSettings(
            f"{' and '.join(here)} {verb} already here ({folder})",
            guidance="name another folder, or overwrite with --force",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _write(folder / name, text)
    except OSError as error:
        raise BadSettings(
            f"cannot write in {folder}: {error.strerror}", guidance="check the folder"
        ) from None


def _write(file: Path, text: str) -> None:
    """Beside it first, then renamed: a broken write leaves the old file."""
    beside = file.with_name(f"{file.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, USER_ONLY)
    with open(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(beside, file)
