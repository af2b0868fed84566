"""What can go wrong with a backup, as errors that say what to do next.

Every one is a KollectError; how bad it is follows from the class, as in connectors.core.errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from connectors.core.errors import Fatal
from warehouse.store.disk import storage_problem


class BackupProblem(Fatal):
    """A backup cannot be written, read or restored."""

    advice = "Run `kollect backups` to see which backups there are and in which state."


class DamagedBackup(BackupProblem):
    """Bytes of a backup are not the ones that were written."""

    advice = "Take another backup; `kollect verify` names everything that is wrong with this one."


class NewerFormat(BackupProblem):
    """The backup was written by a kollect that is newer than this one."""

    advice = "Upgrade kollect and try again; nothing was changed."


class WrongKey(BackupProblem):
    """The backup is encrypted, and the key is missing or is another one."""

    advice = "Give the key with --key-file, or in KOLLECT_BACKUP_KEY_FILE."


class MissingLibrary(BackupProblem):
    """An optional library is needed for what was asked."""

    advice = "Install it with pip and try again."


@contextlib.contextmanager
def explained_errors(place: Path) -> Iterator[None]:
    """Turn errors of the system and of DuckDB into ones that say what to do."""
    try:
        yield
    except OSError as error:
        named = Path(error.filename) if isinstance(error.filename, str) else place
        raise storage_problem(error, place) or BackupProblem(
            f"{named}: {error.strerror or error}",
            guidance="check that place and run it again; nothing was changed",
        ) from error
    except duckdb.Error as error:
        raise storage_problem(error, place) or _duckdb_problem(error) from error


def one_line(text: object) -> str:
    """A text (or the text of an error) without line breaks."""
    return " ".join(str(text).split())


def _duckdb_problem(error: duckdb.Error) -> BackupProblem:
    text = one_line(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return BackupProblem(
            f"DuckDB ran out of memory: {text[:160]}",
            guidance="close other programs and run it again; nothing was changed",
        )
    return BackupProblem(
        f"DuckDB failed: {text[:300]}",
        guidance="run `kollect verify` on the newest backup; nothing was changed",
    )
