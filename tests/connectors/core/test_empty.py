"""A list that had rows and came empty ends nothing before a later run confirms it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.core import (
    Family,
    ForEachParent,
    Reference,
    Resource,
    Rows,
    constant,
    inherited,
    parent,
    request,
)
from tests.kit.invented import Invented, connector, invented, rows, table

THINGS = table("things")
OTHERS = table("others")
PARTS = table(
    "parts",
    inherited("thing_id", "text", "its thing"),
    parents=(Reference("thing_id", "things", owner=True),),
)
NOTES = table(
    "notes",
    inherited("thing_id", "text", "its thing"),
    parents=(Reference("thing_id", "things", owner=True),),
)


def declared() -> Any:
    """A list, with a list inside each record and one asked for by record; and another list."""
    inside = Rows(PARTS, at="parts", inherit={"thing_id": parent("id")})
    things = Resource("things", "/things", (Rows(THINGS, children=(inside,)),))
    notes = Resource(
        "notes",
        "/things/{thing_id}/notes",
        (Rows(NOTES, inherit={"thing_id": request("thing_id")}),),
        each=ForEachParent("things", {"thing_id": "id"}),
    )
    others = Resource("others", "/others", (Rows(OTHERS),))
    return connector(Family("things", (things, notes)), Family("others", (others,)))


def answers(parts: int = 2, notes: int = 2) -> dict[str, Any]:
    things = [
        {"id": "a", "parts": rows(parts)},
        {"id": "b", "parts": rows(1, 50)},
    ]
    return {
        "/things": things,
        "/things/a/notes": rows(notes),
        "/things/b/notes": rows(1, 50),
        "/others": rows(2),
    }


def emptied(service: Invented, where: str) -> str:
    """Empty one list; returns the table whose rows vanish by that."""
    if where == "list":
        service.answers["/others"] = []
        return "others"
    if where == "inside":
        service.answers["/things"] = answers(parts=0)["/things"]
        return "parts"
    service.answers["/things/a/notes"] = []
    return "notes"


@pytest.mark.parametrize("where", ["list", "inside", "of a parent"])
def test_an_empty_list_ends_its_rows_in_a_later_run(tmp_path: Path, where: str) -> None:
    """Not in the run that sees it first, nor within 20 hours; then, while others had rows."""
    with invented(tmp_path, declared(), answers()) as service:
        assert service.sync().status == "complete"
        name = emptied(service, where)
        held = service.ids(name)
        for hours in (1.0, 1.0, 18.0):
            result = service.sync(after_hours=hours)
            assert result.status == "partial"
            assert "came empty where rows were" in result.tables[name]["reason"]
            assert service.ids(name) == held
        result = service.sync(after_hours=2.0)
        assert result.status == "complete", result.tables
        assert service.ids(name) == held - ({"0", "1"})
        assert service.sync(full=True).status == "complete"


@pytest.mark.parametrize("where", ["list", "inside", "of a parent"])
def test_accept_deletes_believes_an_empty_list_at_once(tmp_path: Path, where: str) -> None:
    """A person said so."""
    with invented(tmp_path, declared(), answers()) as service:
        service.sync()
        name = emptied(service, where)
        assert service.sync(accept_deletes=True).status == "complete"
        assert not service.ids(name) & {"0", "1"}


def test_a_list_that_has_rows_again_starts_the_wait_anew(tmp_path: Path) -> None:
    """Empty, full, and empty again 30 hours after it was empty first."""
    with invented(tmp_path, declared(), answers()) as service:
        service.sync()
        emptied(service, "list")
        assert service.sync().status == "partial"
        service.answers["/others"] = rows(2)
        assert service.sync(after_hours=10).status == "complete"
        service.answers["/others"] = []
        assert service.sync(after_hours=20).status == "partial"
        assert service.ids("others") == {"0", "1"}


def test_a_service_that_answers_every_list_empty_ends_nothing_for_days(tmp_path: Path) -> None:
    """However long it lasts: no other list has rows that would speak for it."""
    with invented(tmp_path, declared(), answers()) as service:
        service.sync()
        for path in list(service.answers):
            service.answers[path] = []
        for _ in range(4):
            result = service.sync(after_hours=30)
            assert result.status == "failed"
        assert service.ids("things") == {"a", "b"}
        assert service.ids("others") == {"0", "1"}
        assert len(service.ids("parts")) == len(service.ids("notes")) == 3


def test_an_empty_answer_of_a_moment_is_asked_again(tmp_path: Path) -> None:
    """It costs a request, and nothing is said of it."""
    with invented(tmp_path, declared(), answers()) as service:
        service.sync()
        moments = iter([[], []])
        service.answers["/others"] = lambda _: next(moments, rows(2))
        assert service.sync().status == "complete"
        assert service.asked.count("/others") == 3


def test_a_list_that_never_had_rows_is_no_doubt_where_another_fills_the_table(
    tmp_path: Path,
) -> None:
    """Open and archived things in one table: which list showed a row is remembered."""
    lists = tuple(Resource(state, f"/{state}", (Rows(THINGS),)) for state in ("open", "archived"))
    scripted = {"/open": rows(2), "/archived": []}
    with invented(tmp_path, connector(Family("things", lists)), scripted) as service:
        assert service.sync().status == "complete"
        assert service.sync().status == "complete"
        service.answers["/open"] = []
        service.answers["/archived"] = rows(1, 7)
        result = service.sync()
        assert "open: the list came empty" in result.tables["things"]["reason"]
        assert service.ids("things") == {"0", "1", "7"}


def test_parts_of_a_table_are_doubted_each_for_itself(tmp_path: Path) -> None:
    """Two lists that differ by a constant column."""
    things = table("things", inherited("kind", "text", "its kind"))
    lists = tuple(
        Resource(kind, f"/{kind}", (Rows(things, inherit={"kind": constant(kind)}),))
        for kind in ("live", "vod")
    )
    scripted = {"/live": rows(2), "/vod": rows(3, 10)}
    with invented(tmp_path, connector(Family("things", lists)), scripted) as service:
        service.sync()
        service.answers["/live"] = []
        service.answers["/vod"] = rows(2, 10)
        assert service.sync().status != "complete"
        assert service.ids("things") == {"0", "1", "10", "11"}
        result = service.sync(after_hours=21)
        assert result.status == "complete", result.tables["things"]["reason"]
        assert service.ids("things") == {"10", "11"}
