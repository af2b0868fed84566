"""The newest backup as an asset: how old, how large, what it holds, and whether it is whole.

Materializing it writes a backup and removes old ones by the keep rules; its check reads every
byte of the newest one. So the page answers both questions at once: is the copy complete, and is
there a backup of it.
"""

# No postponed annotations here: Dagster reads the types of the contexts.
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster import MetadataValue
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition,
)

from connectors.core.errors import KollectError
from pipelines.orchestration.sources import Source, known_values
from pipelines.settings import Settings
from pipelines.settings.schedule import cron, longest_gap

GROUP = "backups"
KEY = dg.AssetKey([GROUP, "newest"])
CHECK = "every_byte_is_as_written"
WAIT_SECONDS = 600.0
"""Pruning waits so long for a backup, a verify or a restore that runs."""
MOST_SHOWN = 20
"""Damaged files that are named; the rest is counted."""


def backup_assets(source: Source) -> dg.AssetsDefinition:
    """The asset `backups/newest` with its check, of the warehouse of this account."""
    settings = source.settings

    @dg.multi_asset(
        name="write_and_verify_backup",
        description="Writes a backup and prunes old ones; the check verifies the newest.",
        specs=[_spec(source)],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=KEY, description="Every byte of the newest backup is as written."
            )
        ],
        can_subset=True,
        pool=GROUP,
    )
    def backup(context: dg.AssetExecutionContext) -> Iterator[Any]:
        if context.selected_asset_keys:
            yield from _write(context, source)
        if context.selected_asset_check_keys:
            yield from _verify(context, settings)

    return backup


def _write(context: dg.AssetExecutionContext, source: Source) -> Iterator[Any]:
    from pipelines.orchestration.report import StepLog, in_words
    from warehouse.backup import Pruned, find_key, list_backups, prune_backups, write_backup
    from warehouse.progress import size_text

    settings = source.settings
    tell = StepLog(context.log, time.monotonic)
    started = time.monotonic()
    with in_words():
        # As on the command line, the key may also stand in `.env`.
        key = find_key(None, known_values(settings))
        place = write_backup(settings, key=key, on_step=tell)
    seconds = round(time.monotonic() - started, 2)
    context.log.info(f"wrote {place} in {seconds:.1f} s")
    pruned, not_pruned = Pruned([]), ""
    try:
        pruned = prune_backups(settings, on_step=tell, wait_seconds=WAIT_SECONDS)
        context.log.info(
            f"kept {len(pruned.kept):,} backups, removed {len(pruned.removed):,}"
            f"{': ' if pruned.removed else ''}{', '.join(pruned.removed)}; "
            f"{size_text(pruned.freed_bytes)} freed"
        )
    except KollectError as error:  # the backup stands; that is shown before the failure
        not_pruned = str(error)
    with in_words():
        found = {each.path: each for each in list_backups(settings, key=key)}
    info = found[place]
    changes = info.total_changes
    # `kollect restore` knows the names in the folder of the settings; others need the path.
    named = place if source.sandbox else info.name
    yield dg.MaterializeResult(
        KEY,
        {
            "dagster/row_count": info.rows or 0,
            "made": MetadataValue.timestamp(info.made_at),
            "folder": MetadataValue.path(str(place)),
            "since the backup before": (
                f"{changes.added:,} rows added, {changes.changed:,} changed, "
                f"{changes.deleted:,} deleted"
                if info.previous
                else "this is the first"
            ),
            "get it back with": f"kollect restore {named} --to restored.duckdb",
            "encrypted": info.encrypted,
            "tables": info.tables or 0,
            "files": info.files or 0,
            "bytes": info.bytes or 0,
            "bytes not shared with other backups": info.new_bytes or 0,
            "seconds": seconds,
            "backups kept": len(found),
            "backups removed": len(pruned.removed),
            "bytes freed": pruned.freed_bytes,
        },
        data_version=dg.DataVersion(info.name),
    )
    if not_pruned:
        raise dg.Failure(
            description=f"the backup {info.name} is written, but old ones were not pruned: "
            f"{not_pruned}",
            allow_retries=False,
        )


def _verify(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[Any]:
    """The state of the check, and a failed run where it is bad: nobody should overlook that."""
    from pipelines.orchestration.report import StepLog, in_words
    from warehouse.backup import DamageFound, examine_backup, find_key, list_backups
    from warehouse.progress import size_text

    started = time.monotonic()
    with in_words():
        key = find_key(None, known_values(settings))
        found = list_backups(settings, key=key)
    if not found:
        said = "there is no backup to verify. Materialize backups/newest, or run `kollect backup`"
        yield _judged(False, said, {})
        raise dg.Failure(said, allow_retries=False)
    with in_words():
        report = examine_backup(
            found[-1].path, depth="full", key=key, on_step=StepLog(context.log, time.monotonic)
        )
    figures: dict[str, Any] = {
        "backup": report.name,
        "files": report.files,
        "bytes": report.bytes,
        "seconds": round(time.monotonic() - started, 2),
        "damaged files": len(report.problems),
    }
    if report.good:
        said = f"{report.name}: {size_text(report.bytes)} in {report.files:,} files are as written"
        context.log.info(said)
        yield _judged(True, said, figures)
        return
    said = str(DamageFound(report))
    shown = "\n".join(f"- `{problem}`" for problem in report.problems[:MOST_SHOWN])
    yield _judged(False, said, {**figures, "what is damaged": MetadataValue.md(shown)})
    raise dg.Failure(said, allow_retries=False)


def _judged(passed: bool, said: str, figures: dict[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=passed,
        asset_key=KEY,
        check_name=CHECK,
        severity=dg.AssetCheckSeverity.ERROR,
        description=said[:500],
        metadata=figures,
    )


def _spec(source: Source) -> dg.AssetSpec:
    settings = source.settings
    made = " Here: of the made data of the sandbox." if source.sandbox else ""
    return dg.AssetSpec(
        KEY,
        description=f"The newest backup of everything in the warehouse.{made}\n\n"
        f"In `{settings.backup_dir}`; kept are {_rules(settings)}. `kollect backups` lists them, "
        "`kollect restore` makes a warehouse from one.",
        group_name=GROUP,
        kinds={"backup", "parquet"},
        owners=[source.owner],
        tags={"kollect/kind": "backup"},
        code_version="1",
        freshness_policy=_freshness(settings),
    )


def _rules(settings: Settings) -> str:
    return ", ".join(f"{count} {name}" for name, count in settings.keep.items()) or "all of them"


def _freshness(settings: Settings) -> dg.FreshnessPolicy:
    """Late half a rhythm after a backup was due, failed after another one; a month where none."""
    expression = cron(settings.schedule.backup, "backup")
    gap = longest_gap(expression) if expression else timedelta(days=31)
    return dg.FreshnessPolicy.time_window(warn_window=gap * 1.5, fail_window=gap * 2)


def backup_job() -> UnresolvedAssetJobDefinition:
    """Writes a backup, then removes old ones by the keep rules."""
    return _job(
        "backup",
        dg.AssetSelection.assets(KEY).without_checks(),
        "A backup of everything, then pruning: `kollect backup`, `kollect prune`.",
    )


def verify_job() -> UnresolvedAssetJobDefinition:
    """Reads every byte of the newest backup and proves it."""
    return _job(
        "verify",
        dg.AssetSelection.checks(dg.AssetCheckKey(KEY, CHECK)),
        "Proves the newest backup, byte by byte: `kollect verify`.",
    )


def _job(name: str, selection: dg.AssetSelection, description: str) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        name,
        selection,
        description=description,
        tags={"kollect/kind": name},
        executor_def=dg.in_process_executor,
    )
