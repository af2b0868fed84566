"""Readers never block a sync, a sync never disturbs a reader, and nobody sees half a sync."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.kit.account import Bench
from tests.kit.processes import ROOT

Make = Callable[..., Bench]
READERS = 9


def reader(file: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.kit.reading", str(file), how],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_ten_readers_hold_the_file_while_syncs_finish_and_each_sees_whole_states(
    synced: Make,
) -> None:
    """Nine processes keep one view open and query it, a tenth opens the file again and again:
    both syncs finish, old views stay as they were, and each new view is that after a sync."""
    bench = synced("kippt")
    held = [reader(bench.warehouse, "stay") for _ in range(READERS)]
    coming = reader(bench.warehouse, "come")
    first = [process.stdout.readline().strip() for process in held if process.stdout]
    assert len(set(first)) == 1 and len(first) == READERS
    states = [first[0]]
    for seed in (1, 2):
        bench.world.change(seed)
        assert bench.sync().status == "complete"
        states.append(state(bench))
    assert len(set(states)) == 3
    for process in held:
        lines = process.communicate("end\n", timeout=30)[0].split("\n")
        assert lines[0].startswith("queries ") and int(lines[0].split()[1]) > 1, lines
        assert process.returncode == 0
    seen = coming.communicate("end\n", timeout=30)[0].split("\n")
    assert coming.returncode == 0, seen
    assert set(seen[:-2]) <= set(states), (seen, states)


def state(bench: Bench) -> str:
    """What a reader who comes now sees."""
    process = reader(bench.warehouse, "come")
    return process.communicate("end\n", timeout=30)[0].split("\n")[0]
