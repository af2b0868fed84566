"""Whatever goes wrong on the way: what can be repeated ends in the truth, what cannot is named,
and nothing is ever ended by a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from connectors import SERVICES
from pipelines.cli.sync import status_of
from sandbox import Fault
from tests.kit.account import Bench
from tests.kit.harm import PATIENCE, ended, sync_in_haste

Make = Callable[..., Bench]

PASSING: dict[str, dict[str, Any]] = {
    "429": {"kind": "status", "status": 429},
    "429 with seconds": {"kind": "status", "status": 429, "retry_after": 2},
    "429 with a date": {
        "kind": "status", "status": 429, "retry_after": 2, "retry_after_form": "date"
    },
    "too many, in its own words": {"kind": "throttled"},
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502},
    "503": {"kind": "status", "status": 503},
    "504": {"kind": "status", "status": 504},
    "refused": {"kind": "refuse", "seconds": 0.01},
    "reset": {"kind": "reset"},
    "reset within the body": {"kind": "reset_in_body"},
    "short body": {"kind": "short_body"},
    "truncated": {"kind": "truncated"},
    "invalid JSON": {"kind": "invalid_json"},
    "HTML with 200": {"kind": "html"},
    "wrong content type": {"kind": "wrong_content_type"},
    "stall": {"kind": "stall", "seconds": PATIENCE * 1.5},
    "slow body": {"kind": "slow_body", "bytes_per_second": 200_000.0},
    "clock jumps on": {"kind": "clock_jump", "seconds": 7200.0},
    "clock jumps back": {"kind": "clock_jump", "seconds": -7200.0},
}  # fmt: skip
MIXED = ("429", "500", "502", "503", "504", "reset", "reset within the body", "short body",
         "truncated", "invalid JSON", "HTML with 200")  # fmt: skip
HARMFUL = ("empty_list", "duplicate_rows", "reordered_rows", "forbidden")
SHORT_PENALTY = {"penalty_seconds": 1.0}
FOUR = pytest.mark.parametrize("in_flight", [pytest.param(1, marks=pytest.mark.slow), 4])
"""Requests in flight: one, and as many as an account has by default."""


def unless_sampled(name: str, sample: str) -> tuple[pytest.MarkDecorator, ...]:
    return () if name == sample else (pytest.mark.slow,)


def sizes(bench: Bench) -> dict[str, int]:
    """Table -> its rows."""
    with bench.reading():
        return {name: len(bench.rows(name)) for name in bench.account.tables}


def each_service(sample: str) -> list[Any]:
    """Every service; all but one only in `make test-all`."""
    return [pytest.param(name, marks=unless_sampled(name, sample)) for name in SERVICES]


def sampled(kinds: Iterable[str], sample: str) -> list[Any]:
    """Every kind of fault; all but one only in `make test-all`."""
    return [pytest.param(kind, marks=unless_sampled(kind, sample)) for kind in kinds]


@FOUR
@pytest.mark.parametrize("service", each_service("kippt"))
def test_every_passing_fault_is_outlasted_and_the_copy_is_true(
    made: Make, service: str, in_flight: int
) -> None:
    """Each kind of passing fault strikes somewhere, and every sync ends as if none had: one sync
    where a service is asked often enough for all of them, else as many as it takes."""
    bench = made(service, max_in_flight=in_flight, **SHORT_PENALTY)
    faults = {
        name: bench.stand_in.faults.add(Fault(**options, after=2 * number))
        for number, (name, options) in enumerate(PASSING.items(), start=1)
    }
    retries = 0
    for _ in range(6):
        result = sync_in_haste(bench, attempts=12, full=True)
        assert result.status == "complete", (result.error, result.tables)
        bench.assert_true()
        retries += result.retries
        dull = [name for name, fault in faults.items() if not fault.fired]
        if not dull:
            break
    assert not dull, f"never fired: {dull}"
    assert retries >= len(PASSING) - 4


@FOUR
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("service", each_service("kitemaker"))
def test_with_a_fifth_of_all_requests_failing_the_copy_is_true(
    made: Make, service: str, seed: int, in_flight: int
) -> None:
    """First, later and full syncs are complete while one request in five fails, and the copy
    equals the truth (what only full passes can see, after those)."""
    bench = made(service, max_in_flight=in_flight, **SHORT_PENALTY)
    for number, name in enumerate(MIXED):
        share = 0.2 / len(MIXED)
        fault = Fault(**PASSING[name], share=share, times=None, seed=seed * 100 + number)
        bench.stand_in.faults.add(fault)
    for round_ in (1, 2, 3):
        result = sync_in_haste(bench, attempts=12, full=round_ == 3)
        assert result.status == "complete", (round_, result.error, result.tables)
        if round_ != 2:
            bench.assert_true()
        bench.world.change(seed * 10 + round_)
    fired, asked = bench.stand_in.faults.fired(), bench.stand_in.count()
    assert 0.1 < fired / asked < 0.35, f"{fired} of {asked} failed"


@FOUR
@pytest.mark.parametrize("service", each_service("kinopio"))
@pytest.mark.parametrize(
    "part",
    [pytest.param(0.1, marks=pytest.mark.slow), 0.5, pytest.param(0.9, marks=pytest.mark.slow)],
)
def test_a_token_that_dies_on_the_way_ends_nothing_and_the_rest_is_named(
    synced: Make, service: str, part: float, in_flight: int
) -> None:
    """What was proved is loaded, every other table is named as incomplete, the exit status is 1,
    no row is ended; with a good token the next sync is complete and true."""
    bench = synced(service, max_in_flight=in_flight, **SHORT_PENALTY)
    standing = sizes(bench)
    after = int(bench.first_sync_requests * part)
    dead = bench.stand_in.faults.add("token_died", after=after, times=None)
    result = sync_in_haste(bench, full=True)
    assert dead.fired
    assert result.error is not None and result.status in ("partial", "failed")
    assert status_of([result]) == 1
    assert ended(result) == 0
    assert sizes(bench) == standing
    wanting = {name for name, row in result.tables.items() if not row["complete"]}
    assert wanting and all(result.tables[name].get("reason") for name in wanting)
    assert set(result.tables) == set(bench.account.tables)
    bench.stand_in.faults.clear()
    assert sync_in_haste(bench).status == "complete"
    bench.assert_true()


@FOUR
@pytest.mark.parametrize("service", each_service("kinesis"))
def test_a_first_sync_whose_token_dies_keeps_what_it_proved(
    made: Make, service: str, in_flight: int
) -> None:
    """Rows that arrived before the token died are there, and the next sync adds only the rest."""
    bench = made(service, max_in_flight=in_flight, **SHORT_PENALTY)
    bench.stand_in.faults.add("token_died", after=8, times=None)
    result = sync_in_haste(bench)
    assert result.error is not None and status_of([result]) == 1
    assert ended(result) == 0
    assert sum(sizes(bench).values()) > 0
    bench.stand_in.faults.clear()
    before = bench.stand_in.count()
    whole = sync_in_haste(bench)
    assert whole.status == "complete"
    bench.assert_true()
    again = bench.stand_in.requests[before:]
    first = {(r.method, r.target) for r in bench.stand_in.requests[:8]}
    assert again[0].method == "POST" or (again[0].method, again[0].target) not in first
    assert whole.requests > len(again), "the run holds pages that were not asked for again"


@FOUR
@pytest.mark.parametrize("service", each_service("kinescope"))
@pytest.mark.parametrize("kind", sampled(HARMFUL, "empty_list"))
def test_answers_that_lie_end_nothing(
    synced: Make, service: str, kind: str, in_flight: int
) -> None:
    """Rows that are missing, doubled, turned around or forbidden in single answers end no row,
    and the next calm sync is true."""
    bench = synced(service, max_in_flight=in_flight, **SHORT_PENALTY)
    often: dict[str, Any] = {"times": 2, "after": 2} if kind == "empty_list" else {"times": None}
    fault = bench.stand_in.faults.add(kind, share=0.4, seed=5, **often)
    result = sync_in_haste(bench, full=True)
    assert fault.fired
    assert ended(result) == 0, {n: (r["deleted"], r["proof"]) for n, r in result.tables.items()}
    for row in result.tables.values():
        assert row["complete"] or row["reason"]
    bench.stand_in.faults.clear()
    calm = sync_in_haste(bench, full=True)
    assert calm.status == "complete", calm.tables
    bench.assert_true()


PAGES = {
    "kinescope": {"largest_page": 10},
    "kinesis": {"maximum_limit": 7},
    "kippt": {},
    "kitemaker": {},
}
"""The services that have pages, with pages so small that there are several."""


@FOUR
@pytest.mark.parametrize(
    "service", [pytest.param(name, marks=unless_sampled(name, "kippt")) for name in PAGES]
)
@pytest.mark.parametrize("kind", sampled(("clamped_page", "repeated_page"), "repeated_page"))
def test_pages_that_are_cut_short_or_come_again_hide_and_end_nothing(
    made: Make, service: str, kind: str, in_flight: int
) -> None:
    """A size that is not kept and a cursor that comes again: what is called complete is so,
    nothing is ended, and the next calm sync is true."""
    bench = made(service, switches=PAGES[service], max_in_flight=in_flight, **SHORT_PENALTY)
    fault = bench.stand_in.faults.add(kind, share=0.4, seed=3, times=None)
    if kind == "repeated_page":
        # So many rows on each page, always: else most lists have one page only.
        bench.stand_in.faults.add("clamped_page", rows=7, times=None)
    for full in (False, True):
        result = sync_in_haste(bench, full=full)
        truth = bench.world.truth()
        for name, row in result.tables.items():
            assert row["complete"] or row["reason"]
            if row["complete"] and name in truth:
                key = bench.account.connector.tables[name].key
                shown = {tuple(entry[part] for part in key) for entry in truth[name]}
                assert shown <= bench.rows(name).keys(), (name, row)
        assert ended(result) == 0
    assert fault.fired
    bench.stand_in.faults.clear()
    calm = sync_in_haste(bench, full=True)
    assert calm.status == "complete", calm.tables
    bench.assert_true()
