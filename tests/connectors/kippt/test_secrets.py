"""Kippt: no token reaches the warehouse, the stage or a log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from connectors.core.journal import Journal
from tests.kit.account import Bench


def everything(folder: Path) -> bytes:
    """All bytes below a folder, and what the stage and the databases say unpacked."""
    found = b""
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.name == "kollect.toml":
            continue
        found += file.name.encode() + file.read_bytes()
        if file.suffix == ".journal":
            copy = folder / "copy-of-stage"
            copy.write_bytes(file.read_bytes())
            journal = Journal(copy)
            for head in journal.heads():
                found += str(head).encode() + (journal.get(head["key"]) or ({}, b""))[1]
            journal.discard()
    with duckdb.connect(str(folder / "kollect.duckdb"), read_only=True) as connection:
        for schema, table in connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables()"
        ).fetchall():
            rows = connection.execute(f'SELECT * FROM "{schema}"."{table}"').fetchall()
            found += repr(rows).encode()
    return found


def test_no_secret_is_written_anywhere(made: Callable[..., Bench], tmp_path: Path) -> None:
    """A run that fails half-way leaves its stage behind: neither this nor the warehouse, the
    messages or the results hold a token or the end of a private feed's address."""
    kippt = made("kippt", size=20)
    assert kippt.sync().status == "complete"
    secrets = [secret for secret in kippt.world.secrets() if secret]
    assert any(row.is_private for row in kippt.world.world.my_lists())
    kippt.stand_in.faults.add("status", match="/followers/", status=500, times=None)
    failed = kippt.sync(full=True)
    assert failed.status != "complete"
    stage = next(kippt.folder.rglob("*.journal"))
    assert len(Journal(stage)) > 5
    written = everything(kippt.folder)
    assert b"Inspiration!" in written
    told = f"{failed} {kippt.progress}"
    for secret in secrets:
        assert secret.encode() not in written
        assert secret not in told
    assert b"rss_url" not in written.replace(b"`rss_url`", b"")
    assert b"api_token" not in written
