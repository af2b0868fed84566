"""Where the kept records come from: a backup, or the living warehouse with its history."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from connectors.core.connector import Connector
from connectors.core.errors import BadSettings
from connectors.core.schema import Table
from connectors.core.state import StateKind
from pipelines.settings import Account, Settings
from pipelines.sync.identity import Identity, identity_from
from warehouse.backup.encrypt import KeyChoice, Keys
from warehouse.backup.restore import restore_backup
from warehouse.files.blobs import BlobStore
from warehouse.progress import OnStep, no_progress
from warehouse.schema.types import quoted
from warehouse.store.scratch import scratch_folder
from warehouse.store.warehouse import Warehouse

Key = tuple[Any, ...]


@dataclass(frozen=True)
class KeptRow:
    """One record as it was kept: its declared columns, and the record as it came."""

    columns: dict[str, Any]
    raw: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """One account in a warehouse file: `name` is what people call the source."""

    name: str
    account: str
    warehouse: Path
    connector: Connector
    at: datetime | None = None
    with_deleted: bool = False
    """Also the last version of every record that was deleted since."""

    @contextlib.contextmanager
    def reading(self) -> Iterator[SourceReader]:
        """Raises WarehouseProblem where there is no such file."""
        with Warehouse(self.warehouse).newest() as connection:
            yield SourceReader(self, connection)


class SourceReader:
    """Reads the records of one account from an open warehouse."""

    def __init__(self, source: Source, connection: duckdb.DuckDBPyConnection) -> None:
        self.source = source
        self._connection = connection
        self._blobs = BlobStore(source.warehouse)

    def identity(self) -> Identity | None:
        """Whose records these are."""
        found = self._connection.execute(
            "SELECT value FROM _kollect.state WHERE account = ? AND kind = ?",
            [self.source.account, str(StateKind.IDENTITY)],
        ).fetchone()
        return identity_from(found[0]) if found else None

    def rows(self, table: Table) -> dict[Key, KeptRow]:
        """The records of a table by key; none where the file has no such table."""
        place = f"{quoted(self.source.connector.name)}.{quoted(table.name)}"
        known = self._columns(table.name)
        if not known:
            return {}
        names = [column.name for column in table.columns if column.name in known]
        columns = ", ".join(quoted(name) for name in names)
        account = [self.source.account]
        if self.source.at is not None:
            macro = f"{quoted(self.source.connector.name)}.{quoted(f'{table.name}_at')}"
            sql = f"SELECT {columns}, _raw FROM {macro}(?) WHERE _account = ?"
            found = self._connection.execute(sql, [self.source.at, *account]).fetchall()
        else:
            sql = f"SELECT {columns}, _raw FROM {place} WHERE _account = ?"
            found = self._connection.execute(sql, account).fetchall()
            if self.source.with_deleted:
                found = self._deleted(table, columns) + found
        rows = {}
        missing = dict.fromkeys(c.name for c in table.columns if c.name not in known)
        for *values, raw in found:
            row = dict(zip(names, values, strict=True)) | missing
            decoded = json.loads(raw) if raw else {}
            kept = KeptRow(row, decoded if isinstance(decoded, dict) else {})
            rows[tuple(row[name] for name in table.key)] = kept
        return rows

    def _deleted(self, table: Table, columns: str) -> list[tuple[Any, ...]]:
        """The last version of each record that was deleted; current rows come after and win."""
        history = f"{quoted(self.source.connector.name)}.{quoted(f'{table.name}_history')}"
        key = ", ".join(quoted(name) for name in table.key)
        return self._connection.execute(
            f"SELECT {columns}, _raw FROM {history} WHERE _account = ? AND _ended_by = 'deleted' "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _valid_to DESC) = 1",
            [self.source.account],
        ).fetchall()

    def chosen(self, table: Table, condition: str) -> set[Key] | None:
        """The keys of the rows that a condition in SQL holds for; None where the table lacks a
        column of it. Raises BadSettings for other errors in the SQL."""
        place = f"{quoted(self.source.connector.name)}.{quoted(table.name)}"
        both = f"SELECT * FROM {place} WHERE _account = ?"
        values: list[Any] = [self.source.account]
        if self.source.at is not None:
            macro = f"{quoted(self.source.connector.name)}.{quoted(f'{table.name}_at')}"
            both = f"SELECT * FROM {macro}(?) WHERE _account = ?"
            values = [self.source.at, *values]
        elif self.source.with_deleted:
            history = f"{quoted(self.source.connector.name)}.{quoted(f'{table.name}_history')}"
            both += f" UNION ALL BY NAME SELECT * FROM {history} WHERE _account = ?"
            values *= 2
        key = ", ".join(quoted(name) for name in table.key)
        try:
            found = self._connection.execute(
                f"SELECT {key} FROM ({both}) AS {quoted(table.name)} WHERE ({condition})", values
            ).fetchall()
        except duckdb.BinderException:
            return None
        except duckdb.Error as error:
            raise BadSettings(
                f"--where is no condition that DuckDB understands: {str(error).splitlines()[0]}",
                guidance="Write it as after WHERE, such as --where \"name LIKE '%bees%'\".",
            ) from None
        return set(found)

    def files(self, table: str, field: str) -> dict[str, tuple[Path, str]]:
        """Record key (parts joined by `/`) -> the kept file and its name for people."""
        found = self._connection.execute(
            "SELECT record_key, sha256, file_name FROM _kollect.files WHERE account = ? "
            "AND service = ? AND table_name = ? AND field = ? AND sha256 IS NOT NULL "
            "ORDER BY fetched_at",
            [self.source.account, self.source.connector.name, table, field],
        ).fetchall()
        return {
            key: (self._blobs.path(sha256), name or "file")
            for key, sha256, name in found
            if self._blobs.holds(sha256)
        }

    def _columns(self, table: str) -> set[str]:
        found = self._connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?",
            [self.source.connector.name, table],
        ).fetchall()
        return {name for (name,) in found}


NOW = "now"
"""What people call the living warehouse as a source."""


@contextlib.contextmanager
def source_for(
    settings: Settings,
    account: Account,
    backup: Path | None,
    selection: Sequence[str],
    *,
    at: datetime | None = None,
    key: KeyChoice = Keys.SET,
    on_step: OnStep = no_progress,
) -> Iterator[Source]:
    """What is put back into an account: from a backup, or without one from the living warehouse,
    with the records deleted so far where no time is given. Raises as `opened_source`."""
    if backup is None:
        yield Source(NOW, account.name, settings.warehouse, account.connector, at, at is None)
        return
    asked = {word.partition(".")[0] for word in selection} - {account.name}
    with opened_source(
        backup,
        account.connector,
        next(iter(asked), None),
        account.name,
        home=Warehouse(settings.warehouse).home,
        at=at,
        key=key,
        on_step=on_step,
    ) as source:
        yield source


@contextlib.contextmanager
def opened_source(
    backup: Path,
    connector: Connector,
    account: str | None,
    into: str,
    *,
    home: Path,
    at: datetime | None = None,
    key: KeyChoice = Keys.SET,
    on_step: OnStep = no_progress,
) -> Iterator[Source]:
    """The records of an account in a backup, unpacked into a scratch folder below `home`.

    Without a name, the account is that of the same name, or the only one of the service. Raises
    BadSettings where that is none, BackupProblem, DamagedBackup and WrongKey.
    """
    with scratch_folder(home, "give-back-") as folder:
        target = folder / "backup-of-account.duckdb"
        restore_backup(backup, target, key=key, on_step=on_step)
        with Warehouse(target).reading() as connection:
            known = accounts_in(connection, connector.name)
        name = chosen_account(known, account, into, connector, backup.name)
        yield Source(backup.name, name, target, connector, at)


def accounts_in(connection: duckdb.DuckDBPyConnection, service: str) -> list[str]:
    """The accounts of a service that a warehouse holds."""
    found = connection.execute(
        "SELECT DISTINCT account FROM _kollect.runs WHERE service = ? ORDER BY 1", [service]
    ).fetchall()
    return [name for (name,) in found]


def chosen_account(
    known: Sequence[str], asked: str | None, into: str, connector: Connector, place: str
) -> str:
    """The account whose records are put back."""
    if asked is not None and asked in known:
        return asked
    if asked is None and into in known:
        return into
    if asked is None and len(known) == 1:
        return known[0]
    cure = f"it has {', '.join(known)}: name one as SELECT" if known else "name another backup"
    what = f"no account {asked}" if asked else f"no account for {into}"
    raise BadSettings(f"{place} has {what} of {connector.title}", guidance=cure)
