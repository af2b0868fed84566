"""The warehouse on disk: the file people open, the writer's file, and the way between them.

DuckDB lets one process write a file and nobody else open it meanwhile. So loads go into a
writer's file below `.kollect/`, and after a run a copy of it is renamed into the place of
`kollect.duckdb`: readers never block a load, a reader's open file stays as it is, and nobody ever
sees half a load. The published file alone is enough to go on when `.kollect/` is lost.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb

from connectors.core.errors import KollectError, WarehouseProblem
from warehouse.schema.types import literal
from warehouse.store.disk import storage_problem
from warehouse.store.identity import Identity, identity_of, not_a_warehouse, refuse_newer_format
from warehouse.store.locks import FileLock, HeldElsewhere, OnWait, hold
from warehouse.store.migrate import migrate
from warehouse.store.my_schema import copy_my_schema
from warehouse.store.names import CATALOG, RESERVED
from warehouse.store.places import check_place
from warehouse.store.publish import Stamp, log_of, published_identity, put_in_place
from warehouse.store.state_folder import claim_state_folder
from warehouse.store.transactions import Fence, detach_with_log, transaction
from warehouse.store.write import KeptAttached

ROW_GROUP_ROWS = 20_480
"""A load holds so many rows of a table in memory, for each thread, until they go to the disk."""
WRITER_WAIT_SECONDS = 600.0
MOMENT_SECONDS = 1.0
"""So long a look at the newest state waits for a load that is under way."""


class Warehouse:
    """One warehouse: `path` is what people open, `home` is kollect's own folder beside it."""

    def __init__(
        self,
        path: Path,
        *,
        on_wait: OnWait | None = None,
        fence: Fence = contextlib.nullcontext,
    ) -> None:
        """`fence` surrounds every commit of rows and every publishing. Raises WarehouseProblem
        where the name would clash with one of our schemas."""
        self.path = path.absolute()
        if self.path.stem.lower() in RESERVED:
            raise WarehouseProblem(
                f"a warehouse file cannot be named {self.path.name}: DuckDB would confuse the "
                f"catalog `{self.path.stem}` with the schema of that name",
                guidance="name it otherwise in kollect.toml, [warehouse] path",
            )
        self._on_wait = on_wait
        self._fence = fence
        self._kept: KeptAttached | None = None
        self._engine: duckdb.DuckDBPyConnection | None = None

    @functools.cached_property
    def home(self) -> Path:
        """kollect's own folder beside the file; asking for it makes it this file's own.

        Raises WarehouseProblem where the file is to be on a disk that is not there."""
        check_place(self.path)
        return claim_state_folder(self.path)

    @property
    def writer(self) -> Path:
        """The file that loads go into."""
        return self.home / "writer" / self.path.name

    def is_there(self) -> bool:
        """Whether there is a published file. Raises WarehouseProblem where its disk is not there,
        so that nobody takes it for a warehouse that was never synced."""
        if self.path.exists():
            return True
        check_place(self.path)
        return False

    @property
    def bytes(self) -> int:
        """The size of the writer's file; 0 before the first load."""
        return self.writer.stat().st_size if self.writer.exists() else 0

    # -- reading ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published file, read-only. Raises WarehouseProblem where there is none yet."""
        if not self.is_there():
            raise WarehouseProblem(
                f"there is no {self.path.name} yet", guidance="run `kollect sync` first"
            )
        with self._opened(self.path) as connection:
            yield connection

    @contextlib.contextmanager
    def newest(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """As `reading`, for a moment: also the rows of the ledger that were not published yet.

        No load begins meanwhile. While one is under way, this is the published file.
        """
        with contextlib.ExitStack() as held:
            file = self.path
            try:
                if self.is_there() and self.writer.exists():
                    held.enter_context(FileLock(self._lock_file, timeout_seconds=MOMENT_SECONDS))
                    stamp = Stamp.read(self._stamp_file)
                    if stamp is not None and stamp.is_of(self.path):
                        file = self.writer
            except (OSError, HeldElsewhere):
                held.close()
            yield held.enter_context(self.reading() if file == self.path else self._opened(file))

    @contextlib.contextmanager
    def _opened(self, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            connection = duckdb.connect(str(file), read_only=True)
        except duckdb.Error as error:
            raise not_a_warehouse(file, error) from error
        with connection:
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            # A table that is not there must not be looked for among Python's variables.
            connection.execute("SET python_enable_replacements = false")
            identity = identity_of(connection, None)
            if identity is None:
                raise not_a_warehouse(file)
            refuse_newer_format(identity, file)
            yield connection

    # -- writing ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """The writer's file attached as `kept`, for this process alone, up to date.

        Raises WarehouseProblem (not a warehouse, a newer kollect's, not writable, disk full) and
        AccountBusy when another process keeps it for more than ten minutes.
        """
        attached = self._kept.used() if self._kept else self._attached(connection)
        with self._explained(self.home), attached:
            try:
                yield
            finally:
                with contextlib.suppress(duckdb.Error):
                    connection.execute("USE memory")

    def transaction(self, connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
        """Within `writing`: commit what the block did, or nothing of it where it raises, also where
        another machine has taken over what this process was allowed to write."""
        return transaction(connection, self._fence)

    @contextlib.contextmanager
    def keeping(self, engine: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Within the block, the writer's file stays attached for a moment after each `writing`,
        whose connections are all cursors of `engine`."""
        kept = self._kept = KeptAttached(lambda: self._attached(engine.cursor()))
        self._engine = engine
        try:
            yield
        finally:
            self._kept = self._engine = None
            with self._explained(self.home):
                kept.end()

    def locked(self) -> AbstractContextManager[None]:
        """The writer's file for this process alone. Raises AccountBusy after ten minutes."""
        return hold(
            self._lock_file,
            f"{self.path.name} is being written",
            timeout_seconds=WRITER_WAIT_SECONDS,
            on_wait=self._on_wait,
        )

    @property
    def _lock_file(self) -> Path:
        return self.home / "locks" / f"{self.path.name}.lock"

    @contextlib.contextmanager
    def _attached(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        self.writer.parent.mkdir(parents=True, exist_ok=True)
        with self.locked():
            self._bring_up_to_date()
            self._attach(connection)
            before = None
            try:
                self._copy_my_schema(connection)
                before = identity_of(connection, CATALOG)
                yield
            finally:
                with contextlib.suppress(duckdb.Error):
                    connection.execute("USE memory")
                self._detach(connection, before)

    def _detach(self, connection: duckdb.DuckDBPyConnection, before: Identity | None) -> None:
        """Detach the writer's file; a few new rows of the ledger may stay in its log."""
        now = None
        with contextlib.suppress(duckdb.Error):  # a full disk may have ended the database
            now = identity_of(connection, CATALOG)
        if (
            before is not None
            and now is not None
            and before.generation < now.generation
            and before.rows_changed == now.rows_changed
        ):
            detach_with_log(connection, CATALOG)
        else:
            connection.execute(f"DETACH {CATALOG}")

    def _attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        try:
            connection.execute(
                f"ATTACH {literal(str(self.writer))} AS {CATALOG} "
                f"(STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
            )
        except duckdb.Error as error:
            raise storage_problem(error, self.home) or not_a_warehouse(
                self.writer, error
            ) from error
        identity = identity_of(connection, CATALOG)
        if identity is not None:
            refuse_newer_format(identity, self.writer)
            migrate(connection, identity.format)

    def _bring_up_to_date(self) -> None:
        """Make the writer's file the newest state: its own, or a file put into its place."""
        if not self.path.exists():
            return
        stamp = Stamp.read(self._stamp_file)
        if self.writer.exists() and stamp is not None and stamp.is_of(self.path):
            return
        identity = published_identity(self.path, stamp)
        if identity is None:
            raise WarehouseProblem(
                f"{self.path.name} exists and is no warehouse of kollect",
                guidance="move it away, or name another file in kollect.toml, [warehouse] path",
            )
        refuse_newer_format(identity, self.path)
        if self.writer.exists() and stamp is not None and stamp.names(identity):
            return
        # The log of a killed load goes first: it belongs to the file that it wrote to.
        log_of(self.writer).unlink(missing_ok=True)
        put_in_place(self.path, self.writer)
        Stamp.of(identity, self.path).write(self._stamp_file)

    def _refuse_replaced(self) -> None:
        """Raise WarehouseProblem where another file was put into the place of the published one
        since this run began: publishing would lose what it holds."""
        stamp = Stamp.read(self._stamp_file)
        found = published_identity(self.path, stamp)
        if found is None or stamp is None or not stamp.names(found):
            raise WarehouseProblem(
                f"{self.path.name} was replaced by another file while this ran, and stays so",
                guidance="run it again to go on from that file, or put the old one back first",
            )

    def _somebody_wrote(self) -> bool:
        """Whether the published file is ours, but was written to since it was published."""
        stamp = Stamp.read(self._stamp_file)
        return stamp is not None and self.path.exists() and not stamp.is_of(self.path)

    def _copy_my_schema(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take over what a person keeps in the published file's schema `my`."""
        if self._somebody_wrote() and copy_my_schema(connection, self.path):
            # DuckDB cannot go through a log again in which some of these things are dropped.
            connection.execute(f"CHECKPOINT {CATALOG}")
            stamp = Stamp.read(self._stamp_file)
            if stamp is not None:
                stamp.seen_now(self.path).write(self._stamp_file)

    # -- publishing ------------------------------------------------------------------------

    def publish(self, *, ledger_minutes: float = 0) -> None:
        """Put a copy of the writer's file where people open it, all at once.

        Where only the ledger has grown since the last time, that is done after `ledger_minutes`
        (0: now), so that a sync which finds nothing new copies nothing.

        Raises WarehouseProblem (disk full, folder not writable); the old file then stays, and the
        next publish brings both up to date.
        """
        if self._kept is not None:
            may_wait = self._kept.is_attached and self._attached_may_wait(ledger_minutes * 60)
            with self._explained(self.home):
                self._kept.end()
            if may_wait:
                return
        with self._explained(self.path.parent), self.locked():
            if self._somebody_wrote():
                self._refuse_replaced()
                with duckdb.connect(":memory:") as connection:
                    self._attach(connection)
                    self._copy_my_schema(connection)
                    connection.execute(f"DETACH {CATALOG}")
            if not self.writer.exists():
                return
            with duckdb.connect(str(self.writer), read_only=True) as connection:
                identity = identity_of(connection, None)
            if identity is None or self._may_wait(identity, ledger_minutes * 60):
                return
            with duckdb.connect(str(self.writer)) as connection:
                connection.execute("CHECKPOINT")
            with self._fence():
                put_in_place(self.writer, self.path)
                Stamp.of(identity, self.path).write(self._stamp_file)

    def _attached_may_wait(self, seconds: float) -> bool:
        """As `_may_wait`, while a run keeps the writer's file attached."""
        assert self._engine is not None
        connection = self._engine.cursor()
        with contextlib.closing(connection), self.writing(connection):
            identity = identity_of(connection, CATALOG)
        return identity is not None and self._may_wait(identity, seconds)

    def publish_ledger(self) -> None:
        """Publish rows of the ledger that still wait; where that cannot be now, they wait on."""
        with contextlib.suppress(KollectError, HeldElsewhere, OSError):
            if self.path.exists() and self.writer.exists():
                with FileLock(self._lock_file, timeout_seconds=MOMENT_SECONDS):
                    pass
                self.publish()

    def _may_wait(self, identity: Identity, seconds: float) -> bool:
        """Whether the published file lacks nothing but rows of the ledger, and is not old."""
        stamp = Stamp.read(self._stamp_file)
        if stamp is None or not self.path.exists() or not stamp.is_of(self.path):
            return False
        if stamp.names(identity):
            return True
        if stamp.warehouse != identity.warehouse or identity.rows_changed > stamp.generation:
            return False
        return 0 <= time.time() - stamp.mtime_ns / 1e9 < seconds

    @property
    def _stamp_file(self) -> Path:
        return self.home / "writer" / f"{self.path.name}.published.json"

    @contextlib.contextmanager
    def _explained(self, place: Path) -> Iterator[None]:
        """Raise what the disk refuses as an error that says what to do."""
        try:
            yield
        except (OSError, duckdb.Error) as error:
            if (problem := storage_problem(error, place)) is None:
                raise
            raise problem from error
