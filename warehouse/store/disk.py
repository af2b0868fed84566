"""Files that are replaced all at once, and what a disk refuses as errors that say what to do."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.store.durable import flush_folder

DISK_ERRORS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO,
)  # fmt: skip
"""What a disk says when it takes nothing more."""
DUCKDB_DISK_ERRORS = (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException)
"""The errors in which DuckDB passes on what the operating system said."""


def copy_file(source: Path, target: Path) -> None:
    """Replace `target` by a copy of `source`: beside it first, flushed, then renamed.

    A crash at any moment leaves the old or the new file, never a part of one.
    """
    beside = target.with_name(f".{target.name}.copying")
    try:
        with open(source, "rb") as reader, open(beside, "wb") as writer:
            shutil.copyfileobj(reader, writer, 8 << 20)
            writer.flush()
            os.fsync(writer.fileno())
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    flush_folder(target.parent)


def check_links(path: Path) -> None:
    """Raise WarehouseProblem where a path leads through a link whose target is not there."""
    for place in (path, *path.parents):
        if place.is_symlink() and not place.exists():
            raise WarehouseProblem(
                f"{place} is a link to {os.readlink(place)}, which is not there",
                guidance="attach the disk that holds it, or correct the link",
            )


def disk_problem(error: OSError, place: Path) -> WarehouseProblem:
    """An operating system's error as one that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WarehouseProblem(
            f"no space left on the disk that holds {place}",
            guidance="free some space and run again; nothing was lost",
        )
    return WarehouseProblem(
        f"cannot write in {place}: {error.strerror or error}",
        guidance="check the folder's permissions; nothing was changed",
    )


def storage_problem(error: BaseException, place: Path) -> WarehouseProblem | None:
    """The refusal of a disk that led to an error; None where the error means another thing.

    DuckDB has the operating system's reason only in its text, and a rollback that fails as well
    would hide it. So the errors of the system and of DuckDB are followed to what they arose from;
    an error of Python's own (a bug) counts as what it is.
    """
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno in DISK_ERRORS:
            return disk_problem(found, place)
        for number in DISK_ERRORS if isinstance(found, DUCKDB_DISK_ERRORS) else ():
            if os.strerror(number) in str(found):
                return disk_problem(OSError(number, os.strerror(number)), place)
        passed_on = isinstance(found, (OSError, duckdb.Error)) and not found.__suppress_context__
        found = found.__cause__ or (found.__context__ if passed_on else None)
    return None
