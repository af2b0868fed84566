"""The queries of docs/queries.md answer as they would over what the services really hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors import SERVICES, connector
from connectors.core.connector import Connector
from tests.kit.account import Bench
from warehouse.analysis.keep import keep_analysis
from warehouse.schema.declared_views import keep_views
from warehouse.schema.evolve import ensure_schema
from warehouse.schema.types import DUCKDB_TYPES

PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text("utf-8")
QUERIES = dict(re.findall(r"(?s)\*\*([^\n]+)\*\*\n```sql\n(.*?)\n```", PAGE))
FROM_HISTORY = " (history)"


def queries_of(service: str) -> dict[str, str]:
    """The queries about one service, and those about all of them."""
    others = [f"{name}." for name in SERVICES if name != service]
    special = {"special_spaces": "kinopio", "cards_in_boxes": "kinopio", "kinesis_events": "kinesis",
               "record_lineage": "kinesis", "time_in_status": "kitemaker",
               "cycle_times": "kitemaker"}  # fmt: skip
    return {
        question: sql
        for question, sql in QUERIES.items()
        if not any(other in sql for other in others)
        and all(home == service for view, home in special.items() if view in sql)
    }


def truth_database(bench: Bench, declared: Connector) -> duckdb.DuckDBPyConnection:
    """A warehouse of the same schema that holds what the service holds, written without a sync.
    What the truth leaves open (as the text of a card with a secret) is as the copy has it."""
    truth = bench.world.truth()
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS kept")
    ensure_schema(connection, declared)
    for table in declared.tables.values():
        kinds = {column.name: column.type for column in table.columns}
        copied = bench.rows(table.name)
        for row in truth.get(table.name, []):
            copy = copied.get(tuple(row[name] for name in table.key), {})
            names = list(kinds)
            values = [
                _value(row[name], kinds[name]) if name in row else copy.get(name) for name in names
            ]
            marks = ", ".join(f"?::{DUCKDB_TYPES[kinds[name]]}" for name in names)
            listed = ", ".join(f'"{name}"' for name in names)
            connection.execute(
                f'INSERT INTO kept.{declared.name}."{table.name}" (_account, {listed}, '
                f"_valid_from, _first_seen_at) VALUES (?, {marks}, now(), now())",
                [bench.service, *values],
            )
    keep_views(connection, declared)
    keep_analysis(connection)
    connection.execute("USE kept")
    return connection


def _value(value: Any, kind: str) -> Any:
    return json.dumps(value) if kind == "json" and value is not None else value


def alike(rows: Iterable[tuple[Any, ...]]) -> list[str]:
    """Rows to compare: without their order, nor that of the lists in them."""
    return sorted(
        str([sorted(map(str, v)) if isinstance(v, list) else v for v in row]) for row in rows
    )


def test_there_are_fifty_queries_of_at_most_ten_lines() -> None:
    assert len(QUERIES) >= 50
    assert {q for q, sql in QUERIES.items() if len(sql.splitlines()) > 10} == set()
    covered = {question for service in SERVICES for question in queries_of(service)}
    assert covered == QUERIES.keys()


@pytest.mark.parametrize(
    "service",
    [s if s == "kippt" else pytest.param(s, marks=pytest.mark.slow) for s in SERVICES],
)
def test_the_queries_answer_as_over_what_the_service_holds(
    synced: Callable[..., Bench], service: str
) -> None:
    """After a change and a full pass; most of the answers have rows."""
    bench = synced(service)
    bench.world.change(3)
    bench.sync(full=True)
    empty, wrong = 0, {}
    with bench.reading(), truth_database(bench, connector(service)) as truth:
        for question, sql in queries_of(service).items():
            rows = bench.query(sql)
            empty += not rows
            if FROM_HISTORY in question:
                continue
            expected = truth.execute(sql).fetchall()
            if alike(rows) != alike(expected):
                wrong[question] = (set(alike(rows)) ^ set(alike(expected)), len(rows))
    assert {q: (sorted(odd)[:4], n) for q, (odd, n) in wrong.items()} == {}
    assert empty < len(queries_of(service)) / 2
