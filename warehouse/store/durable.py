"""Files that survive a power cut: written beside, flushed to the disk, then renamed or linked."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

BLOCK = 1 << 20
WORKERS = max(1, min(4, os.cpu_count() or 1))
NO_LINK = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""What file systems say that know no hard links, or no more of them."""

NOT_KNOWN_HERE = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""How SMB, sshfs and other FUSE file systems refuse what they do not know, such as to flush a
folder."""
NO_MODES = {*NOT_KNOWN_HERE, errno.EPERM}
"""How file systems without modes (exFAT, SMB) refuse to change one."""


class Digest(msgspec.Struct, frozen=True):
    """Size and SHA-256 of a file's bytes."""

    bytes: int
    sha256: str


def digest(file: Path, on_bytes: Callable[[int], None] | None = None) -> Digest:
    """Read a whole file; raises OSError where that fails."""
    found = hashlib.sha256()
    size = 0
    with open(file, "rb", buffering=0) as reader:
        buffer = memoryview(bytearray(BLOCK))
        while count := reader.readinto(buffer):
            found.update(buffer[:count])
            size += count
            if on_bytes is not None:
                on_bytes(count)
    return Digest(size, found.hexdigest())


def digest_bytes(data: bytes) -> Digest:
    """Size and SHA-256 of bytes in memory."""
    return Digest(len(data), hashlib.sha256(data).hexdigest())


def flush_file(file: Path) -> None:
    """Make the file's bytes outlive a power cut."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """Make the folder's entries outlive a power cut, where the file system can promise that."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NOT_KNOWN_HERE:
            raise
    finally:
        os.close(handle)


def flush_files(files: Iterable[Path]) -> None:
    """Flush many files, several at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(flush_file, files))


def make_read_only(file: Path) -> None:
    """Take away the right to write, where the file system knows rights: the file may be shared by
    several backups."""
    try:
        file.chmod(stat.S_IMODE(file.stat().st_mode) & 0o444)
    except OSError as error:
        if error.errno not in NO_MODES:
            raise


def write_new(file: Path, data: bytes) -> Digest:
    """Write a file that must not exist yet, flushed; its folder is flushed by the caller."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "xb") as writer:
        writer.write(data)
        writer.flush()
        os.fsync(writer.fileno())
    return digest_bytes(data)


def write_read_only(file: Path, data: bytes) -> Digest:
    """As `write_new`, and nobody may write to the file any more."""
    written = write_new(file, data)
    make_read_only(file)
    return written


def replace_file(file: Path, data: bytes) -> None:
    """Write or replace a small file all at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        beside.unlink(missing_ok=True)
        write_new(beside, data)
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)
    flush_folder(file.parent)


def copy_checked(source: Path, target: Path) -> Digest:
    """Copy a file in blocks, flushed; returns what was read. `target` must not exist yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    found = hashlib.sha256()
    size = 0
    with open(source, "rb", buffering=0) as reader, open(target, "xb", buffering=0) as writer:
        buffer = memoryview(bytearray(BLOCK))
        while count := reader.readinto(buffer):
            found.update(buffer[:count])
            size += count
            written = 0
            while written < count:
                written += writer.write(buffer[written:count])
        os.fsync(writer.fileno())
    return Digest(size, found.hexdigest())


def link(source: Path, target: Path) -> bool:
    """A second name for the same bytes; False where the file system cannot do that."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno in NO_LINK:
            return False
        raise
    return True


def walk_files(folder: Path) -> dict[str, os.stat_result]:
    """Everything below a folder that is no folder, by relative path.

    A folder that is empty or cannot be looked into is in the answer itself, with a `/` at its end.
    """
    found: dict[str, os.stat_result] = {}
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            entries = list(os.scandir(folder / inside))
        except PermissionError:
            entries = []
        if not entries and inside:
            found[inside] = (folder / inside).lstat()
        for entry in entries:
            name = f"{inside}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{name}/")
            else:
                found[name] = entry.stat(follow_symlinks=False)
    return found


def remove_empty_folders(folder: Path) -> None:
    """Remove the folders inside that hold nothing."""
    for place, _, _ in os.walk(folder, topdown=False):
        if Path(place) != folder and not os.listdir(place):
            os.rmdir(place)


def flush_tree(folder: Path) -> None:
    """Flush a folder and every folder inside it."""
    for place, folders, _ in os.walk(folder, topdown=False):
        for name in folders:
            inside = Path(place, name)
            if not inside.is_symlink():
                flush_folder(inside)
    flush_folder(folder)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, read-only files too; no error where it is gone."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
        return
    if folder.exists():
        shutil.rmtree(folder)


def rename_new(source: Path, target: Path) -> None:
    """Rename, but never onto something: raises FileExistsError. The folder is flushed."""
    if target.exists() or target.is_symlink():
        raise FileExistsError(errno.EEXIST, "it exists already", str(target))
    os.rename(source, target)
    flush_folder(target.parent)


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written where the folder is (or will be)."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free
