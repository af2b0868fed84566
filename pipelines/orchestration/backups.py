"""The newest backup as an asset: how old, how large, what it holds, and whether it is whole.

Materializing it writes a backup and removes old ones by the keep rules; its check reads every
byte of the newest one. So the page answers both questions at once: is the copy complete, and is
there a backup of it.
"""

# No postponed annotations here: Dagster reads the types of the contexts.
import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from connectors.core.errors import KollectError
from pipelines.orchestration.backup_report import (
    CHECK,
    CHECK_KEY,
    GROUP,
    KEY,
    backup_figures,
    damage_figures,
    key_for_writing,
    known_variables,
    newest_backup,
    proof_mark,
)
from pipelines.orchestration.batches import account_keys
from pipelines.orchestration.checks import ERROR, CheckResult, Outcome
from pipelines.orchestration.failures import failures_in_one_line, one_sentence
from pipelines.orchestration.freshness import backup_windows
from pipelines.orchestration.reported import mark_shown
from pipelines.orchestration.run_process import remember_process
from pipelines.orchestration.runs import KIND_TAG, Job, asset_job
from pipelines.orchestration.sources import Project, owner
from pipelines.settings import Settings


def backup_assets(project: Project) -> dg.AssetsDefinition:
    """The asset `backups/newest` with its check, of the warehouse of the settings."""

    @dg.multi_asset(
        name="write_and_verify_backup",
        description="Writes a backup and prunes old ones; the check verifies the newest.",
        specs=[_spec(project)],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=KEY, description="Is every byte of the newest backup as written?"
            )
        ],
        can_subset=True,
        pool=GROUP,
    )
    def backup(context: dg.AssetExecutionContext) -> Iterator[Any]:
        remember_process(context)
        if context.selected_asset_keys:
            yield from _write(context, project)
        if context.selected_asset_check_keys:
            yield from _verify(context, project.settings)

    return backup


def _write(context: dg.AssetExecutionContext, project: Project) -> Iterator[Any]:
    from pipelines.orchestration.progress import StepLog
    from warehouse.backup import Pruned, list_backups, prune_backups, write_backup
    from warehouse.backup.archive import WAIT_SECONDS
    from warehouse.progress import size_text

    settings = project.settings
    on_step = StepLog(context.log, time.monotonic)
    started = time.monotonic()
    with failures_in_one_line():
        key = key_for_writing(settings)
        place = write_backup(settings, key=key, on_step=on_step)
    seconds = round(time.monotonic() - started, 2)
    context.log.info(f"wrote {place} in {seconds:.1f} s")
    pruned, not_pruned = Pruned([]), ""
    try:
        pruned = prune_backups(settings, on_step=on_step, wait_seconds=WAIT_SECONDS)
        context.log.info(
            f"kept {len(pruned.kept):,} backups, removed {len(pruned.removed):,}"
            f"{': ' if pruned.removed else ''}{', '.join(pruned.removed)}; "
            f"{size_text(pruned.freed_bytes)} freed"
        )
    except KollectError as error:  # the backup stands; that is shown before the failure
        not_pruned = str(error)
    with failures_in_one_line():
        info = next(b for b in list_backups(settings, key=key) if b.path == place)
    figures = {
        **backup_figures(project, info),
        "backups kept": len(pruned.kept),
        "backups removed": len(pruned.removed),
        "freed": size_text(pruned.freed_bytes),
        "seconds": seconds,
    }
    yield dg.MaterializeResult(KEY, figures, data_version=dg.DataVersion(info.name))
    mark_shown(context, [f"backup {info.name}"])
    if not_pruned:
        raise one_sentence(
            f"the backup {info.name} is written, but old ones were not pruned: {not_pruned}",
        )


def _verify(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[Any]:
    """The state of the check, and a failed run where it is bad: nobody should overlook that."""
    from pipelines.orchestration.progress import StepLog
    from warehouse.backup import DamageFound, find_key, verify_backup

    started = time.monotonic()
    with failures_in_one_line():
        key = find_key(None, known_variables(settings))
        found = newest_backup(settings)
    if found is None:
        reason = "there is no backup to verify. Materialize backups/newest, or run `kollect backup`"
        yield CheckResult(CHECK_KEY, ERROR, Outcome(False, reason)).for_run()
        raise one_sentence(reason)
    with failures_in_one_line():
        report = verify_backup(
            found.path,
            raise_damage=False,
            key=key,
            on_step=StepLog(context.log, time.monotonic),
        )
        proved = newest_backup(settings)
    if proved is not None and (mark := proof_mark(proved)):
        mark_shown(context, [mark])
    outcome = _outcome(report, round(time.monotonic() - started, 2))
    context.log.info(outcome.reason)
    yield CheckResult(CHECK_KEY, ERROR, outcome).for_run()
    if not report.good:
        raise one_sentence(str(DamageFound(report)))


def _outcome(report: Any, seconds: float) -> Outcome:
    from warehouse.backup import DamageFound
    from warehouse.progress import size_text

    figures: dict[str, Any] = {
        "backup": report.name,
        "files": report.files,
        "size": size_text(report.bytes),
        "seconds": seconds,
        **damage_figures(report.problems),
    }
    if report.good:
        size = size_text(report.bytes)
        reason = f"{report.name}: {size} in {report.files:,} files are as written"
        return Outcome(True, reason, figures)
    return Outcome(False, str(DamageFound(report)), figures)


def _spec(project: Project) -> dg.AssetSpec:
    settings = project.settings
    made = " Here: of the made data of the sandbox." if project.is_sandbox else ""
    return dg.AssetSpec(
        KEY,
        deps=account_keys(project.mine),
        description=f"The newest backup of everything in the warehouse.{made}\n\n"
        f"In `{settings.backup_dir}`; kept are {_rules(settings)}. `kollect backups` lists them, "
        "`kollect restore` makes a warehouse from one.",
        group_name=GROUP,
        kinds={"backup", "parquet"},
        owners=[owner()],
        tags={KIND_TAG: "backup"},
        code_version="1",
        freshness_policy=backup_windows(settings).policy,
    )


def _rules(settings: Settings) -> str:
    return ", ".join(f"{count} {name}" for name, count in settings.keep.items()) or "all of them"


def backup_job() -> Job:
    """Writes a backup, then removes old ones by the keep rules."""
    return asset_job(
        "backup",
        dg.AssetSelection.assets(KEY).without_checks(),
        "A backup of everything, then pruning: `kollect backup`, `kollect prune`.",
        {KIND_TAG: "backup"},
    )


def verify_job() -> Job:
    """Reads every byte of the newest backup and proves it."""
    return asset_job(
        "verify",
        dg.AssetSelection.checks(CHECK_KEY),
        "Proves the newest backup, byte by byte: `kollect verify`.",
        {KIND_TAG: "verify"},
    )
