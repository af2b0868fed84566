"""The last files of a backup: restore.sql, the list of hashes and the manifest, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import duckdb
import msgspec

from warehouse.backup.catalog import Shape
from warehouse.backup.encrypt import SCHEME
from warehouse.backup.howto import howto
from warehouse.backup.manifest import (
    HOWTO,
    MANIFEST,
    RESTORE,
    SUMS,
    Envelope,
    FileRecord,
    Manifest,
    RunRecord,
    Source,
    TableRecord,
    encode,
    sums,
)
from warehouse.backup.script import restore_text
from warehouse.backup.snapshot import Snapshot
from warehouse.backup.writer import Shelf
from warehouse.store.durable import remove_empty_folders, seal, write_new
from warehouse.store.identity import kollect_version


def describe_backup(
    name: str,
    created_at: datetime,
    source: Snapshot,
    shape: Shape,
    tables: Mapping[str, TableRecord],
    runs: list[RunRecord],
    hashing: str,
    previous: str | None,
) -> Manifest:
    """The manifest, as far as it is known before the files are."""
    order = {(t.schema, t.name): number for number, t in enumerate(shape.tables)}
    listed = sorted(tables.values(), key=lambda table: order[table.schema, table.name])
    standing = source.standing
    return Manifest(
        name=name,
        created_at=created_at.isoformat(),
        kollect=kollect_version(),
        duckdb=duckdb.__version__,
        hashing=hashing,
        source=Source(
            source.name,
            standing.warehouse,
            standing.generation,
            standing.format,
            source.identity,
        ),
        runs=runs,
        before=list(shape.before),
        tables=listed,
        after=list(shape.after),
        broken=list(shape.broken),
        comments=list(shape.comments),
        files={},
        rows=sum(table.rows for table in listed),
        new_bytes=0,
        previous=previous,
    )


def finish_backup(manifest: Manifest, shelf: Shelf) -> None:
    """Write what comes last. When this returns, the folder is a whole backup."""
    remove_empty_folders(shelf.folder)
    shelf.put(RESTORE, restore_text(manifest).encode())
    manifest = msgspec.structs.replace(
        manifest,
        files=dict(sorted(shelf.files.items())),
        stored=dict(sorted(shelf.stored.items())),
        new_bytes=shelf.new_bytes,
    )
    head = encode(manifest) if shelf.key is None else encode(_envelope(manifest, shelf))
    for name, data in ((SUMS, sums(head, shelf.stored_files)), (MANIFEST, head)):
        write_new(shelf.folder / name, data)
        seal(shelf.folder / name)


def _envelope(manifest: Manifest, shelf: Shelf) -> Envelope:
    """Put the manifest among the encrypted files; what is left outside names no record."""
    names = "".join(f"{stored} {file}\n" for file, stored in manifest.stored.items())
    shelf.put("names", names.encode())
    shelf.put(MANIFEST, encode(manifest))
    inside = shelf.stored[MANIFEST], shelf.stored["names"]
    made = write_new(shelf.folder / HOWTO, howto(*inside).encode())
    seal(shelf.folder / HOWTO)
    shelf.stored_files[HOWTO] = FileRecord(made.bytes, made.sha256)
    shelf.new_bytes += made.bytes
    return Envelope(
        name=manifest.name,
        created_at=manifest.created_at,
        encryption=SCHEME,
        recipient=shelf.key.recipient if shelf.key else "",
        manifest=inside[0],
        names=inside[1],
        files=dict(sorted(shelf.stored_files.items())),
        new_bytes=shelf.new_bytes,
    )
