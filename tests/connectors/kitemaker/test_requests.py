"""Kitemaker: a sync asks what the API page's request plans say, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.core.resources import Resource
from connectors.kitemaker import KITEMAKER
from pipelines.sync.estimate import estimate
from pipelines.sync.probe import probing
from sandbox import Request
from tests.kit.kitemaker import (
    changes_by_auto,
    full_by_graphql,
    full_by_rest,
    items_of,
    later,
    nothing_changed,
    pages,
    paths,
    spaces_of,
    synced,
)


def test_auto_asks_the_least_when_nothing_changed_and_everything_in_a_full_pass(
    tmp_path: Path,
) -> None:
    """Spaces, two recent lists for each, pages of initiatives and feedback; `plan` tells it."""
    with synced(tmp_path) as kitemaker:
        asked: list[Request] = []
        kitemaker.world.after_answer.append(lambda request, _: asked.append(request))
        result = kitemaker.sync()
        assert nothing_changed(result)
        assert result.requests == len(asked) == changes_by_auto(kitemaker)
        count = len(spaces_of(kitemaker)) - 1  # one is empty
        assert paths(kitemaker) == {
            "/graphql": 3 + 1,
            "/recent/workitems": count,
            "/recent/comments": count,
        }
        for request in asked:
            by_rest = "/rest/" in request.target
            assert ("x-api-key" in request.headers) is by_rest
            assert ("authorization" in request.headers) is not by_rest
            assert request.query.get("count", "50") == "50"
        with probing(kitemaker.settings, kitemaker.account) as probe:
            told = estimate(kitemaker.account, probe, None, full=False)
            more = estimate(kitemaker.account, probe, None, full=True)
            who = KITEMAKER.describe(probe.look(KITEMAKER.check))
        assert told.requests == result.requests
        assert more.requests == full_by_graphql(kitemaker)
        assert who == "the organization Acme & Søn"
        kitemaker.stand_in.reset()
        assert nothing_changed(kitemaker.sync(full=True))
        assert paths(kitemaker) == {"/graphql": more.requests}


def test_auto_reads_what_changed_by_its_id_in_one_request(tmp_path: Path) -> None:
    """Two edited work items cost one query; a deleted one costs three questions that prove it."""
    with synced(tmp_path) as kitemaker:
        usual = changes_by_auto(kitemaker)
        first, second, third = items_of(kitemaker, "KM")[:3]
        for item in (first, second):
            kitemaker.world.edit_work_item(item.id, title="again")
        assert kitemaker.sync().requests == usual + 1
        kitemaker.world.delete_work_item(third.id)
        kitemaker.stand_in.reset()
        result = kitemaker.sync()
        assert result.tables["work_items"]["deleted"] == 1
        # The space's whole list, the item by its id, and by its number.
        assert result.requests == usual + 3
        assert paths(kitemaker)["/metadata/workitems"] == paths(kitemaker)["/workitem"] == 1


@pytest.mark.slow
def test_rest_asks_recent_lists_and_known_numbers_and_lists_once_a_day(tmp_path: Path) -> None:
    """1 + 2S, and number by number for initiatives and feedback; labels and statuses each day."""
    with synced(tmp_path, "rest") as kitemaker:
        count = len(spaces_of(kitemaker))
        known = len(kitemaker.world.world.initiatives) + len(kitemaker.world.world.feedback)
        result = kitemaker.sync()
        assert nothing_changed(result)
        assert result.requests == 1 + 2 * count + known + 2 * 25
        with probing(kitemaker.settings, kitemaker.account) as probe:
            assert estimate(kitemaker.account, probe, None, full=False).requests == result.requests
            told = estimate(kitemaker.account, probe, None, full=True).requests
        # The estimate allows for a space whose key is not known yet.
        assert full_by_rest(kitemaker) <= told <= full_by_rest(kitemaker) + 25
        kitemaker.stand_in.reset()
        assert later(kitemaker, days=1).requests == result.requests + 2 * count
        left_out = {"people", "roadmaps", "users", "work_item_members"}
        assert left_out.isdisjoint(result.tables)
        assert any("REST shows no" in entry.text for entry in kitemaker.progress) is False


class Kept:
    """An account as the example of the API page has it."""

    def __init__(self, full: bool, transport: str) -> None:
        self.full = full
        self.options = {"transport": transport}

    def kept(self, table: str) -> int:
        return len(self.rows(table, []))

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        numbered = {"initiatives": 100, "feedback": 200, "code_reviews": 0}
        if table == "spaces":
            return [(f"s{n}",) for n in range(5)]
        if table == "work_items":
            return [(f"s{n % 5}", n // 5 + 1) for n in range(5000)]
        return [(n + 1,) for n in range(numbered[table])]

    def cursors(self, resource: str) -> Mapping[str, str]:
        return {}

    def look(self, resource: Resource) -> Any:
        raise AssertionError("enough is known to need no look")


@pytest.mark.parametrize(
    ("full", "transport", "requests"),
    [
        (True, "auto", 110),
        (True, "graphql", 110),
        (True, "rest", 27 + 5000 + 300 + 7 * 25),
        # The page's 11, a list of work items for each large space, and the pages of the others.
        (False, "auto", 11 + 5 + 2 + 4),
        (False, "rest", 11 + 5 + 300 + 2 * 25),
    ],
)
def test_the_example_of_the_api_page_costs_what_the_page_says(
    full: bool, transport: str, requests: int
) -> None:
    """5 spaces with 1000 work items each, 100 initiatives, 200 feedback."""
    probe = Kept(full, transport)
    costs = [cost for family in KITEMAKER.families if family.cost for cost in family.cost(probe)]
    assert sum(cost.requests for cost in costs) == requests
    assert pages(1000) == 20


@pytest.mark.slow
def test_rest_asks_no_number_again_that_was_missing(tmp_path: Path) -> None:
    """A second full pass leaves out holes below the last 25 numbers."""
    with synced(tmp_path, "rest", size=130) as kitemaker:
        items = items_of(kitemaker, "KM")
        numbers = {item.number for item in items}
        top = max(numbers)
        holes = [n for n in range(1, top - 24) if n not in numbers]
        assert len(holes) > 5
        kitemaker.sync(full=True)
        asked = [e.target for e in kitemaker.stand_in.requests if "spaceKey=KM" in e.target]
        assert len(asked) == top + 25 - len(holes)
