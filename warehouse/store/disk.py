"""Files that are replaced all at once, and what a disk refuses as errors that say what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.store.durable import flush_folder

DISK_ERRORS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO,
    errno.EBUSY, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.EXDEV,
    errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ENOLCK, errno.EMFILE,
)  # fmt: skip
"""What a disk says when it takes nothing, or is there no more."""
CURES = {
    errno.EACCES: "check the folder's permissions",
    errno.EPERM: "check the folder's permissions",
    errno.EROFS: "mount it with the right to write, or name another place",
    errno.EIO: "the disk may be failing: look into the system's log, and keep a backup elsewhere",
    errno.EFBIG: "name a place on a file system that takes larger files",
    errno.EBUSY: "mount the folder that holds it instead of the file alone: files are replaced",
    errno.EXDEV: "mount the folder that holds it instead of the file alone: files are replaced",
    errno.EMFILE: "allow more open files (ulimit -n)",
}
GONE = "attach the disk again, or check the path"
DUCKDB_DISK_ERRORS = (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException)
"""The errors in which DuckDB passes on what the operating system said."""
NO_ROOM_TO_SPILL = "max_temp_directory_size"
"""What DuckDB names where the disk has no room for what does not fit into memory."""


def copy_file(source: Path, target: Path) -> None:
    """Replace `target` by a copy of `source`: beside it first, flushed, then renamed.

    A crash at any moment leaves the old or the new file, never a part of one. A link stays a link
    to the new file, and a file that is replaced leaves its mode and owner to the new one.
    """
    real = target.resolve()
    beside = real.with_name(f".{real.name}.copying")
    try:
        with open(source, "rb") as reader, open(beside, "wb") as writer:
            shutil.copyfileobj(reader, writer, 8 << 20)
            writer.flush()
            os.fsync(writer.fileno())
        keep_rights(real, beside)
        os.replace(beside, real)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    flush_folder(real.parent)


def keep_rights(old: Path, new: Path) -> None:
    """Give a file the mode and the owner of the file that it will replace, where there is one.

    Where the file system knows no modes, or another user owns the old file, the new one stays as
    it was made.
    """
    with contextlib.suppress(OSError):
        was, now = old.stat(), new.stat()
        if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
            with contextlib.suppress(OSError):
                os.chown(new, was.st_uid, was.st_gid)
        if stat.S_IMODE(was.st_mode) != stat.S_IMODE(now.st_mode):
            new.chmod(stat.S_IMODE(was.st_mode))


def disk_problem(error: OSError, place: Path) -> WarehouseProblem:
    """An operating system's error as one that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WarehouseProblem(
            f"no space left on the disk that holds {place}",
            guidance="free some space and run again; nothing was lost",
        )
    return WarehouseProblem(
        f"cannot write in {place}: {error.strerror or error}",
        guidance=f"{CURES.get(error.errno or 0, GONE)}; nothing was changed",
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
        if isinstance(found, duckdb.Error) and NO_ROOM_TO_SPILL in str(found):
            return disk_problem(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), place)
        for number in DISK_ERRORS if isinstance(found, DUCKDB_DISK_ERRORS) else ():
            if os.strerror(number) in str(found):
                return disk_problem(OSError(number, os.strerror(number)), place)
        passed_on = isinstance(found, (OSError, duckdb.Error)) and not found.__suppress_context__
        found = found.__cause__ or (found.__context__ if passed_on else None)
    return None
