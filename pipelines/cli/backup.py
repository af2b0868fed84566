"""`kollect backup`, `backups`, `verify`, `restore` and `prune`: the command line of the backups.

Heavy imports are inside functions, so that the command line answers at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.core.errors import BadSettings
from pipelines.cli.backup_remote import (
    fetched,
    home_of,
    list_there,
    send_to,
    verify_there,
)
from pipelines.cli.backup_render import print_list, print_report, showing

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from warehouse.backup.encrypt import BackupKey

key_option = click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    help="File with the key of encrypted backups (default: KOLLECT_BACKUP_KEY_FILE).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
url_option = click.option(
    "--url", metavar="ADDRESS", help="Look at an address (s3://..., sftp://...) instead."
)


@click.command()
@click.option("--to", "address", metavar="ADDRESS", help="Also send it to an address: s3://...")
@key_option
@click.option("--plain", is_flag=True, help="Do not encrypt, even with a key.")
@click.option(
    "--new-key", type=click.Path(path_type=Path), help="Make a key in a new file and use it."
)
@click.option("--verify", "prove", is_flag=True, help="Then rebuild it and compare everything.")
@json_option
@click.pass_obj
def backup(
    config: Path | None,
    address: str | None,
    key_file: Path | None,
    plain: bool,
    new_key: Path | None,
    prove: bool,
    as_json: bool,
) -> None:
    """Write a backup: whole by itself, of one state, whatever a sync does meanwhile."""
    from warehouse.backup.listing import keep_encrypted
    from warehouse.backup.write import write_backup

    settings = _settings(config)
    if plain and (new_key or key_file):
        raise BadSettings("--plain and a key exclude each other", guidance="leave one of them out")
    key: BackupKey | None
    if new_key:
        key = _new_key(new_key)
    else:
        key = None if plain else keep_encrypted(settings, _key(settings, key_file))
    with showing() as on_step:
        place = write_backup(settings, key=key, on_step=on_step)
        if prove:
            from warehouse.backup.verify import verify_backup

            verify_backup(place, "rebuild", key=key, home=home_of(settings), on_step=on_step)
        sent = send_to(settings, place, address, key, on_step) if address else None
    if as_json:
        from warehouse.backup.listing import list_backups

        shown = next(b for b in list_backups(settings, key=key) if b.path == place)
        click.echo(json.dumps({**shown.as_json(), "sent_bytes": sent}, indent=2))
    else:
        click.echo(str(place))


@click.command()
@url_option
@key_option
@click.option("--changes", is_flag=True, help="What changed, table by table.")
@json_option
@click.pass_obj
def backups(
    config: Path | None, url: str | None, key_file: Path | None, changes: bool, as_json: bool
) -> None:
    """List the backups: age, size, what changed, and when each was last proved."""
    from warehouse.backup.listing import list_backups

    settings = _settings(config)
    if url is not None:
        list_there(url, as_json)
        return
    found = list_backups(settings, key=_key(settings, key_file))
    if as_json:
        click.echo(json.dumps([each.as_json() for each in found], indent=2))
    elif not found:
        click.echo(f"no backups yet in {settings.backup_dir}; `kollect backup` writes one")
    else:
        print_list(found, changes)


@click.command()
@click.argument("word", metavar="[BACKUP]", required=False)
@click.option("--quick", is_flag=True, help="Only structure and sizes.")
@click.option("--rebuild", is_flag=True, help="Also restore it and compare every table.")
@click.option("--sample", metavar="N%", help="Read N per cent; the next run goes on from there.")
@click.option("--all", "every", is_flag=True, help="Every backup, not only the newest.")
@key_option
@json_option
@click.pass_obj
def verify(
    config: Path | None,
    word: str | None,
    quick: bool,
    rebuild: bool,
    sample: str | None,
    every: bool,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Prove that a backup is whole. BACKUP is a name, a folder, an address or `newest`."""
    from warehouse.backup.archive import Archive, is_address
    from warehouse.backup.verify import verify_backup

    settings = _settings(config)
    if quick and rebuild:
        raise BadSettings("--quick and --rebuild exclude each other", guidance="use one of them")
    depth = "quick" if quick else "rebuild" if rebuild else "full"
    percent = _percent(sample)
    key = _key(settings, key_file)
    archive = Archive(settings.backup_dir)
    reports = []
    with showing() as on_step:
        if word is not None and is_address(word):
            reports.append(verify_there(settings, word, depth, percent, key, on_step))
        else:
            places = (
                [archive.folder / name for name in archive.names()]
                if every
                else [archive.find(word)]
            )
            for place in places:
                reports.append(
                    verify_backup(
                        place,
                        depth,
                        sample=percent,
                        raise_damage=False,
                        key=key,
                        home=home_of(settings),
                        on_step=on_step,
                    )
                )
    if as_json:
        shown = [report.as_json() for report in reports]
        click.echo(json.dumps(shown if every else shown[0], indent=2))
    for report in reports:
        print_report(report, as_json)
    if not all(report.good for report in reports):
        sys.exit(1)


@click.command()
@click.argument("word", metavar="BACKUP", required=False)
@click.argument("selection", nargs=-1, metavar="[SELECT]...")
@click.option("--to", "target", type=click.Path(path_type=Path), help="The new file or folder.")
@click.option("--into", metavar="ACCOUNT", help="Or this account: records go back to the service.")
@click.option("--from", "living", type=click.Choice(["now"]), help="From the warehouse's history.")
@click.option("--where", metavar="SQL", help="Only records for which this holds (with --into).")
@click.option("--apply", is_flag=True, help="Do what the plan says (with --into).")
@click.option("--overwrite", is_flag=True, help="Also set what differs back (with --into).")
@click.option("--at", "moment", metavar="TIME", help="As it was then, such as 2026-11-20T18:00Z.")
@click.option(
    "--as",
    "as_format",
    type=click.Choice(["duckdb", "json", "csv", "parquet"]),
    default="duckdb",
    show_default=True,
    help="One DuckDB file, or a folder of files with one folder per service.",
)
@click.option("--force", is_flag=True, help="Replace what is there.")
@key_option
@json_option
@click.pass_obj
def restore(
    config: Path | None,
    word: str | None,
    selection: tuple[str, ...],
    target: Path | None,
    into: str | None,
    living: str | None,
    where: str | None,
    apply: bool,
    overwrite: bool,
    moment: str | None,
    as_format: str,
    force: bool,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Make a DuckDB file from a backup, whole or only SELECT (ACCOUNT or ACCOUNT.TABLE); or put
    its records back into the service.

    With --into ACCOUNT a plan is shown first, and nothing is written to the service. --apply
    writes what is missing there; run again after a failure, it goes on and writes nothing twice.
    --from now takes what the warehouse itself remembers instead of a backup.
    """
    if into is not None:
        from pipelines.cli.restore_into import IntoOptions, restore_into_account

        if target is not None or force or as_format != "duckdb":
            raise BadSettings("--into goes without --to, --as and --force", guidance="choose one")
        if (word is None) == (living is None) and living is None:
            raise BadSettings("there is no BACKUP", guidance="name one, or add --from now")
        words = ([word] if living and word else []) + list(selection)
        options = IntoOptions(
            None if living else word, into, words, moment, where, apply, overwrite, as_json
        )
        settings = _settings(config)
        restore_into_account(settings, options, _key(settings, key_file))
        return
    if living or where or apply or overwrite or as_json:
        raise BadSettings(
            "--from, --where, --apply, --overwrite and --json go with --into ACCOUNT",
            guidance="name the account with --into",
        )
    if word is None or target is None:
        raise BadSettings("BACKUP and --to FILE are needed", guidance="or --into ACCOUNT")
    from pipelines.export.service_files import write_service_files
    from warehouse.backup.archive import Archive
    from warehouse.backup.restore import restore_backup
    from warehouse.backup.selection import parse_time

    settings = _settings(config)
    key = _key(settings, key_file)
    at = parse_time(moment) if moment else None
    with showing() as on_step, fetched(settings, word, on_step) as brought:
        place = brought or Archive(settings.backup_dir).find(word)
        done = restore_backup(
            place,
            target,
            select=selection,
            at=at,
            as_format=None if as_format == "duckdb" else as_format,
            more_files=write_service_files,
            force=force,
            key=key,
            on_step=on_step,
        )
    part = f" ({', '.join(selection)}, with history)" if selection else ""
    click.echo(f"{done.sentence}{part}")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@url_option
@json_option
@click.pass_obj
def prune(config: Path | None, dry_run: bool, url: str | None, as_json: bool) -> None:
    """Remove backups by the rules in [backup] keep; never the newest good one."""
    from warehouse.backup.prune import prune_backups
    from warehouse.backup.remote import Remote
    from warehouse.backup.remote_copies import prune_remote
    from warehouse.progress import size_text

    settings = _settings(config)
    with showing() as on_step:
        if url is not None:
            remote = Remote(url)
            done = prune_remote(remote, settings.keep, dry_run=dry_run, on_step=on_step)
        else:
            done = prune_backups(settings, dry_run=dry_run, on_step=on_step)
    if as_json:
        shown = {
            "dry_run": dry_run,
            "removed": done.removed,
            "kept": done.kept,
            "freed_bytes": done.freed_bytes,
        }
        click.echo(json.dumps(shown, indent=2))
        return
    for name in done.removed:
        click.echo(f"{'would remove' if dry_run else 'removed'} {name}")
    for name, reasons in done.kept.items():
        click.echo(f"kept {name}: {', '.join(reasons)}")
    click.echo(f"{size_text(done.freed_bytes)} {'would be' if dry_run else 'are'} free again")


# -- settings and keys ---------------------------------------------------------------------


def _settings(config: Path | None) -> Settings:
    from pipelines.cli.log_file import start_log
    from pipelines.settings import read_settings

    settings = read_settings(config)
    start_log(settings)
    return settings


def _key(settings: Settings, file: Path | None) -> BackupKey | None:
    """The key from the option, the environment, `.env` or the keyring."""
    from pipelines.settings import environment
    from warehouse.backup.encrypt import find_key

    return find_key(file, environment(settings.file.parent if settings.file else Path.cwd()))


def _new_key(file: Path) -> BackupKey:
    from warehouse.backup.encrypt import new_key

    key = new_key(file)
    click.echo(
        f"made the key {file}: keep a copy of it elsewhere, without it the backup is lost", err=True
    )
    return key


def _percent(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text.strip().removesuffix("%"))
    except ValueError:
        raise BadSettings(f"--sample {text!r} is no percentage", guidance="write 10%") from None
