"""Dagster as people run it: daemon and UI in processes of their own, on accounts of the sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import dagster as dg
import yaml

from sandbox import Sandbox
from tests.kit.account import Bench
from tests.pipelines.conftest import ROOT

OVER = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


def commands_of(unit: Path) -> tuple[list[str], list[list[str]]]:
    """The command of a systemd unit, and those before it."""
    lines = unit.read_text().splitlines()
    main = [line.partition("=")[2] for line in lines if line.startswith("ExecStart=")]
    before = [line.partition("=")[2] for line in lines if line.startswith("ExecStartPre=")]
    return shlex.split(main[0]), [shlex.split(line) for line in before]


class Live:
    """A folder with settings, the sandbox that they name, and Dagster's processes."""

    def __init__(
        self, folder: Path, services: Sequence[str], *, size: int | None, sync: str
    ) -> None:
        self.folder = folder
        self.box = Sandbox(services, size=size, limits=False)
        self.box.__enter__()
        more: dict[str, dict[str, Any]] = {service: {"rate": []} for service in services}
        settings = self.box.settings(folder / "kollect.duckdb", more=more)
        rhythm = f'\n[schedule]\nsync = "{sync}"\nfull = "never"\nbackup = "never"\n'
        (folder / "kollect.toml").write_text(f'{settings}{rhythm}verify = "never"\n')
        variables = self.box.environment().items()
        (folder / ".env").write_text("".join(f"{k}={v}\n" for k, v in variables))
        self.processes: list[subprocess.Popen[bytes]] = []
        self.log = folder / "dagster.log"
        self.home = folder / ".dagster"
        self.home.mkdir()
        text = (ROOT / "dagster.yaml").read_text().replace(" .dagster", f" {self.home}")
        values = yaml.safe_load(text)
        values["run_monitoring"] |= {"poll_interval_seconds": 3, "start_timeout_seconds": 90}
        for place in (folder, self.home):
            (place / "dagster.yaml").write_text(yaml.safe_dump(values))
        (folder / "deploy").symlink_to(ROOT / "deploy")
        self.instance = dg.DagsterInstance.from_config(str(self.home))

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self.instance.dispose()
        self.box.__exit__(None, None, None)

    # -- processes -------------------------------------------------------------------------

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A process group of its own, in the folder, with a clean environment."""
        kept = ("PATH", "HOME", "LANG", "TMPDIR")
        environ = {name: os.environ[name] for name in kept if name in os.environ}
        environ |= {
            "DAGSTER_HOME": str(self.home),
            "KOLLECT_KEYRING": "0",
            "PYTHONPATH": str(ROOT),
        }
        with self.log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *words], cwd=self.folder, env=environ, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def start_services(self, *names: str) -> list[subprocess.Popen[bytes]]:
        """What units of `deploy/` start, word for word."""
        return [self.start_service(name) for name in names]

    def start_service(self, name: str) -> subprocess.Popen[bytes]:
        words, before = commands_of(ROOT / "deploy" / f"kollect-{name}.service")
        for deed in before:
            subprocess.run(deed, cwd=self.folder, check=True)
        program = Path(sys.executable).parent / Path(words[0]).name
        return self.start(str(program), *words[1:])

    def stop(self) -> None:
        """End what was started, gently at first."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            self.kill_group(process)
        self.processes.clear()

    def kill_group(self, process: subprocess.Popen[bytes]) -> None:
        """What a power cut does to a process and all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    # -- runs ------------------------------------------------------------------------------

    def runs(self, job: str | None = None) -> list[dg.RunRecord]:
        """The runs so far, the oldest first."""
        filters = dg.RunsFilter(job_name=job) if job else None
        return list(reversed(self.instance.get_run_records(filters)))

    def over(self, jobs: Iterable[str], status: dg.DagsterRunStatus) -> bool:
        """Whether each of these jobs has a run with this status."""
        return all(any(r.dagster_run.status == status for r in self.runs(j)) for j in jobs)

    def looked(self, sensor: str) -> bool:
        """Whether a sensor was evaluated so far."""
        ticks = [
            tick
            for state in self.instance.all_instigator_state()
            if state.instigator_name == sensor
            for tick in self.instance.get_ticks(state.instigator_origin_id, state.selector_id)
        ]
        return bool(ticks)

    def process_of(self, run_id: str) -> int | None:
        """The process that a run said it began in."""
        found = self.instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_START)
        event = found[0].dagster_event if found else None
        return event.pid if event else None

    def wait(self, what: str, deed: Callable[[], Any], seconds: float = 180) -> Any:
        """The first true result of a deed; fails with the runs and the end of the log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := deed():
                return found
            time.sleep(0.4)
        runs = [(r.dagster_run.job_name, r.dagster_run.status.value) for r in self.runs()]
        end = self.log.read_text(errors="replace")[-6000:] if self.log.exists() else ""
        raise AssertionError(f"{what}: not within {seconds:.0f} s\n{json.dumps(runs)}\n{end}")

    def slow_down(self, seconds: float) -> None:
        """Let every answer of the services take so long."""
        for stand_in in self.box.stand_ins.values():
            stand_in.latency_seconds = seconds

    def assert_true(self, service: str) -> None:
        """The warehouse equals the service's truth."""
        bench = Bench(service, self.folder, self.box)
        replace(bench).assert_true()
