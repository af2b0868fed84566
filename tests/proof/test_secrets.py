"""No secret of a service or of an account is found in anything that kollect wrote or said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.http.redact import SHORTEST_SECRET
from sandbox.faults import Fault
from tests.support import Bench
from tests.written import everything_below

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
        "kinescope",
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
