"""A scene to die in: one service of the sandbox, a warehouse, and what a calm sync makes of it."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.core.journal import Journal
from tests.kit.account import Bench, bench
from tests.kit.contents import apart, contents, copied, ledger
from tests.kit.killed import Order
from tests.kit.processes import Elsewhere

SIZES = {"kinescope": 8, "kinopio": 8}
"""Fewer records than usual, where a sync would else ask for a page of each of many."""


TIMED = ("fdatasync", "attach", "detach", "kollect.duckdb.lock")
"""How often the stage is flushed and the writer's file is attached is a matter of time."""


@dataclass
class Scene:
    """Copies of one folder are synced by other processes; the sandbox stays in this one."""

    stage: Bench
    elsewhere: Elsewhere
    in_flight: int = 1
    calm: dict[str, list[Any]] = field(default_factory=dict)
    calm_ledger: dict[str, list[Any]] = field(default_factory=dict)
    calm_requests: list[str] = field(default_factory=list)
    boundaries: list[str] = field(default_factory=list)
    refused: int = 0
    """Requests of the calm sync whose answers were not staged: refusals, which are asked anew."""
    spilled: int = 0
    """Scratch folders that killed syncs left behind."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _place_of_states: Path = Path()
    _states_at: float = 0.0

    @classmethod
    def set(
        cls, folder: Path, service: str, elsewhere: Elsewhere, *, first: bool, in_flight: int = 1
    ) -> Scene:
        """A scene of a first sync, or of the sync after a round of changes."""
        size = SIZES.get(service)
        made = bench(folder / "origin", service, size=size, max_in_flight=in_flight)
        scene = cls(made, elsewhere, in_flight)
        if not first:
            assert made.sync().status == "complete"
            for seed in (3, 4):
                made.world.change(seed)
        place = scene.copy()
        before = made.stand_in.count()
        result = scene.sync(place)
        assert result.get("status") == "complete", result
        scene.boundaries = result["boundaries"]
        scene.calm_requests = scene.asked(before)
        answered = sum(point.startswith("after pwrite pages.journal") for point in scene.boundaries)
        scene.refused = len(scene.calm_requests) - (answered - 1)
        scene.calm = contents(place / "kollect.duckdb", service)
        scene.calm_ledger = ledger(place / "kollect.duckdb")
        return scene

    def close(self) -> None:
        self.stage.close()

    def copy(self) -> Path:
        """A new copy of the folder as it was before the sync."""
        return self.copy_to(self.stage.folder.parent / f"copy-{next(self._numbers)}")

    def copy_to(self, place: Path) -> Path:
        """The same at a place of one's choice."""
        return copied(self.stage.folder, place)

    def order(self, place: Path, **more: Any) -> Order:
        """A sync of a copy."""
        return Order(str(place), self.stage.service, self.stage.box.environment(), **more)

    def sync(self, place: Path, die_at: str | None = None, **more: Any) -> dict[str, Any]:
        """One sync of a copy in another process."""
        return self.elsewhere.sync(self.order(place, die_at=die_at, **more))

    def differs(self, place: Path) -> list[str]:
        """Where a copy differs from what the calm sync made."""
        return apart(self.calm, contents(place / "kollect.duckdb", self.stage.service))

    def asked(self, since: int = 0) -> list[str]:
        """The requests that reached the sandbox after so many."""
        return [f"{r.method} {r.target}" for r in self.stage.stand_in.requests[since:]]

    def staged(self, place: Path) -> int | None:
        """How many pages the killed sync left; None where it had finished its run."""
        file = place / ".kollect" / "stage" / self.stage.service / "pages.journal"
        if not file.exists():
            return None
        look = shutil.copyfile(file, place / "look.journal")
        journal = Journal(look)
        pages = sum("attempts" in head for head in journal.heads())
        journal.discard()
        return pages

    def states(self) -> dict[str, dict[str, str]]:
        """What is lost -> copies of all different states at boundaries -> the boundary of each."""
        place, target = self.copy(), self.stage.folder.parent / f"states-{next(self._numbers)}"
        target.mkdir()
        result = self.elsewhere.sync(self.order(place, states=str(target)))
        assert result.get("status") == "complete", result
        assert self.differs(place) == []
        found: dict[str, dict[str, str]] = result["states"]
        self._place_of_states, self._states_at = place, time.monotonic()
        return found

    def recover_from(self, state: str, boundary: str, lost: str) -> list[str]:
        """Sync a copy of a state, less what is lost: what differs from calm."""
        place = self.stage.folder.parent / f"copy-{next(self._numbers)}"
        shutil.copytree(state, place, symlinks=True)
        file = place / "kollect.toml"
        file.write_text(file.read_text().replace(str(self._place_of_states), str(place)))
        # As if right after the kill: a run that rested for long would be followed by a fresh one.
        rested = time.monotonic() - self._states_at
        problems = self._recover(place, lost, slow_by_seconds=rested)
        shutil.rmtree(place)
        return [f"{boundary}, {lost} lost: {problem}" for problem in problems]

    def named(self, *names: str) -> list[str]:
        """The middle one of the boundaries of each name."""
        return [spread(self._by_name()[name], 1)[0] for name in names]

    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for point in self.boundaries:
            found.setdefault(point.partition(" #")[0], []).append(point)
        return found

    def die_and_recover(self, point: str, lost: str) -> list[str]:
        """Die at a boundary, lose what is to be lost, sync again: what differs from calm."""
        place = self.copy()
        before = self.stage.stand_in.count()
        ended = self.sync(place, point)
        if ended.get("killed") != 9 and any(step in point for step in TIMED):
            return []
        if ended.get("killed") != 9:
            return [f"{point}: did not die: {str(ended)[:300]}"]
        after = self.stage.stand_in.count()
        self.spilled += len(scratch_of(place))
        problems = self._recover(place, lost)
        problems += [f"{name} was left behind" for name in scratch_of(place)]
        if lost == "nothing" and not problems:
            died, recovered = self.asked()[before:after], self.asked(after)
            most = len(self.calm_requests) + self.refused + self.in_flight
            if len(died) + len(recovered) > most:
                problems.append(f"asked {len(died)} + {len(recovered)} pages")
        shutil.rmtree(place)
        return [f"{point}, {lost} lost: {problem}" for problem in problems]

    def _recover(self, place: Path, lost: str, **more: Any) -> list[str]:
        """Lose what is to be lost, sync: rows, history, cursors and counts against calm ones, and
        with the stage kept no staged page asked for again."""
        pages, before = self.staged(place), self.stage.stand_in.count()
        lose(place, lost)
        result = self.sync(place, **more)
        if result.get("status") != "complete":
            return [f"the next sync: {str(result)[:3000]}"]
        problems = self.differs(place)
        if lost == "nothing" and pages is not None and not problems:
            if not self.refused:
                problems += apart(self.calm_ledger, ledger(place / "kollect.duckdb"))
            most = len(self.calm_requests) - pages
            recovered = self.stage.stand_in.count() - before
            if not most - self.refused <= recovered <= most:
                problems.append(f"{pages} pages were staged, {recovered} were asked again")
        return problems


def scratch_of(place: Path) -> list[str]:
    """The scratch folders that are there."""
    if not (place / ".kollect" / "scratch").exists():
        return []
    return [path.name for path in (place / ".kollect" / "scratch").iterdir() if path.is_dir()]


def lose(place: Path, what: str) -> None:
    """Remove a part of kollect's own folder: nothing, the stage, or all of it."""
    if what == "stage":
        shutil.rmtree(place / ".kollect" / "stage", ignore_errors=True)
    elif what == "all":
        shutil.rmtree(place / ".kollect", ignore_errors=True)


def spread(found: Sequence[str], most: int) -> list[str]:
    """At most so many of a list: the first, the last, and evenly between."""
    if len(found) <= most:
        return list(found)
    if most == 1:
        return [found[len(found) // 2]]
    return [found[round(i * (len(found) - 1) / (most - 1))] for i in range(most)]
