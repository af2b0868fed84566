"""Fixtures for all tests."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.account import Bench, bench

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in the background has interrupts ignored by all that they
    # start, and some of it is to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Makes benches (one service of the sandbox with a warehouse) and closes them afterwards."""
    benches: list[Bench] = []

    def make(service: str, **more: Any) -> Bench:
        folder = tmp_path / f"bench-{len(benches)}"
        benches.append(bench(folder, service, **more))
        return benches[-1]

    yield make
    errors = [error for b in benches for error in b.stand_in.errors]
    for each in benches:
        each.box.__exit__(None, None, None)
    assert not errors, errors[:1]
