"""Which file `warehouse.read` and its neighbours open, and what the names and times mean."""

from __future__ import annotations

import codecs
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.core.errors import BadSettings
from warehouse.schema.types import quoted

if TYPE_CHECKING:
    import sqlalchemy

SETTINGS = "kollect.toml"
VARIABLE = "KOLLECT_CONFIG"
DEFAULT = "kollect.duckdb"


def warehouse_file(path: str | Path | None, config: str | Path | None) -> Path:
    """The warehouse file: `path`, or the one that the settings file names.

    A relative path in a settings file is below that file's folder. Raises BadSettings where a
    settings file was named and cannot be read.
    """
    if path is not None:
        return Path(path).expanduser()
    named = config or os.environ.get(VARIABLE)
    settings = Path(named or SETTINGS).expanduser()
    if not named and not settings.exists():
        return Path(DEFAULT)
    try:
        values = tomllib.loads(decoded(settings.read_bytes()))
    except (OSError, ValueError) as error:
        raise BadSettings(
            f"{settings} cannot be read: {error}",
            guidance=f"name another file with config=... or in {VARIABLE}",
        ) from error
    table = values.get("warehouse")
    name = table.get("path", DEFAULT) if isinstance(table, dict) else DEFAULT
    return settings.parent / Path(str(name)).expanduser()


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
