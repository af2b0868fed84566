"""The job that puts records back into a service: its plan first, then, where wanted, the writes.

Its run shows both on the asset `[account, "restores"]`, which nothing makes by a schedule: the plan
as an observation, before anything is written, and what came of it as a materialization.
"""

# No postponed annotations here: Dagster reads the types of the contexts.
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dagster as dg
from pydantic import Field

from connectors.core.errors import BadSettings, nearest
from pipelines.orchestration.failures import failures_in_one_line, one_sentence
from pipelines.orchestration.run_process import remember_process
from pipelines.orchestration.runs import KIND_TAG
from pipelines.orchestration.sources import Project, Source

JOB = "restore_into_service"
OP = "plan_and_restore"
NAME = "restores"
MOST_SHOWN = 50
"""Single records that a plan names; the report has all."""


class RestoreConfig(dg.Config):
    """What `kollect restore BACKUP --into ACCOUNT` takes."""

    into: str = Field(description="The account that records are put back into.")
    source: str = Field(
        default="newest",
        description="The backup: `newest`, its name or its folder. `now`: what the warehouse holds "
        "and remembers, deleted records included.",
    )
    select: list[str] = Field(
        default=[], description="Only these: `ACCOUNT` or `ACCOUNT.TABLE`. None: everything."
    )
    at: str = Field(default="", description="The state of this time, as 2026-11-20T18:00Z.")
    where: str = Field(default="", description="Only records for which this SQL condition holds.")
    apply: bool = Field(default=False, description="Write. Without it, there is only a plan.")
    overwrite: bool = Field(default=False, description="Also set back what is there but differs.")


def restore_job(project: Project) -> dg.JobDefinition:
    """Shows the plan of a restore into a service, and with `apply` does it."""

    @dg.op(
        name=OP,
        description="Reads the account whole, compares it with what was kept and shows the plan. "
        "With `apply`, what is missing is written. A run that broke off goes on if started again.",
        pool=JOB,
    )
    def plan_and_restore(context: dg.OpExecutionContext, config: RestoreConfig) -> None:
        remember_process(context)
        _run(context, project, config)

    @dg.job(
        name=JOB,
        description="Records of a backup are put back into the service: a plan, and with `apply` "
        "the writes: the same as `kollect restore BACKUP --into ACCOUNT`.",
        executor_def=dg.in_process_executor,
        tags={KIND_TAG: "restore"},
    )
    def job() -> None:
        plan_and_restore()

    return job


def _run(context: dg.OpExecutionContext, project: Project, config: RestoreConfig) -> None:
    from pipelines.orchestration.progress import ProgressLog, StepLog
    from pipelines.restore.report import as_json, sentence, write_report
    from pipelines.restore.restore import (
        RestoreRequest,
        RestoreResult,
        asked_tables,
        restore_into,
    )
    from pipelines.restore.source import source_for
    from pipelines.sync.runtime import Runtime
    from warehouse.backup.selection import parse_time
    from warehouse.store.warehouse import Warehouse

    def show_plan(result: RestoreResult) -> None:
        plan = as_json(replace(result, request=replace(result.request, apply=False)))
        context.log_event(dg.AssetObservation(place.key(NAME), metadata=_plan(plan)))
        context.log.info(f"the plan: {sentence(plan)}")

    with failures_in_one_line():
        place = _source(project, config.into)
        backup, key = _backup(place, config.source)
        at = parse_time(config.at) if config.at else None
        steps = StepLog(context.log, time.monotonic)
        with (
            place.opened() as account,
            source_for(
                place.settings, account, backup, config.select, at=at, key=key, on_step=steps
            ) as source,
        ):
            tables = asked_tables(
                config.select,
                [source.account, account.name],
                lambda: [writer.table.name for writer in account.connector.writers],
            )
            result = restore_into(
                place.settings,
                account,
                source,
                RestoreRequest(tables, config.where, config.apply, config.overwrite),
                runtime=Runtime(progress=ProgressLog(context.log, time.monotonic)),
                on_plan=show_plan,
            )
    if not config.apply:
        return
    warehouse = place.settings.warehouse
    page = write_report(result, warehouse.parent / "restores", Warehouse(warehouse).home)
    report = as_json(result)
    shown = _figures(report) | {
        "page": dg.MetadataValue.path(page),
        "link": dg.MetadataValue.url(page.as_uri()),
    }
    context.log_event(dg.AssetMaterialization(place.key(NAME), metadata=shown))
    context.log.info(sentence(report))
    if not result.complete:
        raise one_sentence(sentence(report), **shown)


def _source(project: Project, name: str) -> Source:
    for source in project.sources:
        if name in (source.name, source.account.name):
            return source
    names = [source.name for source in project.sources]
    raise BadSettings(
        f"there is no account {name}{nearest(name, names)}",
        guidance=f"`into` takes one of {', '.join(names) or 'none yet'}",
    )


def _backup(place: Source, word: str) -> tuple[Any, Any]:
    """The folder and the key of the backup; none for the living warehouse."""
    from pipelines.orchestration.backup_report import known_variables
    from pipelines.restore.source import NOW
    from warehouse.backup.archive import Archive, is_address
    from warehouse.backup.encrypt import find_key

    if word == NOW:
        return None, None
    if is_address(word):
        raise BadSettings(
            "a backup at an address is restored on the command line",
            guidance=f"`kollect restore {word} --into {place.account.name}`",
        )
    settings = place.settings
    return Archive(settings.backup_dir).find(word), find_key(None, known_variables(settings))


def _plan(report: Mapping[str, Any]) -> dict[str, Any]:
    """What would be written, what cannot be, and what does not come back."""
    from pipelines.restore.plan import Action

    refused = [row for row in report["records"] if row["action"] == str(Action.REFUSED)]
    planned = report["planned"]
    lines = [f"- {row['table']} {'/'.join(row['key'])}: {row['reason']}" for row in refused]
    more = f"\n\nand {len(refused) - MOST_SHOWN:,} more" if len(refused) > MOST_SHOWN else ""
    shown = {
        **_figures(report),
        "requests": planned["requests"],
        "seconds at the account's rate": planned["seconds"],
        "what cannot be restored": "\n".join(lines[:MOST_SHOWN]) + more if lines else "nothing",
        "what of records does not come back": _list(report["loses"]),
        "tables that are not restored": _list(report["never_restored"]),
        "what may cost money": _list(planned["costs"]),
    }
    return {
        name: dg.MetadataValue.md(value) if isinstance(value, str) else value
        for name, value in shown.items()
    }


def _figures(report: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome in a sentence, and the records of each table counted by what becomes of them."""
    from pipelines.restore.plan import Action
    from pipelines.restore.report import WORDS, sentence

    tables = report.get("result", report["planned"])["tables"]
    used = [action for action in Action if any(str(action) in found for found in tables.values())]
    head = ["table", *(WORDS[action] for action in used)]
    rows = [
        [name, *(f"{found.get(str(action), 0):,}" for action in used)]
        for name, found in tables.items()
    ]
    lines = [head, ["---"] * len(head), *rows]
    return {
        "outcome": sentence(report),
        "from": report["source"],
        "tables": dg.MetadataValue.md("\n".join(f"| {' | '.join(line)} |" for line in lines)),
    }


def _list(found: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in found.items()) or "nothing"
