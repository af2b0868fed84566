"""Fixtures for the tests of files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.file_scene import FileBench, file_bench


@pytest.fixture(scope="session")
def tables_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FileBench]:
    """Benches whose tables were synced, without any file; each made once."""
    made: dict[str, FileBench] = {}

    def bench_of(service: str, **more: Any) -> FileBench:
        name = repr((service, sorted(more.items())))
        if name not in made:
            with file_bench(tmp_path_factory.mktemp("tables"), service, **more) as bench:
                bench.configure(files=False)
                result = bench.sync()
            assert result.status == "complete", result.trouble
            made[name] = bench
        return made[name]

    return bench_of


@pytest.fixture
def shelf(
    tmp_path: Path, tables_of: Callable[..., FileBench]
) -> Iterator[Callable[..., FileBench]]:
    """Makes benches whose files lie at a host of their own, and closes them afterwards.

    With `loaded=True` the tables are here already, as a sync without files would leave them.
    """
    benches: list[FileBench] = []

    def make(service: str, *, loaded: bool = False, **more: Any) -> FileBench:
        folder = tmp_path / f"bench-{len(benches)}"
        if loaded:
            known = ("size", "switches", "include")
            before = tables_of(service, **{n: v for n, v in more.items() if n in known})
            folder.mkdir()
            shutil.copy(before.warehouse, folder)
            shutil.copytree(before.folder / ".kollect", folder / ".kollect")
            more["moved_from"] = before.stand_in.url
        benches.append(file_bench(folder, service, **more))
        return benches[-1]

    yield make
    leaks = [leak for bench in benches for leak in bench.host.leaks]
    errors = [error for bench in benches for error in bench.errors]
    for bench in benches:
        bench.box.__exit__(None, None, None)
    assert not errors, errors[:1]
    assert not leaks, "no credential ever comes to the host of files"
