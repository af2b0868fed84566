"""The commands of the backups at an address: send, list, verify and fetch there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.core.errors import BadSettings

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from warehouse.backup.encrypt import BackupKey
    from warehouse.backup.remote import Remote
    from warehouse.backup.verify import Report
    from warehouse.progress import Step


def home_of(settings: Settings) -> Path:
    """kollect's own folder beside the warehouse."""
    from warehouse.store.state_folder import find_state_folder

    return find_state_folder(settings.warehouse)


def send_to(
    settings: Settings,
    place: Path,
    address: str,
    key: BackupKey | None,
    on_step: Callable[[Step], None],
) -> int:
    """Send a backup to an address; returns the bytes sent."""
    from warehouse.backup.archive import Archive
    from warehouse.backup.reader import open_backup
    from warehouse.backup.remote import Remote
    from warehouse.backup.remote_copies import send_backup

    return send_backup(
        open_backup(place, key), Remote(address), Archive(settings.backup_dir), on_step
    )


def _named(address: str) -> tuple[Remote, str]:
    """The place and the name of the backup that an address means: by default the newest there."""
    from warehouse.backup.archive import NAME
    from warehouse.backup.remote import Remote, shown

    place, _, name = address.rstrip("/").rpartition("/")
    if not (NAME.fullmatch(name) or name == "newest"):
        place, name = address, "newest"
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
def fetched(
    settings: Settings, word: str, on_step: Callable[[Step], None]
) -> Iterator[Path | None]:
    """A backup from an address in a folder here, gone afterwards; None for a word of this disk."""
    from warehouse.backup.archive import Archive, is_address
    from warehouse.backup.remote_copies import fetch_backup
    from warehouse.store.durable import remove_tree

    if not is_address(word):
        yield None
        return
    remote, name = _named(word)
    into = home_of(settings) / "fetched"
    with Archive(into).writing(on_step=on_step):
        remove_tree(into / name)
        place = fetch_backup(remote, name, into, on_step)
        try:
            yield place
        finally:
            remove_tree(place)


def verify_there(
    settings: Settings,
    address: str,
    depth: str,
    sample: float | None,
    key: BackupKey | None,
    on_step: Callable[[Step], None],
) -> Report:
    """Verify a backup at an address; to rebuild it, it is fetched first."""
    from warehouse.backup.remote_copies import find_remote_damage
    from warehouse.backup.verify import Report, verify_backup
    from warehouse.progress import utc_now

    if sample is not None:
        raise BadSettings("--sample works on backups of this disk", guidance="leave it out here")
    remote, name = _named(address)
    if depth == "rebuild":
        with fetched(settings, f"{remote.address.rstrip('/')}/{name}", on_step) as place:
            assert place is not None
            return verify_backup(
                place,
                depth,
                raise_damage=False,
                key=key,
                home=home_of(settings),
                on_step=on_step,
            )
    problems, read = find_remote_damage(remote, name, depth, on_step)
    return Report(name, depth, utc_now().isoformat(), 0, read, problems)


def list_there(address: str, as_json: bool) -> None:
    """List the backups at an address; one that cannot be read is listed with its problem."""
    from warehouse.backup.remote import Remote

    remote = Remote(address)
    shown = [_listed(remote, name) for name in remote.names()]
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    from pipelines.cli.render import table
    from warehouse.progress import size_text

    rows = [
        (b["name"], b["rows"], size_text(b["bytes"] or 0), b["encrypted"], b["problem"])
        for b in shown
    ]
    columns = ("backup", "rows", "size", "encrypted", "problem")
    table("backups", columns, rows, numbers=("rows", "size"))


def _listed(remote: Remote, name: str) -> dict[str, Any]:
    from warehouse.backup.errors import BackupProblem

    try:
        found = remote.head(name)[1]
    except BackupProblem as error:
        unknown = dict.fromkeys(("bytes", "rows", "encrypted"))
        return {"name": name, **unknown, "problem": str(error)}
    return {
        "name": name,
        "bytes": sum(record.bytes for record in found.files.values()),
        "rows": getattr(found, "rows", None),
        "encrypted": hasattr(found, "encryption"),
        "problem": None,
    }
