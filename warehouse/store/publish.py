"""The published file and its stamp: which state of the writer's file people have before them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.store.disk import copy_file
from warehouse.store.durable import replace_file
from warehouse.store.identity import FORMAT, Identity, identity_of, not_a_warehouse


@dataclass(frozen=True)
class Stamp:
    """What was published last: its identity, and what the file looked like afterwards."""

    warehouse: str
    generation: int
    inode: int
    size: int
    mtime_ns: int
    mark: str = ""

    @classmethod
    def read(cls, file: Path) -> Stamp | None:
        """The stored stamp; None where there is none or it cannot be read."""
        try:
            return cls(**json.loads(file.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    @classmethod
    def of(cls, identity: Identity, published: Path) -> Stamp:
        """The stamp of a published file as it is now."""
        seen = published.stat()
        return cls(
            identity.warehouse,
            identity.generation,
            seen.st_ino,
            seen.st_size,
            seen.st_mtime_ns,
            identity.mark,
        )

    def seen_now(self, published: Path) -> Stamp:
        """The stamp of the same state, with what the published file looks like now."""
        return Stamp.of(self.identity, published)

    @property
    def identity(self) -> Identity:
        """The identity of the file that was published."""
        return Identity(self.warehouse, self.generation, FORMAT, self.mark)

    def write(self, file: Path) -> None:
        """Store it, all at once."""
        replace_file(file, json.dumps(self.__dict__).encode())

    def is_of(self, published: Path) -> bool:
        """Whether nobody has touched or replaced the published file since."""
        seen = published.stat()
        return (self.inode, self.size, self.mtime_ns) == (
            seen.st_ino,
            seen.st_size,
            seen.st_mtime_ns,
        )

    def names(self, identity: Identity) -> bool:
        """Whether it was made of this state of this warehouse."""
        return (self.warehouse, self.generation, self.mark) == (
            identity.warehouse,
            identity.generation,
            identity.mark,
        )


def published_identity(published: Path, stamp: Stamp | None) -> Identity | None:
    """The identity of the published file; None where it is a database of something else.

    Where another program has it open for writing, it is the file that the stamp tells of. Raises
    WarehouseProblem where it is no database at all.
    """
    try:
        connection = duckdb.connect(str(published), read_only=True)
    except duckdb.IOException as error:
        if "lock" in str(error) and stamp is not None and stamp.inode == published.stat().st_ino:
            return stamp.identity
        raise not_a_warehouse(published, error) from error
    except duckdb.Error as error:
        raise not_a_warehouse(published, error) from error
    with connection:
        return identity_of(connection, None)


def put_in_place(source: Path, target: Path) -> None:
    """Replace a database file by a copy of another, all at once.

    The log beside the replaced file belongs to what it was, so it goes as well: a reader's who
    opened the published file for writing, or that of a killed load.
    """
    copy_file(source, target)
    log_of(target).unlink(missing_ok=True)


def log_of(file: Path) -> Path:
    """Where DuckDB keeps what was committed and is not yet in the file itself."""
    return file.with_name(file.name + ".wal")
