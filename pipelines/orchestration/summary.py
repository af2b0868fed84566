"""The summary of an account: is its data safe, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from pipelines.orchestration.checks import ERROR, CheckResult, Outcome, when
from pipelines.orchestration.freshness import in_words, table_windows
from pipelines.orchestration.sources import Source, owner
from warehouse.store.status import TableStatus

NAME = "summary"
SAFE_CHECK = "data_is_safe"
CREDENTIAL_CHECK = "credential_is_there"
MEANINGS = {
    SAFE_CHECK: "Is every table proved complete, and lately?",
    CREDENTIAL_CHECK: "Is the credential there that syncs need?",
}
MOST_NAMED = 5
"""So many tables are named in a sentence; the others are counted."""


@dataclass(frozen=True)
class AccountState:
    """One account: the status of each of its tables at a moment."""

    source: Source
    tables: Mapping[str, TableStatus]
    now: datetime

    @property
    def never(self) -> list[str]:
        """Tables that no sync has tried to read so far."""
        return [name for name, status in self.tables.items() if status.tried_at is None]

    @property
    def unproved(self) -> list[str]:
        """Tables that the newest sync of them did not prove complete."""
        return [
            name
            for name, status in self.tables.items()
            if status.tried_at is not None and not (status.complete and status.proved_at)
        ]

    @property
    def late(self) -> list[str]:
        """Tables that were proved complete, but longer ago than the schedule allows."""
        return [
            name
            for name, status in self.tables.items()
            if status.proved_at is not None
            and self.now - status.proved_at > table_windows(self.source, name).fail
        ]

    @property
    def verdict(self) -> str:
        """`safe`, `stale`, `incomplete` or `never`, as `kollect status` says it."""
        if not self.source.tables or len(self.never) == len(self.tables):
            return "never"
        if self.late:
            return "stale"
        return "incomplete" if self.unproved or self.never else "safe"

    @property
    def reason(self) -> str:
        """The verdict in one sentence."""
        if self.verdict == "never":
            return "it was never synced"
        if self.verdict == "stale":
            proved = min(self.tables[name].proved_at or self.now for name in self.late)
            age = in_words(self.now - proved)
            return f"{_named(self.late)} last proved complete {age} ago{self._why(self.late)}"
        if self.unproved:
            return f"{_named(self.unproved)} not proved complete{self._why(self.unproved)}"
        if self.never:
            return f"{_named(self.never)} not synced yet"
        return f"all {len(self.tables)} tables are proved complete"

    def _why(self, names: list[str]) -> str:
        """The most frequent reason among these tables."""
        reasons = [self.tables[name].reason for name in names if self.tables[name].reason]
        return f": {max(reasons, key=reasons.count)}" if reasons else ""


def _named(tables: list[str]) -> str:
    more = len(tables) - MOST_NAMED
    names = ", ".join(tables[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{names} {'is' if len(tables) == 1 else 'are'}"


def summary_spec(source: Source) -> dg.AssetSpec:
    """The asset `[account, "summary"]`, after all tables of the account."""
    return dg.AssetSpec(
        source.key(NAME),
        deps=[source.key(table) for table in source.tables],
        description=f"Is the data of {source.account.name} safe, and why? As `kollect status "
        f"{source.account.name}` says it.",
        group_name=source.name,
        kinds={source.service},
        owners=[owner()],
        tags=source.tags,
        skippable=True,
        code_version="1",
        freshness_policy=table_windows(source, next(iter(source.tables))).policy,
    )


def summary_check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """The checks of the summary."""
    return [
        dg.AssetCheckSpec(name, asset=source.key(NAME), description=meaning)
        for name, meaning in MEANINGS.items()
    ]


def check_account(state: AccountState) -> Iterator[CheckResult]:
    """The results of these checks."""
    key, account = state.source.key(NAME), state.source.account
    safe = Outcome(state.verdict == "safe", state.reason, {"verdict": state.verdict})
    yield CheckResult(dg.AssetCheckKey(key, SAFE_CHECK), ERROR, safe)
    there = Outcome(True, "it is there")
    if not (state.source.sandbox or account.ready):
        there = Outcome(False, missing_credential(state.source))
    yield CheckResult(dg.AssetCheckKey(key, CREDENTIAL_CHECK), ERROR, there)


def missing_credential(source: Source) -> str:
    """What to do about an account whose credential cannot be read."""
    account = source.account
    if source.credential_problem:
        return f"account {account.name} has no credential: {source.credential_problem}"
    return (
        f"account {account.name} has no credential: set {account.missing} in the environment or "
        "in .env, then restart. Its data stays, and is not read anew until then"
    )


def summary_metadata(state: AccountState) -> dict[str, Any]:
    """The figures of a summary, the verdict first."""
    statuses = state.tables.values()
    figures: dict[str, Any] = {
        "verdict": state.verdict,
        "why": state.reason,
        "dagster/row_count": sum(status.rows for status in statuses),
        "tables": len(state.tables),
        "tables not proved complete": len(state.unproved) + len(state.never),
        "rejected": sum(status.rejected for status in statuses),
    }
    read = [status.read_at for status in statuses if status.read_at]
    proved = [status.proved_at for status in statuses if status.proved_at]
    if read:
        figures["last read"] = dg.MetadataValue.timestamp(max(read))
    if proved:
        figures["oldest proof"] = dg.MetadataValue.timestamp(min(proved))
    wrong = dict.fromkeys([*state.unproved, *state.late])
    if wrong:
        lines = [
            f"| {name} | {_last_proof(state.tables[name])} | "
            f"{state.tables[name].reason.replace('|', ' ')[:160]} |"
            for name in wrong
        ]
        head = ["| table | last proved complete | why not since |", "| --- | --- | --- |"]
        figures["needs attention"] = dg.MetadataValue.md("\n".join([*head, *lines]))
    return figures


def _last_proof(status: TableStatus) -> str:
    return when(status.proved_at) if status.proved_at else "never"
