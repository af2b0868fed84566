"""Figures and check of the newest backup, whoever wrote and verified it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import MetadataValue

from connectors.core.errors import BadSettings
from pipelines.orchestration.checks import ERROR, CheckResult, Outcome
from pipelines.orchestration.freshness import backup_windows
from pipelines.orchestration.sources import Project
from pipelines.settings import Settings, environment
from warehouse.progress import size_text

if TYPE_CHECKING:
    from warehouse.backup import BackupInfo, BackupKey

GROUP = "backups"
KEY = dg.AssetKey([GROUP, "newest"])
CHECK = "is_every_byte_as_written"
CHECK_KEY = dg.AssetCheckKey(KEY, CHECK)
MOST_SHOWN = 20
"""Damaged files that are named; the rest is counted."""


def known_variables(settings: Settings) -> Mapping[str, str]:
    """The environment and `.env` beside the settings; the environment alone where `.env` cannot be
    read (the accounts say why)."""
    try:
        return environment(settings.file.parent if settings.file else Path.cwd())
    except BadSettings:
        return os.environ


def list_all(settings: Settings) -> list[BackupInfo]:
    """Every backup, the oldest first; unreadable ones too. Raises KollectError for a bad key."""
    from warehouse.backup import find_key, list_backups

    if not settings.backup_dir.is_dir():
        return []
    return list_backups(settings, key=find_key(None, known_variables(settings)))


def newest_backup(settings: Settings) -> BackupInfo | None:
    """The newest backup, also an unreadable one; None where there is none."""
    found = list_all(settings)
    return found[-1] if found else None


def key_for_writing(settings: Settings) -> BackupKey | None:
    """The key of the next backup, as on the command line; None to write it in plain text.

    Raises BadSettings where a key got lost.
    """
    from warehouse.backup import find_key, keep_encrypted

    return keep_encrypted(settings, find_key(None, known_variables(settings)))


def backup_figures(project: Project, info: BackupInfo) -> dict[str, Any]:
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
        "size": size_text(info.bytes or 0),
        "not shared with other backups": size_text(info.new_bytes or 0),
        "megabytes": _megabytes(info.bytes),
    }


def _megabytes(count: int | None) -> float:
    """A number, which Dagster plots; sizes in words have no curve."""
    return round((count or 0) / 1e6, 3)


def backup_event(
    project: Project, info: BackupInfo, now: datetime
) -> dg.AssetMaterialization | dg.AssetObservation:
    """A backup that the command line wrote; an old one does not count as fresh."""
    figures = backup_figures(project, info)
    if now - info.made_at > backup_windows(project.settings).warn:
        return dg.AssetObservation(KEY, metadata=figures)
    return dg.AssetMaterialization(KEY, metadata=figures, tags={"dagster/data_version": info.name})


def proof_mark(info: BackupInfo) -> str:
    """Which verification of which backup its check shows; empty before the first."""
    proofs = info.proofs
    newest = proofs.last_bad or (proofs.best[1] if proofs.best else None)
    return f"proof {info.name} {newest.at}" if newest else ""


def damage_figures(problems: Sequence[object]) -> dict[str, Any]:
    """How many files of a backup are damaged, and the first of them by name."""
    figures: dict[str, Any] = {"damaged files": len(problems)}
    if problems:
        shown = "\n".join(f"- `{problem}`" for problem in problems[:MOST_SHOWN])
        figures["what is damaged"] = MetadataValue.md(shown)
    return figures


def proof_result(info: BackupInfo) -> CheckResult:
    """The check of the newest backup, as its last verification found it."""
    bad, best = info.proofs.last_bad, info.proofs.best
    figures: dict[str, Any] = {"backup": info.name}
    if bad is not None:
        figures |= damage_figures(bad.problems)
        reason = f"{info.name} is damaged: {'; '.join(bad.problems[:3])}"
        return CheckResult(CHECK_KEY, ERROR, Outcome(False, reason, figures))
    if best is None:
        return CheckResult(CHECK_KEY, ERROR, Outcome(False, f"{info.name}: not verified", figures))
    figures["size"] = size_text(info.bytes or 0)
    reason = f"{info.name}: every byte is as written, proved {best[1].minute} UTC"
    return CheckResult(CHECK_KEY, ERROR, Outcome(True, reason, figures))
