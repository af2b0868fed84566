"""Which file `warehouse.read` and its neighbours open, and what the names and times mean."""

from __future__ import annotations

import codecs
import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.core.errors import BadSettings
from warehouse.schema.types import quoted

if TYPE_CHECKING:
    import sqlalchemy

    from warehouse.store.warehouse import Warehouse

SETTINGS = "kollect.toml"
VARIABLE = "KOLLECT_CONFIG"
DEFAULT = "kollect.duckdb"
DEFAULT_SHARDS = 16
STORE_VARIABLES = {
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
    "region": "AWS_REGION",
    "endpoint": "AWS_ENDPOINT_URL",
}
"""Option of the object store of shards -> the variable that holds it."""


def warehouse_file(path: str | Path | None, config: str | Path | None) -> Path:
    """The warehouse file: `path`, or the one that the settings file names.

    A relative path in a settings file is below that file's folder. Raises BadSettings where a
    settings file was named and cannot be read.
    """
    if path is not None:
        return Path(path).expanduser()
    folder, values = _settings(config)
    table = values.get("warehouse")
    name = table.get("path", DEFAULT) if isinstance(table, dict) else DEFAULT
    return folder / Path(str(name)).expanduser()


def opened_warehouse(path: str | Path | None, config: str | Path | None) -> Warehouse:
    """The warehouse of `path` or of a settings file, to be read: a file, or with `[scale] data` all
    shards (their credential is in the environment). Raises BadSettings as `warehouse_file`."""
    from warehouse.store.warehouse import Warehouse

    file = warehouse_file(path, config)
    scale = None if path is not None else _settings(config)[1].get("scale")
    if not isinstance(scale, dict) or not scale.get("data"):
        return Warehouse(file)
    from warehouse.scale.reading import ShardedWarehouse
    from warehouse.scale.shards import ShardStore

    store = ShardStore(str(scale["data"]).rstrip("/"), dict(store_options(os.environ)))
    return ShardedWarehouse(file, store, int(scale.get("shards", DEFAULT_SHARDS)))


def store_options(known: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What an object store needs beside its address: option and value."""
    return tuple((name, known[v]) for name, v in STORE_VARIABLES.items() if known.get(v))


def _settings(config: str | Path | None) -> tuple[Path, dict[str, Any]]:
    """The folder and the values of the settings file; none where there is no such file."""
    named = config or os.environ.get(VARIABLE)
    settings = Path(named or SETTINGS).expanduser()
    if not named and not settings.exists():
        return Path(), {}
    try:
        values = tomllib.loads(decoded(settings.read_bytes()))
    except (OSError, ValueError) as error:
        raise BadSettings(
            f"{settings} cannot be read: {error}",
            guidance=f"name another file with config=... or in {VARIABLE}",
        ) from error
    return settings.parent, values


def decoded(content: bytes) -> str:
    """The text of a settings file: UTF-8, with or without a byte order mark, or UTF-16 with it.

    Raises UnicodeDecodeError.
    """
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf16 else "utf-8-sig")


def qualified_name(name: str, ending: str = "") -> str:
    """`schema.table` as SQL; raises ValueError for anything else."""
    parts = name.split(".")
    if len(parts) != 2 or not all(parts):
        raise ValueError(f"{name!r} is no table: write it as schema.table")
    schema, table = parts
    return f"{quoted(schema)}.{quoted(table + ending)}"


def utc_time(at: datetime | str) -> datetime:
    """A time or ISO 8601 text; without a zone it is UTC. Raises ValueError for other texts."""
    time = datetime.fromisoformat(at) if isinstance(at, str) else at
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def sql_engine(file: Path) -> sqlalchemy.Engine:
    """A read-only SQLAlchemy engine. The file is replaced by each sync, so none stays open."""
    import duckdb
    import sqlalchemy
    from duckdb_sqlalchemy import ConnectionWrapper

    def connect() -> Any:
        # As `Warehouse.reading` does: DuckDB opens a file once for one set of options.
        connection = duckdb.connect(str(file), read_only=True)
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        return ConnectionWrapper(connection)

    return sqlalchemy.create_engine("duckdb://", creator=connect, poolclass=sqlalchemy.NullPool)
