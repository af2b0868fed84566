"""Where a caller sees only a part of what there is, no absence ends a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.core import Family, Reader, Reference, Resource, Rows, inherited, parent
from tests.kit.invented import connector, invented, rows, table

PARTS = table(
    "parts",
    inherited("thing_id", "text", "its thing"),
    key=("thing_id", "id"),
    parents=(Reference("thing_id", "things", owner=True),),
)
NESTED = Rows(PARTS, at="parts", inherit={"thing_id": parent("id")})
THINGS = Resource("things", "/things", (Rows(table("things"), at="data", children=(NESTED,)),))
WORDS = Resource("words", "/words", (Rows(table("words"), at="data"),))
WHY = "others own the rest"


def things(*parts_of_each: int) -> dict[str, Any]:
    listed = zip(rows(len(parts_of_each)), parts_of_each, strict=True)
    return {"data": [{**thing, "parts": rows(count)} for thing, count in listed]}


def reading_as(visitor: list[bool]) -> Any:
    """A family of two lists, of which everyone gets all of the words."""

    def plan(reader: Reader) -> None:
        for resource in reader.resources:
            reader.read(resource)
        if visitor[0]:
            reader.evidence.sees_a_part(WHY, whole=("words",))

    return connector(Family("things", (THINGS, WORDS), plan=plan))


def test_rows_that_a_caller_may_not_see_stay_with_what_lives_in_them(tmp_path: Path) -> None:
    """Their tables say why they are not complete; a list that everyone gets whole is complete
    until a row of it is missing. Who sees everything ends what is gone."""
    visitor = [False]
    answers = {"/things": things(2, 2, 1), "/words": {"data": rows(3)}}
    with invented(tmp_path, reading_as(visitor), answers) as service:
        assert service.sync().status == "complete"
        visitor[0] = True
        service.answers["/things"] = things(1, 2)
        result = service.sync()
        assert (service.ids("things"), len(service.query("FROM invented.parts"))) == (
            {"0", "1", "2"},
            5,
        )
        assert result.tables["words"]["complete"]
        for name in ("things", "parts"):
            assert WHY in result.tables[name]["reason"], name
            assert "1 row came no more" in result.tables[name]["reason"], name
        service.answers["/words"] = {"data": rows(2)}
        result = service.sync()
        assert "1 row came no more and none may end" in result.tables["words"]["reason"]
        visitor[0] = False
        assert service.sync().status == "complete"
        assert service.ids("things") == service.ids("words") == {"0", "1"}
        assert len(service.query("FROM invented.parts")) == 3


def test_rows_inside_what_is_kept_are_not_complete_either(tmp_path: Path) -> None:
    """A missing thing takes its parts along: neither table is what the service has."""
    visitor = [False]
    shown_whole = Resource("words", "/things", THINGS.rows)

    def plan(reader: Reader) -> None:
        reader.read(shown_whole)
        if visitor[0]:
            reader.evidence.sees_a_part(WHY, whole=("words",))

    declared = connector(Family("things", (shown_whole,), plan=plan))
    with invented(tmp_path, declared, {"/things": things(1, 1)}) as service:
        assert service.sync().status == "complete"
        visitor[0] = True
        service.answers["/things"] = things(1)
        result = service.sync()
        assert not result.tables["things"]["complete"]
        assert "rows of things came no more" in result.tables["parts"]["reason"]
