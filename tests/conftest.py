"""Fixtures for all tests."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kit import first_syncs
from tests.kit.account import Bench, bench
from tests.kit.report import pytest_addoption, pytest_terminal_summary

__all__ = ["made", "pytest_addoption", "pytest_terminal_summary", "synced"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in the background has interrupts ignored by all that they
    # start, and some of it is to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def makes(make: Callable[..., Bench], folder: Path) -> Iterator[Callable[..., Bench]]:
    """Makes benches in numbered folders, and closes them afterwards."""
    numbers = itertools.count()
    with ExitStack() as closing:
        yield lambda service, **options: closing.enter_context(
            make(folder / f"bench-{next(numbers)}", service, **options)
        )


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Makes benches: a service of the sandbox with an empty warehouse."""
    yield from makes(bench, tmp_path / "made")


@pytest.fixture
def synced(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """The same with the first sync done and complete (copied: one is made for all tests)."""
    yield from makes(first_syncs.synced, tmp_path / "synced")
