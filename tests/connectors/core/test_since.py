"""Increments that a resource declares: by a parameter, or newest first."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core import DeclarationError, Family, Order, Resource, Rows, Since, col
from connectors.paging import PageNumbers
from sandbox import Request
from tests.kit.invented import START, Invented, connector, invented, paged, table

THINGS = table("things", col("updatedAt", "time", "when it changed"), newest="updated_at")
PAGES = PageNumbers(per_page=10)


def record(number: int, minutes: int) -> dict[str, Any]:
    """A thing that changed so many minutes before the beginning."""
    return {"id": str(number), "updatedAt": (START - timedelta(minutes=minutes)).isoformat()}


def one_list(**more: Any) -> Any:
    resource = Resource("things", "/things", (Rows(THINGS, at="data"),), paging=PAGES, **more)
    return connector(Family("things", (resource,)))


def changed_since(things: list[dict[str, Any]], name: str, *, epoch: bool = False) -> Any:
    """The list with a parameter for the time of the last change."""

    def answer(request: Request) -> Any:
        text = request.query.get(name)
        since = None
        if text:
            since = float(text) if epoch else datetime.fromisoformat(text).timestamp()

        def found() -> list[Any]:
            times = [
                t["updatedAt"] if epoch else datetime.fromisoformat(t["updatedAt"]).timestamp()
                for t in things
            ]
            pairs = zip(things, times, strict=True)
            return [t for t, time in pairs if since is None or time >= since]

        return paged(found)(request)

    return answer


def asked_since(service: Invented) -> list[str]:
    return [target for target in service.asked if "since" in target]


def test_an_incremental_pass_asks_for_what_changed_with_an_overlap(tmp_path: Path) -> None:
    """The cursor is the newest time that came; what is deleted shows in a full pass."""
    things = [record(number, 10 * number + 1) for number in range(35)]
    declared = one_list(since=Since("updatedAt", "since", overlap_seconds=660))
    with invented(tmp_path, declared, {"/things": changed_since(things, "since")}) as service:
        assert service.sync().status == "complete"
        assert asked_since(service) == []
        removed = things.pop()
        things[20] = record(20, -5)
        result = service.sync()
        assert result.status == "complete"
        assert asked_since(service) == ["/things?since=2026-05-01T11%3A48%3A00Z&page=1&per_page=10"]
        row = result.tables["things"]
        assert (row["updated"], row["unchanged"], row["deleted"]) == (1, 2, 0)
        assert "changes since 2026-05-01 11:48" in row["proof"]
        assert service.sync(full=True).tables["things"]["deleted"] == 1
        assert removed["id"] not in service.ids("things")


def test_times_may_be_unix_seconds(tmp_path: Path) -> None:
    """In records and in the parameter."""
    things = [{"id": str(number), "updatedAt": 1_700_000_000 + number} for number in range(5)]
    declared = one_list(since=Since("updatedAt", "since", overlap_seconds=0, epoch=True))
    answer = changed_since(things, "since", epoch=True)
    with invented(tmp_path, declared, {"/things": answer}) as service:
        service.sync()
        assert service.sync().status == "complete"
        assert asked_since(service) == ["/things?since=1700000004&page=1&per_page=10"]


def test_a_time_that_has_not_yet_come_does_not_hide_what_follows(tmp_path: Path) -> None:
    """The cursor stops at the beginning of the run."""
    things = [record(1, 0), record(2, -60 * 24 * 365)]
    declared = one_list(since=Since("updatedAt", "since"))
    with invented(tmp_path, declared, {"/things": changed_since(things, "since")}) as service:
        service.sync()
        things.append(record(3, -90))
        service.sync()
        assert "3" in service.ids("things")


def test_a_pass_that_is_not_complete_does_not_move_the_cursor(tmp_path: Path) -> None:
    """What it missed is asked for again."""
    things = [record(number, 10 * number) for number in range(5)]
    declared = one_list(since=Since("updatedAt", "since"))
    with invented(tmp_path, declared, {"/things": changed_since(things, "since")}) as service:
        service.sync()
        before = service.query("SELECT value FROM _kollect.cursors WHERE resource = 'things'")
        things.append(record(7, -30))
        good = service.answers["/things"]
        service.answers["/things"] = lambda request: {**good(request), "next": "/more"}
        service.answers["/things"] = lambda request: {
            "meta": {"pagination": {"total": 9}}, "data": good(request)["data"],
        }  # fmt: skip
        assert service.sync().status != "complete"
        after = service.query("SELECT value FROM _kollect.cursors WHERE resource = 'things'")
        assert after == before


@pytest.mark.parametrize("refused", [False, True])
def test_a_list_that_is_newest_first_is_read_back_to_known_rows(
    tmp_path: Path, refused: bool
) -> None:
    """Where the service refuses that order, the whole list is read."""
    things = [record(number, 10 * number) for number in range(60)]

    def answer(request: Request) -> Any:
        if refused and "sort" in request.query:
            return 400
        newest = sorted(things, key=lambda t: str(t["updatedAt"]), reverse=True)
        return paged(lambda: newest)(request)

    order = Order({"sort": "-updatedAt"}, PAGES, newest_first=True)
    declared = one_list(since=Since("updatedAt", overlap_seconds=300), orders=(order,))
    with invented(tmp_path, declared, {"/things": answer}) as service:
        assert service.sync().status == "complete"
        assert len(service.ids("things")) == 60
        things[40] = record(40, -20)
        result = service.sync()
        assert result.tables["things"]["updated"] == 1
        assert (len(service.asked) <= 3) is not refused
        assert len(service.ids("things")) == 60


def test_a_list_without_parameter_and_order_cannot_be_declared_so() -> None:
    """The error names the cure."""
    with pytest.raises(DeclarationError, match="newest_first=True of the list or an order"):
        one_list(since=Since("updatedAt"))
