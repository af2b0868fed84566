"""No secret of a service or of an account is found in anything that kollect wrote or said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors import SERVICES
from connectors.http.redact import SHORTEST_SECRET
from sandbox import Fault
from tests.kit.account import Bench
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


@pytest.mark.parametrize(
    "service",
    [
        "kinopio",
        pytest.param("kinescope", marks=pytest.mark.slow),
        pytest.param("kinesis", marks=pytest.mark.slow),
        pytest.param("kippt", marks=pytest.mark.slow),
        pytest.param("kitemaker", marks=pytest.mark.slow),
    ],
)
def test_no_canary_is_written_or_said(
    made: Callable[..., Bench], service: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the database, the stage of a broken run, the events of each request, the
    errors, nor in any log: after a run that breaks off, and after one that ends."""
    caplog.set_level("DEBUG")
    bench = made(service)
    for fault in FAILURES:
        bench.stand_in.faults.add(Fault(fault.kind, status=fault.status, times=fault.times,
                                        share=fault.share, after=fault.after))  # fmt: skip
    broken = bench.sync()
    assert bench.stand_in.faults.fired("token_died") > 0
    assert broken.error is not None
    assert list(bench.folder.rglob("*.journal")), "the stage of a broken run stays"
    texts = [str(broken.error).encode(), repr(broken.error).encode(), str(broken).encode()]
    written = everything_below(bench.folder)
    bench.stand_in.faults.clear()
    bench.world.change(1)
    whole = bench.sync()
    texts += [str(whole.as_json()).encode(), caplog.text.encode(), said(bench)]
    everything = b"\n".join([written, everything_below(bench.folder), *texts])
    secrets = canaries(bench)
    assert secrets
    assert [secret for secret in secrets if secret in everything] == []


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_no_canary_is_in_what_commands_say_at_debug_level_or_in_backups(
    made: Callable[..., Bench], service: str
) -> None:
    """Real commands with every request logged: a sync that breaks off, one that ends, status,
    a backup, what is restored from it, and exported files."""
    bench = made(service)
    assert bench.account.ready
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
