"""Views of the schema `analysis` as assets downstream of the tables that they read.

Each load makes them, and a view always shows what its tables hold. Materializing one refreshes what
Dagster knows of it (rows, columns, a preview), and happens by itself when a table below it changed.
Views that read other views of the schema are no assets.
"""

# No postponed annotations here: Dagster reads the types of the contexts.
import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from pipelines.orchestration.checks import WARN, CheckResult, Outcome
from pipelines.orchestration.failures import failures_in_one_line
from pipelines.orchestration.run_process import remember_process
from pipelines.orchestration.sources import Project, Source, owner
from warehouse.analysis.keep import NO_TABLES
from warehouse.analysis.sql_files import SqlView, sql_views
from warehouse.analysis.view import SCHEMA

GROUP = "views"
CHECK = "does_the_view_answer"
# Views are made again when something changed: a quiet month is no fault of theirs.
RARELY = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(days=31), fail_window=timedelta(days=92)
)
CHANGED = (
    (
        dg.AutomationCondition.any_deps_match(dg.AutomationCondition.data_version_changed())
        | dg.AutomationCondition.newly_missing()
    )
    .since_last_handled()
    .with_label("a table below it changed")
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
)


def view_assets(project: Project) -> dg.AssetsDefinition | None:
    """The views over the tables of the project's own warehouse; None where there is none."""
    specs = [spec for view in sql_views() if (spec := _spec(view, project.mine))]
    if not specs:
        return None
    settings = project.settings

    @dg.multi_asset(
        name="make_views",
        description="Shows the views of the schema `analysis` over the tables that are here.",
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=spec.key, description="Is the view there, and does it answer?"
            )
            for spec in specs
        ],
        can_subset=True,
        pool=GROUP,
    )
    def make(context: dg.AssetExecutionContext) -> Iterator[Any]:
        from warehouse.analysis.keep import repair_analysis
        from warehouse.store.warehouse import Warehouse

        remember_process(context)
        with failures_in_one_line():
            warehouse = Warehouse(settings.warehouse)
            repair_analysis(warehouse)
        with warehouse.reading() as connection:
            made = _made(connection)
            for view in sql_views():
                key = dg.AssetKey([GROUP, view.name])
                if key in context.selected_asset_keys:
                    yield from _shown(connection, view, key, "" if view.name in made else NO_TABLES)

    return make


def _spec(view: SqlView, sources: Sequence[Source]) -> dg.AssetSpec | None:
    tables = {f"{s.service}.{name}" for s in sources for name in s.tables}
    parts = view.over(tables)
    if not parts:
        return None
    needed = set().union(*(part.tables for part in parts))
    deps = [s.key(name) for s in sources for name in s.tables if f"{s.service}.{name}" in needed]
    services = sorted({name.split(".")[0] for name in needed})
    first = sources[0]
    made = "\n\nOver the made data of the sandbox." if first.sandbox else ""
    return dg.AssetSpec(
        key=[GROUP, view.name],
        deps=deps,
        description=f"{view.meaning}{made}\n\n`SELECT * FROM {SCHEMA}.{view.name}`",
        group_name=GROUP,
        kinds={"view", "sql", "duckdb"},
        owners=[owner()],
        tags={"services": "-".join(services)[:63]},
        skippable=True,
        code_version=hashlib.sha256(view.made_of(parts).sql.encode()).hexdigest()[:12],
        freshness_policy=RARELY,
        automation_condition=CHANGED,
        metadata={
            "dagster/table_name": f"{first.settings.warehouse.stem}.{SCHEMA}.{view.name}",
            "columns": dg.TableSchema(
                columns=[
                    dg.TableColumn(name, "", description=meaning)
                    for name, meaning in view.columns.items()
                ]
            ),
            "sql": dg.MetadataValue.md(f"```sql\n{view.made_of(parts).sql}\n```"),
        },
    )


def _made(connection: Any) -> set[str]:
    """The names of the views that are there."""
    rows = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() "
        "AND schema_name = ?",
        [SCHEMA],
    ).fetchall()
    return {name for (name,) in rows}


def _shown(
    connection: Any, view: SqlView, key: dg.AssetKey, reason: str
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    from pipelines.orchestration.report import preview

    def check(passed: bool, why: str) -> dg.AssetCheckResult:
        return CheckResult(dg.AssetCheckKey(key, CHECK), WARN, Outcome(passed, why)).for_run()

    if reason:
        yield check(False, f"{reason}; sync its accounts first" if reason == NO_TABLES else reason)
        return
    cursor = connection.execute(f"SELECT * FROM {SCHEMA}.{view.name} LIMIT 5")
    names = [column[0] for column in cursor.description]
    rows = [tuple(None if v is None else str(v)[:60] for v in row) for row in cursor.fetchall()]
    types = {
        row[0]: row[1] for row in connection.execute(f"DESCRIBE {SCHEMA}.{view.name}").fetchall()
    }
    count = connection.execute(f"SELECT count(*) FROM {SCHEMA}.{view.name}").fetchone()[0]
    yield dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": count,
            **({"preview": dg.MetadataValue.md(preview(names, rows, []))} if rows else {}),
            "columns": dg.TableSchema(
                columns=[
                    dg.TableColumn(n, types[n], description=view.columns.get(n)) for n in names
                ]
            ),
        },
    )
    yield check(True, f"it answers with {count:,} rows")
