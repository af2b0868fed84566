"""Leases in PostgreSQL: who works on an account or writes a shard, on whatever machine.

A lease is a row with a token that grows with each holder. Its holder beats: a row that was not
touched for `LEASE_SECONDS` is free, and where the holder's session has ended (its process or its
machine is gone) it is free one beat later. A process that was stopped and wakes up late finds
another token, and must not commit. All times are the server's.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg

from connectors.core.errors import AccountBusy, BadSettings, KollectError
from warehouse.scale.database import SETTING, Database, shown
from warehouse.store.locks import HeldElsewhere, OnWait

LEASE_SECONDS = 20.0
BEAT_SECONDS = 5.0
POLL_SECONDS = 0.25
FORMAT = 1
"""Grows when an older kollect could no longer work with the control database."""
TABLES = """
CREATE SCHEMA IF NOT EXISTS kollect;
CREATE TABLE IF NOT EXISTS kollect.facts (name text PRIMARY KEY, value text NOT NULL);
CREATE SEQUENCE IF NOT EXISTS kollect.tokens;
CREATE TABLE IF NOT EXISTS kollect.leases (
    name text PRIMARY KEY, token bigint NOT NULL, holder text NOT NULL, backend integer NOT NULL,
    backend_start timestamptz NOT NULL, beat_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS kollect.rates (
    name text PRIMARY KEY, times double precision[] NOT NULL DEFAULT '{}',
    hold_until double precision NOT NULL DEFAULT '-infinity', most integer NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS kollect.accounts (
    name text PRIMARY KEY, settings jsonb NOT NULL, paused boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT now());
"""
MAKING = 7_318_349_000
"""The number of the advisory lock under which the tables are made."""
MY_SESSION = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
TAKE = f"""
WITH mine AS ({MY_SESSION}),
free AS (
    SELECT name FROM kollect.leases l WHERE name = %(name)s AND (
        holder = '' OR beat_at < clock_timestamp() - make_interval(secs => %(lease)s)
        OR (beat_at < clock_timestamp() - make_interval(secs => %(beat)s) AND NOT EXISTS (
            SELECT 1 FROM pg_stat_activity a WHERE a.pid = l.backend
            AND coalesce(a.backend_start, l.backend_start) = l.backend_start)))
    FOR UPDATE SKIP LOCKED)
UPDATE kollect.leases l SET token = nextval('kollect.tokens'), holder = %(holder)s,
    backend = mine.pid, backend_start = mine.backend_start, beat_at = clock_timestamp()
FROM free, mine WHERE l.name = free.name RETURNING token
"""
MAKE = f"""
INSERT INTO kollect.leases
SELECT %(name)s, nextval('kollect.tokens'), %(holder)s, pid, backend_start, clock_timestamp()
FROM ({MY_SESSION}) AS mine ON CONFLICT (name) DO NOTHING RETURNING token
"""
BEAT = f"""
UPDATE kollect.leases l SET beat_at = clock_timestamp(), backend = mine.pid,
    backend_start = mine.backend_start
FROM ({MY_SESSION}) AS mine WHERE l.token = ANY(%s) RETURNING l.token
"""


@dataclass
class Lease:
    """A lease that this process holds, as far as it knows."""

    name: str
    token: int
    lost: bool = field(default=False, compare=False)
    """Another process has it now."""


class Control:
    """The control database of one deployment, for all threads of a process."""

    def __init__(
        self,
        address: str,
        *,
        password: str = "",
        lease_seconds: float = LEASE_SECONDS,
        beat_seconds: float = BEAT_SECONDS,
        patience_seconds: float = LEASE_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.address = address
        self.password = password
        self.lease_seconds = lease_seconds
        self.beat_seconds = beat_seconds
        self._sleep = sleep
        self._database = Database(
            address,
            password=password,
            idle_seconds=lease_seconds / 2,
            patience_seconds=patience_seconds,
            sleep=sleep,
        )
        self._held: list[Lease] = []
        self._lock = threading.Lock()
        self._beating: threading.Thread | None = None
        self._ended = threading.Event()
        self._ready = False

    def close(self) -> None:
        """Stop beating and close the connection: leases that are still held end."""
        self._ended.set()
        self._database.close()

    @property
    def database(self) -> Database:
        """The connection, with kollect's tables made.

        Raises BadSettings where a newer kollect made them."""
        if not self._ready:
            self._database.run(self._make)
            self._ready = True
        return self._database

    def _make(self, connection: psycopg.Connection[Any]) -> None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [MAKING])
            there = connection.execute("SELECT to_regclass('kollect.facts')").fetchone()
            found = None
            if there and there[0]:
                sql = "SELECT value FROM kollect.facts WHERE name = 'format'"
                found = connection.execute(sql).fetchone()
            if found and int(found[0]) > FORMAT:
                raise BadSettings(
                    f"the control database {shown(self.address)} was made by a newer kollect "
                    f"(format {found[0]}, this one knows {FORMAT})",
                    guidance=f"upgrade kollect on this machine, or correct {SETTING}",
                )
            if not found:
                connection.execute(TABLES)
                sql = "INSERT INTO kollect.facts VALUES ('format', %s) ON CONFLICT DO NOTHING"
                connection.execute(sql, [str(FORMAT)])

    def remember(self, name: str, value: str) -> str:
        """Remember a fact, unless another machine has: returns what all machines share."""

        def work(connection: psycopg.Connection[Any]) -> Any:
            sql = "INSERT INTO kollect.facts VALUES (%s, %s) ON CONFLICT DO NOTHING"
            connection.execute(sql, [name, value])
            return connection.execute(
                "SELECT value FROM kollect.facts WHERE name = %s", [name]
            ).fetchone()

        return str(self.database.run(work)[0])

    def recall(self, name: str) -> str | None:
        """A fact that was remembered; None where it never was."""
        sql = "SELECT value FROM kollect.facts WHERE name = %s"
        row = self.database.run(lambda connection: connection.execute(sql, [name]).fetchone())
        return row and str(row[0])

    def agree(self, name: str, value: str, setting: str) -> None:
        """Raise BadSettings where other machines have another value for this setting."""
        found = self.remember(name, value)
        if found != value:
            raise BadSettings(
                f"{setting} is {value}, but the control database {shown(self.address)} belongs to "
                f"a deployment with {found}",
                guidance=f"write {found} on every machine, or another database in {SETTING}",
            )

    # -- leases ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def lease(
        self, name: str, *, timeout_seconds: float, on_wait: OnWait | None = None
    ) -> Iterator[Lease]:
        """Hold a lease during the block. Raises HeldElsewhere when the timeout has passed, and
        calls `on_wait` once with the holder where it is not free at once."""
        held = self._take(name, timeout_seconds, on_wait)
        with self._lock:
            self._held.append(held)
            if self._beating is None:
                self._beating = threading.Thread(target=self._beat, daemon=True, name="leases")
                self._beating.start()
        try:
            yield held
        finally:
            with self._lock:
                self._held.remove(held)
            with contextlib.suppress(KollectError):  # it ends by itself soon
                self.database.run(
                    lambda connection: connection.execute(
                        "UPDATE kollect.leases SET holder = '' WHERE name = %s AND token = %s",
                        [held.name, held.token],
                    )
                )

    def _take(self, name: str, timeout_seconds: float, on_wait: OnWait | None) -> Lease:
        deadline = time.monotonic() + timeout_seconds
        told = False
        while (token := self._try(name)) is None:
            holder = self._holder(name)
            if time.monotonic() >= deadline:
                raise HeldElsewhere(holder)
            if not told and on_wait is not None:
                on_wait(holder)
            told = True
            self._sleep(POLL_SECONDS)
        return Lease(name, token)

    def _try(self, name: str) -> int | None:
        values = {
            "name": name,
            "holder": f"process {os.getpid()} on {platform.node()}",
            "lease": self.lease_seconds,
            "beat": self.beat_seconds,
        }

        def work(connection: psycopg.Connection[Any]) -> int | None:
            for sql in (TAKE, MAKE):
                if row := connection.execute(sql.encode(), values).fetchone():
                    return int(row[0])
            return None

        return self.database.run(work)

    def _holder(self, name: str) -> str:
        sql = "SELECT holder FROM kollect.leases WHERE name = %s"
        row = self.database.run(lambda connection: connection.execute(sql, [name]).fetchone())
        return (row and row[0]) or "another process"

    def _beat(self) -> None:
        while not self._ended.wait(self.beat_seconds):
            with self._lock:
                held = list(self._held)
            if not held:
                continue
            try:
                self._beat_once(held)
            except KollectError:
                continue  # the commit tells it, should it last

    def _beat_once(self, held: list[Lease]) -> None:
        tokens = [lease.token for lease in held]
        rows = self.database.run(
            lambda connection: connection.execute(BEAT.encode(), [tokens]).fetchall()
        )
        alive = {row[0] for row in rows}
        for lease in held:
            lease.lost = lease.lost or lease.token not in alive

    @contextlib.contextmanager
    def committing(self, *leases: Lease) -> Iterator[None]:
        """The block commits what the leases allow; nobody can take one of them meanwhile.

        That holds for half of `lease_seconds`. Then the server ends the session, so that a process
        that was stopped just here keeps no lease for ever.

        Raises AccountBusy where another process has taken one: nothing may be committed then.
        """
        tokens = [lease.token for lease in leases]
        sql = "SELECT token FROM kollect.leases WHERE token = ANY(%s) ORDER BY name FOR UPDATE"

        def check(connection: psycopg.Connection[Any]) -> set[int]:
            return {row[0] for row in connection.execute(sql, [tokens]).fetchall()}

        with self.database.transaction(check, writes=False) as found:
            for lease in leases:
                if lease.token not in found:
                    lease.lost = True
                    raise AccountBusy(
                        f"{lease.name} was taken over by {self._holder(lease.name)}, since this "
                        f"process did not answer for {self.lease_seconds:.0f} seconds; what it "
                        "had not committed is dropped",
                        guidance="run it again; the other process goes on meanwhile",
                    )
            yield
