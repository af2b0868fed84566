"""First syncs are made once per process and copied: what a test does with an account that was
synced before begins with a copy of its folder, beside a stand-in made from the same seed."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.kit.account import Bench, bench

NOT_OF_THE_ROWS = frozenset({
    "confirm_empty_hours", "full_every_days", "latency_seconds", "limits", "max_in_flight",
    "penalty_seconds", "rate", "retry",
})  # fmt: skip
"""Options of a bench that change nothing of what a first sync stores."""


class FirstSync(NamedTuple):
    """A folder with the warehouse after a complete first sync."""

    folder: Path
    address: str
    """The stand-in's, which the warehouse remembers; a copy says that it moved from there."""
    requests: int


def synced(
    folder: Path,
    service: str,
    *,
    first: Mapping[str, Any] | None = None,
    lacking: Collection[str] = (),
    **options: Any,
) -> Bench:
    """A bench (see `bench`, which takes the same options) whose first sync is done and complete,
    but for tables that are `lacking`. Its stand-in has answered no request yet.

    `first`: options of the first sync, where they are others.
    """
    kept = {name: value for name, value in options.items() if name not in NOT_OF_THE_ROWS}
    found = _first_sync(service, json.dumps(first or kept, sort_keys=True), frozenset(lacking))
    shutil.copytree(found.folder, folder, dirs_exist_ok=True)
    made = bench(folder, service, **{"moved_from": found.address, **options})
    made.first_sync_requests = found.requests
    return made


@cache
def _first_sync(service: str, options: str, lacking: frozenset[str]) -> FirstSync:
    folder = Path(tempfile.mkdtemp(prefix=f"kollect-first-sync-{service}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with bench(folder, service, **json.loads(options)) as made:
        tables = made.sync().tables
        assert {name for name, row in tables.items() if not row["complete"]} == lacking, tables
        requests = made.stand_in.count()
    made.settings_file.unlink()
    return FirstSync(folder, made.stand_in.url, requests)
