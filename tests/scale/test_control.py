"""Leases: one holder on all machines, free when it is gone, and nothing committed too late."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import AccountBusy, BadSettings, WarehouseProblem
from tests.kit.postgres import postgres
from warehouse.store.locks import HeldElsewhere

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from connectors.core.errors import AccountBusy
from warehouse.scale.control import Control

control = Control(sys.argv[1], lease_seconds=1.5, beat_seconds=0.25)
with control.lease("account a", timeout_seconds=0) as lease:
    print("held", flush=True)
    sys.stdin.readline()
    try:
        with control.committing(lease):
            print("committed", flush=True)
    except AccountBusy as error:
        print(error, flush=True)
"""


@contextmanager
def holder(address: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lease, and commits when it is sent a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, address],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def commits(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline()


def test_one_machine_holds_a_lease_and_the_next_one_gets_it(machine: Callable[..., Any]) -> None:
    """A second machine is told who holds it, gets it afterwards, and its token is larger."""
    one, two = machine(), machine()
    waits: list[str] = []
    with one.lease("account a", timeout_seconds=0) as first:
        with pytest.raises(HeldElsewhere, match="process"):
            two.lease("account a", timeout_seconds=0.3, on_wait=waits.append).__enter__()
        with two.lease("account b", timeout_seconds=0):
            pass
    with two.lease("account a", timeout_seconds=0) as second:
        assert second.token > first.token
    assert len(waits) == 1


def test_a_lease_lasts_as_long_as_its_holder_beats(machine: Callable[..., Any]) -> None:
    """Twice the length of a lease later it is still held, and its holder may commit."""
    one, two = (machine(lease_seconds=0.7, beat_seconds=0.1) for _ in range(2))
    with one.lease("account a", timeout_seconds=0) as lease:
        with pytest.raises(HeldElsewhere):
            two.lease("account a", timeout_seconds=1.4).__enter__()
        with one.committing(lease):
            pass


def test_the_lease_of_a_killed_process_is_free_after_one_beat(
    address: str, machine: Callable[..., Any]
) -> None:
    """Nobody waits for the end of the lease: the server knows that the session is gone."""
    patient = machine(lease_seconds=600.0)
    with holder(address) as process:
        process.kill()
        process.wait()
        began = time.monotonic()
        with patient.lease("account a", timeout_seconds=20):
            assert time.monotonic() - began < 10


def test_a_stopped_process_that_wakes_up_late_commits_nothing(
    address: str, machine: Callable[..., Any]
) -> None:
    """Stopped with SIGSTOP, it loses the lease to another machine and is told so at its commit."""
    with holder(address) as process:
        process.send_signal(signal.SIGSTOP)
        with machine().lease("account a", timeout_seconds=20):
            process.send_signal(signal.SIGCONT)
            assert "account a was taken over by process" in commits(process)


def test_a_holder_that_was_not_stopped_commits(address: str) -> None:
    """The counterpart: the same process, undisturbed."""
    with holder(address) as process:
        assert commits(process) == "committed\n"


def test_nobody_takes_a_lease_while_its_holder_commits(machine: Callable[..., Any]) -> None:
    """The row is locked until the commit is done, however old the last beat is."""
    one, two = machine(beat_seconds=600.0), machine(lease_seconds=0.1)
    with one.lease("account a", timeout_seconds=0) as lease:
        time.sleep(0.2)
        with one.committing(lease), pytest.raises(HeldElsewhere):
            two.lease("account a", timeout_seconds=0.3).__enter__()
        with two.lease("account a", timeout_seconds=0), pytest.raises(AccountBusy):  # noqa: SIM117
            with one.committing(lease):
                pytest.fail("committed")


def test_a_lease_outlives_a_restart_of_the_server(machine: Callable[..., Any]) -> None:
    """Its sessions end; the holder comes back with the same token and may commit."""
    one = machine(lease_seconds=60.0)
    with one.lease("account a", timeout_seconds=0) as lease:
        postgres().stop()
        postgres().start()
        with one.committing(lease):
            pass


def test_an_unreachable_database_is_said_with_its_setting(machine: Callable[..., Any]) -> None:
    """The sentence names the setting; the work goes on when the server is back."""
    one = machine(patience_seconds=0.0)
    with one.lease("account a", timeout_seconds=0):
        pass
    postgres().stop()
    try:
        with pytest.raises(WarehouseProblem, match=r"cannot be reached.*\[scale\] control"):
            one.lease("account a", timeout_seconds=0).__enter__()
    finally:
        postgres().start()
    with one.lease("account a", timeout_seconds=0):
        pass


def test_a_wrong_database_is_a_wrong_setting(address: str) -> None:
    """No waiting for what a person must correct."""
    from warehouse.scale.control import Control

    with (
        closing(Control(f"{address}x")) as other,
        pytest.raises(BadSettings, match=r"does not exist; correct \[scale\] control"),
    ):
        other.agree("data", "", "")
    with (
        closing(Control(f"{address}?options=-cdefault_transaction_read_only%3Don")) as copy,
        pytest.raises(WarehouseProblem, match="is read-only"),
    ):
        copy.agree("data", "", "")


def test_a_database_of_a_newer_kollect_and_of_another_deployment_are_refused(
    machine: Callable[..., Any],
) -> None:
    """Nothing is changed in it."""
    one = machine()
    one.agree("data", "s3://one", "[scale] data")
    with pytest.raises(BadSettings, match="belongs to a deployment with s3://one"):
        machine().agree("data", "s3://two", "[scale] data")
    one.database.execute("UPDATE kollect.facts SET value = '99' WHERE name = 'format'")
    with pytest.raises(BadSettings, match="newer kollect"):
        machine().agree("data", "s3://one", "")
