"""A sync that finds nothing new touches no table and copies no file, and hides no change."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.core import Family, Resource, Rows, col, inherited, parent
from connectors.core.resources import RecordSource
from connectors.core.schema import Reference
from pipelines.cli.query import read_only
from tests.kit.account import Bench, sampled
from tests.kit.invented import Invented, connector, invented, table
from warehouse.store.status import table_status
from warehouse.store.warehouse import Warehouse


def written() -> int:
    """Bytes that this process, the stand-in's answers among them, has given to be written."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


@pytest.mark.parametrize("service", sampled("kinesis", "kippt"))
def test_nothing_new_copies_no_file_and_writes_next_to_nothing(
    synced: Callable[..., Bench], service: str
) -> None:
    """The file that people open stays as it is; the newest proof shows all the same."""
    at = synced(service, size=6)
    at.ledger_minutes = 720.0
    for _ in range(2):  # the first increment asks for something else than the first sync
        assert at.sync().status == "complete"
    before, began = at.warehouse.stat(), written()
    result = at.sync()
    assert result.status == "complete"
    assert not any(r["inserted"] + r["updated"] + r["deleted"] for r in result.tables.values())
    assert written() - began < before.st_size / 20
    after = at.warehouse.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    at.assert_true()
    tables = list(result.tables)
    with at.reading() as published, Warehouse(at.warehouse).newest() as newest:
        old, new = (
            table_status(connection, service, at.account.name, tables)
            for connection in (published, newest)
        )
    for name in tables:
        assert new[name].rows == old[name].rows
        assert new[name].proved_at is not None
        assert old[name].proved_at is not None
        assert new[name].proved_at > old[name].proved_at


def test_a_question_about_the_ledger_is_answered_from_the_newest_one(
    synced: Callable[..., Bench],
) -> None:
    at = synced("kippt", size=5)
    at.ledger_minutes = 720.0
    run = at.sync().tables and at.sync()
    sql = "SELECT count(*) FROM _kollect.runs"
    published = at.query(sql)[0][0]
    Warehouse(at.warehouse).publish_ledger()
    with read_only(at.warehouse) as connection:
        assert run
        assert connection.execute(sql).fetchall()[0][0] > published


PEOPLE = table("people", col("name", "text", "name"))
PARTS = table(
    "parts",
    inherited("thing_id", "text", "its thing"),
    col("size", "integer", "size"),
    parents=(Reference("thing_id", "things", owner=True),),
)
THINGS = table(
    "things",
    col("name", "text", "name"),
    col("visits", "integer", "visits", unversioned=True),
)
PERSON = Rows(PEOPLE, at="by", source=RecordSource.EMBEDDED, keep=True, proves=False)
PART = Rows(PARTS, at="parts", inherit={"thing_id": parent("id")})
ANSWER: list[dict[str, Any]] = [
    {
        "id": "a",
        "name": "Ada",
        "visits": 1,
        "parts": [{"id": "p", "size": 3}, {"id": "q", "size": 4}],
        "by": {"id": "u", "name": "Uma"},
        "more": {"deep": [1, {"x": "y"}]},
    },
    {"id": "b", "name": "Bo", "visits": 2, "parts": [], "by": {"id": "w", "name": "Wim"}},
]


def changes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in an answer, objects and lists included."""
    if path:
        yield path
    if not isinstance(value, (dict, list)):
        return
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from changes(inner, (*path, name))


def changed(answer: list[Any], path: tuple[Any, ...], kind: str) -> list[Any]:
    """The answer with one value replaced, removed, or doubled."""
    new: Any = copy.deepcopy(answer)
    place = new
    for step in path[:-1]:
        place = place[step]
    last = path[-1]
    if kind == "removed":
        del place[last]
    elif isinstance(place[last], dict):
        place[last]["fresh"] = "field"
    elif isinstance(place[last], list):
        place[last].append({"id": "fresh", "size": 9})
    else:
        place[last] = place[last] + 7 if isinstance(place[last], int) else f"{place[last]}!"
    return list(new)


def contents(service: Invented) -> list[tuple[str, Any]]:
    """The records of things and parts as they are stored."""
    with Warehouse(service.folder / "k.duckdb").newest() as connection:
        found = connection.execute(
            "SELECT id, _raw FROM invented.things UNION ALL "
            "SELECT thing_id || '/' || id, _raw FROM invented.parts ORDER BY ALL"
        ).fetchall()
    return [(key, json.loads(raw)) for key, raw in found]


def wanted(answer: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """The same of an answer."""
    found = [(r["id"], {k: v for k, v in r.items() if k != "parts"}) for r in answer]
    found += [(f"{r['id']}/{part['id']}", part) for r in answer for part in r["parts"]]
    return sorted(found, key=lambda pair: pair[0])


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_any_change_of_any_value_in_an_answer_is_loaded(tmp_path: Path, step: int) -> None:
    """Each time after a sync that found nothing new; every `step`th of all changes."""
    resource = Resource("things", "/things", (Rows(THINGS, children=(PART, PERSON)),))
    declared = connector(Family("things", (resource,)))
    places = [
        (path, kind)
        for path in changes(ANSWER)
        for kind in ("replaced", "removed")
        if kind == "replaced" or (path[-1] not in ("id", "parts", "by") and len(path) > 1)
    ]
    assert len(places) > 30
    with invented(tmp_path, declared, {"/things": ANSWER}, confirm_empty_hours=0.0) as service:
        for path, kind in places[::step]:
            for _ in range(2):
                service.answers["/things"] = ANSWER
                service.sync(full=True)
            answer = changed(ANSWER, path, kind)
            service.answers["/things"] = answer
            service.sync(full=True)
            assert contents(service) == wanted(answer), (path, kind)
