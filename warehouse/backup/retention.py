"""Which backups stay: the newest of each of the last days, weeks and months that have one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Candidate:
    """A backup as far as keeping is concerned."""

    name: str
    made_at: datetime
    proved: bool = False
    damaged: bool = False
    readable: bool = True


PERIODS: dict[str, Callable[[datetime], object]] = {
    "daily": lambda at: at.date(),
    "weekly": lambda at: at.isocalendar()[:2],
    "monthly": lambda at: (at.year, at.month),
}


def reasons_to_keep(
    candidates: Iterable[Candidate], keep: Mapping[str, int]
) -> dict[str, list[str]]:
    """For each backup that stays, why; `candidates` come oldest first, what is missing may go.

    A backup that is known to be damaged fills no place of a rule, and goes only when a newer one
    was proved good. What this kollect cannot read is never its to remove.
    """
    newest_first = list(candidates)[::-1]
    found: dict[str, list[str]] = {}

    def because(candidate: Candidate, reason: str) -> None:
        found.setdefault(candidate.name, []).append(reason)

    good = [c for c in newest_first if c.readable and not c.damaged]
    for rule, period in PERIODS.items():
        seen: list[object] = []
        for candidate in good:
            if len(seen) >= keep.get(rule, 0):
                break
            if (key := period(candidate.made_at)) not in seen:
                seen.append(key)
                because(candidate, f"{rule} {len(seen)}")
    proved = next((c for c in good if c.proved), None)
    if proved is not None:
        because(proved, "newest proved")
    if newest_first:
        because(newest_first[0], "newest")
    if good:
        because(good[0], "newest that is not known to be damaged")
    for candidate in newest_first:
        if not candidate.readable:
            because(candidate, "cannot be read by this kollect")
        elif candidate.damaged and (proved is None or proved.made_at <= candidate.made_at):
            because(candidate, "damaged, and no newer one is proved good")
    return found
