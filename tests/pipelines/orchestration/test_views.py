"""Views of the schema `analysis` are assets downstream of the tables that they read."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from pipelines.orchestration.sources import Project, Source
from pipelines.orchestration.views import view_assets
from tests.kit.account import Bench

Make = Callable[..., Bench]


def test_a_view_asset_shows_rows_columns_and_preview(
    made: Make, source_of: Callable[[Bench], Source], instance: dg.DagsterInstance
) -> None:
    """Downstream of its tables, and honest when there is nothing yet."""
    bench = made("kinopio", size=2)
    assets = view_assets(Project(bench.settings, [source_of(bench)]))
    assert assets is not None
    assert {key.path[-1] for key in assets.keys} == {
        "cards_in_boxes",
        "profiles",
        "space_sizes",
        "special_spaces",
        "tags",
    }
    bench.sync()
    result = dg.materialize([assets], instance=instance)
    events = {e.asset_key.path[-1]: e.materialization for e in
              result.get_asset_materialization_events() if e.asset_key}  # fmt: skip
    figures = events["space_sizes"].metadata
    assert figures["dagster/row_count"].value == len(bench.rows("spaces"))
    schema = figures["columns"].value
    assert all(c.description and c.type for c in schema.columns)  # type: ignore[union-attr]
    assert "| account |" in str(figures["preview"].value)
    assert all(check.passed for check in result.get_asset_check_evaluations())
