"""Kinesis API: payloads in the documented shapes load whole; an odd one costs its own record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.kinesis.normalize import session_of
from tests.kit.kinesis import KINDS, OF_PROJECT, login, rows_in, sample, served
from tests.kit.payloads import DATA, recorded

REAL = DATA / "kinesis" / "fixtures"
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason="needs the public payloads beside the repository"
)
TABLES = {"medias": "media", "data": "records", "constraints": "constraint_components"}
ELSEWHERE = {
    "users": ("password", "reset_token"),
    "configs": ("value",),
    "constraints": ("properties",),
    "projects": ("members",),
    "collections": ("structures", "custom_structures"),
}
"""What of a record stands in other rows, or may not be kept."""


def real(name: str) -> dict[str, Any]:
    """A list recorded from the server of 2023; it recorded no routes and no records."""
    file = REAL / f"{name}_{'default' if name == 'constraints' else 'fetch'}.json"
    found = json.loads(file.read_text("utf-8")) if file.is_file() else []
    rows = found if isinstance(found, list) else found[name]
    return {"status": 200, "pairs" if name == "data" else name: rows, "amount": len(rows)}


def less(record: dict[str, Any], names: tuple[str, ...]) -> str:
    """A record without some members, as text that can be compared."""
    return json.dumps({k: v for k, v in record.items() if k not in names}, sort_keys=True)


@pytest.mark.parametrize("take", [sample, pytest.param(real, marks=needs_real)])
def test_samples_load_without_a_reject_and_come_back_whole(
    tmp_path: Path, take: Callable[[str], dict[str, Any]]
) -> None:
    """Nothing is rejected or unknown, and each `_raw` is what came, less secrets and rows."""
    lists = {name: take(name) for name in KINDS}
    with recorded(tmp_path, "kinesis", served(lists), login(lists)) as kinesis:
        assert kinesis.sync().status == "complete"
        assert kinesis.query("SELECT * FROM _kollect.rejects") == []
        assert kinesis.query("SELECT * FROM _kollect.schema_changes") == []
        projects = {row["id"] for row in rows_in(lists["projects"])}
        for name, answer in lists.items():
            found = kinesis.query(f"SELECT _raw FROM kinesis.{TABLES.get(name, name)}")
            left = ELSEWHERE.get(name, ())
            came = {
                less(row, left)
                for row in rows_in(answer)
                if name not in OF_PROJECT or row.get("project_id", "garden") in projects
            }
            assert {less(json.loads(raw), left) for (raw,) in found} == came, name


def test_values_of_the_samples_are_typed(tmp_path: Path) -> None:
    """Times of nine digits, a record's values by structure, a structure's type made by people."""
    lists = {name: sample(name) for name in KINDS}
    with recorded(tmp_path, "kinesis", served(lists), login(lists)) as kinesis:
        assert kinesis.sync().status == "complete"
        assert kinesis.query(
            "SELECT timestamp::VARCHAR, timestamp_raw FROM kinesis.events ORDER BY id LIMIT 1"
        ) == [("2026-01-24 16:30:35.613638+00", "2026-01-24 16:30:35.613638555 UTC")]
        assert kinesis.query(
            'SELECT plant, rows, months, "care.litres", "care.since"::VARCHAR '
            "FROM kinesis.garden__beds"
        ) == [("Leek", 3, ["march", "april"], 2.5, "2026-03-01")]
        assert kinesis.query(
            "SELECT stype, stype_custom FROM kinesis.structures WHERE id = 'care'"
        ) == [('{"CUSTOM":"care"}', "care")]
        assert len(kinesis.rows("constraints")) == len(kinesis.rows("project_members")) == 2


def test_an_odd_record_costs_itself_and_what_lies_in_it(tmp_path: Path) -> None:
    """An id that is an object or null, a record that is a text: rejects with a reason, while the
    other records come, nothing ends, and the next sync is complete again."""
    lists = {name: sample(name) for name in KINDS}
    with recorded(tmp_path, "kinesis", served(lists), login(lists)) as kinesis:
        assert kinesis.sync().status == "complete"
        before = {name: len(kinesis.rows(name)) for name in kinesis.account.tables}
        for name, odd in (
            ("projects", {"id": {"of": "garden"}, "members": None}),
            ("collections", {"id": ["beds"], "project_id": "garden", "structures": []}),
            ("data", {"data_id": {"no": 1}, "structures": [None], "custom_structures": 5}),
            ("medias", "a text"),
        ):
            rows_in(lists[name]).append(odd)
            if "amount" in lists[name]:
                lists[name]["amount"] += 1
        result = kinesis.sync()
        incomplete = {name for name, row in result.tables.items() if not row["complete"]}
        assert {"projects", "collections", "records", "media"} <= incomplete
        assert not {"users", "configs", "constraints", "events"} & incomplete
        assert not any(
            "could not be handled" in (row["reason"] or "") for row in result.tables.values()
        )
        assert {name: len(kinesis.rows(name)) for name in before} == before
        for name in ("projects", "collections", "data", "medias"):
            rows_in(lists[name]).pop()
            lists[name]["amount"] -= 1
        assert kinesis.sync().status == "complete"


def test_a_login_gives_a_token_and_the_callers_id() -> None:
    """At the top or below `data`; 0 is an id."""
    answer = sample("login")
    session = {"token": "header.payload.signature", "uid": "0"}
    assert session_of(answer) == session_of({"data": answer}) == session
