"""The journal of a run: begun anew, or gone on with where a killed run has left one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.core.journal import Journal, read_heads, written_at
from connectors.http.response import http_date
from pipelines.sync.identity import ASKS, Identity, identity_from
from warehouse.store.names import file_name_of

STAGE_HOURS = 24.0
"""A journal that has not grown for so long is thrown away: its pages are too old to go on with."""
FRESH_MINUTES = 15.0
"""After going on with a run that began earlier than this, a fresh one follows."""


def new_run_id(now: datetime) -> str:
    """A run's name: sorts by time, never twice the same."""
    return f"{now.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(4)}"


@dataclass(frozen=True)
class BegunRun:
    """The run whose pages the journal holds."""

    run_id: str
    started_at: datetime
    full: bool
    staged_pages: int = 0
    """How many answers an earlier process has left."""
    old: bool = False
    """It began so long ago that a fresh run is to follow."""


def journal_file(home: Path, account: str) -> Path:
    """Where the answers of an account's run are staged; `home` is kollect's own folder."""
    return home / "stage" / file_name_of(account) / "pages.journal"


def journal_head(journal: Journal) -> Mapping[str, Any]:
    """What the journal's run noted of itself when it began; empty where no run has begun."""
    first = journal.get("run")
    return first[0] if first is not None else {}


def begin_run(
    journal: Journal, identity: Identity, *, now: datetime, full: bool, run_id: str | None
) -> BegunRun:
    """Go on with the journal's run where its pages can be used, else begin a new one."""
    head = journal_head(journal)
    if head and _resumable(journal, head, identity, now, full):
        started_at = datetime.fromisoformat(head["started_at"])
        old = (now - started_at).total_seconds() > FRESH_MINUTES * 60
        return BegunRun(head["run_id"], started_at, head["full"], len(journal) - 1, old)
    if head:
        journal.clear()
    name = run_id or new_run_id(now)
    entry = {
        "run_id": name,
        "started_at": now.isoformat(),
        "full": full,
        "identity": identity.as_json(),
    }
    journal.put("run", entry, b"")
    return BegunRun(name, now, full)


def _resumable(
    journal: Journal, head: Mapping[str, Any], identity: Identity, now: datetime, full: bool
) -> bool:
    """Whether the staged pages are fresh, of the same data, and enough for what is asked.

    A journal stays fresh as long as it grows, however long its run takes.
    """
    earlier = identity_from(head.get("identity"))
    return (
        _is_fresh(journal.grown_at, now)
        and head["full"] >= full
        and earlier is not None
        and earlier.same_data(identity)
    )


def waiting_bytes(path: Path, now: datetime) -> int:
    """The size of a journal with pages of a sync that the next one can go on with; else 0."""
    heads = read_heads(path)
    with_pages = any(head.get("family", ASKS) != ASKS for head in heads)
    return path.stat().st_size if with_pages and _is_fresh(written_at(heads[-1]), now) else 0


def _is_fresh(grown_at: datetime | None, now: datetime) -> bool:
    # A clock that was set back meanwhile makes no page older.
    return abs((now - (grown_at or now)).total_seconds()) < STAGE_HOURS * 3600


def service_date(journal: Journal) -> datetime | None:
    """The service's own time in the newest answer that this process has staged."""
    for head in reversed(list(journal.heads())):
        if head.get("process") == journal.process and head.get("date"):
            try:
                return http_date(head["date"])
            except ValueError:
                return None
    return None
