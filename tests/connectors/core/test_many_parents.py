"""Families that ask once for each of very many records: streamed, in parts, resumable."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.core import Family, ForEachChanged, Resource, Rows, inherited, request
from connectors.core.fetch import Fetcher
from connectors.core.journal import Journal
from sandbox import Request
from tests.kit.invented import connector, invented, rows, table

THINGS = table("things")
NOTES = table("notes", inherited("thing_id", "text", "its thing"), key=("thing_id", "id"))
OF_THING = Resource(
    "notes",
    "/things/{thing_id}/notes",
    (Rows(NOTES, inherit={"thing_id": request("thing_id")}),),
    each=ForEachChanged("things", {"thing_id": "id"}, at_once=4),
)


def declared() -> Any:
    things = Resource("things", "/things", (Rows(THINGS),))
    return connector(Family("things", (things,)), Family("notes", (OF_THING,)))


def answers(count: int) -> dict[str, Any]:
    notes = {f"/things/{number}/notes": rows(1) for number in range(count)}
    return {"/things": rows(count), **notes}


def test_a_first_pass_in_parts_keeps_what_it_has_read(tmp_path: Path) -> None:
    """It breaks off in the third part: what the first two loaded is not asked for again, even
    where the journal is lost, and the counts of the run add up."""
    with invented(tmp_path, declared(), answers(14)) as service:
        service.answers["/things/8/notes"] = 401
        assert service.sync().error is not None
        read = len(service.query("SELECT * FROM invented.notes"))
        assert 8 <= read < 14
        for journal in tmp_path.rglob("*.journal"):
            journal.unlink()
        service.answers["/things/8/notes"] = rows(1)
        result = service.sync()
        assert result.status == "complete", result.tables
        assert len([target for target in service.asked if "notes" in target]) <= 14 - 8 + 4
        assert len(service.query("SELECT * FROM invented.notes")) == 14


def test_parts_add_up(tmp_path: Path) -> None:
    """One run, one line per table; nothing is asked for twice, and a full pass asks for all."""
    with invented(tmp_path, declared(), answers(11)) as service:
        result = service.sync()
        assert (result.status, result.tables["notes"]["inserted"]) == ("complete", 11)
        assert len(service.asked) == 12
        assert service.sync().status == "complete"
        assert service.asked == ["/things"]
        result = service.sync(full=True)
        assert (result.status, result.tables["notes"]["unchanged"]) == ("complete", 11)
        assert len(service.asked) == 12


def test_a_failure_in_an_early_part_is_no_complete_family(tmp_path: Path) -> None:
    """The parent that failed is asked for again, in the next run."""
    with invented(tmp_path, declared(), answers(9)) as service:
        service.answers["/things/0/notes"] = 403
        result = service.sync()
        assert not result.tables["notes"]["complete"]
        service.answers["/things/0/notes"] = rows(1)
        assert service.sync().status == "complete"
        assert len(service.query("SELECT * FROM invented.notes")) == 9


def test_requests_are_made_when_they_can_be_sent(tmp_path: Path) -> None:
    """A million parents: the questions ahead of the answers are few, and so is the memory."""
    taken = 0

    def binds() -> Iterator[tuple[int, Any]]:
        nonlocal taken
        for number in range(1_000_000):
            taken += 1
            yield number, fetcher.request(OF_THING, OF_THING.get, {"thing_id": number}, {})

    def answer(request: Request) -> Any:
        return rows(1)

    with invented(tmp_path, declared(), {}) as service:
        service.answers.update({f"/things/{number}/notes": answer for number in range(200)})
        client = service.client()
        journal = Journal(tmp_path / "pages.journal")
        fetcher = Fetcher(service.declared, "notes", client, journal, in_flight=4)
        tracemalloc.start()
        for number, (asker, _) in enumerate(fetcher.in_order(binds())):
            assert asker == number
            assert taken <= number + 1 + 2 * 4 + 1
            if number == 150:
                break
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
        tracemalloc.stop()
        client.close()
        journal.close()
