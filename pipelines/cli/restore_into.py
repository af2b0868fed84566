"""`kollect restore ... --into ACCOUNT`: put records back into the service itself."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.core.errors import BadSettings, nearest

if TYPE_CHECKING:
    from pipelines.restore.restore import RestoreResult
    from pipelines.restore.source import Source
    from pipelines.settings import Account, Settings
    from pipelines.sync.result import Progress
    from warehouse.backup.encrypt import BackupKey


@dataclass(frozen=True)
class IntoOptions:
    """The options of the command."""

    backup: str | None
    """None for the living warehouse."""
    into: str
    selection: Sequence[str]
    at: str | None
    where: str | None
    apply: bool
    overwrite: bool
    as_json: bool


def restore_into_account(settings: Settings, options: IntoOptions, key: BackupKey | None) -> None:
    """Print the plan or, after writing, the result; exits with 1 where something is left, or where
    the account could not be read whole."""
    from pipelines.restore.report import write_report
    from pipelines.restore.restore import RestoreRequest, asked_tables, restore_into
    from pipelines.sync.runtime import Runtime
    from warehouse.store.warehouse import Warehouse

    account = _account(settings, options.into)
    with _source(settings, options, account, key) as source:
        names = [source.account, account.name]
        tables = asked_tables(
            options.selection, names, lambda: [w.table.name for w in account.connector.writers]
        )
        request = RestoreRequest(tables, options.where or "", options.apply, options.overwrite)

        def told(progress: Progress) -> None:
            if progress.kind == "message":
                click.echo(progress.text, err=True)

        result = restore_into(
            settings,
            account,
            source,
            request,
            runtime=Runtime(progress=told),
            on_plan=_tell_plan if options.apply else lambda _: None,
        )
    page = None
    if options.apply:
        home = Warehouse(settings.warehouse).home
        page = write_report(result, settings.warehouse.parent / "restores", home)
    _print(result, options.as_json, page)
    if result.error or result.unread or (options.apply and not result.complete):
        sys.exit(1)


def _tell_plan(result: RestoreResult) -> None:
    """Before anything is written: what will be, and what of that is set back to what was kept."""
    from pipelines.restore.plan import Action
    from pipelines.restore.report import requests_of
    from warehouse.progress import counted

    overwrite = result.request.overwrite
    requests = counted(requests_of(result.before, overwrite), "request")
    click.echo(f"the plan: {requests}", err=True)
    for table, items in result.before.items.items():
        to_do = [item for item in result.before.to_do(overwrite) if item.table == table]
        set_back = sum(item.action is Action.DIFFERS for item in to_do)
        if to_do:
            told = f", {set_back:,} of them there but set back" if set_back else ""
            name = f"{result.account.name}.{table}"
            click.echo(f"  {name}: {len(to_do):,} of {len(items):,} to write{told}", err=True)


def _print(result: RestoreResult, as_json: bool, page: Path | None) -> None:
    from pipelines.restore.plan import Action
    from pipelines.restore.report import WORDS, sentence
    from pipelines.restore.report import as_json as report_of

    report = report_of(result)
    if as_json:
        click.echo(json.dumps(report | {"page": page and str(page)}, indent=2, ensure_ascii=False))
        return
    tables = report.get("result", report["planned"])["tables"]
    for table, counts in tables.items():
        told = [f"{count:,} {WORDS[Action(action)]}" for action, count in counts.items()]
        click.echo(f"{result.account.name}.{table}: {', '.join(told) or 'nothing was kept'}")
    reasons: dict[tuple[str, str], int] = {}
    for row in report["records"]:
        if row["reason"] and row["action"] == str(Action.REFUSED):
            place = (row["table"], row["reason"])
            reasons[place] = reasons.get(place, 0) + 1
    for (table, reason), count in reasons.items():
        click.echo(f"  {count:,} of {table} cannot be restored: {reason}")
    for table, costs in report["planned"]["costs"].items():
        click.echo(f"  {table}: {costs}")
    for table, lost in report["loses"].items():
        click.echo(f"  of {table} does not come back: {lost}")
    if report["never_restored"]:
        click.echo(f"  not restored at all: {', '.join(report['never_restored'])}")
    click.echo(sentence(report))
    if page is not None:
        click.echo(f"the report is {page}")
    elif report["planned"]["requests"]:
        click.echo("add --apply to write")


def _account(settings: Settings, name: str) -> Account:
    found = settings.accounts.get(name)
    if found is None:
        raise BadSettings(
            f"there is no account {name}{nearest(name, settings.accounts)}",
            guidance=f"--into takes one of {', '.join(settings.accounts) or 'none yet'}",
        )
    return found


@contextlib.contextmanager
def _source(
    settings: Settings, options: IntoOptions, account: Account, key: BackupKey | None
) -> Iterator[Source]:
    from pipelines.cli.backup_remote import fetched
    from pipelines.cli.backup_render import showing
    from pipelines.restore.source import source_for
    from warehouse.backup.archive import Archive
    from warehouse.backup.selection import parse_time

    at = parse_time(options.at) if options.at else None
    with contextlib.ExitStack() as held:
        with showing() as on_step:
            place = None
            if options.backup is not None:
                brought = held.enter_context(fetched(settings, options.backup, on_step))
                place = brought or Archive(settings.backup_dir).find(options.backup)
            source = held.enter_context(
                source_for(
                    settings,
                    account,
                    place,
                    options.selection,
                    at=at,
                    key=key,
                    on_step=lambda step: None if step.kind == "done" else on_step(step),
                )
            )
        yield source
