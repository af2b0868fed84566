"""A token that dies, comes wrong and gets well again: told twice in all, and kept nowhere.

The instance is that of `dagster.yaml`, in a folder: runs, events and logs are files, as they are
under `kollect ui`.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import dagster as dg
import pytest

from connectors import SERVICES
from connectors.http.redact import SHORTEST_SECRET
from pipelines.orchestration.alerts import alerts_sensor
from pipelines.orchestration.assets import account_assets
from pipelines.orchestration.backups import backup_assets
from pipelines.orchestration.schedules import ACCOUNT_TAG
from pipelines.orchestration.sources import Project, Source
from pipelines.settings.alerts import AlertSettings
from sandbox import Fault
from tests.kit.account import Bench
from tests.kit.written import everything_below
from tests.pipelines.conftest import ROOT

WRONG = "wrong-token-0815-never-written"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of dagster.yaml in a folder of this test's own."""
    home = tmp_path / ".dagster"
    home.mkdir()
    text = (ROOT / "dagster.yaml").read_text().replace(" .dagster", f" {home}")
    (home / "dagster.yaml").write_text(text)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def stored(folder: Path) -> str:
    """Everything below `.dagster/`: files as they are, databases row by row as well."""
    found: list[str] = []
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            found.append(file.read_bytes().decode(errors="replace"))
        if file.suffix == ".db":
            with sqlite3.connect(file) as connection:
                found += connection.iterdump()
            connection.close()
    return "\n".join(found)


@pytest.mark.timeout(900)  # Dagster's own storage waits for the disk at each of 2,000 events
@pytest.mark.parametrize(
    ("service", "tables"),
    [
        pytest.param("kinopio", ["users", "spaces", "cards"], marks=pytest.mark.slow),
        *(pytest.param(service, ["*"], marks=pytest.mark.slow) for service in SERVICES),
    ],
)
def test_a_bad_token_is_told_once_and_no_token_is_kept(
    made: Callable[..., Bench],
    service: str,
    tables: list[str],
    tmp_path: Path,
    kept: dg.DagsterInstance,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Three failed runs are one message, the good one after them another; neither the token, nor
    a wrong one, nor any secret of the payloads is in events, logs, alerts or the backup."""
    caplog.set_level(logging.DEBUG)
    bench = made(service, size=3, include=tables)
    told = tmp_path / "told.txt"
    settings = replace(
        bench.settings,
        backup_dir=tmp_path / "backups",
        alerts=AlertSettings(command=f"tee -a {told}"),
    )
    account = replace(
        bench.account,
        retry=replace(bench.account.retry, attempts=2, first_seconds=0.01, max_seconds=0.05),
    )
    good = Source(settings, account, service, 0)
    secret_parts = {part: WRONG for part in account.credential if part not in ("username", "uid")}
    refused = replace(account, credential=MappingProxyType({**account.credential, **secret_parts}))
    bad = replace(good, account=refused)
    sensor = alerts_sensor(Project(settings, [good]))
    cursor: str | None = None

    def run(source: Source) -> bool:
        nonlocal cursor
        done = dg.materialize(
            [account_assets(source)], instance=kept, raise_on_error=False,
            tags={ACCOUNT_TAG: source.name},
        )  # fmt: skip
        context = dg.build_sensor_context(kept, cursor=cursor)
        cursor = sensor.evaluate_tick(context).cursor
        return done.success

    # Dies half way; then wrong from the first request on; twice.
    bench.stand_in.faults.add(Fault("token_died", times=None, after=4))
    assert not run(good)
    assert bench.stand_in.faults.fired("token_died") > 0
    bench.stand_in.faults.clear()
    assert not run(bad)
    assert not run(bad)
    said = told.read_text()
    assert said.count(" has a problem") == 1, said
    assert "is fine again" not in said
    assert run(good)
    said = told.read_text()
    assert (said.count(" has a problem"), said.count("is fine again")) == (1, 1), said
    assert dg.materialize([backup_assets(Project(settings, [good]))], instance=kept).success
    bench.assert_true()

    everything = stored(tmp_path / ".dagster") + said + caplog.text
    everything += everything_below(settings.backup_dir).decode(errors="replace")
    everything += everything_below(settings.warehouse.parent).decode(errors="replace")
    assert f"{service}: complete" in everything, "the search looks where things are written"
    tokens = [value for part, value in account.credential.items() if part in secret_parts]
    secrets = {WRONG, *tokens, *bench.world.secrets()}
    found = {
        secret
        for secret in secrets
        if len(secret) >= SHORTEST_SECRET
        and (secret in everything or json.dumps(secret)[1:-1] in everything)
    }
    assert found == set()
