"""Kitemaker: a record that cannot be read is rejected alone, and the next sync is whole again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.sync.result import AccountResult
from tests.kit.account import Bench
from tests.kit.kitemaker import assert_true, synced

Change = Callable[[Any], bool]
"""Changes a part of an answer; whether it found something to change."""


class Changing(httpx.BaseTransport):
    """Passes requests on, and changes the first answer that has a part of this name and rows."""

    def __init__(self, part: str, change: Change) -> None:
        self._inner = httpx.HTTPTransport()
        self._part, self._change = part, change
        self.changed = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        body = json.loads(answer.read())
        answer.close()
        data = body.get("data") or {} if isinstance(body, dict) else {}
        if not self.changed and self._part in data:
            self.changed += self._change(data[self._part])
        return httpx.Response(answer.status_code, json=body)

    def close(self) -> None:
        self._inner.close()


def first(part: str, value: Any) -> Change:
    """Something else in place of the first child of a record, or of a record itself."""

    def change(answer: Any) -> bool:
        lists = [found for found in answer.values() if isinstance(found, list)]
        if part:
            lists = [record[part] for records in lists for record in records]
        for records in lists:
            if records:
                records[0] = value
                return True
        return False

    return change


def sync_with(kitemaker: Bench, transport: Changing) -> AccountResult:
    runtime = replace(kitemaker.runtime, transport=transport)
    return kitemaker.sync(full=True, runtime=runtime)


@pytest.mark.parametrize(
    ("answer", "part", "table", "value"),
    [
        ("workItems", "comments", "comments", None),
        ("feedback", "insights", "insights", "a text"),
        ("initiatives", "", "initiatives", {"id": {"no": "id"}}),
    ],
)
def test_an_odd_record_costs_one_reject(
    tmp_path: Path, answer: str, part: str, table: str, value: Any
) -> None:
    """Its table is not complete, nothing ends, and the next sync has everything."""
    with synced(tmp_path) as kitemaker:
        with Changing(answer, first(part, value)) as service:
            odd = sync_with(kitemaker, service)
        assert service.changed
        assert not odd.tables[table]["complete"]
        assert odd.tables[table]["rejected"] >= 1
        assert all(row["deleted"] == 0 for row in odd.tables.values())
        assert kitemaker.sync().status == "complete"
        assert_true(kitemaker)
