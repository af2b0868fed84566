"""Derived views: made over the tables that are here, shown as assets, repaired by themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from connectors import SERVICES, connector
from pipelines.orchestration.sources import Project, Source
from pipelines.orchestration.views import view_assets
from tests.kit.account import Bench
from warehouse.schema.derived_views import NO_TABLES, derived_views, make_views
from warehouse.store.warehouse import Warehouse

Make = Callable[..., Bench]


def everything() -> dict[str, list[str]]:
    """Each declared table and its columns."""
    return {
        f"{service}.{table.name}": [column.name for column in table.columns]
        for service in SERVICES
        for table in connector(service).tables.values()
    }


def test_every_file_is_one_view_that_explains_itself() -> None:
    """A meaning, and one for each column."""
    for view in derived_views():
        assert view.meaning.endswith("."), view.name
        assert len(view.meaning) > 20
        assert all(view.columns.values()), view.name


def test_views_only_use_tables_and_columns_that_are_declared() -> None:
    """Each SELECT is bound against empty tables as declared, and answers with its columns."""
    tables = everything()
    with duckdb.connect() as connection:
        for place in sorted({name.split(".")[0] for name in tables}):
            connection.execute(f"CREATE SCHEMA {place}")
            for table in connector(place).tables.values():
                kinds = {"time": "TIMESTAMPTZ", "integer": "BIGINT", "number": "DOUBLE",
                         "boolean": "BOOLEAN", "json": "JSON", "text": "VARCHAR"}  # fmt: skip
                columns = ", ".join(f'"{c.name}" {kinds[c.type]}' for c in table.columns)
                connection.execute(
                    f'CREATE TABLE {place}."{table.name}" (_account VARCHAR, {columns})'
                )
        made = 0
        for view in derived_views():
            if parts := view.over(tables):
                cursor = connection.execute(view.select(parts))
                assert [c[0] for c in cursor.description or []] == list(view.columns), view.name
                made += 1
        assert made >= 3


def test_a_view_over_several_services_takes_those_that_are_here() -> None:
    """One account is enough for recent_activity."""
    view = next(v for v in derived_views() if v.name == "recent_activity")
    only = {name for name in everything() if name.startswith("kinopio.")}
    parts = view.over(only)
    assert len(parts) == 1
    assert "UNION" not in view.select(parts)
    assert len(view.over(everything())) > 1


def test_views_answer_after_a_sync_and_are_repaired(synced: Make) -> None:
    """They are in the published file, with comments, and cost nothing when all is well."""
    bench = synced("kinopio", size=2)
    warehouse = Warehouse(bench.warehouse)
    reasons = make_views(warehouse)
    assert reasons["space_sizes"] == "" == reasons["recent_activity"]
    assert reasons["video_storage"] == NO_TABLES
    rows = bench.query("SELECT space_id, cards + removed_cards FROM space_sizes")
    counted = bench.query("SELECT space_id, count(*) FROM kinopio.cards GROUP BY ALL")
    assert {(s, n) for s, n in rows if n} == set(counted)
    seen = bench.warehouse.stat().st_mtime_ns
    make_views(warehouse)
    assert bench.warehouse.stat().st_mtime_ns == seen
    comment = bench.query("SELECT comment FROM duckdb_views() WHERE view_name = 'space_sizes'")
    assert comment[0][0].startswith("How large each Kinopio space is")
    bench.world.change(1)
    assert bench.sync().status == "complete"
    assert bench.query("SELECT count(*) FROM recent_activity")[0][0] > 0


def test_a_view_asset_shows_rows_columns_and_preview(
    made: Make, source_of: Callable[[Bench], Source], instance: dg.DagsterInstance
) -> None:
    """Downstream of its tables, and honest when there is nothing yet."""
    bench = made("kinopio", size=2)
    assets = view_assets(Project(bench.settings, [source_of(bench)]))
    assert assets is not None
    assert {key.path[-1] for key in assets.keys} == {"recent_activity", "space_sizes"}
    bench.sync()
    result = dg.materialize([assets], instance=instance)
    events = {e.asset_key.path[-1]: e.materialization for e in
              result.get_asset_materialization_events() if e.asset_key}  # fmt: skip
    figures = events["space_sizes"].metadata
    assert figures["dagster/row_count"].value == len(bench.rows("spaces"))
    schema = figures["dagster/column_schema"].value
    assert all(c.description and c.type for c in schema.columns)  # type: ignore[union-attr]
    assert "| account |" in str(figures["preview"].value)
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_a_file_that_is_no_single_select_is_refused(tmp_path: Path) -> None:
    """The mistake is found where it was made."""
    folder = tmp_path / "kinopio" / "sql"
    folder.mkdir(parents=True)
    (folder / "bad.sql").write_text("-- Bad.\n--\n-- a: b\nDROP TABLE kinopio.cards;\n")
    with pytest.raises(ValueError, match=r"bad\.sql"):
        derived_views(tmp_path)
