"""Whatever a service sends, it costs a record or a table, and never a sync or the next one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors import SERVICES
from connectors.core import Family, KollectError, Resource, Rows, col, inherited, parent
from connectors.core.fetch import Fetcher
from connectors.core.journal import Journal
from connectors.core.reader import FamilyReader
from pipelines.sync.runtime import make_client
from tests.kit.account import Bench
from tests.kit.invented import connector, invented, rows, table
from tests.kit.memory import Lines, NothingKnown

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e300, "", "x", "2026-13-45", "Nowhere/City", "\x00", [], [None], [[]],
    [1, "a", {}], {}, {"id": None}, {"id": {"id": 1}}, {"id": []}, {"data": [None]},
)  # fmt: skip
TRIALS = [30, pytest.param(600, marks=pytest.mark.slow)]


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside an answer, the answer itself included."""
    yield above
    listed = enumerate(value) if isinstance(value, list) else ()
    for name, found in value.items() if isinstance(value, dict) else listed:
        yield from places(found, (*above, name))


def replaced(value: Any, place: tuple[Any, ...], odd: Any) -> Any:
    """The answer with another value at one place."""
    if not place:
        return odd
    holder = value
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = odd
    return value


class Poisoned:
    """A journal that answers one request with another body than was staged."""

    def __init__(self, journal: Journal, key: str, payload: Any) -> None:
        self._journal = journal
        self._key = key
        self._body = msgspec.json.encode(payload)

    def get(self, key: str) -> tuple[Mapping[str, Any], bytes] | None:
        found = self._journal.get(key)
        return (found[0], self._body) if found is not None and key == self._key else found

    def put(self, key: str, head: Mapping[str, Any], body: bytes) -> None:
        """What is asked beyond the staged answers is not kept."""


def read(at: Bench, family: Family, client: Any, journal: Any) -> FamilyReader:
    """Read a family as in a first sync, with rows in memory."""
    declared = at.account.connector
    reader = FamilyReader(
        declared,
        family,
        client=client,
        fetcher=Fetcher(declared, family.name, client, journal, in_flight=1),
        sink=Lines(),
        known=NothingKnown(),
        full=True,
        started_at=datetime(2026, 5, 1, tzinfo=UTC),
        options=at.account.options,
    )
    reader.read_family()
    return reader


@pytest.mark.parametrize("trials", TRIALS)
@pytest.mark.parametrize("service", SERVICES)
def test_any_value_in_any_place_of_any_answer_breaks_nothing(
    made: Callable[..., Bench], tmp_path: Path, service: str, trials: int
) -> None:
    """A family is read to its end, or ends with an error that is declared."""
    chance = random.Random(f"{service} {trials}")
    at = made(service, size=3, retry={"attempts": 1})
    with make_client(at.account, tmp_path) as client:
        for family in at.account.connector.families:
            journal = Journal(tmp_path / f"{family.name}.journal")
            calm = read(at, family, client, journal)
            assert calm.evidence.failures == {}
            keys = [head["key"] for head in journal.heads()]
            for _ in range(trials // len(at.account.connector.families) + 1 if keys else 0):
                key = chance.choice(keys)
                staged = journal.get(key)
                assert staged is not None
                payload = msgspec.json.decode(staged[1])
                place, odd = chance.choice(list(places(payload))), chance.choice(ODD)
                poisoned = replaced(payload, place, msgspec.json.decode(msgspec.json.encode(odd)))
                try:
                    read(at, family, client, Poisoned(journal, key, poisoned))
                except KollectError:
                    continue
                except Exception as error:
                    error.add_note(f"{odd!r} at {place} of the answer to {key}")
                    raise
            journal.close()


def strict(record: Any, _: Any) -> Any:
    return {"id": record["id"], "day": datetime.fromisoformat(record["date"]).date().isoformat()}


THINGS = table("things", col("day", "text", "the day"))


def test_a_record_that_cannot_be_brought_into_form_is_one_reject(tmp_path: Path) -> None:
    """Its row stays, others of the list load, nothing ends, and the next run is calm."""
    resource = Resource("things", "/things", (Rows(THINGS, normalize=strict),))
    good = [{"id": str(number), "date": "2026-05-01"} for number in range(4)]
    declared = connector(Family("things", (resource,)))
    with invented(tmp_path, declared, {"/things": good}) as service:
        assert service.sync().status == "complete"
        service.answers["/things"] = [good[0], {"id": "1", "date": None}, {**good[2], "id": "9"}]
        result = service.sync()
        assert result.error is None
        assert result.tables["things"]["rejected"] == 1
        assert "1 record could not be read" in result.tables["things"]["reason"]
        assert service.ids("things") == {"0", "1", "2", "3", "9"}
        ((reason,),) = service.query("SELECT reason FROM _kollect.rejects")
        assert reason.startswith("cannot be read (TypeError")
        service.answers["/things"] = good
        assert service.sync().status == "complete"
        assert service.ids("things") == {"0", "1", "2", "3"}


@pytest.mark.parametrize("poison", ["poison", None, 5], ids=str)
def test_a_record_inside_another_that_cannot_be_read_ends_none_of_its_siblings(
    tmp_path: Path, poison: Any
) -> None:
    """Its parent is complete, its own table is not."""
    parts = table("parts", inherited("thing_id", "text", "its thing"))
    inside = Rows(parts, at="parts", inherit={"thing_id": parent("id")})
    resource = Resource("things", "/things", (Rows(table("things"), children=(inside,)),))
    declared = connector(Family("things", (resource,)))
    things = [{"id": "a", "parts": rows(3)}]
    with invented(tmp_path, declared, {"/things": things}) as service:
        assert service.sync().status == "complete"
        service.answers["/things"] = [{"id": "a", "parts": [{"id": "0"}, poison]}]
        result = service.sync()
        assert result.tables["things"]["complete"]
        assert not result.tables["parts"]["complete"]
        assert service.ids("parts") == {"0", "1", "2"}


def test_an_id_that_is_an_object_is_one_reject(tmp_path: Path) -> None:
    """Of a list, and of a record with a list inside."""
    parts = table("parts", inherited("thing_id", "text", "its thing"))
    inside = Rows(parts, at="parts", inherit={"thing_id": parent("id")})
    resource = Resource("things", "/things", (Rows(table("things"), children=(inside,)),))
    things = [{"id": {"a": 1}}, {"id": "b", "parts": rows(1)}]
    with invented(tmp_path, connector(Family("things", (resource,))), {"/things": things}) as at:
        result = at.sync()
        assert result.error is None
        assert at.ids("things") == {"b"}
        assert not result.tables["things"]["complete"]


def test_a_plan_that_stumbles_over_an_answer_fails_its_family_alone(tmp_path: Path) -> None:
    """The other family loads; nothing staged breaks the next run."""
    first = Resource("things", "/things", (Rows(table("things")),))
    second = Resource("others", "/others", (Rows(table("others")),))

    def plan(reader: Any) -> None:
        for record in reader.read(first, collect=True).records:
            record["name"].upper()

    declared = connector(Family("things", (first,), plan=plan), Family("others", (second,)))
    scripted = {"/things": [{"id": "a", "name": None}], "/others": rows(2)}
    with invented(tmp_path, declared, scripted) as service:
        result = service.sync()
        assert (result.error, result.status) == (None, "partial")
        assert "could not be handled" in result.tables["things"]["reason"]
        assert result.tables["others"]["complete"]
        service.answers["/things"] = [{"id": "a", "name": "x"}]
        assert service.sync().status == "complete"
