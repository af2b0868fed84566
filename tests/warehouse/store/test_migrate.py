"""A file of format 1 opens, becomes one of today's, and its next sync is an unchanged one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from tests.kit.account import Bench
from warehouse.store.identity import FORMAT

OLD_CURSORS = """
INSERT INTO _kollect.cursors
SELECT account, CASE kind WHEN 'full_pass' THEN 'full pass' WHEN 'loaded_in_run' THEN 'loaded in run'
    WHEN 'held_deletes' THEN 'held deletes' WHEN 'complete' THEN 'complete ' || scope
    WHEN 'working_path' THEN 'spelling of ' || name WHEN 'note' THEN name END,
    CASE kind WHEN 'complete' THEN '' ELSE scope END, value, run_id, set_at
FROM _kollect.state WHERE kind IN
    ('full_pass', 'loaded_in_run', 'held_deletes', 'complete', 'working_path', 'note')
"""


def make_old(file: Path) -> None:
    """Give a warehouse file the shape of format 1: integer hashes, state among the cursors."""
    with duckdb.connect(str(file)) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_columns() WHERE column_name = '_content'"
        ).fetchall()
        for schema, table in tables:
            place = f'{schema}."{table}"'
            hashes = connection.execute(f"SELECT DISTINCT _content FROM {place}").fetchall()
            connection.execute("CREATE OR REPLACE TEMP TABLE old (_new UUID, _was UHUGEINT)")
            pairs = [(str(h), int.from_bytes(h.bytes, "little")) for (h,) in hashes]
            if pairs:
                connection.executemany("INSERT INTO old VALUES (?, ?)", pairs)
            connection.execute(f"ALTER TABLE {place} ADD COLUMN was UHUGEINT")
            connection.execute(f"UPDATE {place} SET was = _was FROM old WHERE _new = _content")
            connection.execute(f"ALTER TABLE {place} DROP COLUMN _content")
            connection.execute(f"ALTER TABLE {place} RENAME COLUMN was TO _content")
        visits = connection.execute("SELECT DISTINCT content FROM _kollect.visits").fetchall()
        for (content,) in visits:
            number = int.from_bytes(UUID(content).bytes, "little")
            connection.execute(
                "UPDATE _kollect.visits SET content = hex(?::UHUGEINT) WHERE content = ?",
                [str(number), content],
            )
        connection.execute(OLD_CURSORS)
        connection.execute("DROP TABLE _kollect.state")
        connection.execute("DROP VIEW _kollect.table_status")
        connection.execute("UPDATE _kollect.meta SET value = '1' WHERE name = 'format'")
        connection.execute("UPDATE _kollect.meta SET value = 'old' WHERE name LIKE 'schema %'")


def state(bench: Bench) -> list[tuple[object, ...]]:
    return bench.query(
        "SELECT kind, name, scope, value FROM _kollect.state "
        "WHERE kind IN ('full_pass', 'held_deletes', 'working_path', 'note') ORDER BY ALL"
    )


@pytest.mark.parametrize(
    "service",
    ["kippt", *(pytest.param(s, marks=pytest.mark.slow) for s in ("kitemaker", "kinescope"))],
)
def test_a_file_of_format_1_goes_on_as_if_nothing_had_happened(
    synced: Callable[..., Bench], service: str
) -> None:
    bench = synced(service)
    before = bench.stand_in.count()
    assert bench.sync().status == "complete"
    requests, remembered = bench.stand_in.count() - before, state(bench)
    rows = {table: bench.rows(table) for table in bench.account.tables}

    make_old(bench.warehouse)
    shutil.rmtree(bench.warehouse.parent / ".kollect")
    before = bench.stand_in.count()
    result = bench.sync()

    assert result.status == "complete"
    for table, row in result.tables.items():
        changed = (row["inserted"], row["updated"], row["deleted"])
        assert (table, *changed) == (table, 0, 0, 0)
    # One more may ask whose account it is, which format 1 did not remember.
    assert bench.stand_in.count() - before <= requests + 1
    assert state(bench) == remembered
    after = {table: bench.rows(table) for table in bench.account.tables}
    assert after == rows
    assert bench.query("SELECT value FROM _kollect.meta WHERE name = 'format'") == [(str(FORMAT),)]
    assert bench.query("SELECT count(*) FROM _kollect.table_status WHERE complete") != [(0,)]
