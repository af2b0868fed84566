"""Families that ask only so many parents in one run: new ones first, then the longest unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.core import Family, ForEachChanged, Resource, Rows, inherited, request
from tests.kit.invented import Invented, connector, invented, rows, table

THINGS = table("things")
NOTES = table("notes", inherited("thing_id", "text", "its thing"), key=("thing_id", "id"))
DECLARED = connector(
    Family("things", (Resource("things", "/things", (Rows(THINGS),)),)),
    Family(
        "notes",
        (
            Resource(
                "notes",
                "/things/{thing_id}/notes",
                (Rows(NOTES, inherit={"thing_id": request("thing_id")}),),
                each=ForEachChanged("things", {"thing_id": "id"}, per_run=3, setting="patience"),
            ),
        ),
    ),
)


def answers(count: int) -> dict[str, Any]:
    notes = {f"/things/{number}/notes": rows(1) for number in range(count)}
    return {"/things": rows(count), **notes}


def asked_for(service: Invented) -> list[str]:
    """The things whose notes the last sync asked for."""
    return sorted(target.split("/")[2] for target in service.asked if "notes" in target)


def test_a_table_is_complete_once_every_parent_was_asked_for(tmp_path: Path) -> None:
    """Three in each run; until then the reason says how many wait, and nobody is asked twice."""
    with invented(tmp_path, DECLARED, answers(7)) as service:
        seen = []
        for waiting in (4, 1):
            result = service.sync()
            assert not result.tables["notes"]["complete"]
            text = f"{waiting} things wait to be asked for: one sync asks for 3 (setting patience)"
            assert text in result.tables["notes"]["reason"]
            assert result.tables["things"]["complete"]
            assert (result.status, result.on_schedule) == ("partial", True)
            seen += asked_for(service)
        result = service.sync()
        assert result.status == "complete"
        assert sorted(seen + asked_for(service)) == [str(number) for number in range(7)]
        assert len(service.query("SELECT * FROM invented.notes")) == 7
        assert (service.sync().status, asked_for(service)) == ("complete", [])


def test_changed_parents_come_first_then_those_that_waited_longest(tmp_path: Path) -> None:
    """A full pass goes on where the one before ended, but for what has changed meanwhile."""
    with invented(tmp_path, DECLARED, answers(6)) as service:
        service.sync()
        first = asked_for(service)
        assert service.sync().status == "complete"
        service.sync(full=True)
        assert asked_for(service) == first
        service.answers["/things"] = [{"id": "0", "name": "changed"}, *rows(5, 1)]
        service.sync(full=True)
        assert "0" in asked_for(service)
        assert not {"1", "2"} & set(asked_for(service))


def test_a_parent_that_cannot_be_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """Three that are refused are asked for again, but behind those that were never asked for."""
    with invented(tmp_path, DECLARED, answers(6)) as service:
        for number in range(3):
            service.answers[f"/things/{number}/notes"] = 403
        assert not service.sync().on_schedule
        assert asked_for(service) == ["0", "1", "2"]
        service.sync()
        assert asked_for(service) == ["3", "4", "5"]
        for number in range(3):
            service.answers[f"/things/{number}/notes"] = rows(1)
        assert service.sync().status == "complete"
        assert asked_for(service) == ["0", "1", "2"]
