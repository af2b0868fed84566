"""One connection to the control database, and its refusals as sentences that say what to do."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import psycopg
from psycopg import Connection, errors

from connectors.core.errors import BadSettings, KollectError, WarehouseProblem

PATIENCE_SECONDS = 30.0
"""So long a lost connection is tried again before the work stops."""
RETRY_SECONDS = 0.5
CONNECT_SECONDS = 10
SETTING = "[scale] control"
KEEPALIVE: Mapping[str, int] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""A dead server is noticed after 25 seconds. The server notices a dead client as fast."""
T = TypeVar("T")


def shown(address: str) -> str:
    """An address without a password."""
    return re.sub(r"(//[^:/@\s]*):[^@\s]*@", r"\1@", address)


class Database:
    """A connection that is made when it is needed, and made again where it was lost.

    Safe for threads: one at a time. `password` counts where the address holds none.
    """

    def __init__(
        self,
        address: str,
        *,
        password: str = "",
        name: str = "kollect",
        idle_seconds: float = 20.0,
        patience_seconds: float = PATIENCE_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`idle_seconds`: the server ends a session that stops for so long within a transaction,
        so that a stopped process keeps no row locked."""
        self.address = address
        self._password = password
        self._name = name
        self._idle = idle_seconds
        self._patience = patience_seconds
        self._sleep = sleep
        self._lock = threading.RLock()
        self._connection: Connection[Any] | None = None

    def close(self) -> None:
        """Close the connection; the next use makes another."""
        with self._lock:
            self._drop()

    def run(self, work: Callable[[Connection[Any]], T]) -> T:
        """What `work` returns. It runs again after a lost connection, so it must bear that.

        Raises WarehouseProblem (unreachable for longer than the patience, full, read-only) and
        BadSettings (password, database, rights).
        """
        with self._lock:
            ends = time.monotonic() + self._patience
            while True:
                try:
                    return work(self._connected())
                except psycopg.Error as error:
                    problem = self.problem(error)
                    lost = not isinstance(problem, BadSettings) and is_lost(error)
                    if lost:
                        self._drop()
                    if not lost or time.monotonic() >= ends:
                        raise problem from error
                    self._sleep(RETRY_SECONDS)

    @contextlib.contextmanager
    def transaction(
        self, begin: Callable[[Connection[Any]], T], *, writes: bool = True
    ) -> Iterator[T]:
        """A transaction around the block, which gets what `begin` returned as its first step.

        `begin` runs again after a lost connection; the block does not. It commits at the end of
        the block, and raises WarehouseProblem where that fails. Without `writes` it only lets go
        of the rows that `begin` has locked.
        """

        def first(connection: Connection[Any]) -> T:
            connection.execute("BEGIN")
            return begin(connection)

        with self._lock:
            try:
                found = self.run(first)
            except BaseException:
                self._roll_back()
                raise
            try:
                yield found
                if writes:
                    self.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            if not writes:
                self._roll_back()

    def execute(self, sql: str, values: Any = ()) -> Any:
        """One statement of a transaction: it is not tried again. Raises as `run` does."""
        with self._lock:
            try:
                return self._connected().execute(sql.encode(), values or None)
            except psycopg.Error as error:
                if is_lost(error):
                    self._drop()
                raise self.problem(error) from error

    def _roll_back(self) -> None:
        try:
            if self._connection is not None:
                self._connection.execute("ROLLBACK")
        except psycopg.Error:
            self._drop()

    def _connected(self) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            more: dict[str, Any] = {**KEEPALIVE}
            if self._password:
                more["password"] = self._password
            connection = psycopg.connect(
                self.address,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name=self._name,
                **more,
            )
            connection.execute("SET TimeZone = 'UTC'")
            milliseconds = round(self._idle * 1000)
            connection.execute(f"SET idle_in_transaction_session_timeout = {milliseconds}".encode())
            with contextlib.suppress(errors.InvalidParameterValue):  # a socket has no keepalive
                connection.execute("SET tcp_keepalives_idle = 10")
                connection.execute("SET tcp_keepalives_interval = 5")
                connection.execute("SET tcp_keepalives_count = 3")
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()

    def problem(self, error: psycopg.Error) -> KollectError:
        """What a refusal means: BadSettings where a person must change something."""
        place = shown(self.address)
        text = _first_line(error)
        if isinstance(error, errors.DiskFull):
            return WarehouseProblem(
                f"the control database {place} has no room left",
                guidance=f"free some space on its server ({SETTING}); nothing is lost",
            )
        if isinstance(error, errors.ReadOnlySqlTransaction):
            return WarehouseProblem(
                f"the control database {place} is read-only",
                guidance=f"name the primary server in {SETTING}, not a copy of it",
            )
        if isinstance(error, errors.InsufficientPrivilege):
            return BadSettings(
                f"the user of the control database {place} lacks a right: {text}",
                guidance=f"grant CREATE on the database to the user of {SETTING}, or its schema "
                "`kollect`",
            )
        if isinstance(error, errors.UndefinedTable | errors.InvalidSchemaName):
            return WarehouseProblem(
                f"the control database {place} has lost its tables: {text}",
                guidance="run the command again: they are made anew",
            )
        if not is_lost(error):
            return WarehouseProblem(
                f"the control database {place} refuses a statement: {text}",
                guidance=f"check {SETTING} and the server's log",
            )
        if "password" in text or "authentication failed" in text or "pg_hba.conf" in text:
            return BadSettings(
                f"the control database {place} refuses the login: {text}",
                guidance=f"set PGPASSWORD in the environment or in .env, or correct {SETTING}",
            )
        if re.search(r"(database|role) \".*\" does not exist", text):
            return BadSettings(
                f"the control database {place} cannot be opened: {text}",
                guidance=f"correct {SETTING}, or create it on the server",
            )
        return WarehouseProblem(
            f"the control database {place} cannot be reached: {text}",
            guidance=f"start it, or correct {SETTING}; until then nothing is asked of the services",
        )


def is_lost(error: psycopg.Error) -> bool:
    """Whether there is no connection (any more), so that another may help."""
    if isinstance(error, errors.DiskFull | errors.QueryCanceled):
        return False
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def _first_line(error: psycopg.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
