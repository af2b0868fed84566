"""Syncs in processes of their own, which end themselves with SIGKILL at a chosen write boundary.

Run as a program it takes orders, one JSON object a line, and forks for each: importing kollect
once costs more than most syncs. Boundaries are found from outside: before and after each write,
flush, rename, removal and transaction step, the operating system's functions and DuckDB's
`execute` are wrapped before a sync starts. Nothing of kollect is changed.
"""

from __future__ import annotations

import builtins
import ctypes
import hashlib
import io
import json
import os
import re
import shutil
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connectors import connector
from connectors.core.errors import exit_status
from pipelines.settings import read_settings
from pipelines.sync.account import sync_account
from pipelines.sync.runtime import Runtime

WRITES = ("pwrite", "fdatasync", "fsync", "replace", "rename", "unlink", "ftruncate")
LOST = {
    "nothing": ("published", "own", "stage"),
    "stage": ("published", "own"),
    "all": ("published",),
}
"""What may be lost with a process, and which parts of the folder remain."""
READ = Path.read_bytes
STEPS = re.compile(
    r"\s*(BEGIN|COMMIT|ATTACH|DETACH|CHECKPOINT|CREATE TABLE|INSERT|UPDATE|DELETE|MERGE)\b", re.I
)


@dataclass(frozen=True)
class Order:
    """One sync: where, as whom, and at which boundary it is to die (None: it lives)."""

    folder: str
    service: str
    environment: Mapping[str, str]
    die_at: str | None = None
    tables: tuple[str, ...] = ()
    full: bool = False
    wait_seconds: float = 600.0
    humble: bool = False
    """Whether root gives up its powers first: it could write into any folder."""
    states: str = ""
    """Where to keep what the folder holds at each boundary; empty: nowhere."""
    slow_by_seconds: float = 0.0
    """How far its clock is behind: a state may be kept for longer than a run may rest."""


class States:
    """What a kill at each boundary would leave: copies of the folder, each different one once.

    What a killed process wrote stays with the operating system, so a copy of that moment is what
    the next process finds. Scratch files and the departures of requests tell states not apart.
    """

    def __init__(self, folder: Path, target: Path) -> None:
        self._folder = folder
        self._target = target
        self._copy = shutil.copytree  # before anything is wrapped
        self.kept: dict[str, dict[str, str]] = {lost: {} for lost in LOST}
        """What is lost -> the name of a copy -> the first boundary with what then remains."""
        self._seen: set[tuple[str, str]] = set()

    def look(self, boundary: str) -> None:
        """Keep the folder as it is now, where it is like none before."""
        parts = self._digests()
        fresh = [lost for lost, names in LOST.items() if self._is_fresh(lost, parts, names)]
        if fresh:
            copy = str(self._target / f"state-{len(list(self._target.iterdir()))}")
            self._copy(self._folder, copy, ignore=shutil.ignore_patterns("scratch"))
            for lost in fresh:
                self.kept[lost][copy] = boundary

    def _is_fresh(self, lost: str, parts: Mapping[str, str], names: tuple[str, ...]) -> bool:
        state = (lost, " ".join(parts[name] for name in names))
        known = state in self._seen
        self._seen.add(state)
        return not known

    def _digests(self) -> dict[str, str]:
        """A digest of each part of the folder: what people see, kollect's own, and the stage."""
        found = {name: hashlib.blake2b() for name in ("published", "own", "stage")}
        for file in sorted(self._folder.rglob("*")):
            inside = file.relative_to(self._folder).parts
            if "scratch" in inside or "rates" in inside or not file.is_file():
                continue
            part = "published" if inside[0] != ".kollect" else "own"
            digest = found["stage" if inside[1:2] == ("stage",) else part]
            digest.update("/".join(inside).encode() + READ(file))
        return {name: digest.hexdigest() for name, digest in found.items()}


class Boundaries:
    """Counts what passes, and kills the process at one of them."""

    def __init__(self, folder: str, die_at: str | None, states: States | None) -> None:
        self.seen: list[str] = []
        """Each with its name and how often that name came, since others may come between."""
        self._times: Counter[str] = Counter()
        self._folder = folder
        self._die_at = die_at
        self._states = states
        self._lock = threading.Lock()

    def passed(self, name: str) -> None:
        """One boundary; the process may end here."""
        with self._lock:
            self._times[name] += 1
            self.seen.append(f"{name} #{self._times[name]}")
            if self._states is not None:
                self._states.look(self.seen[-1])
            if self._die_at == self.seen[-1]:
                os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Wrap the functions that write. For a process that ends soon."""
        for name in WRITES:
            setattr(os, name, self._around(name, getattr(os, name)))
        opened = self._opening(builtins.open)
        builtins.open = io.open = opened
        execute = duckdb.DuckDBPyConnection.execute

        def stepped(connection: Any, query: Any, *values: Any, **more: Any) -> Any:
            step = STEPS.match(query) if isinstance(query, str) else None
            if step is None or ".incoming" in query[:60] or " TEMP " in query[:40]:
                return execute(connection, query, *values, **more)
            self.passed(f"before {step[1].lower()}")
            answer = execute(connection, query, *values, **more)
            self.passed(f"after {step[1].lower()}")
            return answer

        duckdb.DuckDBPyConnection.execute = stepped  # type: ignore[method-assign,assignment]

    def _around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(target: Any, *values: Any, **more: Any) -> Any:
            place = self._place(values[0] if name in ("replace", "rename") else target)
            if place is None:
                return function(target, *values, **more)
            self.passed(f"before {name} {place}")
            answer = function(target, *values, **more)
            self.passed(f"after {name} {place}")
            return answer

        return wrapped

    def _opening(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", *values: Any, **more: Any) -> Any:
            answer = function(file, mode, *values, **more)
            if "w" in mode and (place := self._place(file)) is not None:
                self.passed(f"after open {place}")
            return answer

        return opened

    def _place(self, target: Any) -> str | None:
        """The file's name without what differs from run to run; None outside of the folder."""
        if isinstance(target, int):
            target = os.readlink(f"/proc/self/fd/{target}")
        path = os.path.abspath(os.fspath(target))
        if not path.startswith(self._folder) or "/scratch/" in path:
            return None
        return "folder" if path == self._folder else os.path.basename(path)


def carry_out(order: Order) -> dict[str, Any]:
    """One sync in this process: its status, counts and the boundaries that it passed."""
    states = States(Path(order.folder), Path(order.states)) if order.states else None
    boundaries = Boundaries(order.folder, order.die_at, states)
    boundaries.install()
    if order.humble:
        give_up_powers()
    settings = read_settings(Path(order.folder) / "kollect.toml", environ=dict(order.environment))
    account = settings.accounts[order.service]
    account = replace(account, retry=replace(account.retry, first_seconds=0.01, max_seconds=0.05))
    told: list[str] = []
    runtime = Runtime(
        now=lambda: datetime.now(UTC) - timedelta(seconds=order.slow_by_seconds),
        account_wait_seconds=order.wait_seconds,
        progress=lambda news: told.append(news.text) if news.kind == "waiting" else None,
    )
    result = sync_account(
        settings, account, tables=order.tables or None, full=order.full, runtime=runtime
    )
    kept = states.kept if states else {}
    return {**result.as_json(), "boundaries": boundaries.seen, "waiting": told, "states": kept}


def give_up_powers() -> None:
    """Drop all capabilities of this process: permissions hold for root too from now on."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset")


def _forked(order: Order) -> dict[str, Any]:
    """Carry out an order in a child; `killed` where it died of SIGKILL."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            answer = carry_out(order)
        except BaseException as error:  # noqa: BLE001 - told to the process that ordered it
            answer = {"raised": type(error).__name__, "told": str(error),
                      "exit_status": exit_status(error), "trace": traceback.format_exc()}  # fmt: skip
        blob = json.dumps(answer).encode()
        while blob:
            blob = blob[os.write(writing, blob) :]
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        text = told.read()
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        return {"killed": os.WTERMSIG(ended)}
    found: dict[str, Any] = json.loads(text)
    return found


def main() -> None:
    """Take orders until standard input ends."""
    import httpcore  # noqa: F401 - so that no child needs to import it
    import httpx  # noqa: F401
    import sqlalchemy  # noqa: F401

    for line in sys.stdin:
        options = json.loads(line)
        options["tables"] = tuple(options.get("tables", ()))
        order = Order(**options)
        connector(order.service)
        sys.stdout.write(json.dumps(_forked(order)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
