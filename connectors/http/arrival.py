"""Estimate how late a request arrived at the service, from round-trip times.

A service counts a request when it arrives. One that took longer than usual to be answered may
have been longer on its way, so it is counted as having left later: otherwise the next ones, if
they are fast, would arrive in the same window.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

LATE_SHARE = 0.5
"""How much of the shortest window an arrival may be late at most. A busy service keeps requests
waiting for that long before it counts them; beyond this it most likely works on the answer, which
delays no arrival."""
NOISE_SECONDS = 0.006
"""A round trip that was longer by less counts as usual: the stretched windows have room for it."""
RECENT_TRIPS = 32
"""So many recent round trips tell what is usual."""
FIRST_TRIPS = 5
FIRST_SHARE = 0.05
"""The first round trips have nothing to be compared with: they open connections, so this share of
the shortest window may have passed on the way."""


@dataclass
class _RoundTrip:
    left_at: float
    seconds: float
    late: float = 0.0
    """How many of the seconds count as late arrival so far."""


class ArrivalEstimate:
    """The recent round trips to one service; not safe for threads."""

    def __init__(self, shortest_window: float) -> None:
        """`shortest_window` in seconds."""
        self._latest = LATE_SHARE * shortest_window
        self._unknown = FIRST_SHARE * shortest_window
        self._recent: deque[_RoundTrip] = deque(maxlen=RECENT_TRIPS)

    def answered(self, left_at: float, now: float) -> list[tuple[float, float]]:
        """Take one more round trip into account.

        Returns, for each request that counts as later than before, the time at which it counted
        and the time at which it counts now. A round trip that is the shortest so far shows how
        late those before it were.
        """
        fresh = _RoundTrip(left_at, now - left_at)
        self._recent.append(fresh)
        least = min(trip.seconds for trip in self._recent)
        moves: list[tuple[float, float]] = []
        for trip in self._recent if fresh.seconds == least else (fresh,):
            late = min(trip.seconds - least, self._latest)
            if trip is fresh and len(self._recent) <= FIRST_TRIPS:
                late = max(late, min(trip.seconds, self._unknown))
            if late > trip.late + NOISE_SECONDS:
                moves.append((trip.left_at + trip.late, trip.left_at + late))
                trip.late = late
        return moves
