"""A PostgreSQL server of the tests' own, on a free port; skipped with a reason where none is."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDERS = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


class Postgres:
    """A cluster in a scratch folder; it can be stopped and started again."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="kollect-postgres-"))
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run("initdb", "-U", "kollect", "-A", "trust", "-N", "-D", str(self._data))
        self.start()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words],
            check=False, capture_output=True, cwd=self._folder, env={"LC_ALL": "C.UTF-8"},
            **self._who,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-w", "-D", str(self._data), "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """At once: sessions end, what was committed stays."""
        self._run("pg_ctl", "-w", "-D", str(self._data), "-m", "fast", "stop")

    def remove(self) -> None:
        pid = self._data / "postmaster.pid"
        if pid.exists():
            os.kill(int(pid.read_text().split()[0]), signal.SIGINT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"db_{uuid.uuid4().hex[:12]}"
        self._run("createdb", "-h", str(self._folder), "-p", str(self.port), "-U", "kollect", name)
        return f"postgresql://kollect@127.0.0.1:{self.port}/{name}"


@cache
def postgres() -> Postgres:
    """One server for all tests of the process. Skips the test where there is no PostgreSQL."""
    pytest.importorskip("psycopg", reason="the extra kollect[scale] is not installed")
    if not FOLDERS:
        pytest.skip("there is no PostgreSQL server (Debian: apt-get install postgresql)")
    server = Postgres(FOLDERS[0])
    atexit.register(server.remove)
    return server
