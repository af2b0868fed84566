"""A place of backups behind an address (s3, sftp, ... whatever fsspec reads and writes).

Files lie there by content below `objects/`, so that what backups share is sent and kept once;
`<UTC time>/` holds the manifest, which is written last: without it there is no backup. `locks/`
tells who sends or prunes there at the moment.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from connectors.core.errors import BadSettings, KollectError, Unreachable
from warehouse.backup.archive import in_order, is_backup_name
from warehouse.backup.errors import BackupProblem, DamagedBackup, MissingLibrary
from warehouse.backup.manifest import (
    MANIFEST,
    Envelope,
    Manifest,
    decode,
    misdated_in,
)
from warehouse.store.disk import disk_problem
from warehouse.store.durable import Digest

BLOCK = 1 << 20
OBJECTS = "objects"
ATTEMPTS = 4
HOPELESS = (PermissionError, NotImplementedError, TypeError, ValueError)
"""Errors that do not go away when the request is repeated."""


def shown(text: str) -> str:
    """An address, or a text that holds one, without user names and passwords."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def object_of(record: Digest) -> str:
    """Where a file's bytes lie, below the address."""
    return f"{OBJECTS}/{record.sha256[:2]}/{record.sha256}"


@dataclass
class Remote:
    """A place of backups behind an address.

    Whatever the library of the file system raises arrives as a KollectError with what to do;
    only FileNotFoundError stays what it is.
    """

    address: str
    sleep: Callable[[float], object] = field(default=time.sleep, repr=False)
    system: Any = field(default=None, repr=False)
    """The fsspec file system; found from the address where none is given."""
    root: str = ""

    def __post_init__(self) -> None:
        if self.system is not None:
            return
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise MissingLibrary(
                f"{shown(self.address)} needs the library fsspec",
                guidance="install it with `pip install 'kollect[remote]'` and run it again",
            ) from None
        try:
            self.system, root = url_to_fs(self.address)
        except (ImportError, ValueError) as error:
            raise BadSettings(
                f"{shown(self.address)} cannot be used: {shown(str(error))}",
                guidance="install what fsspec needs for it (s3fs for s3, paramiko for sftp)",
            ) from None
        except Exception as error:
            raise self._failed("connecting", error, 1) from error
        self.root = str(root).rstrip("/")

    def at(self, file: str) -> str:
        return f"{self.root}/{file}"

    def _try(self, doing: str, action: Callable[[], Any]) -> Any:
        """Do something that may fail for a moment; raises Unreachable when it keeps failing."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return action()
            except (FileNotFoundError, KollectError):
                raise
            except Exception as error:
                # Each file system has its library with errors of its own.
                if attempt == ATTEMPTS or isinstance(error, HOPELESS):
                    raise self._failed(doing, error, attempt) from error
                self.sleep(2.0**attempt)
        raise AssertionError("unreachable")

    def _failed(self, doing: str, error: Exception, attempts: int) -> KollectError:
        reason = f"{type(error).__name__} {shown(str(error))[:200]}".strip()
        guidance = "run it again: it goes on where it stopped"
        if isinstance(error, HOPELESS):
            guidance = "check the address, and the credentials and rights that its library uses"
        return Unreachable(
            f"{doing} failed: {reason}",
            guidance=guidance,
            where=shown(self.address),
            attempts=attempts,
        )

    def read(self, file: str) -> bytes:
        """A small file; raises FileNotFoundError."""
        found = self._try(f"reading {file}", lambda: self.system.cat_file(self.at(file)))
        return bytes(found)

    def write(self, file: str, data: bytes) -> None:
        """A small file, read back."""
        self._make_folder(file)
        self._try(f"writing {file}", lambda: self.system.pipe_file(self.at(file), data))
        if self.read(file) != data:
            raise DamagedBackup(f"{file} did not arrive whole at {shown(self.address)}")

    def send(self, local: Path, file: str) -> None:
        """A file of any size, a block at a time."""
        self._make_folder(file)
        self._try(f"sending {file}", lambda: self.system.put_file(str(local), self.at(file)))

    def _make_folder(self, file: str) -> None:
        parent = self.at(file).rpartition("/")[0]
        self._try(f"making {parent}", lambda: self.system.makedirs(parent, exist_ok=True))

    def remove(self, file: str) -> None:
        """Remove a file; no error where it is gone."""
        try:
            self._try(f"removing {file}", lambda: self.system.rm_file(self.at(file)))
        except FileNotFoundError:
            return

    def hash_of(self, file: str, target: Path | None = None) -> str:
        """Read a file's bytes, into `target` if given; returns their SHA-256.

        Raises FileNotFoundError, and WarehouseProblem where `target` cannot be written.
        """

        def action() -> str:
            found = hashlib.sha256()
            with contextlib.ExitStack() as stack:
                reader = stack.enter_context(self.system.open(self.at(file), "rb"))
                writer: IO[bytes] | None = None
                if target is not None:
                    with _on_this_disk(target):
                        writer = stack.enter_context(open(target, "wb"))
                while block := reader.read(BLOCK):
                    found.update(block)
                    if writer is not None and target is not None:
                        with _on_this_disk(target):
                            writer.write(block)
            return found.hexdigest()

        return str(self._try(f"reading {file}", action))

    def sizes(self, below: str = OBJECTS) -> dict[str, int]:
        """Every file in a folder and its size, by path below the address."""

        found = self._list(lambda: self.system.find(self.at(below), detail=True).items())
        return {
            path[path.rindex(f"{below}/") :]: int(about.get("size") or 0) for path, about in found
        }

    def names(self) -> list[str]:
        """The backups there, the newest last; a folder without a manifest is none."""

        found = self._list(lambda: self.system.glob(self.at(f"*/{MANIFEST}")))
        names = [str(path).rstrip("/").split("/")[-2] for path in found]
        names = [name for name in names if is_backup_name(name)]
        misdated: set[str] = set()
        for name in names:
            misdated |= misdated_in(self.read(f"{name}/{MANIFEST}"))
        return in_order(names, misdated)

    def _list(self, look: Callable[[], Any]) -> list[Any]:
        """A fresh listing; an empty one where its folder does not exist."""

        def action() -> Any:
            self.system.invalidate_cache()
            return look()

        try:
            return list(self._try("listing", action))
        except FileNotFoundError:
            return []

    def head(self, name: str) -> tuple[bytes, Manifest | Envelope]:
        """A backup's manifest.json; raises BackupProblem, DamagedBackup or NewerFormat."""
        where = f"{name}/{MANIFEST}"
        try:
            data = self.read(where)
        except FileNotFoundError:
            raise BackupProblem(
                f"{shown(self.address)} has no backup {name}",
                guidance="`kollect backups --url ADDRESS` lists those that are there",
            ) from None
        return data, decode(data, where)


@contextlib.contextmanager
def _on_this_disk(target: Path) -> Iterator[None]:
    """An error of a file of this machine becomes a WarehouseProblem, and is not tried again."""
    try:
        yield
    except OSError as error:
        raise disk_problem(error, target.parent) from error
