"""Many accounts in one run: an asset for each batch, with a table of its accounts.

A run costs Dagster seconds whatever it does, and an asset for each table of a thousand accounts
costs it gigabytes. So from 50 accounts on (`[schedule] accounts_per_run`) a batch is one asset, and
what is true of each account stays where it always is: in the ledger (`kollect status`).
"""

# No postponed annotations here: Dagster reads the type of `config` when the asset is made.
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pipelines.orchestration.assets import SyncConfig
from pipelines.orchestration.failures import one_sentence
from pipelines.orchestration.run_process import remember_process
from pipelines.orchestration.sources import Source, owner
from pipelines.orchestration.summary import NAME as SUMMARY
from pipelines.settings import Settings

GROUP = "batches"


@dataclass(frozen=True)
class Batch:
    """Accounts that are synced in one run."""

    name: str
    position: int
    sources: Sequence[Source]

    @property
    def settings(self) -> Settings:
        """The settings of its accounts, which alone they hold."""
        settings = self.sources[0].settings
        return replace(settings, accounts={s.account.name: s.account for s in self.sources})

    @property
    def key(self) -> dg.AssetKey:
        return dg.AssetKey([GROUP, self.name])

    @property
    def op(self) -> str:
        """The step that reads and loads its accounts, as Dagster names it."""
        return "__".join(self.key.path)


def batches_of(sources: Sequence[Source]) -> list[Batch]:
    """The batches of these accounts; none where each account has runs of its own."""
    real = [source for source in sources if not source.sandbox]
    if not real:
        return []
    size = real[0].settings.schedule.batch_size(len(real))
    if size == 1:
        return []
    starts = range(0, len(real), size)
    return [
        Batch(f"batch_{number + 1:03}", number, real[start : start + size])
        for number, start in enumerate(starts)
    ]


def account_keys(sources: Sequence[Source]) -> list[dg.AssetKey]:
    """The assets that stand for these accounts: their batches, else their summaries."""
    batches = batches_of(sources)
    batched = {source.name for batch in batches for source in batch.sources}
    alone = [source.key(SUMMARY) for source in sources if source.name not in batched]
    return [*(batch.key for batch in batches), *alone]


def batch_asset(batch: Batch) -> dg.AssetsDefinition:
    """The accounts of a batch as one asset."""
    names = [source.account.name for source in batch.sources]

    @dg.asset(
        key=batch.key,
        group_name=GROUP,
        kinds={"duckdb"},
        owners=[owner()],
        pool=batch.name,
        description=f"{len(names)} accounts, {names[0]} to {names[-1]}: the same as "
        "`kollect sync` with their names. `kollect status` shows each of them.",
        metadata={"accounts": len(names)},
    )
    def sync(context: dg.AssetExecutionContext, config: SyncConfig) -> Iterator[Any]:
        yield from _sync(context, batch, config)

    return sync


def _sync(context: dg.AssetExecutionContext, batch: Batch, config: SyncConfig) -> Iterator[Any]:
    from pipelines.orchestration.progress import ProgressLog, in_one_line, unproved_in_words
    from pipelines.sync.accounts import sync_accounts

    remember_process(context)
    began = time.monotonic()
    results, _ = sync_accounts(
        batch.settings,
        {source.account.name: None for source in batch.sources},
        full=config.full,
        accept_deletes=config.accept_deletes,
        progress=ProgressLog(context.log, time.monotonic),
    )
    rows = [
        dg.TableRecord(
            {
                "account": result.account,
                "status": result.status,
                "changes": sum(
                    int(row[kind])
                    for row in result.tables.values()
                    for kind in ("inserted", "updated", "deleted")
                ),
                "requests": result.requests,
                "why": result.trouble or "",
            }
        )
        for result in sorted(results, key=lambda found: (found.status == "complete", found.account))
    ]
    failed = [result for result in results if not result.on_schedule]
    yield dg.MaterializeResult(
        metadata={
            "accounts": dg.MetadataValue.table(rows),
            "complete": f"{len(results) - len(failed)} of {len(results)} accounts",
            "requests": sum(result.requests for result in results),
            "seconds": round(time.monotonic() - began, 1),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    for result in results:
        context.log.info(in_one_line(result))
    if failed:
        # What landed is shown all the same; the other accounts are complete.
        words = "; ".join(
            result.trouble or f"{result.account}: {unproved_in_words(result)}" for result in failed
        )
        raise one_sentence(
            f"{len(failed)} of {len(results)} accounts are not complete: {words}",
        )
