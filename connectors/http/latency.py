"""What round trips say of how late a request reached the service.

A request that took longer than usual to be answered may itself have been on its way for longer.
A service counts it when it arrives, so it counts as late here too: else the next ones, if they
are fast, would arrive in the same window.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

LATE_SHARE = 0.5
"""How much of the shortest window a long way may count at most. A busy service is seen to keep
requests waiting for so long before it counts them; beyond this it most likely works on the
answer, which delays no arrival."""
NOISE_SECONDS = 0.006
"""A trip that was longer by less counts as usual: the stretched windows have room for it."""
RECENT_TRIPS = 32
"""So many recent round trips say what is usual."""
FIRST_TRIPS = 5
FIRST_SHARE = 0.05
"""As long as no more trips are known, nothing is usual yet: they open connections and meet a
service that wakes up, so this share of the shortest window may have been the way there."""


@dataclass
class _Trip:
    left_at: float
    seconds: float
    late: float = 0.0
    """How many of the seconds count as late so far."""


class Trips:
    """The recent round trips to one service; not safe for threads."""

    def __init__(self, shortest_window: float) -> None:
        """`shortest_window` in seconds."""
        self._latest = LATE_SHARE * shortest_window
        self._unknown = FIRST_SHARE * shortest_window
        self._recent: deque[_Trip] = deque(maxlen=RECENT_TRIPS)

    def answered(self, left_at: float, now: float) -> list[tuple[float, float]]:
        """Of each request that counts as later than before: when it counted, and when it does now.

        A trip that is the shortest so far tells of those before it how late they were.
        """
        fresh = _Trip(left_at, now - left_at)
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
