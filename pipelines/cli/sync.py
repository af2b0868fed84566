"""`kollect sync`: all accounts side by side, progress while it runs, one JSON object at its end."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from connectors.core.errors import BadSettings, KollectError, exit_status
from pipelines.cli.log_file import LOGGER, start_log
from pipelines.cli.progress import FORMS, sync_progress
from pipelines.settings import Settings, read_settings, select
from pipelines.sync.accounts import sync_accounts
from pipelines.sync.expected import expected_requests, forget_plan, remember_plan
from pipelines.sync.result import AccountResult
from warehouse.store.open import without_pandas


@click.command()
@click.argument("selection", nargs=-1, metavar="[SELECT]...")
@click.option("--full", is_flag=True, help="Read everything again, also what seems unchanged.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option(
    "--progress",
    type=click.Choice(FORMS),
    default="auto",
    help="Bars, plain lines, or JSON lines on standard error.",
)
@click.option(
    "--alert/--no-alert",
    default=None,
    help="Send messages as [alerts] says (default: where no terminal shows them).",
)
@click.option("--accept-deletes", is_flag=True, help="Believe that many rows vanished at once.")
@click.option(
    "--shard",
    "shards",
    type=click.IntRange(min=0),
    multiple=True,
    help="Only the accounts of this shard ([scale] data); may be repeated.",
)
@click.pass_obj
def sync(
    config: Path | None,
    selection: tuple[str, ...],
    full: bool,
    as_json: bool,
    progress: str,
    alert: bool | None,
    accept_deletes: bool,
    shards: tuple[int, ...],
) -> None:
    """Fetch what changed and load it. SELECT is ACCOUNT or ACCOUNT.TABLE (default: all)."""
    settings = read_settings(config, shards=True)
    chosen = select(settings, selection)
    if not chosen:
        raise BadSettings(
            "there is no account to sync",
            guidance="set a credential (see `kollect init`), or try `kollect demo`",
        )
    if shards:
        chosen = _of_shards(settings, chosen, shards)
        if not chosen:
            click.echo("no account is in these shards: nothing to sync", err=True)
            return
    started = datetime.now(UTC)
    start_log(settings)
    with without_pandas(), sync_progress(sys.stderr, progress) as show:
        asked: set[str] = set()
        if show.live:
            expected = expected_requests(settings, chosen, full)
            for name, requests in expected.items():
                show.expect(name, requests)
            asked = {name for name in chosen if name not in expected}
        else:
            show.expect_recorded(lambda: expected_requests(settings, chosen, full))

        def before(name: str) -> None:
            if name in asked:
                show.expect(name, _estimated(settings, name, chosen[name], full))

        results, run_id = sync_accounts(
            settings, chosen, full=full, accept_deletes=accept_deletes, progress=show,
            before=before,
        )  # fmt: skip
        for name in chosen:
            forget_plan(settings, name)
    if as_json:
        click.echo(json.dumps(report(run_id, started, datetime.now(UTC), results), indent=2))
    else:
        summary(results)
    for result in results:
        LOGGER.info(sentence(result))
        if result.trouble:
            LOGGER.error(result.trouble)
            click.echo(f"kollect: {result.trouble}", err=True)
    if alert is True or (alert is None and not sys.stderr.isatty()):
        from pipelines.cli.examination import backup_problem
        from pipelines.orchestration.sync_alerts import tell_about_syncs

        tell_about_syncs(settings, results, lambda: backup_problem(settings))
    sys.exit(status_of(results))


def _of_shards(
    settings: Settings, chosen: dict[str, list[str] | None], shards: tuple[int, ...]
) -> dict[str, list[str] | None]:
    """Those of the chosen accounts that are in these shards."""
    scale = settings.scale
    if scale is None or not scale.data:
        raise BadSettings(
            "there are no shards without [scale] data", guidance="run it without --shard"
        )
    if max(shards) >= scale.shards:
        raise BadSettings(
            f"there is no shard {max(shards)}",
            guidance=f"[scale] shards is {scale.shards}: they count from 0 to {scale.shards - 1}",
        )
    from warehouse.scale.shards import shard_of

    return {
        name: tables for name, tables in chosen.items() if shard_of(name, scale.shards) in shards
    }


def _estimated(settings: Settings, name: str, tables: list[str] | None, full: bool) -> int:
    """What `kollect plan` would say, for a sync that somebody watches; 0 where it cannot tell."""
    from pipelines.sync.estimate import estimate
    from pipelines.sync.probe import probing

    account = settings.account(name)
    hasty = replace(account, retry=replace(account.retry, attempts=1))
    try:
        with probing(settings, hasty) as probe:
            requests = estimate(account, probe, tables, full=full).requests
    except KollectError:
        return 0  # the sync tells it
    if tables is None:
        remember_plan(settings, name, requests, full)  # should this sync be interrupted
    return requests


def report(
    run_id: str, started: datetime, finished: datetime, results: list[AccountResult]
) -> dict[str, Any]:
    """The object of `sync --json` (contract section 2)."""
    return {
        "run_id": run_id,
        "status": overall(results),
        "started_at": started.isoformat(),
        "finished_at": finished.isoformat(),
        "accounts": {result.account: result.as_json() for result in results},
    }


def overall(results: list[AccountResult]) -> str:
    """complete, partial or failed, over all accounts."""
    states = {result.status for result in results}
    return states.pop() if len(states) == 1 else "partial"


def status_of(results: list[AccountResult]) -> int:
    """0 all complete, 2 settings, 3 an account was busy, 1 anything else."""
    if all(result.status == "complete" for result in results):
        return 0
    codes = {exit_status(result.error) for result in results if result.error is not None}
    return max(codes & {2, 3}, default=1) if len(results) == 1 or codes <= {2, 3} else 1


def summary(results: list[AccountResult]) -> None:
    """One sentence for each account, and below it the tables that were not proved complete."""
    from pipelines.cli.render import table
    from pipelines.cli.status_text import print_folded
    from pipelines.sentences import bare_reason

    for result in results:
        print_folded(sentence(result))
        reasons: dict[str, list[str]] = {}
        for name, row in result.tables.items():
            if not row["complete"] and not _told(row, result):
                reason = bare_reason(result.account, row.get("reason") or "")
                reasons.setdefault(reason or "not proved", []).append(name)
        if reasons:
            rows = [(", ".join(names), reason) for reason, names in reasons.items()]
            table("", ("not complete", "why"), rows)
        if result.files is not None:
            click.echo(f"{result.account}: {result.files.sentence}")


def sentence(result: AccountResult) -> str:
    """What a sync did: `kinopio: complete, 16 tables proved; 12 rows inserted; 41 requests`."""
    from pipelines.cli.render import span
    from warehouse.progress import counted, size_text

    proved = sum(bool(row["complete"]) for row in result.tables.values())
    total = len(result.tables)
    tables = counted(total, "table") if proved == total else f"{proved} of {total} tables"
    sums = {
        name: sum(row.get(name) or 0 for row in result.tables.values())
        for name in ("inserted", "updated", "deleted", "rejected")
    }
    changes = ", ".join(f"{count:,} {name}" for name, count in sums.items() if count)
    waited = result.waited_seconds
    cost = f"{counted(result.requests, 'request')}, {size_text(result.bytes)}"
    return (
        f"{result.account}: {result.status}, {tables} proved; "
        f"{f'rows: {changes}' if changes else 'nothing changed' if proved else 'nothing loaded'}; "
        f"{cost}{f', waited {span(waited)} for the rate' if waited >= 1 else ''}"
    )


def _told(row: Mapping[str, Any], result: AccountResult) -> bool:
    """Whether the error that ended the whole sync, which is told last, is the table's reason."""
    return result.error is not None and str(result.error) in (row.get("reason") or "")
