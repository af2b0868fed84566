"""The rate budget of an account in PostgreSQL: one for all machines, by the server's clock.

The limiter and its rules are the same as on one machine (`connectors.http.rate_limit`); only its
log is a row here. The row is locked, then the server's clock is read, so nobody's clock matters.
A booking is committed before its request leaves. Without the database nothing leaves.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from connectors.http.rate_store import LONGEST_HOLD, MOST_TIMES, Clock, RateLog
from warehouse.scale.control import Control
from warehouse.scale.database import PATIENCE_SECONDS, Database

STOPPED_SECONDS = 5.0
"""A process that stops while it has the log loses it after so long, and its request stays here."""
MAKE = "INSERT INTO kollect.rates (name) VALUES (%s) ON CONFLICT DO NOTHING"
LOCK = "SELECT times, hold_until, most FROM kollect.rates WHERE name = %s FOR UPDATE"
CLOCK = "SELECT extract(epoch FROM clock_timestamp())::double precision"
WRITE = "UPDATE kollect.rates SET times = %s, hold_until = %s, most = %s WHERE name = %s"


class PostgresRates:
    """The log of one account, shared by all machines (a `RateState`).

    Its times are of the server's clock. Those that this process has written keep the exact times
    of the limiter's own clock, since the limiter finds its bookings by them. A round trip lies
    between the two clocks: others' departures count as if they were one later, never earlier.
    """

    def __init__(
        self, control: Control, name: str, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        control.database  # noqa: B018 - makes the tables, or says why it cannot
        self._database = Database(
            control.address,
            password=control.password,
            name="kollect rates",
            idle_seconds=STOPPED_SECONDS,
            patience_seconds=patience_seconds,
        )
        self._name = name
        self._lock = threading.Lock()
        self._own: dict[float, float] = {}
        """The server's time of each departure that was written here -> the limiter's time."""
        self._from_server: dict[float, list[float]] = {}
        """The limiter's times in the log that is lent out -> the server's."""
        self._hold: tuple[float, float] = (-math.inf, -math.inf)
        """The hold that was written here: the server's time, and the limiter's."""

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    @contextmanager
    def opened(self, clock: Clock) -> Iterator[RateLog]:
        """Raises WarehouseProblem or BadSettings where the database cannot be used."""

        def lock(connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
            row = connection.execute(LOCK, [self._name]).fetchone()
            if row is None:
                connection.execute(MAKE, [self._name])
                row = connection.execute(LOCK, [self._name]).fetchone()
            assert row is not None
            # A second statement: the first one's clock may have been read before the wait.
            asked = clock()
            now = connection.execute(CLOCK).fetchone()
            assert now is not None
            return (*row, asked, now[0], clock())

        with self._lock, self._database.transaction(lock) as found:
            times, hold_until, most, asked, now, answered = found
            log = self._read(times, hold_until, most, now, answered)
            yield log
            if log.changed:
                self._write(log, now - asked)

    def _read(
        self, times: list[float], hold_until: float, most: int, now: float, answered: float
    ) -> RateLog:
        """The log in times of the limiter's clock, which showed `answered` just after `now`."""
        there = set(times)
        self._own = {time: own for time, own in self._own.items() if time in there}
        # What was written, was written before now: a server's clock may have been set back.
        known = [(self._own.get(time, answered + min(0.0, time - now)), time) for time in times]
        self._from_server = {}
        for own, time in known:
            self._from_server.setdefault(own, []).append(time)
        server, mine = self._hold
        until = mine if hold_until == server else answered + hold_until - now
        return RateLog(sorted(o for o, _ in known), min(until, answered + LONGEST_HOLD), most)

    def _write(self, log: RateLog, ahead: float) -> None:
        """Store the log; the server's clock is at most `ahead` of the limiter's."""
        times = []
        for own in log.times[-MOST_TIMES:]:
            stored = self._from_server.get(own)
            times.append(stored.pop() if stored else own + ahead)
            self._own[times[-1]] = own
        hold = self._hold[0] if log.hold_until == self._hold[1] else log.hold_until + ahead
        self._database.execute(WRITE, [sorted(times), hold, log.most, self._name])
        self._hold = (hold, log.hold_until)
