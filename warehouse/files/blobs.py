"""The store of downloaded files: each once, under the SHA-256 of its content.

It lies beside the warehouse (`kollect.duckdb` has `kollect.files/`) and not in `.kollect/`: what
is lost there may only cost requests, and a file that is gone at the service cannot be asked for.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

HASH = re.compile(r"[0-9a-f]{64}")
PARTS = ".parts"
"""Files on their way, by account; beside the others, so that a rename brings them in."""


def store_of(warehouse: Path) -> Path:
    """Where downloaded files lie beside a warehouse."""
    return warehouse.with_name(f"{warehouse.stem}.files")


class Store:
    """One warehouse's files."""

    def __init__(self, warehouse: Path) -> None:
        self.folder = store_of(warehouse)

    def place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def holds(self, sha256: str, size: int | None = None) -> bool:
        """Whether the file is here (with this size); its bytes are for `verify` to read."""
        try:
            found = self.place(sha256).stat()
        except OSError:
            return False
        return size is None or found.st_size == size

    def part(self, account: str, name: str) -> Path:
        """Where a file comes in, without ending."""
        return self.folder / PARTS / account / name

    def take(self, part: Path, sha256: str) -> None:
        """Move a whole, flushed file to its place; what lies there already stays."""
        place = self.place(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        if self.holds(sha256, part.stat().st_size):
            part.unlink()
            return
        part.chmod(0o444)
        os.replace(part, place)
        _flush(place.parent)

    def clear_parts(self, account: str, keep: Iterable[str] = ()) -> None:
        """Forget what was on its way for an account and is wanted no more."""
        folder, kept = self.folder / PARTS / account, set(keep)
        with contextlib.suppress(FileNotFoundError):
            for entry in list(os.scandir(folder)):
                if entry.name.partition(".")[0] not in kept:
                    os.unlink(entry.path)
        with contextlib.suppress(OSError):
            folder.rmdir()
            folder.parent.rmdir()

    def forget_part(self, account: str, name: str) -> None:
        """Remove what is noted of a file on its way: the warehouse knows it now."""
        place = self.part(account, name)
        for ending in (".part", ".json"):
            place.with_name(place.name + ending).unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
