"""Shards: machines take a file in turns, publish it with `If-Match`, and readers see all as one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import AccountBusy, BadSettings, WarehouseProblem
from pipelines.settings import Settings, read_settings
from pipelines.sync.accounts import sync_accounts
from pipelines.sync.result import AccountResult
from sandbox import Sandbox
from tests.kit.account import differences
from tests.kit.s3 import bucket

ROOT = Path(__file__).parents[2]
SERVICES = ("kippt", "kitemaker")


class Deployment:
    """The sandbox, a control database and a bucket; each machine is a folder and processes."""

    def __init__(self, folder: Path, address: str, shards: int) -> None:
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        self.folder = folder
        self.box = Sandbox(SERVICES, limits=False)
        self.box.__enter__()
        self.data = f"s3://{name}/kollect"
        self.scale = f'control = "{address}"\ndata = "{self.data}"\nshards = {shards}\n'
        self.environ = {**self.box.environment(), **bucket(name), "KOLLECT_KEYRING": "0"}

    def machine(self, name: str) -> Path:
        """A folder with the settings of the deployment."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        more: dict[str, dict[str, Any]] = {service: {"rate": []} for service in SERVICES}
        text = self.box.settings(folder / "kollect.duckdb", more=more)
        (folder / "kollect.toml").write_text(f"{text}\n[scale]\n{self.scale}")
        return folder

    def settings(self, machine: Path) -> Settings:
        return read_settings(machine / "kollect.toml", environ=self.environ, shards=True)

    def sync(self, machine: Path, *names: str, full: bool = True) -> dict[str, AccountResult]:
        chosen: dict[str, list[str] | None] = dict.fromkeys(names or SERVICES)
        results, _ = sync_accounts(self.settings(machine), chosen, full=full)
        return {result.account: result for result in results}

    def run(self, machine: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in a process of its own."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-m", "pipelines", *words],
            cwd=machine, env={**kept, **self.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def start(self, machine: Path, *words: str) -> subprocess.Popen[bytes]:
        """A command that goes on in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines", *words],
            cwd=machine,
            env={"PATH": os.environ["PATH"], **self.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def assert_true(self, machine: Path) -> None:
        """All accounts, read over all shards, equal the services row by row."""
        from pipelines.readers import warehouse_of

        settings = self.settings(machine)
        problems: list[str] = []
        with warehouse_of(settings).reading() as connection:
            for service in SERVICES:
                world, account = self.box.services[service], settings.account(service)
                for name, rows in world.truth().items():
                    if name not in account.tables:
                        continue
                    table = account.connector.tables[name]
                    found = connection.execute(f'SELECT * FROM {service}."{name}"')
                    columns = [column[0] for column in found.description]
                    kept = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
                    keyed = {tuple(row[key] for key in table.key): row for row in kept}
                    more = name in world.may_hold_more
                    problems += differences(table, rows, keyed, more)
        assert not problems, "\n".join(problems[:20])


@pytest.fixture
def deployment(tmp_path: Path, address: str) -> Iterator[Deployment]:
    made = Deployment(tmp_path, address, shards=5)
    yield made
    made.box.__exit__(None, None, None)


def test_machines_take_turns_and_readers_see_one_warehouse(deployment: Deployment) -> None:
    """A second machine goes on with what the first has published: only what has changed
    is written. A third one, which never synced, reads all of it."""
    from warehouse.scale.shards import shard_of

    assert len({shard_of(service, 5) for service in SERVICES}) == 2
    one, two, reader = map(deployment.machine, ("one", "two", "reader"))
    assert {r.status for r in deployment.sync(one).values()} == {"complete"}
    deployment.assert_true(reader)
    deployment.box.services["kippt"].change(1)
    after = deployment.sync(two)
    assert {r.status for r in after.values()} == {"complete"}
    changed = sum(row["inserted"] + row["updated"] for row in after["kippt"].tables.values())
    assert 0 < changed < 20
    assert not any(row["inserted"] for row in after["kitemaker"].tables.values())
    deployment.assert_true(reader)
    sql = "SELECT DISTINCT account FROM _kollect.loads ORDER BY ALL"
    answer = deployment.run(reader, "query", "--format", "json", sql)
    assert json.loads(answer.stdout) == [{"account": name} for name in SERVICES], answer.stderr
    program = "import warehouse; print(len(warehouse.table('kippt.clips')))"
    rows = subprocess.run(
        [sys.executable, "-c", program], cwd=reader,
        env={**deployment.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert int(rows.stdout) == len(deployment.box.services["kippt"].truth()["clips"]), rows.stderr
    history = deployment.run(reader, "query", "FROM kippt.clips_at(now())")
    assert history.returncode == 0, history.stderr
    status = deployment.run(reader, "status", "--json")
    assert {a["verdict"] for a in json.loads(status.stdout)["accounts"].values()} == {"safe"}


def test_what_was_published_meanwhile_is_never_replaced(deployment: Deployment) -> None:
    """A machine that believes to have the shard, and has not, gets `If-Match` refused."""
    from pipelines.scale.shard import store_of
    from warehouse.scale.shards import shard_of
    from warehouse.store.identity import Identity

    one = deployment.machine("one")
    deployment.sync(one, "kippt")
    store, shard = store_of(deployment.settings(one).scale), shard_of("kippt", 5)  # type: ignore[arg-type]
    before = store.published(shard)
    file = deployment.folder / "late.duckdb"
    file.write_bytes(b"late")
    deployment.box.services["kippt"].change(1)
    deployment.sync(one, "kippt")
    newer = store.published(shard)
    assert newer != before
    with pytest.raises(AccountBusy, match="was published by another machine"):
        store.publish(shard, file, Identity("late", 99, 2, "mark"), before)
    assert store.published(shard) == newer
    deployment.sync(one, "kitemaker")
    deployment.assert_true(deployment.machine("reader"))


@pytest.mark.slow
def test_each_machine_syncs_the_shards_that_it_is_given(deployment: Deployment) -> None:
    """`kollect sync --shard` is the unit of work: the accounts of a shard, in one process."""
    one = deployment.machine("one")
    done = deployment.run(one, "sync", "--json", "--shard", "1", "--shard", "0")
    assert list(json.loads(done.stdout)["accounts"]) == ["kippt"], done.stderr
    assert deployment.box.stand_ins["kitemaker"].count() == 0
    assert "nothing to sync" in deployment.run(one, "sync", "--shard", "0").stderr
    refused = deployment.run(one, "sync", "--shard", "5")
    assert refused.returncode == 2 and "there is no shard 5" in refused.stderr


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_but_a_beat(deployment: Deployment) -> None:
    """`kill -9` in the middle of a sync: another machine goes on one beat later, above no rate, and
    all accounts equal their services."""
    one, two = deployment.machine("one"), deployment.machine("two")
    stand_in = deployment.box.stand_ins["kippt"]
    with deployment.start(one, "sync") as process:
        while stand_in.count() < 5 and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None
        process.kill()
    began = time.monotonic()
    done = deployment.run(two, "sync", "--json")
    assert json.loads(done.stdout)["status"] == "complete", done.stderr
    assert time.monotonic() - began < 60
    deployment.assert_true(deployment.machine("reader"))


@pytest.mark.slow
def test_machines_side_by_side_end_in_the_truth(deployment: Deployment) -> None:
    """Three machines sync all accounts at once: each waits for its turn, and nothing is lost."""
    machines = [deployment.machine(name) for name in ("one", "two", "three")]
    processes = [deployment.start(machine, "sync", "--full") for machine in machines]
    deployment.box.services["kippt"].change(1)
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    assert deployment.run(machines[0], "sync", "--full").returncode == 0
    deployment.assert_true(deployment.machine("reader"))


@pytest.mark.slow
def test_what_a_machine_loaded_on_an_old_state_is_dropped(deployment: Deployment) -> None:
    """A machine that was away for a while begins with what others have published since."""
    one, two = deployment.machine("one"), deployment.machine("two")
    deployment.sync(one)
    shutil.copytree(one, deployment.folder / "old")
    deployment.box.services["kippt"].change(1)
    deployment.sync(two)
    shutil.rmtree(one)
    (deployment.folder / "old").rename(one)
    assert {r.status for r in deployment.sync(one).values()} == {"complete"}
    deployment.assert_true(deployment.machine("reader"))


def test_other_deployments_and_other_numbers_of_shards_are_refused(
    deployment: Deployment, address: str, tmp_path: Path
) -> None:
    """Each is one sentence that names the setting."""
    from tests.kit.postgres import postgres

    one = deployment.machine("one")
    deployment.sync(one, "kippt")
    kept = deployment.scale
    for changed, words in (
        (kept.replace("shards = 5", "shards = 6"), r"\[scale\] shards is 6"),
        (kept.replace(address, postgres().database()), r"another deployment.*\[scale\] data"),
        (kept.replace('/kollect"\nshards', '/other"\nshards'), r"\[scale\] data is s3://"),
    ):
        deployment.scale = changed
        result = deployment.sync(deployment.machine("two"), "kippt")["kippt"]
        assert isinstance(result.error, BadSettings)
        with pytest.raises(BadSettings, match=words):
            raise result.error


def test_a_bucket_that_is_not_there_or_not_reached_is_one_sentence(
    deployment: Deployment,
) -> None:
    """Each names the setting, and nothing is asked of a service."""
    from warehouse.scale.shards import ShardStore

    options = {
        "endpoint": deployment.environ["AWS_ENDPOINT_URL"],
        "access_key_id": "mine",
        "secret_access_key": "also mine",
        "region": "us-east-1",
    }
    with pytest.raises(BadSettings, match=r"there is no s3://none.*correct \[scale\] data"):
        ShardStore("s3://none/kollect", options).claim("deployment")
    store = ShardStore(deployment.data, {**options, "endpoint": "http://127.0.0.1:1"})
    with pytest.raises(WarehouseProblem, match=r"cannot be reached or written.*\[scale\] data"):
        store.claim("deployment")


def test_a_command_that_cannot_read_shards_says_so(deployment: Deployment) -> None:
    """No command takes shards for a warehouse that was never synced."""
    answer = deployment.run(deployment.machine("one"), "backup")
    assert answer.returncode == 2
    assert "this command cannot read shards yet" in answer.stderr
