"""Running programs and taking their time and memory; what every benchmark shares."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Run:
    """One program that has ended."""

    seconds: float
    """Wall time of the whole process, start and imports included."""
    busy: float
    """Seconds that processors worked for it."""
    megabytes: float
    """The most memory that it held at once."""
    output: str


@dataclass(frozen=True)
class Figure:
    """One line of the results."""

    measured: str
    value: str
    against: str
    ratio: float | None = None
    """None for a figure that stands for itself."""
    at_most: float | None = None
    at_least: float | None = None
    met: bool | None = None
    """Only for figures without a ratio: whether the promise holds."""

    @property
    def kept(self) -> bool | None:
        """Whether the promise holds; None where none was made."""
        if self.ratio is not None and self.at_most is not None:
            return self.ratio <= self.at_most
        if self.ratio is not None and self.at_least is not None:
            return self.ratio >= self.at_least
        return self.met

    def line(self) -> str:
        """The figure as a row of a Markdown table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        bound = ""
        if self.at_most is not None:
            bound = f"at most {self.at_most:g}"
        elif self.at_least is not None:
            bound = f"at least {self.at_least:g}"
        word = {True: "yes", False: "**no**", None: ""}[self.kept]
        return f"| {self.measured} | {self.value} | {self.against} | {ratio} | {bound} | {word} |"


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run a program to its end. Raises SystemExit with its last words where it fails."""
    words = folder / "said.txt"
    with words.open("wb") as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    text = words.read_text(errors="replace")
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{text[-3000:]}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text)


def kollect(folder: Path, environment: Mapping[str, str], *arguments: str) -> Run:
    """One command of kollect in a process of its own, in a folder with its settings."""
    settings = {**environment, "KOLLECT_KEYRING": "0"}
    return run([sys.executable, "-m", "pipelines", *arguments], folder=folder, environment=settings)


def median(runs: Sequence[Run]) -> Run:
    """The run whose time is in the middle."""
    return sorted(runs, key=lambda one: one.seconds)[len(runs) // 2]


def say(text: str) -> None:
    """A line for who waits."""
    print(text, file=sys.stderr, flush=True)
