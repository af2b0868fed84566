"""A backup is restored into the service itself: nothing is lost but what the plan says, nothing is
written twice, and nothing at all where nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipelines.restore.plan import Action, Plan
from pipelines.restore.report import as_json, sentence
from tests.kit.give_back import LOST, Died, Dying, Restoring, backed_up, contents


@pytest.fixture
def restoring(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Restoring]:
    with backed_up(tmp_path, request.param) as made:
        yield made


def assert_given_back(restoring: Restoring, before: dict[str, int], after: Plan) -> None:
    """The account holds what it held, but for what the plan says; nothing of it twice."""
    assert after.to_do(overwrite=False) == []
    held = {table: restoring.bench.rows(table) for table in after.items}
    grown = {table for table in held if len(held[table]) > before[table]}
    assert grown <= LOST[restoring.service].gains
    for item in after.all():
        if item.action not in (Action.REFUSED, Action.SKIPPED):
            assert set(item.differs) <= {"position"}, item.place  # of others that cannot come back
            assert item.now is not None
            kept, now = contents(item.writer, item.kept.columns), held[item.table][item.now]
            assert contents(item.writer, now).items() >= kept.items(), item.place


def rows(*quick: tuple[str, str]) -> Any:
    """Services and what they lose: some by default, all in the slow run."""
    every = [(service, how) for service in sorted(LOST) for how in ("part", "all")]
    return pytest.mark.parametrize(
        ("restoring", "how"),
        [row if row in quick else pytest.param(*row, marks=pytest.mark.slow) for row in every],
        indirect=["restoring"],
    )


@rows(("kinopio", "part"), ("kitemaker", "part"))
def test_what_was_lost_comes_back(restoring: Restoring, how: str) -> None:
    """What is missing is written, once, and read back as it was."""
    before = restoring.counts()
    restoring.lose(how)
    result = restoring.restore()
    assert result.complete, result.error
    assert result.written > 0
    assert_given_back(restoring, before, result.after)


@pytest.mark.parametrize("restoring", ["kippt"], indirect=True)
def test_a_plan_writes_nothing_and_is_empty_where_nothing_is_missing(
    restoring: Restoring,
) -> None:
    assert restoring.restore(overwrite=True).before.to_do(overwrite=True) == []
    restoring.lose("part")
    assert restoring.restore(apply=False).before.to_do(overwrite=False) != []
    assert restoring.writes() == 0


@pytest.mark.parametrize("restoring", ["kippt"], indirect=True)
def test_a_plan_of_an_account_that_cannot_be_read_says_so(restoring: Restoring) -> None:
    """Else what was lost would be counted as there, since the last sync saw it."""
    restoring.lose("part")
    fault = restoring.bench.stand_in.faults.add("status", status=502, times=None)
    result = restoring.restore()
    assert fault.fired > 0
    assert "clips" in result.unread
    told = sentence(as_json(result))
    assert told.startswith("What kippt has now is not known of")
    assert "Nothing is missing" not in told
    assert restoring.writes() == 0


@rows(("kippt", "part"))
def test_a_restore_that_dies_at_a_write_goes_on_and_writes_nothing_twice(
    restoring: Restoring, how: str
) -> None:
    """Before a write was sent, or when it was done and its answer is lost; one after the other."""
    before = restoring.counts()
    restoring.lose(how)
    deaths = 0
    for after in (False, True) * 4:
        with suppress(Died):
            restoring.restore(transport=Dying(1 + deaths // 2, after))
            break
        deaths += 1
    result = restoring.restore()
    assert deaths >= 2
    assert result.complete, result.error
    assert_given_back(restoring, before, result.after)


@pytest.mark.slow
@pytest.mark.parametrize("restoring", sorted(LOST), indirect=True)
def test_a_process_that_is_killed_at_every_write_writes_nothing_twice(restoring: Restoring) -> None:
    """SIGKILL when the service has done a write and not yet answered, at one write after the
    other; the command that is given again goes on each time."""
    before = restoring.counts()
    restoring.lose("part")
    kills = 0
    while restoring.killed_at_a_write(1 + kills % 2):
        kills += 1
        assert kills < 60
    assert kills > 3
    assert_given_back(restoring, before, restoring.restore(apply=False).after)


@rows(("kippt", "part"))
def test_a_fifth_of_the_requests_failing_loses_nothing_and_doubles_nothing(
    restoring: Restoring, how: str
) -> None:
    """Half of the failures come after the service has done what was asked."""
    before = restoring.counts()
    restoring.lose(how)
    faults = restoring.bench.stand_in.faults
    refused = faults.add("status", status=502, share=0.1, times=None, seed=3)
    lost = faults.add("truncated", share=0.1, times=None, seed=4)
    results = (restoring.restore() for _ in range(10))
    assert any(result.complete for result in results)
    assert min(refused.fired, lost.fired) > 0
    faults.clear()
    assert_given_back(restoring, before, restoring.restore().after)
