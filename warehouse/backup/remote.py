"""Backups at an address (s3, sftp, ... whatever fsspec speaks): sent, listed and fetched.

Files lie there by content below `objects/`, so that what backups share is sent and kept once;
`<UTC time>/` holds the manifest, which is written last: without it there is no backup. What was
sent is read back and hashed. An interrupted sending goes on with the files that are missing.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.core.errors import BadSettings, Unreachable
from warehouse.backup.archive import NAME, sort_key
from warehouse.backup.errors import BackupProblem, DamagedBackup, MissingLibrary
from warehouse.backup.manifest import (
    MANIFEST,
    Envelope,
    FileRecord,
    Manifest,
    decode,
)
from warehouse.progress import OnStep, Step, no_progress

BLOCK = 1 << 20
OBJECTS = "objects"
ATTEMPTS = 4


def shown(address: str) -> str:
    """An address without a user's password."""
    return re.sub(r"//[^/@]*@", "//", address)


def object_of(record: FileRecord) -> str:
    """Where a file's bytes lie, below the address."""
    return f"{OBJECTS}/{record.sha256[:2]}/{record.sha256}"


@dataclass
class Remote:
    """A place of backups behind an address; errors of the network are KollectErrors."""

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
                f"{shown(self.address)} cannot be used: {error}",
                guidance="install what fsspec needs for it (s3fs for s3, paramiko for sftp)",
            ) from None
        self.root = str(root).rstrip("/")

    def at(self, file: str) -> str:
        return f"{self.root}/{file}"

    def _try(self, doing: str, action: Callable[[], Any]) -> Any:
        """Do something that may fail for a moment; raises Unreachable when it keeps failing."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return action()
            except FileNotFoundError:
                raise
            except (OSError, TimeoutError) as error:
                if attempt == ATTEMPTS:
                    raise Unreachable(
                        f"{doing} failed: {type(error).__name__} {str(error)[:200]}",
                        guidance="run it again: it goes on where it stopped",
                        where=shown(self.address),
                        attempts=attempt,
                    ) from error
                self.sleep(2.0**attempt)
        raise AssertionError("unreachable")

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

        def action() -> None:
            self.system.put_file(str(local), self.at(file))

        self._try(f"sending {file}", action)

    def _make_folder(self, file: str) -> None:
        parent = self.at(file).rpartition("/")[0]
        self._try(f"making {parent}", lambda: self.system.makedirs(parent, exist_ok=True))

    def hash_of(self, file: str, on_step: OnStep = no_progress, target: Path | None = None) -> str:
        """Read a file's bytes, into `target` if given; returns their SHA-256."""

        def action() -> str:
            found = hashlib.sha256()
            with self.system.open(self.at(file), "rb") as reader:
                if target is None:
                    while block := reader.read(BLOCK):
                        found.update(block)
                        on_step(Step("bytes", "reading back", len(block)))
                    return found.hexdigest()
                with open(target, "wb") as writer:
                    while block := reader.read(BLOCK):
                        found.update(block)
                        writer.write(block)
            return found.hexdigest()

        return str(self._try(f"reading {file}", action))

    def sizes(self) -> dict[str, int]:
        """Every object and its size, by path below the address."""
        try:
            found = self._try("listing", lambda: self.system.find(self.at(OBJECTS), detail=True))
        except FileNotFoundError:
            return {}
        return {
            path[path.rindex(f"{OBJECTS}/") :]: int(about.get("size") or 0)
            for path, about in found.items()
        }

    def names(self) -> list[str]:
        """The backups there, the oldest first; a folder without a manifest is none."""
        try:
            found = self._try("listing", lambda: self.system.glob(self.at(f"*/{MANIFEST}")))
        except FileNotFoundError:
            return []
        names = (str(path).rstrip("/").split("/")[-2] for path in found)
        return sorted((name for name in names if NAME.fullmatch(name)), key=sort_key)

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
