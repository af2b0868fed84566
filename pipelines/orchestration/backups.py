"""The newest backup as an asset: how old, how large, what it holds, and whether it is whole.

Materializing it writes a backup and removes old ones by the keep rules; its check reads every
byte of the newest one. So the page answers both questions at once: is the copy complete, and is
there a backup of it.
"""

# No postponed annotations here: Dagster reads the types of the contexts.
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import MetadataValue

from connectors.core.errors import BadSettings, KollectError
from pipelines.orchestration.checks import ERROR, CheckResult, Outcome
from pipelines.orchestration.freshness import backup_windows
from pipelines.orchestration.reported import mark_shown
from pipelines.orchestration.run_process import remember_process
from pipelines.orchestration.runs import KIND_TAG
from pipelines.orchestration.sources import Project, owner
from pipelines.settings import Settings, environment

if TYPE_CHECKING:
    from warehouse.backup import BackupInfo, BackupKey, Pruned

GROUP = "backups"
KEY = dg.AssetKey([GROUP, "newest"])
CHECK = "every_byte_is_as_written"
CHECK_KEY = dg.AssetCheckKey(KEY, CHECK)
WAIT_SECONDS = 600.0
"""Pruning waits so long for a backup, a verification or a restore that runs."""
MOST_SHOWN = 20
"""Damaged files that are named; the rest is counted."""


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


def known_variables(settings: Settings) -> dict[str, str]:
    """The environment and `.env` beside the settings. Raises BadSettings where it is unreadable."""
    return environment(settings.file.parent if settings.file else Path.cwd())


def newest_backup(settings: Settings) -> "BackupInfo | None":
    """The newest backup, also an unreadable one; None where there is none."""
    from warehouse.backup import find_key, list_backups

    if not settings.backup_dir.is_dir():
        return None
    found = list_backups(settings, key=find_key(None, known_variables(settings)))
    return found[-1] if found else None


def _write(context: dg.AssetExecutionContext, project: Project) -> Iterator[Any]:
    from pipelines.orchestration.progress import StepLog, failures_in_one_line
    from warehouse.backup import Pruned, find_key, list_backups, prune_backups, write_backup
    from warehouse.progress import size_text

    settings = project.settings
    on_step = StepLog(context.log, time.monotonic)
    started = time.monotonic()
    with failures_in_one_line():
        # As on the command line, the key may also stand in `.env`.
        key = find_key(None, known_variables(settings))
        _refuse_plain_after_encrypted(settings, key)
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
    figures = {**backup_figures(project, info), **_pruning_figures(pruned), "seconds": seconds}
    yield dg.MaterializeResult(KEY, figures, data_version=dg.DataVersion(info.name))
    mark_shown(context, [f"backup {info.name}"])
    if not_pruned:
        raise dg.Failure(
            description=f"the backup {info.name} is written, but old ones were not pruned: "
            f"{not_pruned}",
            allow_retries=False,
        )


def _refuse_plain_after_encrypted(settings: Settings, key: "BackupKey | None") -> None:
    """A key that got lost with the rest of the environment must not end encryption unnoticed."""
    newest = newest_backup(settings)
    if key is None and newest is not None and newest.encrypted:
        raise BadSettings(
            f"the newest backup {newest.name} is encrypted, but no key is set now",
            guidance="set KOLLECT_BACKUP_KEY (or KOLLECT_BACKUP_KEY_FILE) in the environment or in "
            ".env. To go on without encryption, run `kollect backup` once by hand",
        )


def _pruning_figures(pruned: "Pruned") -> dict[str, Any]:
    return {
        "backups kept": len(pruned.kept),
        "backups removed": len(pruned.removed),
        "bytes freed": pruned.freed_bytes,
    }


def backup_figures(project: Project, info: "BackupInfo") -> dict[str, Any]:
    """What is shown of a backup."""
    changes = info.total_changes
    # `kollect restore` knows the names in the folder of its settings; others need the path.
    named = info.path if project.settings.file is None and project.is_sandbox else info.name
    return {
        "dagster/row_count": info.rows or 0,
        "made": MetadataValue.timestamp(info.made_at),
        "folder": MetadataValue.path(str(info.path)),
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
    }


def backup_event(
    project: Project, info: "BackupInfo", now: datetime
) -> dg.AssetMaterialization | dg.AssetObservation:
    """A backup that the command line wrote; an old one does not count as fresh."""
    figures = backup_figures(project, info)
    if now - info.made_at > backup_windows(project.settings).warn:
        return dg.AssetObservation(KEY, metadata=figures)
    return dg.AssetMaterialization(KEY, metadata=figures, tags={"dagster/data_version": info.name})


def proof_mark(info: "BackupInfo") -> str:
    """Which verification of which backup its check shows; empty before the first."""
    proofs = info.proofs
    newest = proofs.last_bad or (proofs.best[1] if proofs.best else None)
    return f"proof {info.name} {newest.at}" if newest else ""


def proof_result(info: "BackupInfo") -> CheckResult:
    """The check of the newest backup, as its last verification found it."""
    bad, best = info.proofs.last_bad, info.proofs.best
    figures: dict[str, Any] = {"backup": info.name}
    if bad is not None:
        figures["damaged files"] = len(bad.problems)
        shown = "\n".join(f"- `{problem}`" for problem in bad.problems[:MOST_SHOWN])
        figures["what is damaged"] = MetadataValue.md(shown)
        reason = f"{info.name} is damaged: {'; '.join(bad.problems[:3])}"
        return CheckResult(CHECK_KEY, ERROR, Outcome(False, reason, figures))
    if best is None:
        return CheckResult(CHECK_KEY, ERROR, Outcome(False, f"{info.name}: not verified", figures))
    figures["bytes"] = info.bytes or 0
    reason = (
        f"{info.name}: every byte is as written, proved {best[1].at[:16].replace('T', ' ')} UTC"
    )
    return CheckResult(CHECK_KEY, ERROR, Outcome(True, reason, figures))


def _verify(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[Any]:
    """The state of the check, and a failed run where it is bad: nobody should overlook that."""
    from pipelines.orchestration.progress import StepLog, failures_in_one_line
    from warehouse.backup import DamageFound, examine_backup, find_key

    started = time.monotonic()
    with failures_in_one_line():
        key = find_key(None, known_variables(settings))
        found = newest_backup(settings)
    if found is None:
        reason = "there is no backup to verify. Materialize backups/newest, or run `kollect backup`"
        yield CheckResult(CHECK_KEY, ERROR, Outcome(False, reason)).for_run()
        raise dg.Failure(reason, allow_retries=False)
    with failures_in_one_line():
        report = examine_backup(
            found.path, depth="full", key=key, on_step=StepLog(context.log, time.monotonic)
        )
        proved = newest_backup(settings)
    if proved is not None and (mark := proof_mark(proved)):
        mark_shown(context, [mark])
    outcome = _outcome(report, round(time.monotonic() - started, 2))
    context.log.info(outcome.reason)
    yield CheckResult(CHECK_KEY, ERROR, outcome).for_run()
    if not report.good:
        raise dg.Failure(str(DamageFound(report)), allow_retries=False)


def _outcome(report: Any, seconds: float) -> Outcome:
    from warehouse.backup import DamageFound
    from warehouse.progress import size_text

    figures: dict[str, Any] = {
        "backup": report.name,
        "files": report.files,
        "bytes": report.bytes,
        "seconds": seconds,
        "damaged files": len(report.problems),
    }
    if report.good:
        size = size_text(report.bytes)
        reason = f"{report.name}: {size} in {report.files:,} files are as written"
        return Outcome(True, reason, figures)
    shown = "\n".join(f"- `{problem}`" for problem in report.problems[:MOST_SHOWN])
    figures["what is damaged"] = MetadataValue.md(shown)
    return Outcome(False, str(DamageFound(report)), figures)


def _spec(project: Project) -> dg.AssetSpec:
    settings = project.settings
    made = " Here: of the made data of the sandbox." if project.is_sandbox else ""
    return dg.AssetSpec(
        KEY,
        deps=[source.key("summary") for source in project.mine],
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


def backup_job() -> Any:
    """Writes a backup, then removes old ones by the keep rules."""
    return _job(
        "backup",
        dg.AssetSelection.assets(KEY).without_checks(),
        "A backup of everything, then pruning: `kollect backup`, `kollect prune`.",
    )


def verify_job() -> Any:
    """Reads every byte of the newest backup and proves it."""
    return _job(
        "verify",
        dg.AssetSelection.checks(CHECK_KEY),
        "Proves the newest backup, byte by byte: `kollect verify`.",
    )


def _job(name: str, selection: dg.AssetSelection, description: str) -> Any:
    # Dagster does not export the type of a job that is yet to be resolved.
    return dg.define_asset_job(
        name,
        selection,
        description=description,
        tags={KIND_TAG: name},
        executor_def=dg.in_process_executor,
    )
