"""Errors that nobody foresaw, as one sentence with a file that can be attached to a report."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from connectors.core.errors import BadSettings, Fatal, KollectError
from connectors.http.redact import safe_text
from pipelines.machine import working_folder
from pipelines.settings.environment import environment
from warehouse.store.disk import storage_problem

SECRET_WORDS = ("TOKEN", "KEY", "PASSWORD", "SECRET", "WEBHOOK", "NOTIFY", "CREDENTIAL", "DSN")
"""Variables with such a word in their name may hold a secret."""
LIBRARIES = ("kollect", "duckdb", "httpx", "click", "dagster", "pyarrow")


class Unforeseen(Fatal):
    """A fault of kollect itself: no other error class fits."""


def as_kollect_error(error: Exception) -> KollectError:
    """Any error as one that says what to do: what the disk refuses, or what nobody foresaw.

    The traceback of the latter goes into a file, without secrets, that can be attached to a report.
    """
    if isinstance(error, KollectError):
        return error
    try:
        folder = working_folder()
    except BadSettings as gone:
        return gone
    if (problem := storage_problem(error, _place_of(error) or folder)) is not None:
        return problem
    secrets = _secrets(folder)
    what = safe_text(f"{type(error).__name__}: {error}", secrets)
    file = _write_report(safe_text("".join(traceback.format_exception(error)), secrets))
    return Unforeseen(
        f"kollect met a fault of its own: {' '.join(what.split())[:200]}",
        guidance=f"Please report it and attach {file}; what was loaded so far is kept."
        if file
        else "Please report it; what was loaded so far is kept.",
    )


def _secrets(folder: Path) -> list[str]:
    """The values of variables, of `.env` too, that may be secrets."""
    try:
        known = environment(folder)
    except BadSettings:
        known = dict(os.environ)
    return [v for name, v in known.items() if any(word in name.upper() for word in SECRET_WORDS)]


def _place_of(error: Exception) -> Path | None:
    name = getattr(error, "filename", None)
    return Path(os.fsdecode(name)) if isinstance(name, (str, bytes)) else None


def _write_report(text: str) -> Path | None:
    """The report's file, for its owner alone; None where no folder takes it."""
    now = datetime.now(UTC)
    head = [f"kollect's report of a fault, {now:%Y-%m-%d %H:%M:%S} UTC", f"command: {_command()}",
            f"Python {platform.python_version()} on {platform.platform()}",
            *(f"{name} {_version(name)}" for name in LIBRARIES)]  # fmt: skip
    content = "\n".join([*head, "", text])
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(prefix=f"kollect-fault-{now:%Y%m%dT%H%M%S}-", suffix=".txt")
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(content)
        return Path(name)
    return None


def _command() -> str:
    """The command without its arguments, which may hold anything."""
    words = [word for word in sys.argv[1:] if word.isalpha() and word.islower()]
    return " ".join(["kollect", *words[:1]])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"
