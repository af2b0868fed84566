"""Finding damage: the folder of a backup against its manifest, file by file, byte by byte."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import stat_result
from pathlib import Path

import duckdb

from warehouse.backup.archive import is_backup_name
from warehouse.backup.content import content_of, hashing, in_folder, rows_of
from warehouse.backup.errors import one_line
from warehouse.backup.manifest import MANIFEST, RESTORE, Manifest, TableRecord
from warehouse.backup.reader import Backup
from warehouse.backup.snapshot import engine
from warehouse.progress import OnStep, Step
from warehouse.schema.types import literal, quoted
from warehouse.store.durable import WORKERS, Digest, digest, walk_files


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, by name."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass(frozen=True)
class Structure:
    """How the folder of a backup differs from the list in its manifest."""

    problems: list[Problem]
    """Files that are missing, of another size, or no plain files."""
    foreign: list[str]
    """Files of other programs (`.DS_Store`, `@eaDir/`): no damage, restoring never reads them."""


def find_structure(backup: Backup) -> Structure:
    """Compare names, sizes and kinds; no file is read."""
    expected = backup.expected
    there = walk_files(backup.folder)
    found = [Problem(file, "is missing") for file in sorted(set(expected) - set(there))]
    for file in sorted(set(expected) & set(there)):
        found += _misfit(file, there[file], expected[file])
    foreign = sorted(set(there) - set(expected))
    named = backup.outside.name
    if is_backup_name(backup.name) and named != backup.name:
        found.append(Problem(MANIFEST, f"belongs to the backup {named}, not to this one"))
    return Structure(found + find_contradictions(backup), foreign)


def _misfit(file: str, seen: stat_result, record: Digest) -> list[Problem]:
    if not stat.S_ISREG(seen.st_mode):
        return [Problem(file, "is no plain file")]
    if seen.st_size != record.bytes:
        return [Problem(file, f"has {seen.st_size:,} bytes instead of {record.bytes:,}")]
    return []


def find_contradictions(backup: Backup) -> list[Problem]:
    """Where an opened manifest contradicts itself or its envelope."""
    manifest = backup.manifest
    if manifest is None:
        return []
    found = [
        Problem(table.file, "is a table's file and not in the list of files")
        for table in manifest.tables
        if manifest.files.get(table.file) != Digest(table.bytes, table.sha256)
    ]
    found += [
        Problem(stored, f"holds {file} and is not in the envelope")
        for file, stored in manifest.stored.items()
        if backup.encrypted and stored not in backup.files
    ]
    return found


def find_changed(backup: Backup, files: Iterable[str], on_step: OnStep) -> list[Problem]:
    """Read the files and name those whose bytes are not the ones that were written."""
    expected = backup.expected
    wanted = sorted(files, key=lambda file: -expected[file].bytes)
    total = sum(expected[file].bytes for file in wanted)
    seen = 0

    def counted(count: int) -> None:
        nonlocal seen
        seen += count
        on_step(Step("bytes", "reading", seen, total))

    def one(file: str) -> tuple[str, Digest | str]:
        try:
            return file, digest(backup.folder / file, counted)
        except OSError as error:
            return file, error.strerror or "unreadable"

    with ThreadPoolExecutor(WORKERS) as pool:
        read = list(pool.map(one, wanted))
    return sorted(_content_mismatches(read, expected), key=lambda problem: problem.file)


def _content_mismatches(
    read: Iterable[tuple[str, Digest | str]], expected: Mapping[str, Digest]
) -> Iterable[Problem]:
    names = {record.sha256: file for file, record in expected.items()}
    for file, found in read:
        record = expected[file]
        if isinstance(found, str):
            yield Problem(file, f"cannot be read ({found})")
        elif found.sha256 != record.sha256:
            other = names.get(found.sha256) if found.bytes else None
            what = f"holds the bytes of {other}" if other else "was changed: its hash is another"
            yield Problem(file, what)


REBUILT = "rebuilt"


def find_by_rebuilding(backup: Backup, scratch: Path, on_step: OnStep) -> list[Problem]:
    """Restore into a scratch database and compare every table with the manifest."""
    manifest = backup.require_manifest()
    folder = backup.folder
    if backup.encrypted:
        folder = scratch / "opened"
        for file in manifest.files:
            if file == RESTORE or file.startswith("tables/"):
                backup.plain(file, folder)
    with engine(scratch) as connection:
        try:
            run_script(
                connection, folder, scratch / "rebuilt.duckdb", on_step, len(manifest.tables)
            )
        except duckdb.Error as error:
            return [Problem(RESTORE, f"does not run: {one_line(error)[:300]}")]
        path_of = in_folder(folder)
        same = hashing(connection) == manifest.hashing
        found: list[Problem] = []
        for number, table in enumerate(manifest.tables, 1):
            older = None if same else f"({rows_of(table, path_of)})"
            found += _compare(connection, table, older)
            on_step(Step("step", f"comparing {table.title}", number, len(manifest.tables)))
        return found + _compare_shape(connection, manifest)


def run_script(
    connection: duckdb.DuckDBPyConnection, folder: Path, target: Path, on_step: OnStep, tables: int
) -> None:
    """Run restore.sql as plain DuckDB would, but from anywhere and into `target`."""
    text = (folder / RESTORE).read_text(encoding="utf-8")
    # Inside a text literal every quote is doubled: this only ever meets the files themselves.
    start = literal(in_folder(folder)(""))[:-1]
    text = text.replace("read_parquet('", f"read_parquet({start}")
    connection.execute(f"ATTACH {literal(str(target))} AS {REBUILT}")
    connection.execute(f"USE {REBUILT}")
    filled = 0
    for statement in connection.extract_statements(text):
        connection.execute(statement)
        if re.match(r"\s*INSERT INTO", statement.query):
            filled += 1
            on_step(Step("step", "rebuilding", filled, tables))
    connection.execute("USE memory")


def _compare(
    connection: duckdb.DuckDBPyConnection, table: TableRecord, older: str | None
) -> list[Problem]:
    """One rebuilt table against the manifest, or against its file where hashes differ."""
    names = [column.name for column in table.columns]
    qualified_name = f"{REBUILT}.{quoted(table.schema)}.{quoted(table.name)}"
    rebuilt = content_of(connection, qualified_name, names, table.key)
    wanted_content, wanted_keys = table.content, table.keys
    if older is not None and not any(column.generated for column in table.columns):
        read = content_of(connection, older, names, table.key)
        wanted_content, wanted_keys = read.content, read.keys
    found = []
    if rebuilt.rows != table.rows:
        found.append(
            Problem(
                table.file, f"{table.title} has {rebuilt.rows:,} rows instead of {table.rows:,}"
            )
        )
    elif rebuilt.keys != wanted_keys:
        found.append(Problem(table.file, f"{table.title} has other keys than were backed up"))
    elif rebuilt.content != wanted_content:
        found.append(Problem(table.file, f"{table.title} has other values than were backed up"))
    if table.key:
        keyed = ", ".join(quoted(name) for name in table.key)
        rows, keys = connection.execute(
            f"SELECT count(*), count(DISTINCT ({keyed})) FROM {qualified_name}"
        ).fetchall()[0]
        if rows != keys and not table.name.endswith("_history"):
            found.append(Problem(table.file, f"{table.title} has {rows - keys:,} keys twice"))
    return found


def _compare_shape(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[Problem]:
    """Columns with their types and comments, as the manifest lists them."""
    rows = connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() "
        f"WHERE database_name = {literal(REBUILT)}"
    ).fetchall()
    there = {(schema, table, name): (kind, comment) for schema, table, name, kind, comment in rows}
    return [
        Problem(RESTORE, f"{table.title}.{column.name} has another type or comment")
        for table in manifest.tables
        for column in table.columns
        if there.get((table.schema, table.name, column.name)) != (column.type, column.comment)
    ]
