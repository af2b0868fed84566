"""No secret of a service or of an account is found in anything that kollect wrote or said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from connectors import SERVICES, connector
from connectors.core.connector import Connector
from connectors.http.redact import SHORTEST_SECRET
from pipelines.sync.runtime import Runtime
from sandbox import Fault
from tests.kit.account import Bench, sampled
from tests.kit.processes import kollect
from tests.kit.written import everything_below

FAILURES = (
    Fault("status", status=500, times=2, share=0.3),
    Fault("html", times=1, after=3),
    Fault("truncated", times=1, after=5),
    Fault("token_died", times=None, after=8),
)
"""Hiccups, and a token that dies half way, so that the stage stays behind."""


def canaries(bench: Bench) -> list[bytes]:
    """What must be found nowhere: every value that the stand-in calls a secret, and tokens."""
    open_parts = ("USERNAME", "UID")
    tokens = [v for k, v in bench.world.credentials().items() if not k.endswith(open_parts)]
    found = {text for text in (*bench.world.secrets(), *tokens) if len(text) >= SHORTEST_SECRET}
    return [text.encode() for text in sorted(found)]


def said(bench: Bench) -> bytes:
    """Everything that was told while the syncs ran, at the level of single requests."""
    return b"\n".join(f"{p.text} {p.fields}".encode() for p in bench.progress)


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_no_canary_is_in_what_commands_say_at_debug_level_or_in_backups(
    made: Callable[..., Bench], service: str
) -> None:
    """Real commands with every request logged: a sync that breaks off, one that ends, status,
    a backup, what is restored from it, and exported files."""
    bench = made(service)
    environment = {**bench.box.environment(), "KOLLECT_LOG": "debug"}
    said: list[bytes] = []

    def run(*words: str) -> int:
        ended = kollect(bench.folder, environment, "--verbose", *words)
        said.append((ended.stdout + ended.stderr).encode())
        return ended.returncode

    bench.stand_in.faults.add("status", status=500, times=2)
    bench.stand_in.faults.add("token_died", times=None, after=6)
    assert run("sync") == 1
    assert bench.stand_in.faults.fired("token_died") and len(said[-1].splitlines()) > 6
    bench.stand_in.faults.clear()
    assert run("sync") == 0
    assert run("sync", "--full", "--json") == 0
    assert run("status") == 0
    assert run("backup") == 0
    (backup,) = (path.parent for path in (bench.folder / "backups").glob("*/manifest.json"))
    assert run("restore", str(backup), "--to", str(bench.folder / "restored.duckdb")) == 0
    assert run("export", service, "--format", "json", "--to", str(bench.folder / "exported")) == 0
    assert (bench.folder / "restored.duckdb").stat().st_size > 0
    assert [path for path in (bench.folder / "exported").rglob("*") if path.is_file()]
    everything = b"\n".join([everything_below(bench.folder), *said])
    found = [secret for secret in canaries(bench) if secret in everything]
    assert canaries(bench)
    assert found == []


CANARY = "canary-planted-at-every-depth"
WRITTEN = (
    "call https://zoom.us/j/1?pwd=abc, see "
    "https://docs.google.com/spreadsheet/ccc?key=0Ak&hl=en and /x?session=1&auth=2&sig=3."
)
TEXTS = {
    "kinopio": ("cards", "name", "name"),
    "kinescope": ("videos", "description", "description"),
    "kinesis": ("users", "bio", "bio"),
    "kippt": ("clips", "notes", "notes"),
    "kitemaker": ("work_items", "description", "description"),
}
"""Service -> a table, one of its columns, and the field of the answers where people write."""


@dataclass
class Planted(httpx.BaseTransport):
    """The network, but every object of every answer holds the service's secrets as well, and
    every text of one field holds addresses that are nobody's secret."""

    connector: Connector
    field: str
    planted: int = 0

    def __post_init__(self) -> None:
        self._real = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._real.handle_request(request)
        answer.read()
        answer.close()
        if answer.status_code != 200 or "json" not in answer.headers.get("content-type", ""):
            return answer
        try:
            payload = json.loads(answer.content)
        except ValueError:  # a fault has cut it
            return answer
        self._plant(payload)
        kept = {name: answer.headers[name] for name in ("date",) if name in answer.headers}
        return httpx.Response(200, json=payload, headers=kept)

    def close(self) -> None:
        self._real.close()

    def _plant(self, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self._plant(item)
        if not isinstance(value, dict):
            return
        for inner in value.values():
            self._plant(inner)
        for path in self.connector.secret_paths:
            *way, last = path.replace("[]", "").split(".")
            for parent in _below(value, way):
                parent[last] = CANARY
        if isinstance(value.get(self.field), str):
            value[self.field] = WRITTEN
        for name in self.connector.secret_fields:
            # Of Kippt's and Kitemaker's answers, other members tell an error from a record.
            value[name] = {"deep": [CANARY]} if self.planted % 2 else CANARY
            self.planted += 1


def _below(value: Any, way: list[str]) -> list[dict[str, Any]]:
    found = [value]
    for name in way:
        found = [box[name] for box in found if isinstance(box, dict) and name in box]
        found = [item for box in found for item in (box if isinstance(box, list) else [box])]
    return [box for box in found if isinstance(box, dict)]


@pytest.mark.parametrize("service", sampled("kinopio", "kippt"))
def test_secrets_leave_every_object_and_texts_stay_word_for_word(
    made: Callable[..., Bench], service: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Declared secrets, and whatever else the stand-in calls one, reach no row, no `_raw`, no
    stage of a broken run, no event, error or log, from whatever object of an answer; what people
    wrote comes back as they wrote it, in its column and in `_raw`."""
    caplog.set_level("DEBUG")
    table, column, field = TEXTS[service]
    bench = made(service, size=30)
    transport = Planted(connector(service), field)
    for fault in FAILURES:
        bench.stand_in.faults.add(replace(fault))
    broken = bench.sync(runtime=Runtime(transport=transport, progress=bench.progress.append))
    assert bench.stand_in.faults.fired("token_died") > 0
    assert broken.error is not None
    written = everything_below(bench.folder)
    assert list(bench.folder.rglob("*.journal")), "the stage of a broken run stays"
    bench.stand_in.faults.clear()
    bench.world.change(1)
    whole = bench.sync(runtime=Runtime(transport=transport, progress=bench.progress.append))
    assert whole.error is None, whole.as_json()
    assert transport.planted > 100
    texts = f"{broken.error!r}{broken}{broken.as_json()}{whole.as_json()}{caplog.text}".encode()
    everything = b"\n".join([written, everything_below(bench.folder), texts, said(bench)])
    secrets = [CANARY.encode(), *canaries(bench)]
    assert len(secrets) > 1
    assert [secret for secret in secrets if secret in everything] == []
    kept = bench.query(
        f'SELECT count(*), count(*) FILTER (_raw ->> ? = "{column}") FROM {service}."{table}" '
        f'WHERE "{column}" = ?',
        field,
        WRITTEN,
    )
    assert kept[0][0] > 3 and kept[0][0] == kept[0][1]
