"""First syncs are made once per process and copied: what a test does with an account that was
synced before begins with a copy of its folder, beside a stand-in made from the same seed."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
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


def synced(folder: Path, service: str, **options: Any) -> Bench:
    """A bench (see `bench`, which takes the same options) whose first sync is done and complete.
    Its stand-in has answered no request yet."""
    kept = {name: value for name, value in options.items() if name not in NOT_OF_THE_ROWS}
    first = _first_sync(service, json.dumps(kept, sort_keys=True))
    shutil.copytree(first.folder, folder, dirs_exist_ok=True)
    found = bench(folder, service, moved_from=first.address, **options)
    found.first_sync_requests = first.requests
    return found


@cache
def _first_sync(service: str, options: str) -> FirstSync:
    folder = Path(tempfile.mkdtemp(prefix=f"kollect-first-sync-{service}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with bench(folder, service, **json.loads(options)) as made:
        result = made.sync()
        assert result.status == "complete", (result.error, result.tables)
        requests = made.stand_in.count()
    made.settings_file.unlink()
    return FirstSync(folder, made.stand_in.url, requests)
