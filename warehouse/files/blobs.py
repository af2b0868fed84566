"""The bytes of downloaded files: each once, under the SHA-256 of its content.

It lies beside the warehouse (`kollect.duckdb` has `kollect.files/`) and not in `.kollect/`: what
is lost there may only cost requests, and a file that is gone at the service cannot be asked for.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from warehouse.store.durable import flush_folder, make_read_only
from warehouse.store.names import file_name_of

HASH = re.compile(r"[0-9a-f]{64}")
PARTS = ".parts"
"""Files on their way, by account; beside the others, so that a rename brings them in."""


def store_of(warehouse: Path) -> Path:
    """The folder of downloaded files beside a warehouse."""
    return warehouse.with_name(f"{warehouse.stem}.files")


class BlobStore:
    """The files of one warehouse."""

    def __init__(self, warehouse: Path) -> None:
        self.folder = store_of(warehouse)

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def holds(self, sha256: str, size: int | None = None) -> bool:
        """Whether the file is here (with this size); `verify` reads its bytes."""
        try:
            found = self.path(sha256).stat()
        except OSError:
            return False
        return size is None or found.st_size == size

    def part(self, account: str, name: str) -> Path:
        """Where a file is received, without its ending."""
        return self.folder / PARTS / file_name_of(account) / name

    def adopt(self, part: Path, sha256: str) -> None:
        """Move a whole, flushed file into the store; a file that is there already stays."""
        path = self.path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.holds(sha256, part.stat().st_size):
            part.unlink()
            return
        make_read_only(part)
        os.replace(part, path)
        flush_folder(path.parent)

    def clear_parts(self, account: str, keep: Iterable[str] = ()) -> None:
        """Remove files on their way that an account no longer wants."""
        folder, kept = self.folder / PARTS / file_name_of(account), set(keep)
        with contextlib.suppress(FileNotFoundError):
            for entry in list(os.scandir(folder)):
                if entry.name.partition(".")[0] not in kept:
                    os.unlink(entry.path)
        with contextlib.suppress(OSError):
            folder.rmdir()
            folder.parent.rmdir()

    def forget_part(self, account: str, name: str) -> None:
        """Remove a file on its way and its notes: the ledger knows it now."""
        path = self.part(account, name)
        for ending in (".part", ".json"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
