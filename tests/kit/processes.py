"""The other processes of the proofs: where orders for syncs are given to, and their answers."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.kit.killed import Order

ROOT = Path(__file__).parents[2]
_ONE_AT_A_TIME = threading.Lock()


class Elsewhere:
    """One process that carries out syncs in children of its own, one after the other."""

    def __init__(self) -> None:
        self._unanswered = 0

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
        """Begin to carry out an order; `answer` must follow.

        What a test that failed did not wait for is waited for here, so that it costs no other.
        """
        while self._unanswered:
            self.answer()
        self._unanswered += 1
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """How the order ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self._unanswered -= 1
        assert line, "the process that carries out syncs has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def kill(self) -> None:
        """End the child that carries out the order with SIGKILL, wherever it is."""
        kill_children(self._process)

    def sync(self, order: Order) -> dict[str, Any]:
        """Carry out an order and wait for its end."""
        self.start(order)
        return self.answer()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def kill_children(process: subprocess.Popen[str]) -> None:
    """End the children of a process with SIGKILL, wherever they are."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for child in children.read_text().split() if children.exists() else ():
        os.kill(int(child), signal.SIGKILL)


@cache
def _server() -> subprocess.Popen[str]:
    """The process that this one orders commands from; it ends with this one."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.kit.command_server"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server


def kollect(
    folder: Path, environment: Mapping[str, str], *words: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """One command as a person gives it in a folder, with no credential but these variables.

    It runs in a process of its own, without a terminal: what it asks is answered by `stdin`.
    """
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory(prefix="kollect-command-") as place:
        streams = [Path(place, name) for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(stdin)
        order = {
            "folder": str(folder),
            "words": words,
            "environment": {**plain, "KOLLECT_KEYRING": "0", **environment},
            "streams": [str(stream) for stream in streams],
        }
        status = _ordered(order)
        told = [stream.read_text("utf-8") for stream in streams[1:]]
    return subprocess.CompletedProcess(words, status, *told)


def _ordered(order: Mapping[str, Any]) -> int:
    """Have one command carried out; its exit status. One at a time."""
    with _ONE_AT_A_TIME:
        server = _server()
        assert server.stdin is not None and server.stdout is not None
        try:
            server.stdin.write(f"{json.dumps(order)}\n")
            server.stdin.flush()
            return int(server.stdout.readline())
        except BaseException:  # a timeout of the test: the next command gets another server
            kill_children(server)
            server.kill()
            _server.cache_clear()
            raise
