"""Syncs from the ledger as events of Dagster: loads, checks and the account's summary.

A run of Dagster's and the sensor that follows the command line both report through this module,
so that both show the same figures, whoever synced.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import MetadataValue

from connectors.core.schema import Table
from connectors.http.redact import safe_text
from pipelines.orchestration.checks import CheckResult, TableState
from pipelines.orchestration.freshness import table_windows
from pipelines.orchestration.progress import changes
from pipelines.orchestration.sources import Source
from pipelines.orchestration.summary import check_account, summary_metadata
from pipelines.orchestration.table_checks import check_table
from pipelines.status import account_status
from warehouse.progress import size_text
from warehouse.store.finished_runs import FinishedRun, loads_of_runs
from warehouse.store.inspection import cursors, latest_loads, sample

if TYPE_CHECKING:
    import duckdb

EMAIL = re.compile(r"\b([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+\.[A-Za-z]{2,})\b")
LONG_ID = 14
COUNTS = ("inserted", "updated", "deleted", "unchanged", "rejected")
DATA_VERSION = "dagster/data_version"

LoadEvent = dg.AssetMaterialization | dg.AssetObservation


class AccountReport:
    """One account as the ledger has it at a moment; `connection` stays open meanwhile."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source: Source, now: datetime
    ) -> None:
        self.connection = connection
        self.source = source
        self.now = now
        self.status = account_status(connection, source.settings, source.account, now)
        self._loads = latest_loads(connection, source.account.name)

    def loads(self, runs: Sequence[FinishedRun]) -> Iterator[LoadEvent]:
        """The newest load of each table in these runs, parents first.

        A load that proved its table complete is a materialization. One that did not is an
        observation: it does not count as fresh. A table that was not read at all has neither.
        """
        by_id = {run.run_id: run for run in runs}
        found = loads_of_runs(self.connection, self.source.account.name, by_id)
        for name, (table, _) in self.source.tables.items():
            read = [load for load in found.get(name, []) if load["rows"] is not None]
            proved = [load for load in read if load["complete"] and not load["error"]]
            if not read:
                continue
            load = (proved or read)[-1]
            key = self.source.key(name)
            metadata = self._metadata(table, load, by_id[load["run_id"]])
            if proved and self._is_recent(name, load["loaded_at"]):
                tags = {DATA_VERSION: str(load["content"])} if load["content"] else None
                yield dg.AssetMaterialization(key, metadata=metadata, tags=tags)
            else:
                yield dg.AssetObservation(key, metadata=metadata)

    def tables_of(self, runs: Sequence[FinishedRun]) -> list[str]:
        """The tables that these runs read or tried to read."""
        ids = [run.run_id for run in runs]
        found = loads_of_runs(self.connection, self.source.account.name, ids)
        return [name for name in self.source.tables if name in found]

    def checks(
        self, tables: Iterable[str], wanted: Iterable[dg.AssetCheckKey] | None = None
    ) -> Iterator[CheckResult]:
        """The checks of these tables as things stand now, or the wanted ones among them."""
        keys = None if wanted is None else set(wanted)
        for name in tables:
            key = self.source.key(name)
            names = None if keys is None else [k.name for k in keys if k.asset_key == key]
            state = TableState(
                self.connection,
                self.source,
                self.source.tables[name][0],
                self.status.tables[name],
                self._loads.get(name, {}),
                self.now,
            )
            yield from check_table(state, names)

    def account_checks(self) -> list[CheckResult]:
        """The checks of the account's summary."""
        return list(check_account(self.source, self.status))

    def summary(self) -> LoadEvent:
        """The account's summary: a materialization whatever its verdict, since the page of an asset
        shows the newest materialization, and would show `safe` from an earlier one.

        Its data version changes when the content of any table does.
        """
        from pipelines.report.facts import account_plots

        contents = [
            (n, x.get("content") or x.get("content_before")) for n, x in self._loads.items()
        ]
        version = hashlib.sha256(repr(sorted(contents, key=str)).encode()).hexdigest()[:32]
        return dg.AssetMaterialization(
            self.source.key("summary"),
            metadata=summary_metadata(
                self.source.account.name,
                self.status,
                account_plots(self.connection, self.source.account),
            ),
            tags={DATA_VERSION: version},
        )

    def _is_recent(self, table: str, loaded_at: datetime) -> bool:
        """Whether Dagster, which counts from the moment of the report, may call it fresh."""
        return self.now - loaded_at < table_windows(self.source, table).warn

    def _metadata(self, table: Table, load: Mapping[str, Any], run: FinishedRun) -> dict[str, Any]:
        """Everything worth keeping about one load of one table, without secrets."""
        account = self.source.account
        verdict = "Yes" if load["complete"] and not load["error"] else "Not proved"
        proof = load["proof"] or load["reason"] or "nothing changed since the last proof"
        figures: dict[str, Any] = {
            "was everything here?": MetadataValue.md(f"**{verdict}**: {proof}"),
            "dagster/row_count": int(load["rows"]),
            "what changed": changes(load) or "nothing changed",
        }
        names, rows = sample(self.connection, self.source.service, table, account.name)
        if rows:
            secrets = [v for part, v in account.credential.items() if part != "username"]
            figures["preview"] = MetadataValue.md(preview(names, rows, secrets))
        figures |= {
            **{name: int(load[name] or 0) for name in COUNTS},
            "complete": bool(load["complete"]),
            "proof": proof,
            "mode": load["mode"],
            "loaded": MetadataValue.timestamp(load["loaded_at"]),
            "requests": int(load["requests"] or 0),
            "received": size_text(load["bytes"] or 0),
            "load seconds": round(float(load["seconds"] or 0.0), 2),
            "whole sync: requests": run.requests,
            "whole sync: retries": run.retries,
            "whole sync: slowdowns": run.rate_limited,
            "whole sync: seconds waited for the rate": round(run.waited_seconds, 2),
            "whole sync: received": size_text(run.bytes),
            "kollect run": run.run_id,
        }
        if cursor := _cursor(self.connection, self.source, table):
            figures["cursor"] = cursor
        return figures


def _cursor(connection: duckdb.DuckDBPyConnection, source: Source, table: Table) -> str | None:
    """Where the next sync of the table goes on, in words."""
    names = {table.name}
    for family in source.account.connector.families_of([table.name]):
        names |= {family.name, *(resource.name for resource in family.resources)}
    found = {n: c for n, c in cursors(connection, source.account.name).items() if n in names}
    if not found:
        return None
    parts = [
        f"{name}: {value}" if count == 1 else f"{name}: {count:,}, the last moved to {value}"
        for name, (count, value) in sorted(found.items())
    ]
    return "; ".join(parts)[:400]


def preview(names: list[str], rows: list[tuple[str | None, ...]], secrets: list[str]) -> str:
    """A Markdown table of a few rows, in which nothing of the data can act.

    Texts are shown as code, so that no image is fetched and no link or markup comes alive; mail
    addresses are shortened; whatever looks like a secret in an address is masked.
    """
    lines = [
        f"| {' | '.join(names)} |",
        f"|{'---|' * len(names)}",
    ]
    for row in rows:
        cells = [_cell(name, value, secrets) for name, value in zip(names, row, strict=True)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(name: str, value: str | None, secrets: list[str]) -> str:
    if value is None:
        return ""
    text = EMAIL.sub(r"\1…@\2", safe_text(value, secrets))
    if (name == "id" or name.endswith("_id")) and len(text) > LONG_ID:
        text = text[: LONG_ID - 5] + "…"
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00", text):
        text = text[:16]
    text = " ".join(text.replace("`", "'").replace("|", "¦").split())
    return f"`{text}`" if text else ""
