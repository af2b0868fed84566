"""Whatever a service sends: nothing crashes, nothing valid is lost, each reject can be seen."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import connector
from connectors.core.evidence import Evidence
from connectors.core.records import RecordMapper
from connectors.http.response import read_payload
from tests.kit.payloads import recorded
from warehouse.load.known import AccountState
from warehouse.load.load import LoadRequest, load
from warehouse.load.staging import Staging
from warehouse.store.names import CATALOG, STATE
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse

KINESCOPE = connector("kinescope")
TAGS = next(family for family in KINESCOPE.families if family.name == "tags")
NAMES = (
    "id", "tag", "name", "created_at", "select", "order", 'a"b', "a'b", "a.b", "", " ", "_raw", "rowid",
    "_account", "ID", "Name", "\x00", "table; DROP TABLE x", "é", "p", "r", "s", "$", "[0]",
    "ts", "t", "i", "f", "row", "k", "fate", "tags", "value",
)  # fmt: skip
hostile = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**40), 10**40),
        st.floats(),
        st.text(st.characters(exclude_categories=()), max_size=20),
        st.sampled_from(
            [
                "0000-00-00T00:00:00Z",
                "2023-02-30T12:00:00Z",
                "9999999-01-01",
                "infinity",
                "nan",
                "NULL",
                "\\u0000",
                "{",
                '["',
                "1e999",
                "\x00",
                "\ud800",
            ]
        ),
    ),  # fmt: skip
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), inner, max_size=5)
    ),
    max_leaves=12,
)
records = st.lists(
    st.one_of(hostile, st.dictionaries(st.sampled_from(NAMES), hostile, max_size=10)), max_size=8
)


class Kept:
    """A warehouse of one table that takes one answer after the other."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = Warehouse(folder / "kollect.duckdb")
        self.folder = folder
        self.runs = 0

    def take(self, body: bytes) -> tuple[dict[str, Any], list[tuple[Any, ...]], int]:
        """Load the rows of one answer: (the ledger's row, rows kept, rejects of this run)."""
        payload, _ = read_payload(body, "application/json")
        self.runs += 1
        run_id = f"run-{self.runs}"
        (rows,) = TAGS.resources[0].rows
        with open_engine(self.warehouse.home) as engine:
            known = AccountState(
                self.warehouse, KINESCOPE, "one", engine.cursor, now=lambda: datetime.now(UTC)
            )
            with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
                staging = Staging(engine.cursor(), Path(scratch), known.extra_columns())
                shaper = RecordMapper(KINESCOPE.tables.values(), staging)
                shaper.keep(rows, shaper.find(rows, payload, {}) or [], {})
                request = LoadRequest(
                    connector=KINESCOPE,
                    account="one",
                    run_id=run_id,
                    family=TAGS,
                    evidence=Evidence(TAGS.resources),
                    staging=staging,
                    full=True,
                    tables=frozenset({"tags"}),
                    now=datetime.now(UTC),
                )
                ledger = load(self.warehouse, known, request)["tags"]
                staging.close()
            connection = engine.cursor()
            with self.warehouse.writing(connection):
                kept = connection.execute(
                    f"SELECT id, tag, _raw FROM {CATALOG}.kinescope.tags WHERE _run_id = ?",
                    [run_id],
                ).fetchall()
                (rejects,) = connection.execute(
                    f"SELECT count(*) FROM {CATALOG}.{STATE}.rejects WHERE run_id = ?", [run_id]
                ).fetchall()[0]
        return ledger, kept, int(rejects)


def check(kept: Kept, garbage: list[Any]) -> None:
    """One valid record among the garbage is kept whole; rejects are counted and written."""
    valid = {"id": f"valid-{kept.runs}", "tag": "one of us", "created_at": "2024-01-02T03:04:05Z"}
    body = json.dumps({"data": [*garbage, valid]}).encode()
    ledger, rows, rejects = kept.take(body)
    assert (valid["id"], valid["tag"]) in {row[:2] for row in rows}
    assert ledger["rejected"] == rejects
    unusable = [r for r in garbage if r is not None and not isinstance(r, dict)]
    assert rejects >= len(unusable)
    for row in rows:
        json.loads(row[2])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """One warehouse for all cases, as a real one meets them all."""
    return Kept(tmp_path_factory.mktemp("garbage"))


CORPUS: dict[str, Callable[[], list[Any]]] = {
    "null and missing ids": lambda: [{"id": None, "name": "a"}, {"name": "b"}, {}],
    "the same id twice": lambda: [{"id": "t", "name": "a"}, {"id": "t", "name": "b"}],
    "ids of other types": lambda: [{"id": 1}, {"id": True}, {"id": [1]}, {"id": {"a": 1}}],
    "no objects": lambda: [None, 1, "x", [], [[]], True],
    "ten megabytes of text": lambda: [{"id": "long", "tag": "x" * 10_000_000}],
    "deep nesting": lambda: [{"id": "deep", "tag": json.loads("[" * 400 + "]" * 400)}],
    "lone surrogates": lambda: [{"id": "\ud800", "tag": "\udfff\ud800"}],
    "NUL": lambda: [{"id": "nul\x00", "tag": "a\x00b", "x\x00y": "\x00"}],
    "huge numbers": lambda: [{"id": 10**400, "tag": 10**30, "size": 1e308, "n": -(10**25)}],
    "numbers that are none": lambda: [{"id": "nan", "a": float("nan"), "b": float("inf")}],
    "impossible dates": lambda: [{"id": "when", "created_at": "2023-02-30T25:61:00Z"}],
    "reserved words as keys": lambda: [
        {"id": "words", "select": 1, "from": 2, 'quo"te': 3, "quo'te": 4, "order by": 5, "": 6}
    ],
    "names that fall together": lambda: [{"id": "same", "aB": 1, "a_b": 2, "a b": 3, "A_B": 4}],
    "our own names": lambda: [{"id": "own", "_account": "x", "_raw": 1, "_s": 2, "_valid_to": 3}],
    "names that SQL uses": lambda: [
        {"id": "sql", "rowid": 7, "ts": "x", "t": 1, "i": 2, "f": 3, "row": 4, "fate": "was"}
    ],
    "new fields in hundreds": lambda: [{"id": "wide", **{f"field {n}": n for n in range(300)}}],
}


@pytest.mark.parametrize("garbage", CORPUS.values(), ids=CORPUS.keys())
def test_garbage_beside_a_valid_record_costs_itself_alone(
    kept: Kept, garbage: Callable[[], list[Any]]
) -> None:
    """The valid record is kept whole, whatever stands beside it."""
    check(kept, garbage())


def test_a_field_named_like_a_word_of_our_sql_is_a_column_like_any_other(tmp_path: Path) -> None:
    """`rowid`, by which DuckDB tells rows apart, stays in `_raw`; `ts`, as the parameter of
    `t_at(ts)` is named, shows its own value then and now; and rows go on arriving."""
    kept = Kept(tmp_path)
    for number in range(3):
        odd = {"id": f"odd-{number}", "rowid": 7, "ts": f"noon {number}", "t": 1, "i": 2, "f": 3}
        assert [row[0] for row in kept.take(json.dumps({"data": [odd]}).encode())[1]] == [odd["id"]]
    with open_engine(kept.warehouse.home) as engine, kept.warehouse.writing(engine):
        engine.execute(f"USE {CATALOG}.kinescope")
        shown = engine.execute(
            "SELECT ts, _raw->>'rowid' FROM tags_at(now()) ORDER BY id"
        ).fetchall()
        assert shown == [(f"noon {number}", "7") for number in range(3)]
        assert not engine.execute("SELECT 1 FROM duckdb_columns() WHERE column_name = 'rowid' "
                                  "AND database_name = 'kept'").fetchall()  # fmt: skip
        engine.execute("USE memory")


@given(garbage=records)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_any_json_beside_a_valid_record_costs_itself_alone(kept: Kept, garbage: list[Any]) -> None:
    """The same for whatever can be written as JSON."""
    check(kept, garbage)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@given(batches=st.lists(hostile, min_size=20, max_size=60))
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_ten_thousand_hostile_records_cost_themselves_alone(kept: Kept, batches: list[Any]) -> None:
    """Twenty hostile records or more in each of 500 loads."""
    check(kept, batches)


def test_garbage_over_a_socket_ends_in_rejects_that_can_be_seen(tmp_path: Path) -> None:
    """A sync of such answers lands the valid rows, and `_kollect.rejects` shows the rest."""
    tags = [
        None, 7, {"id": None, "name": "nobody"}, {"id": "a", "name": "first"}, {"id": "a"},
        {"id": "b", "name": "second\x00", "select": "x", "n": 10**300},
    ]  # fmt: skip
    answers = {"/v1/tags": {"data": tags}}
    credentials = {"KINESCOPE_API_TOKEN": "token-of-a-test"}
    with recorded(tmp_path, "kinescope", answers, credentials) as kinescope:
        result = kinescope.sync("tags")
        assert {key for (key,) in kinescope.rows("tags")} == {"a", "b"}
        assert result.tables["tags"]["rejected"] == len(
            kinescope.query("SELECT * FROM _kollect.rejects")
        )
        assert result.tables["tags"]["rejected"] >= 2
