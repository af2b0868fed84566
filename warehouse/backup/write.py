"""Writing a backup of one consistent state; it gets its name when it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from connectors.core.errors import KollectError, WarehouseProblem
from warehouse.backup.archive import PARTIAL, WAIT_SECONDS, Archive, BackupSettings, made_at_of
from warehouse.backup.catalog import Shape, TableShape, read_shape
from warehouse.backup.content import Content, hashing
from warehouse.backup.encrypt import BackupKey, KeyChoice, Keys, chosen_key
from warehouse.backup.errors import explained_errors
from warehouse.backup.files import Stored, add_files, files_to_keep
from warehouse.backup.manifest import Changes, Manifest, RunRecord, Source, TableRecord
from warehouse.backup.reader import Backup, open_backup
from warehouse.backup.snapshot import SOURCE, Snapshot, snapshot
from warehouse.backup.tables import MeasuredTable, compare_with, measure, reuse_tables, write_tables
from warehouse.backup.writer import BackupWriter, finish_backup
from warehouse.progress import OnStep, Step, no_progress, size_text, utc_now
from warehouse.store.clock import check_backup_clock
from warehouse.store.durable import flush_tree, free_bytes, remove_tree, rename_new
from warehouse.store.identity import kollect_version

MARGIN = 16 << 20
"""Bytes that stay free on the disk; small files of the backup may use some of them."""


def write_backup(
    settings: BackupSettings,
    *,
    key: KeyChoice = Keys.SET,
    now: Callable[[], datetime] = utc_now,
    on_step: OnStep = no_progress,
    wait_seconds: float = WAIT_SECONDS,
    free: Callable[[Path], int] = free_bytes,
) -> Path:
    """Back up the newest published state; returns the folder of the new backup.

    It is encrypted with `key`, by default with the one that is set (None for none).
    When this returns, the backup outlives a power cut. When it raises (WarehouseProblem for no
    space or no right to write, AccountBusy, BackupProblem) or is killed, no backup has appeared.
    """
    archive = Archive(settings.backup_dir)
    key = chosen_key(key)
    with explained_errors(archive.folder):
        archive.make()
    with explained_errors(archive.folder), archive.writing(wait_seconds, on_step):
        for left in archive.leftovers():
            remove_tree(left)
        with snapshot(settings.warehouse, on_step) as source:
            made_at = now()
            check_backup_clock(made_at, _last_load(source))
            name = archive.free_name(made_at)
            with _partial(archive, name) as folder:
                previous = _newest(archive, key, on_step)
                writer = BackupWriter(
                    folder, source.scratch, key=key, previous=previous, on_step=on_step
                )
                run = _Writing(archive, name, made_at, source, previous, writer, on_step, free)
                run.write(settings.warehouse)
                flush_tree(folder)
                rename_new(folder, archive.folder / name)
    return archive.folder / name


@contextmanager
def _partial(archive: Archive, name: str) -> Iterator[Path]:
    """A folder to write into, gone again when anything fails."""
    folder = archive.folder / f"{PARTIAL}{name}"
    folder.mkdir()
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _newest(archive: Archive, key: BackupKey | None, on_step: OnStep) -> Backup | None:
    """The newest backup that can be read; others are named and left alone."""
    for name in reversed(archive.names()):
        try:
            return open_backup(archive.folder / name, key)
        except KollectError as error:
            on_step(Step("problem", f"{name} cannot be used as the backup before: {error}"))
    return None


@dataclass(frozen=True)
class _Writing:
    """One backup under way."""

    archive: Archive
    name: str
    made_at: datetime
    source: Snapshot
    previous: Backup | None
    writer: BackupWriter
    on_step: OnStep
    free: Callable[[Path], int]

    @property
    def _before(self) -> Manifest | None:
        return self.writer.previous.require_manifest() if self.writer.previous else None

    def write(self, warehouse: Path) -> None:
        """Write everything into the folder, the manifest last."""
        with self.source.reading() as connection:
            mark = hashing(connection)
            before = self._untouched(mark)
            if before is not None:
                shape = _shape_in(before)
                contents = [Content(t.rows, t.content, t.keys) for t in before.tables]
                wanted = [MeasuredTable(t, c) for t, c in zip(shape.tables, contents, strict=True)]
            else:
                keys = (
                    {(t.schema, t.name): t.key for t in self._before.tables} if self._before else {}
                )
                shape = read_shape(connection, SOURCE, self.source.scratch, keys)
                wanted = measure(connection, shape.tables)
            tables = reuse_tables(wanted, self._before, self.writer, mark)
            files = files_to_keep(connection, warehouse, self.writer, self.on_step)
            runs = _last_runs(connection)
        changed = [table for table in wanted if table.file not in tables]
        self._check_space(changed, files)
        tables |= write_tables(self.source, changed, self.writer, self.on_step, self._compare)
        add_files(files, self.writer, self.on_step)
        manifest = self._manifest(shape, tables, runs, mark)
        last = finish_backup(manifest, self.writer)
        stored = sum(record.bytes for record in self.writer.stored_files.values())
        before_bytes = stored - self.writer.new_bytes
        new = self.writer.new_bytes + last  # as `kollect backups` counts
        rows = f"{manifest.rows:,} rows in {len(tables)} tables"
        text = f"{rows}, {size_text(new)} new, {size_text(before_bytes)} as before"
        self.on_step(Step("done", f"{self.name}: {text}"))

    def _manifest(
        self,
        shape: Shape,
        tables: Mapping[str, TableRecord],
        runs: list[RunRecord],
        hashing_mark: str,
    ) -> Manifest:
        """The manifest without its files, which `finish_backup` adds."""
        order = {(t.schema, t.name): number for number, t in enumerate(shape.tables)}
        listed = sorted(tables.values(), key=lambda table: order[table.schema, table.name])
        identity = self.source.identity
        return Manifest(
            name=self.name,
            created_at=self.made_at.isoformat(),
            kollect=kollect_version(),
            duckdb=duckdb.__version__,
            hashing=hashing_mark,
            source=Source(
                self.source.name,
                identity.warehouse,
                identity.generation,
                identity.format,
                self.source.file_mark,
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
            previous=self.previous.name if self.previous else None,
            misdated=self._misdated(),
        )

    def _misdated(self) -> list[str]:
        """The backups that are named later than this one: the clock was wrong, then or now.

        Each backup from before that time notes it, so whichever of them stays tells the order.
        """
        later = sorted(n for n in self.archive.names() if made_at_of(n) > self.made_at)
        for name in sorted(set(later) - self.archive.misdated()):
            self.on_step(
                Step("problem", f"{name} is dated later than now: check this machine's clock")
            )
        return later

    def _untouched(self, mark: str) -> Manifest | None:
        """The manifest of the backup before; None if the warehouse file was touched since."""
        before = self._before
        if before is None or not self.source.file_mark:
            return None
        identity = self.source.identity
        now = (self.source.file_mark, identity.warehouse, identity.generation, mark)
        then = before.source
        same = now == (then.identity, then.warehouse, then.generation, before.hashing)
        return before if same and before.kollect == kollect_version() else None

    def _compare(
        self, connection: duckdb.DuckDBPyConnection, table: MeasuredTable
    ) -> Changes | None:
        before = self.previous
        if before is None or before.manifest is None:
            return None
        if before.manifest.source.warehouse != self.source.identity.warehouse:
            return None
        scratch = self.source.scratch / "before"
        return compare_with(connection, table, before, scratch)

    def _check_space(self, changed: list[MeasuredTable], files: list[Stored]) -> None:
        """Raises WarehouseProblem where what is to be written will hardly fit."""
        before = self._before
        known = {table.file: table for table in before.tables} if before else {}
        needed = MARGIN
        unknown = 0
        for table in changed:
            old = known.get(table.file)
            if old is not None and old.rows:
                needed += round(old.bytes * 1.1 * table.content.rows / old.rows) + 4096
            else:
                unknown += table.content.rows
        total = sum(table.content.rows for table in changed) or 1
        needed += round(self.source.file.stat().st_size * unknown / total)
        there = before.files if before else {}
        needed += sum(stored.bytes for stored in files if stored.file not in there)
        free = self.free(self.archive.folder)
        if free < needed:
            raise WarehouseProblem(
                f"no space left for a backup in {self.archive.folder}: it needs about "
                f"{size_text(needed)}, {size_text(free)} are free",
                guidance="free some space, or run `kollect prune`; nothing was written",
            )


def _shape_in(before: Manifest) -> Shape:
    tables = tuple(
        TableShape(t.schema, t.name, t.create, t.comment, tuple(t.columns), tuple(t.key))
        for t in before.tables
    )
    return Shape(
        tuple(before.before), tables, tuple(before.after), tuple(before.broken),
        tuple(before.comments),
    )  # fmt: skip


def _last_load(source: Snapshot) -> datetime | None:
    """When the warehouse was loaded last; None where it never was."""
    with source.reading() as connection:
        sql = f"SELECT max(loaded_at) FROM {SOURCE}._kollect.loads"
        try:
            last: datetime | None = connection.execute(sql).fetchall()[0][0]
        except (duckdb.CatalogException, duckdb.BinderException):  # nothing was loaded yet
            return None
    return last


def _last_runs(connection: duckdb.DuckDBPyConnection) -> list[RunRecord]:
    rows = connection.execute(
        "SELECT account, arg_max(service, started_at), arg_max(run_id, started_at), "
        "arg_max(status, started_at), arg_max(finished_at, started_at) "
        f"FROM {SOURCE}._kollect.runs GROUP BY account ORDER BY account"
    ).fetchall()
    return [
        RunRecord(account, service, run_id, status, ended.isoformat() if ended else None)
        for account, service, run_id, status, ended in rows
    ]
