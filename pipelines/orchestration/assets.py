"""The assets of an account: one subsettable multi-asset that calls the engine of `kollect sync`.

Selecting one table asks only for what that table needs; other tables that come along in the same
answers are loaded as well, and shown as loaded. Selecting only checks asks the service nothing.
"""

# No postponed annotations here: Dagster reads the type of `config` when the asset is made.
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from pipelines.orchestration.failures import failures_in_one_line, one_sentence
from pipelines.orchestration.reported import known_ends, mark_reported
from pipelines.orchestration.run_process import remember_process
from pipelines.orchestration.sources import Source
from pipelines.orchestration.specs import table_specs
from pipelines.orchestration.summary import NAME, summary_check_specs, summary_spec
from pipelines.orchestration.table_checks import check_specs


class SyncConfig(dg.Config):
    """What a person may choose when starting a sync by hand."""

    full: bool = Field(
        default=False, description="Read everything again, also what seems unchanged."
    )
    accept_deletes: bool = Field(
        default=False, description="Believe it when a large part of a table vanished at once."
    )


def pool_of(source: Source) -> str:
    """The pool that keeps an account from being synced twice at once."""
    return f"account_{source.name}"


def op_of(source: Source) -> str:
    """The step that reads and loads an account."""
    return f"read_and_load_{source.name}"


def account_assets(source: Source) -> dg.AssetsDefinition:
    """All tables of one account, and its summary."""

    @dg.multi_asset(
        name=op_of(source),
        description=f"Fetches what changed in {source.account.connector.title} and loads it: "
        f"the same as `kollect sync {source.account.name}`.",
        specs=[*table_specs(source), summary_spec(source)],
        check_specs=[*check_specs(source), *summary_check_specs(source)],
        can_subset=True,
        pool=pool_of(source),
    )
    def sync(context: dg.AssetExecutionContext, config: SyncConfig) -> Iterator[Any]:
        remember_process(context)
        chosen = {key.path[-1] for key in context.selected_asset_keys}
        if chosen - {NAME}:
            yield from _sync(context, source, config, chosen)
        else:
            yield from _show(context, source, chosen, set())

    return sync


def _sync(
    context: dg.AssetExecutionContext, source: Source, config: SyncConfig, chosen: set[str]
) -> Iterator[Any]:
    from pipelines.orchestration.progress import (
        ProgressLog,
        in_one_line,
        unproved_in_words,
    )
    from pipelines.sync.account import sync_account
    from pipelines.sync.runtime import Runtime

    wanted = [name for name in source.tables if name in chosen]
    before = known_ends(source)
    with failures_in_one_line(), source.opened() as account:
        result = sync_account(
            source.settings,
            account,
            tables=None if len(wanted) == len(source.tables) else wanted,
            full=config.full,
            accept_deletes=config.accept_deletes,
            runtime=Runtime(progress=ProgressLog(context.log, time.monotonic)),
        )
    yield from _show(context, source, chosen, before)
    # The page of a run shows the end of its log first.
    context.log.info(in_one_line(result))
    if not result.on_schedule:
        # What landed is shown all the same. As on the command line, the run is no success.
        raise one_sentence(
            result.trouble or unproved_in_words(result),
            status=result.status,
            requests=result.requests,
        )


def _show(
    context: dg.AssetExecutionContext, source: Source, chosen: set[str], before: set[str]
) -> Iterator[Any]:
    """The loads since `before`, then the chosen checks, parents first, then the summary."""
    from pipelines.orchestration.report import AccountReport
    from warehouse.store.finished_runs import finished_runs
    from warehouse.store.warehouse import Warehouse

    if not source.settings.warehouse.exists():
        return
    wanted = set(context.selected_asset_check_keys)
    with Warehouse(source.settings.warehouse).newest() as connection:
        ends = finished_runs(connection, newest=10).get(source.account.name, [])
        runs = [run for run in ends if run.mark not in before] if chosen - {NAME} else []
        report = AccountReport(connection, source, datetime.now(UTC))
        for event in report.loads(runs):
            yield from _event(context, event, chosen)
        for result in report.checks(source.tables, wanted):
            yield result.for_run()
        yield from _event(context, report.summary(), chosen)
        yield from (r.for_run() for r in report.account_checks() if r.key in wanted)
    mark_reported(context, source, runs)


def _event(
    context: dg.AssetExecutionContext,
    event: dg.AssetMaterialization | dg.AssetObservation,
    chosen: set[str],
) -> Iterator[Any]:
    """A result of the step for a chosen table; a line of the event log for any other."""
    if isinstance(event, dg.AssetMaterialization) and event.asset_key.path[-1] in chosen:
        version = (event.tags or {}).get("dagster/data_version")
        yield dg.MaterializeResult(
            event.asset_key,
            event.metadata,
            data_version=dg.DataVersion(version) if version else None,
        )
    else:
        context.log_event(event)
