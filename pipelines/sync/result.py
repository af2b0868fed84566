"""What a sync says while it runs, and what it did in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.core.connector import Family, family_tables
from connectors.core.errors import KollectError
from connectors.core.evidence import only_waits
from connectors.core.journal import Journal
from connectors.http.events import Statistics
from pipelines.settings import Account
from warehouse.load.load import Traffic

if TYPE_CHECKING:
    from pipelines.files.counts import FileCounts


@dataclass(frozen=True)
class Progress:
    """Something to show while a sync runs."""

    account: str
    kind: str
    """`waiting`, `resumed`, `family`, `request`, `loaded`, `files`, `message`, `problem`."""
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class AccountResult:
    """What a sync of one account did (contract section 2, `sync --json`)."""

    account: str
    status: str = "complete"
    error: KollectError | None = None
    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    waited_seconds: float = 0.0
    bytes: int = 0
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: FileCounts | None = None
    """What was downloaded, for accounts with `files = true`."""
    messages: list[str] = field(default_factory=list)
    broke_off: set[str] = field(default_factory=set)
    """Families that a full pass did not read to their end; the next sync takes them up."""

    def as_json(self) -> dict[str, Any]:
        names = ("mode", "complete", "inserted", "updated", "deleted", "unchanged", "rejected",
                 "rows")  # fmt: skip
        shown = {
            table: {
                **{name: row.get(name) for name in names},
                **({"reason": row["reason"]} if row.get("reason") else {}),
                **({"proof": row["proof"]} if row.get("proof") else {}),
            }
            for table, row in self.tables.items()
        }
        return {
            "status": self.status,
            **({"error": str(self.error)} if self.error else {}),
            "requests": self.requests,
            "retries": self.retries,
            "rate_limited": self.rate_limited,
            "waited_seconds": round(self.waited_seconds, 3),
            "bytes": self.bytes,
            "tables": shown,
            **({"files": self.files.as_json()} if self.files else {}),
        }

    @property
    def on_schedule(self) -> bool:
        """Whether all is complete, but for what later syncs read in their turn."""
        return not self.trouble and all(
            row["complete"] or only_waits(row.get("reason") or "") for row in self.tables.values()
        )

    @property
    def trouble(self) -> str:
        """One sentence on what went wrong; empty where nothing did."""
        if self.error is not None:
            return str(self.error)
        if self.files is None or not self.files.failed:
            return ""
        first = self.files.problems[0] if self.files.problems else "see _kollect.files"
        return (
            f"{self.account}: {self.files.failed:,} files could not be fetched ({first}). "
            "Run the sync again to try them again; _kollect.files says why each failed."
        )

    def unread(
        self, error: KollectError, account: Account, families: Iterable[Family], full: bool
    ) -> None:
        """Name the tables of families that could not even be asked for, and why."""
        families = list(families)
        self.error = self.error or error
        self.broke_off |= {family.name for family in families if full}
        for table in kept_tables(account, families):
            self.tables.setdefault(table, _unread_row(str(error), full))

    def count(
        self,
        heads: Sequence[Mapping[str, Any]],
        process: str,
        seen: Statistics,
        seconds: float,
    ) -> None:
        """Totals of the run: what the journal holds, plus what failed in this process.

        `heads` are those of all answers, `process` marks the answers of this one, which has
        taken so many seconds.
        """
        earlier = [head for head in heads if head.get("process") != process]
        answered_here = sum(h["attempts"] for h in heads) - sum(h["attempts"] for h in earlier)
        failed = max(0, seen.requests - answered_here)
        self.requests = sum(h["attempts"] for h in heads) + failed
        self.retries = sum(h["attempts"] - 1 for h in earlier) + seen.retries
        self.rate_limited = sum(h["throttled"] for h in earlier) + seen.rate_limited
        self.waited_seconds = _waited(earlier) + min(seen.waited_seconds, seconds)
        self.bytes = sum(h["bytes"] for h in heads)


def kept_tables(account: Account, families: Iterable[Family]) -> list[str]:
    """The tables that families feed and the account keeps."""
    fed = {table.name for family in families for table in family_tables(family)}
    return [name for name in account.tables if name in fed]


def _waited(heads: Iterable[Mapping[str, Any]]) -> float:
    """Seconds that earlier processes of a run waited.

    Requests that waited side by side are not added up beyond the time that their process took.
    """
    by_process: dict[str, list[Mapping[str, Any]]] = {}
    for head in heads:
        by_process.setdefault(head["process"], []).append(head)
    total = 0.0
    for found in by_process.values():
        times = [datetime.fromisoformat(head["at"]) for head in found if "at" in head]
        took = (max(times) - min(times)).total_seconds() if times else 0.0
        total += min(sum(head["waited"] for head in found), took)
    return total


def _unread_row(reason: str, full: bool) -> dict[str, Any]:
    """The row of a table that could not even be asked for; its rows are counted when the run is
    recorded."""
    counts = ("inserted", "updated", "deleted", "unchanged", "rejected")
    return {
        "mode": "full" if full else "incremental",
        "complete": False,
        **dict.fromkeys(counts, 0),
        "rows": None,
        "reason": reason,
    }


def loaded_text(table: str, row: Mapping[str, Any]) -> str:
    """What a load did to a table, as a line for people."""
    changes = ", ".join(
        f"{row[name]:,} {name}"
        for name in ("inserted", "updated", "deleted", "rejected")
        if row[name]
    )
    return f"{table}: {row['rows']:,} rows ({changes or 'nothing changed'})"


def traffic_of(journal: Journal, family: str) -> Traffic:
    """What the requests of a family cost, as the journal tells."""
    heads = [head for head in journal.heads() if head.get("family") == family]
    return Traffic(
        requests=sum(h["attempts"] for h in heads),
        retries=sum(h["attempts"] - 1 for h in heads),
        rate_limited=sum(h["throttled"] for h in heads),
        waited_seconds=sum(h["waited"] for h in heads),
        bytes=sum(h["bytes"] for h in heads),
    )
