"""Everything that kollect wrote below a folder, unpacked: where a test looks for secrets."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from connectors.core.journal import Journal


def everything_below(folder: Path) -> bytes:
    """All bytes of all files, and what stages and databases hold once they are unpacked."""
    found = b""
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.name == "kollect.toml":
            continue
        found += file.name.encode() + file.read_bytes()
        if file.suffix == ".journal":
            found += _staged(file)
        elif file.suffix == ".duckdb":
            found += _stored(file)
    return found


def _staged(file: Path) -> bytes:
    """The answers of a stage; a copy is opened, since opening mends a broken end."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        copy.write_bytes(file.read_bytes())
        journal = Journal(copy)
        found = b"".join(
            str(head).encode() + (journal.get(head["key"]) or ({}, b""))[1]
            for head in journal.heads()
        )
        journal.close()
    return found


def _stored(file: Path) -> bytes:
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()")
        return b"".join(
            repr(connection.execute(f'SELECT * FROM "{schema}"."{table}"').fetchall()).encode()
            for schema, table in tables.fetchall()
        )
