"""`kollect backup`, `backups`, `verify`, `restore` and `prune`: the command line of the backups.

Heavy imports are inside functions, so that the command line answers at once.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.errors import BadSettings

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from warehouse.backup.encrypt import BackupKey
    from warehouse.backup.listing import BackupInfo
    from warehouse.backup.opened import Backup
    from warehouse.backup.progress import Step
    from warehouse.backup.verify import Report

LINE_SECONDS = 5.0
"""Away from a terminal, so often at the most says a line how far it is."""

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
@click.option("--plain", is_flag=True, help="Do not encrypt, even where a key is set.")
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
    from warehouse.backup.write import write_backup

    settings = _settings(config)
    if plain and (new_key or key_file):
        raise BadSettings("--plain and a key exclude each other", guidance="leave one of them out")
    key = _new_key(new_key) if new_key else None if plain else _key(settings, key_file)
    with _showing() as tell:
        place = write_backup(settings, key=key, tell=tell)
        if prove:
            from warehouse.backup.verify import verify_backup

            verify_backup(place, "rebuild", key=key, scratch=_scratch(settings), tell=tell)
        sent = _send(settings, place, address, key, tell) if address else None
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
        _list_remote(url, as_json)
        return
    found = list_backups(settings, key=_key(settings, key_file))
    if as_json:
        click.echo(json.dumps([each.as_json() for each in found], indent=2))
    elif not found:
        click.echo(f"no backups yet in {settings.backup_dir}; `kollect backup` writes one")
    else:
        _print_list(found, changes)


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
    from warehouse.backup.verify import examine_backup

    settings = _settings(config)
    if quick and rebuild:
        raise BadSettings("--quick and --rebuild exclude each other", guidance="use one of them")
    depth = "quick" if quick else "rebuild" if rebuild else "full"
    percent = _percent(sample)
    key = _key(settings, key_file)
    archive = Archive(settings.backup_dir)
    reports = []
    with _showing() as tell:
        if word is not None and is_address(word):
            reports.append(_verify_remote(settings, word, depth, percent, key, tell))
        else:
            places = (
                [archive.folder / name for name in archive.names()]
                if every
                else [archive.find(word)]
            )
            for place in places:
                reports.append(
                    examine_backup(
                        place, depth, sample=percent, key=key, scratch=_scratch(settings), tell=tell
                    )
                )
    if as_json:
        shown = [report.as_json() for report in reports]
        click.echo(json.dumps(shown if every else shown[0], indent=2))
    for report in reports:
        _tell_report(report, as_json)
    if not all(report.good for report in reports):
        sys.exit(1)


@click.command()
@click.argument("word", metavar="BACKUP")
@click.argument("selection", nargs=-1, metavar="[SELECT]...")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), required=True, help="The new file or folder."
)
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
@click.pass_obj
def restore(
    config: Path | None,
    word: str,
    selection: tuple[str, ...],
    target: Path,
    moment: str | None,
    as_format: str,
    force: bool,
    key_file: Path | None,
) -> None:
    """Make a DuckDB file from a backup, whole or only SELECT (ACCOUNT or ACCOUNT.TABLE)."""
    from warehouse.backup.archive import Archive
    from warehouse.backup.restore import restore_backup
    from warehouse.backup.selection import parse_moment

    settings = _settings(config)
    key = _key(settings, key_file)
    at = parse_moment(moment) if moment else None
    with _showing() as tell, _fetched(settings, word, tell) as fetched:
        place = fetched or Archive(settings.backup_dir).find(word)
        done = restore_backup(
            place,
            target,
            select=selection,
            at=at,
            as_format=None if as_format == "duckdb" else as_format,
            force=force,
            key=key,
            tell=tell,
        )
    files = f", {done.files:,} files" if done.files else ""
    click.echo(f"{done.to}: {done.rows:,} rows in {done.tables} tables{files}")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@url_option
@json_option
@click.pass_obj
def prune(config: Path | None, dry_run: bool, url: str | None, as_json: bool) -> None:
    """Remove backups by the rules in [backup] keep; never the newest good one."""
    from warehouse.backup.progress import size_text
    from warehouse.backup.prune import prune_backups

    settings = _settings(config)
    with _showing() as tell:
        if url is not None:
            done = _prune_remote(settings, url, dry_run, tell)
        else:
            done = prune_backups(settings, dry_run=dry_run, tell=tell)
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
    from pipelines.settings import read_settings

    return read_settings(config)


def _scratch(settings: Settings) -> Path:
    return settings.warehouse.parent / ".kollect" / "scratch"


def _key(settings: Settings, file: Path | None) -> BackupKey | None:
    """The key from the option, the environment, `.env` or the keyring."""
    from warehouse.backup.encrypt import find_key

    known = dict(os.environ)
    dotenv = (settings.file.parent if settings.file else Path.cwd()) / ".env"
    if dotenv.is_file():
        from dotenv import dotenv_values

        known = {**{n: v for n, v in dotenv_values(dotenv).items() if v is not None}, **known}
    return find_key(file, known)


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


# -- backups at an address -----------------------------------------------------------------


def _send(
    settings: Settings,
    place: Path,
    address: str,
    key: BackupKey | None,
    tell: Callable[[Step], None],
) -> int:
    from warehouse.backup.archive import Archive
    from warehouse.backup.opened import open_backup
    from warehouse.backup.remote import Remote
    from warehouse.backup.remote_copies import send_backup

    opened: Backup = open_backup(place, key)
    return send_backup(opened, Remote(address), Archive(settings.backup_dir), tell)


def _split(address: str) -> tuple[str, str]:
    """An address of one backup as the place and the name; `newest` where only a place is given."""
    from warehouse.backup.archive import NAME

    place, _, name = address.rstrip("/").rpartition("/")
    if NAME.fullmatch(name) or name == "newest":
        return place, name
    return address, "newest"


def _named(address: str) -> tuple[Any, str]:
    from warehouse.backup.remote import Remote, shown

    place, name = _split(address)
    remote = Remote(place)
    if name == "newest":
        names = remote.names()
        if not names:
            raise BadSettings(
                f"there is no backup at {shown(place)}",
                guidance="`kollect backup --to ADDRESS` sends one there",
            )
        name = names[-1]
    return remote, name


@contextmanager
def _fetched(settings: Settings, word: str, tell: Callable[[Step], None]) -> Iterator[Path | None]:
    """A backup from an address in a folder here, gone afterwards; None for a word of this disk."""
    from warehouse.backup.archive import is_address
    from warehouse.backup.durable import remove_tree
    from warehouse.backup.remote_copies import fetch_backup

    if not is_address(word):
        yield None
        return
    remote, name = _named(word)
    into = _scratch(settings) / "fetched"
    into.mkdir(parents=True, exist_ok=True)
    remove_tree(into / name)
    place = fetch_backup(remote, name, into, tell)
    try:
        yield place
    finally:
        remove_tree(place)


def _verify_remote(
    settings: Settings,
    address: str,
    depth: str,
    sample: float | None,
    key: BackupKey | None,
    tell: Callable[[Step], None],
) -> Report:
    from warehouse.backup.progress import utc_now
    from warehouse.backup.remote_copies import find_remote_damage
    from warehouse.backup.verify import Report, examine_backup

    if sample is not None:
        raise BadSettings("--sample works on backups of this disk", guidance="leave it out here")
    remote, name = _named(address)
    if depth == "rebuild":
        with _fetched(settings, f"{remote.address.rstrip('/')}/{name}", tell) as place:
            assert place is not None
            return examine_backup(place, depth, key=key, scratch=_scratch(settings), tell=tell)
    problems, read = find_remote_damage(remote, name, depth, tell)
    return Report(name, depth, utc_now().isoformat(), 0, read, problems)


def _list_remote(address: str, as_json: bool) -> None:
    from warehouse.backup.remote import Remote

    remote = Remote(address)
    shown = []
    for name in remote.names():
        found = remote.head(name)[1]
        shown.append(
            {
                "name": name,
                "bytes": sum(record.bytes for record in found.files.values()),
                "rows": getattr(found, "rows", None),
                "encrypted": hasattr(found, "encryption"),
            }
        )
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    from pipelines.commands.show import table

    rows = [(b["name"], b["rows"], b["bytes"], b["encrypted"]) for b in shown]
    table("backups", ("backup", "rows", "bytes", "encrypted"), rows, numbers=("rows", "bytes"))


def _prune_remote(
    settings: Settings, address: str, dry_run: bool, tell: Callable[[Step], None]
) -> Any:
    from warehouse.backup.archive import Archive, moment_of
    from warehouse.backup.keep import Candidate, reasons_to_keep
    from warehouse.backup.prune import Pruned
    from warehouse.backup.remote import Remote
    from warehouse.backup.remote_copies import prune_remote

    remote = Remote(address)
    archive = Archive(settings.backup_dir)
    archive.own.mkdir(parents=True, exist_ok=True)
    # The same lock as for backups: this machine sends nothing there meanwhile.
    with archive.writing(0.0, tell):
        candidates = [Candidate(name, moment_of(name)) for name in remote.names()]
        kept = reasons_to_keep(candidates, settings.keep)
        going, freed = prune_remote(remote, set(kept), dry_run=dry_run, tell=tell)
    return Pruned(going, kept, freed, dry_run)


# -- what people see -----------------------------------------------------------------------


def _print_list(found: list[BackupInfo], changes: bool) -> None:
    from datetime import UTC, datetime

    from pipelines.commands.show import since, size, table

    now = datetime.now(UTC)
    rows = []
    for each in found:
        total = each.total_changes
        changed = (
            f"+{total.added:,} ~{total.changed:,} -{total.deleted:,}" if each.previous else "first"
        )
        rows.append(
            (
                each.name + (" (encrypted)" if each.encrypted else ""),
                since(each.made_at, now),
                each.rows,
                size(each.bytes) if each.bytes is not None else None,
                size(each.new_bytes) if each.new_bytes is not None else None,
                changed if each.rows is not None else None,
                each.proof,
            )
        )
    columns = ("backup", "age", "rows", "size", "new", "changes", "proved")
    table("backups", columns, rows, numbers=("rows", "size", "new"))
    for each in found:
        if each.problem is not None:
            click.echo(f"kollect: {each.problem}", err=True)
    if changes:
        listed = [
            (each.name, name, c.added, c.changed, c.deleted)
            for each in found
            for name, c in each.changes.items()
            if each.previous
        ]
        numbers = ("added", "changed", "deleted")
        table("changes", ("backup", "table", *numbers), listed, numbers=numbers)


def _tell_report(report: Report, as_json: bool) -> None:
    from warehouse.backup.progress import size_text

    if not report.good:
        count = len(report.problems)
        for problem in report.problems[:50]:
            click.echo(f"kollect: {report.name}: {problem}", err=True)
        if count > 50:
            click.echo(f"kollect: {report.name}: and {count - 50:,} more", err=True)
        click.echo(
            f"kollect: {report.name} is damaged. Take another backup with `kollect backup`: "
            "it takes over nothing damaged",
            err=True,
        )
    elif not as_json:
        words = {
            "quick": "structure and sizes are right",
            "full": f"{size_text(report.bytes)} in {report.files:,} files are as written",
            "rebuild": "rebuilt and compared, all tables are equal",
        }[report.depth]
        if report.sample is not None:
            words = f"{size_text(report.bytes)} are as written, {report.covered:.0%} of this round"
        click.echo(f"{report.name}: {words}")


@contextmanager
def _showing() -> Iterator[Callable[[Step], None]]:
    """Shows steps on standard error: one moving line on a terminal, some plain lines elsewhere."""
    from warehouse.engine import without_pandas

    stream = sys.stderr
    terminal = stream.isatty()
    last = [time.monotonic()]
    moving = [False]

    def show(step: Step) -> None:
        passing = step.kind in ("step", "bytes")
        if passing and time.monotonic() - last[0] < (0.1 if terminal else LINE_SECONDS):
            return
        last[0] = time.monotonic()
        text = step.text
        if step.total:
            share = f"{100 * step.done // step.total}%"
            text = f"{text} ({share if step.kind == 'bytes' else f'{step.done}/{step.total}'})"
        if step.kind == "problem":
            text = f"kollect: {text}"
        if terminal:
            stream.write(f"\r\x1b[K{text[:200]}" + ("" if passing else "\n"))
            moving[0] = passing
        else:
            stream.write(f"{text}\n")
        stream.flush()

    try:
        with without_pandas():
            yield show
    finally:
        if terminal and moving[0]:
            stream.write("\r\x1b[K")
            stream.flush()
