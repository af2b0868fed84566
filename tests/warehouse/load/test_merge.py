"""Merging against a plain model: for any sequence of loads, rows, history and ends agree."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import connector
from connectors.core.evidence import Evidence
from connectors.core.records import RecordMapper
from warehouse.load.known import AccountState
from warehouse.load.load import LoadRequest, Traffic, load
from warehouse.load.staging import Incoming
from warehouse.store.identity import CATALOG
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse

KINESCOPE = connector("kinescope")
TAGS = next(family for family in KINESCOPE.families if family.name == "tags")
START = datetime(2024, 1, 1, tzinfo=UTC)
State = dict[str, str]
loads = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("xyz")), st.booleans()),
    min_size=1,
    max_size=6,
)


def held_after(states: list[tuple[State, bool]]) -> list[State]:
    """The model: what comes is kept; what a proved listing lacks is gone."""
    held: State = {}
    found = []
    for listed, proved in states:
        held = dict(listed) if proved else {**held, **listed}
        found.append(held)
    return found


def check(states: list[tuple[State, bool]], folder: Path) -> None:
    """After each load the table is the model; afterwards `tags_at` is it for each time."""
    warehouse = Warehouse(folder / "kollect.duckdb")
    (rows,) = TAGS.resources[0].rows
    times = [START + timedelta(hours=n) for n in range(len(states))]
    expected = held_after(states)
    with open_engine(warehouse.home) as engine:
        for number, (listed, proved) in enumerate(states):
            known = AccountState(warehouse, KINESCOPE, "one", engine.cursor)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                incoming = Incoming(engine.cursor(), Path(scratch), {})
                outcome = Evidence(TAGS.resources)
                if proved:
                    outcome.prove("tags", "tags", {}, "total matched")
                records = [{"id": key, "tag": value} for key, value in listed.items()]
                RecordMapper(KINESCOPE.tables.values(), incoming).keep(rows, records, {})
                request = LoadRequest(
                    KINESCOPE, "one", f"run-{number}", TAGS, outcome, incoming, True,
                    frozenset({"tags"}), Traffic(), accept_deletes=True, now=times[number],
                )  # fmt: skip
                ledger = load(warehouse, known, request)["tags"]
                incoming.close()
            before = expected[number - 1] if number else {}
            after = expected[number]
            assert ledger["rows"] == len(after)
            assert ledger["inserted"] == len(after.keys() - before.keys())
            assert ledger["deleted"] == len(before.keys() - after.keys())
            changed = [k for k in before.keys() & after.keys() if before[k] != after[k]]
            assert ledger["updated"] == len(changed)
        connection = engine.cursor()
        with warehouse.writing(connection):
            connection.execute(f"USE {CATALOG}.kinescope")
            for time, state in zip(times, expected, strict=True):
                shown = connection.execute("SELECT id, tag FROM tags_at(?)", [time]).fetchall()
                assert sorted(shown) == sorted(state.items())
            connection.execute("USE memory")


@given(states=loads)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_any_sequence_of_loads_ends_as_a_plain_model_says(states: list[tuple[State, bool]]) -> None:
    """Rows, counts and every earlier time are those of the model."""
    with tempfile.TemporaryDirectory() as folder:
        check(states, Path(folder))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(states=loads)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_many_sequences_of_loads_end_as_a_plain_model_says(
    states: list[tuple[State, bool]],
) -> None:
    """The same, a hundred times."""
    with tempfile.TemporaryDirectory() as folder:
        check(states, Path(folder))
