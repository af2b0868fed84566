"""The other processes of the proofs: where orders for syncs are given to, and their answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.kit.killed import Order

ROOT = Path(__file__).parents[2]


class Elsewhere:
    """One process that carries out syncs in children of its own, one after the other."""

    def __enter__(self) -> Elsewhere:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kit.killed"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)

    def start(self, order: Order) -> None:
        """Begin to carry out an order; `answer` must follow."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """How the order ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that carries out syncs has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def kill(self) -> None:
        """End the child that carries out the order with SIGKILL, wherever it is."""
        own = self._process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)

    def sync(self, order: Order) -> dict[str, Any]:
        """Carry out an order and wait for its end."""
        self.start(order)
        return self.answer()


def kollect(
    folder: Path, environment: Mapping[str, str], *words: str
) -> subprocess.CompletedProcess[str]:
    """One command of the command line, as a person gives it, with the settings of a folder."""
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *words],
        cwd=ROOT,
        env={**os.environ, **environment, "KOLLECT_CONFIG": str(folder / "kollect.toml")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
