"""The schema `my` in the published file is a person's own and outlives every publish."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import duckdb
import pytest

from tests.kit.account import Bench
from warehouse.store.transactions import count_generation
from warehouse.store.warehouse import Warehouse

MINE = """
CREATE SCHEMA IF NOT EXISTS my;
CREATE TYPE my.mood AS ENUM ('good', 'bad');
CREATE SEQUENCE my.numbers;
CREATE TABLE my.notes (id BIGINT DEFAULT nextval('my.numbers'), clip_id BIGINT, note VARCHAR,
    mood my.mood, loud VARCHAR GENERATED ALWAYS AS (upper(note)));
INSERT INTO my.notes (clip_id, note, mood) SELECT id, 'read: ' || title, 'good' FROM kippt.clips;
COMMENT ON TABLE my.notes IS 'what I think of my clips';
CREATE VIEW my.noted AS SELECT c.title, n.note FROM kippt.clips c JOIN my.notes n ON n.clip_id = c.id;
CREATE MACRO my.twice(x) AS x * 2;
CREATE MACRO my.noted_with(word) AS TABLE SELECT * FROM my.notes WHERE contains(note, word);
CREATE TABLE my.gone (a INTEGER);
CREATE VIEW my.broken AS SELECT * FROM my.gone;
DROP TABLE my.gone;
"""
QUERIES = (
    "SELECT id, clip_id, note, mood, loud FROM my.notes ORDER BY id",
    "SELECT * FROM my.noted ORDER BY ALL",
    "SELECT my.twice(21)",
    "SELECT count(*) FROM my.noted_with('read')",
    "SELECT comment FROM duckdb_tables() WHERE schema_name = 'my' AND table_name = 'notes'",
    "SELECT view_name FROM duckdb_views() WHERE schema_name = 'my' ORDER BY 1",
)


def write(bench: Bench, sql: str) -> None:
    with duckdb.connect(str(bench.warehouse)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(sql)


def shown(bench: Bench) -> list[object]:
    return [bench.query(sql) for sql in QUERIES]


def test_tables_views_and_macros_of_the_persons_own_survive_every_publish(
    synced: Callable[..., Bench],
) -> None:
    """Views over our tables and macros among them, and a view that no longer works."""
    bench = synced("kippt", size=5)
    write(bench, MINE)
    before = shown(bench)
    assert before[0]
    for _ in range(2):
        bench.world.change(3)
        assert bench.sync(full=True).status == "complete"
        after = shown(bench)
        assert [after[0], *after[2:]] == [before[0], *before[2:]]
    with pytest.raises(duckdb.CatalogException, match="gone does not exist"):
        bench.query("FROM my.broken")
    bench.assert_true()


def test_what_was_changed_and_dropped_between_syncs_is_so_afterwards(
    synced: Callable[..., Bench],
) -> None:
    bench = synced("kippt", size=5)
    write(bench, MINE)
    bench.sync()
    write(bench, "UPDATE my.notes SET note = 'again'; DROP VIEW my.broken; DROP VIEW my.noted")
    bench.sync()
    assert bench.query("SELECT DISTINCT note, loud FROM my.notes") == [("again", "AGAIN")]
    views = "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'my'"
    assert bench.query(views) == [(0,)]


def test_what_was_written_while_a_sync_ran_survives_its_publish(
    synced: Callable[..., Bench],
) -> None:
    """Somebody wrote and closed the file between the last load and the publish."""
    bench = synced("kippt", size=5)
    warehouse = Warehouse(bench.warehouse)
    with duckdb.connect(":memory:") as connection, warehouse.writing(connection):
        connection.execute("CREATE TABLE kept.kippt.of_a_load AS SELECT 1 AS n")
        count_generation(connection)
    write(bench, "CREATE TABLE my.late AS SELECT 7 AS n")
    warehouse.publish()
    assert bench.query("SELECT * FROM my.late, kippt.of_a_load") == [(7, 1)]


def test_schemas_and_tables_beside_my_survive_every_publish_too(
    synced: Callable[..., Bench],
) -> None:
    bench = synced("kippt", size=5)
    write(
        bench,
        "CREATE SCHEMA own; CREATE TABLE own.t AS SELECT 1 AS n; CREATE VIEW own.v AS FROM own.t; "
        "CREATE TABLE loose AS SELECT 2 AS n; CREATE VIEW looser AS FROM main.loose",
    )
    for _ in range(2):
        bench.world.change(3)
        assert bench.sync(full=True).status == "complete"
        assert bench.query("FROM own.v, looser") == [(1, 2)]
    write(bench, "DROP VIEW looser; DROP TABLE loose")
    bench.sync()
    assert not bench.query("SHOW TABLES FROM main")
    bench.assert_true()


def test_changes_of_our_own_tables_are_undone_by_the_next_publish(
    synced: Callable[..., Bench],
) -> None:
    """Only what is no table of ours is taken over: the rows stay what the service said."""
    bench = synced("kippt", size=5)
    write(bench, "UPDATE kippt.clips SET title = 'forged'; CREATE TABLE my.kept AS SELECT 1 AS n")
    bench.sync()
    bench.assert_true()
    assert bench.query("FROM my.kept") == [(1,)]


def test_a_sync_goes_on_while_another_program_has_the_file_open_for_writing(
    synced: Callable[..., Bench],
) -> None:
    """What is not yet closed there cannot be read; what was written before is kept."""
    bench = synced("kippt", size=5)
    write(bench, "CREATE TABLE my.kept AS SELECT 1 AS n")
    bench.sync()
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(bench.warehouse)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert bench.sync().status == "complete"
        other.communicate("\n")
    assert bench.query("FROM my.kept") == [(1,)]
