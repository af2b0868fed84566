"""A share of rows that vanishes at once waits for a second pass; columns that appear are capped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.loading import Loading
from tests.warehouse.load.test_sources import PAPER
from warehouse.load.ends import MASS_ROWS
from warehouse.schema.evolve import MAX_APPEARED

NEWS = PAPER.families[2].resources[0].rows[0]


def load(loading: Loading, count: int, **more: Any) -> dict[str, Any]:
    """A listing proved whole that shows so many items."""
    items = [{"id": str(number)} for number in range(count)]
    return loading.load("news", [(NEWS, {"news": items})], proved=["news"], **more)["news"]


@pytest.mark.parametrize(
    ("before", "vanished", "share", "held"),
    [
        (MASS_ROWS, MASS_ROWS, 0.5, False),
        (MASS_ROWS + 1, MASS_ROWS + 1, 0.5, True),
        (100, 50, 0.5, False),
        (100, 51, 0.5, True),
        (100, 51, 0.51, False),
        (100, 99, 1.0, False),
    ],
)
def test_more_than_20_rows_and_more_than_the_share_wait_for_a_second_pass(
    tmp_path: Path, before: int, vanished: int, share: float, held: bool
) -> None:
    left = before - vanished
    with Loading(tmp_path, PAPER) as loading:
        load(loading, before)
        first = load(loading, left, mass_delete_share=share)
        assert first["deleted"] == (0 if held else vanished)
        assert first["complete"] is not held
        if held:
            assert f"{vanished} of {before} rows vanished at once" in first["reason"]
            second = load(loading, left, mass_delete_share=share)
            assert (second["deleted"], second["complete"]) == (vanished, True)


def test_a_pass_that_shows_the_rows_again_forgets_that_they_had_vanished(tmp_path: Path) -> None:
    with Loading(tmp_path, PAPER) as loading:
        load(loading, 100)
        assert load(loading, 0)["deleted"] == 0
        assert load(loading, 100)["complete"]
        assert load(loading, 0)["deleted"] == 0
        assert load(loading, 0)["deleted"] == 100


def test_accept_deletes_ends_them_at_once(tmp_path: Path) -> None:
    with Loading(tmp_path, PAPER) as loading:
        load(loading, 100)
        assert load(loading, 0, accept_deletes=True)["deleted"] == 100


def test_at_most_100_columns_appear_by_themselves_and_the_rest_stays_in_raw(
    tmp_path: Path,
) -> None:
    """In one load or in several; what got no column is noted."""
    with Loading(tmp_path, PAPER) as loading:
        for start in (0, 60):
            fields = {f"field_{number:03}": number for number in range(start, start + 60)}
            loading.load("news", [(NEWS, {"news": [{"id": "1", **fields}]})])
        columns = loading.query(
            "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'paper' "
            "AND table_name = 'news' AND column_name LIKE 'field_%'"
        )
        assert columns == [(MAX_APPEARED,)] == [(100,)]
        ignored = "SELECT count(*) FROM _kollect.schema_changes WHERE change LIKE 'ignored: more%'"
        assert loading.query(ignored) == [(20,)]
        last = "SELECT (_raw->>'field_119')::INTEGER FROM paper.news"
        assert loading.query(last) == [(119,)]
