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

from pipelines.orchestration.checks import Look, check_specs, judge_table
from pipelines.orchestration.sources import Source
from pipelines.orchestration.specs import table_specs

DATA_VERSION_TAG = "dagster/data_version"


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
    """All tables of one account."""

    @dg.multi_asset(
        name=op_of(source),
        description=f"Fetches what changed in {source.account.connector.title} and loads it: "
        f"the same as `kollect sync {source.account.name}`.",
        specs=table_specs(source),
        check_specs=check_specs(source),
        can_subset=True,
        pool=pool_of(source),
    )
    def sync(context: dg.AssetExecutionContext, config: SyncConfig) -> Iterator[Any]:
        chosen = {key.path[-1] for key in context.selected_asset_keys}
        if chosen:
            yield from _sync(context, source, config, chosen)
        else:
            yield from _only_checks(context, source)

    return sync


def _sync(
    context: dg.AssetExecutionContext, source: Source, config: SyncConfig, chosen: set[str]
) -> Iterator[Any]:
    from pipelines.orchestration.report import ProgressLog, in_one_line, in_words
    from pipelines.sync.account import sync_account
    from pipelines.sync.runtime import Runtime

    everything = chosen == set(source.tables)
    with in_words(), source.opened() as account:
        result = sync_account(
            source.settings,
            account,
            tables=None if everything else [name for name in source.tables if name in chosen],
            full=config.full,
            accept_deletes=config.accept_deletes,
            runtime=Runtime(progress=ProgressLog(context.log, time.monotonic)),
        )
    yield from _show(context, source, result, chosen)
    # The page of a run shows the end of its log first.
    context.log.info(in_one_line(source.account.name, result))
    if result.trouble:
        # Tables that landed are shown all the same; files that failed are to be told of.
        raise dg.Failure(
            description=result.trouble,
            metadata={"status": result.status, "requests": result.requests},
            allow_retries=False,
        )


def _show(
    context: dg.AssetExecutionContext, source: Source, result: Any, chosen: set[str]
) -> Iterator[Any]:
    """A materialization for each table that was loaded, and the checks, parents first."""
    from pipelines.orchestration.report import data_version, table_metadata
    from warehouse.store.inspection import latest_loads
    from warehouse.store.warehouse import Warehouse

    if not source.settings.warehouse.exists():
        return
    wanted = context.selected_asset_check_keys
    with Warehouse(source.settings.warehouse).reading() as connection:
        loads = latest_loads(connection, source.account.name)
        for name, (table, _) in source.tables.items():
            load = loads.get(name, {})
            if name in result.tables and load.get("rows") is not None:
                key = dg.AssetKey([source.label, name])
                metadata = table_metadata(connection, source, table, load, result)
                version = data_version(load)
                if name in chosen:
                    yield dg.MaterializeResult(key, metadata, data_version=version)
                else:
                    tags = {DATA_VERSION_TAG: version.value} if version else None
                    context.log_event(dg.AssetMaterialization(key, metadata=metadata, tags=tags))
            if name in chosen:
                # What this pass did not read is judged too: as it stands.
                look = Look(connection, source, table, load, datetime.now(UTC))
                yield from judge_table(look, wanted)


def _only_checks(context: dg.AssetExecutionContext, source: Source) -> Iterator[Any]:
    """Checks alone look at what is here; nothing is asked of the service."""
    from pipelines.orchestration.report import in_words
    from warehouse.store.inspection import latest_loads
    from warehouse.store.warehouse import Warehouse

    wanted = context.selected_asset_check_keys
    tables = {key.asset_key.path[-1] for key in wanted}
    with in_words(), Warehouse(source.settings.warehouse).reading() as connection:
        loads = latest_loads(connection, source.account.name)
        for name, (table, _) in source.tables.items():
            if name in tables:
                look = Look(connection, source, table, loads.get(name, {}), datetime.now(UTC))
                yield from judge_table(look, wanted)
