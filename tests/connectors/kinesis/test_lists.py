"""Kinesis API: an instance that serves its lists elsewhere, or in other words, is no obstacle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.core.errors import BadSettings, Missing
from pipelines.settings import settings_of
from pipelines.sync.estimate import estimate
from pipelines.sync.probe import probing
from pipelines.sync.runtime import Runtime
from tests.kit.account import Bench
from tests.kit.written import everything_below

LISTS = {
    "records": {"path": "/entry/all", "rows": "entries", "key": "uuid"},
    "configs": {"path": "/setting/all", "rows": "settings", "key": "word"},
    "projects": {"path": "/shop/all"},
    "users": {"rows": "people"},
}
USUAL = {"/entry/all": "/data", "/setting/all": "/config", "/shop/all": "/project"}
WORDS = {"pairs": ("entries", "data_id", "uuid"), "configs": ("settings", "name", "word"),
         "users": ("people", "id", "id")}  # fmt: skip


class Elsewhere(httpx.BaseTransport):
    """The stand-in behind other addresses and other words."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.paths: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.paths.append(path)
        if path in USUAL:
            request.url = request.url.copy_with(path=f"{USUAL[path]}/fetch/all")
        elif path.endswith("/fetch/all") and path.split("/")[1] in ("data", "config", "project"):
            return httpx.Response(404, html="<h1>unknown</h1>")
        answer = self._inner.handle_request(request)
        payload: Any = json.loads(answer.read())
        payload.pop("data_ids", None)
        for member, (other, key, word) in WORDS.items():
            if isinstance(payload.get(member), list):
                payload[other] = payload.pop(member)
                for row in payload[other]:
                    row[word] = row.pop(key)
        return httpx.Response(answer.status_code, json=payload)

    def close(self) -> None:
        self._inner.close()


def test_lists_are_read_where_and_as_the_settings_say(made: Callable[..., Bench]) -> None:
    """Rows, ends and secrets are as of any other list, and no request goes to the usual address."""
    kinesis = made("kinesis", size=12, lists=LISTS)
    transport = Elsewhere()
    runtime = Runtime(transport=transport, progress=kinesis.progress.append)
    assert kinesis.sync(runtime=runtime).status == "complete"
    kinesis.assert_true()
    kinesis.world.change(1)
    assert kinesis.sync(runtime=runtime).status == "complete"
    kinesis.assert_true()
    assert set(USUAL) <= set(transport.paths)
    assert not {"/data/fetch/all", "/data/fetch", "/config/fetch/all"} & set(transport.paths)
    written = everything_below(kinesis.folder)
    assert b"bookshop" in written
    assert not [secret for secret in kinesis.world.secrets() if secret.encode() in written]


def test_check_and_plan_ask_there_as_well(made: Callable[..., Bench]) -> None:
    """The page itself is another one, so that everything follows from it."""
    kinesis = made("kinesis", size=12, lists={"projects": {"path": "/project/fetch/all"}})
    with probing(kinesis.settings, kinesis.account) as probe:
        declared = kinesis.account.connector
        assert declared.describe(probe.look(declared.check)) == "5 projects"
        assert estimate(kinesis.account, probe, None, full=True).requests > 6
    elsewhere = made("kinesis", size=12, lists={"projects": {"path": "/nowhere"}})
    with probing(elsewhere.settings, elsewhere.account) as probe, pytest.raises(Missing):
        probe.look(elsewhere.account.connector.check)


FURTHER = {
    "tickets": {"path": "/ticket/fetch/all", "rows": "tickets", "leave_out": ["description"]},
    "redirects": {"path": "/redirect/fetch/all", "rows": "redirects", "key": "locator"},
    "snippets": {"path": "/nowhere/all", "rows": "snippets"},
}


def test_a_list_that_nobody_knows_becomes_a_table(made: Callable[..., Bench]) -> None:
    """Its rows are read whole, with their ends; what the settings leave out is written nowhere;
    an address that is not served costs that table alone."""
    kept = ["media", "tickets", "redirects", "snippets"]
    kinesis = made("kinesis", size=12, lists=FURTHER, include=kept)
    result = kinesis.sync()
    assert {name for name, row in result.tables.items() if row["complete"]} == set(kept[:3])
    truth = kinesis.world.truth()
    left_out = {row["description"] for row in truth["tickets"]}
    for row in truth["tickets"]:
        row.pop("description"), row.pop("tags")
    kinesis.assert_true({name: truth[name] for name in kept[:3]})
    tags = kinesis.query(
        "SELECT count(*) FROM kinesis.tickets WHERE _raw->>'$.tags[0]' = 'printer'"
    )
    assert tags[0][0] > 0
    written = everything_below(kinesis.folder)
    assert not [text for text in left_out if text.encode() in written]
    gone = kinesis.world.store.tickets.pop()["id"]
    assert kinesis.sync("tickets").tables["tickets"]["deleted"] == 1
    assert (gone,) not in kinesis.rows("tickets")


@pytest.mark.parametrize(
    "lists",
    [
        {"tickets": {"path": "/ticket/all"}},
        {"tickets": {"path": "/config/fetch/all", "rows": "configs"}},
        {"tickets": {"path": "/x/../config", "rows": "configs"}},
        {
            "tickets": {"path": "/ticket/all", "rows": "a"},
            "more": {"path": "/ticket/all/", "rows": "a"},
        },
        {"structures": {"path": "/structure/all", "rows": "a"}},
        {"users_history": {"path": "/x", "rows": "a"}},
        {"tickets": {"path": "/x", "rows": "a", "leave_out": "title"}},
        {"records": "/data/all"},
        {"records": {"path": "data"}},
        {"records": {"path": "/data/{id}"}},
        {"records": {"rows": ""}},
        {"records": {"column": "x"}},
        ["records"],
    ],
)
def test_what_cannot_be_meant_is_refused(lists: Any) -> None:
    """The error names the setting and shows what to write."""
    with pytest.raises(BadSettings, match="lists") as error:
        settings_of({"accounts": {"kinesis": {"lists": lists}}}, Path("/x/kollect.toml"), {})
    assert "write lists = " in str(error.value)
