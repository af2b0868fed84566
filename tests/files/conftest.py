"""Fixtures for the tests of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.files.scene import FileBench, file_bench


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Callable[..., FileBench]]:
    """Makes benches whose files lie at a host of their own, and closes them afterwards."""
    benches: list[FileBench] = []

    def make(service: str, **more: Any) -> FileBench:
        benches.append(file_bench(tmp_path / f"bench-{len(benches)}", service, **more))
        return benches[-1]

    yield make
    leaks = [leak for bench in benches for leak in bench.host.leaks]
    errors = [error for bench in benches for error in bench.errors]
    for bench in benches:
        bench.box.__exit__(None, None, None)
    assert not errors, errors[:1]
    assert not leaks, "no credential ever comes to the host of files"
