"""Dagster's history in SQLite as Dagster keeps it, written in a tenth of the time.

A sync of 15 tables leaves some 300 events. Dagster's own storage makes an engine, opens the
database, commits to the disk and closes it again for each of them, and the last one to close a
database also folds its journal back: 20 to 40 ms an event on a common disk. This one keeps the
connections of the databases that are in use, and leaves it to SQLite when to wait for the disk:
a power cut may cost the last events of a run, never what was there before (nor any data: the
warehouse is not kept here). Files and tables are Dagster's own, so either storage reads the other.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.event import listen
from sqlalchemy.pool import StaticPool

MOST_OPEN = 4
"""Databases that stay open: the index, and the runs that were last written or looked at."""


class WarmEventLog(SqliteEventLogStorage):
    """Dagster's event log that keeps its connections."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._warm: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @contextlib.contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        # One at a time, as in the class above: the connection is shared by all threads.
        with self._db_lock:
            engine = self._engine(shard)
            with engine.connect() as connection:
                before = _changes(connection)
                with connection.begin():
                    yield connection
                changed = _changes(connection) != before
            if changed:
                # The page follows a run by watching this file, which the journal keeps as it is.
                with contextlib.suppress(OSError):
                    os.utime(self.path_for_shard(shard))

    def _engine(self, shard: str) -> Engine:
        kept = self._warm.get(shard)
        if kept is not None and os.path.exists(self.path_for_shard(shard)):
            self._warm.move_to_end(shard)
            return kept
        if kept is not None:
            self._forget(shard)  # the history of this run was deleted
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        listen(engine, "connect", _leave_the_disk_to_sqlite)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        self._warm[shard] = engine
        while len(self._warm) > MOST_OPEN:
            self._forget(next(iter(self._warm)))
        return engine

    def _forget(self, shard: str) -> None:
        self._warm.pop(shard).dispose()
        self._initialized_dbs.discard(shard)

    def delete_events(self, run_id: str) -> None:
        """Forget a run, and remove its database, which the class above would leave for ever."""
        super().delete_events(run_id)
        with self._db_lock:
            if run_id in self._warm:
                self._forget(run_id)
            for end in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{self.path_for_shard(run_id)}{end}")
            self._initialized_dbs.discard(run_id)

    def wipe(self) -> None:
        """Forget everything; the files go, and what was open of them."""
        with self._db_lock:
            for shard in list(self._warm):
                self._forget(shard)
        super().wipe()

    def dispose(self) -> None:
        """Close what is open."""
        with self._db_lock:
            for shard in list(self._warm):
                self._forget(shard)
        super().dispose()


def _changes(connection: Connection) -> int:
    """How many rows this connection has written so far."""
    return int(connection.connection.dbapi_connection.total_changes)  # type: ignore[union-attr]


def _leave_the_disk_to_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


class WarmStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite with the event log above."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = WarmEventLog(os.path.join(base_dir, "history", "runs", ""))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> WarmStorage:
        """What dagster.yaml asks for."""
        return cls.from_local(inst_data=inst_data, **config_value)
