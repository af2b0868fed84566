"""A short report of a test run in a file (`--report FILE`, as `make test-all` does): when and of
which commit, how it ended, and how long each folder and the slowest tests took."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLOWEST = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--report", metavar="FILE", help="write a short report of the run to FILE")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    file = config.getoption("report")
    if file is None:
        return
    reports = [
        report
        for found in terminalreporter.stats.values()
        for report in found
        if isinstance(report, pytest.TestReport)
    ]
    order = "as collected"
    if config.getoption("random_order_enabled", False):
        seed = str(config.getoption("random_order_seed")).removeprefix("default:")
        order = f"random, seed {seed}"
    Path(file).write_text(report_of(reports, int(exitstatus), order, commit()), "utf-8")


def commit() -> str:
    """The commit that was tested, and whether files differ from it."""
    parts = ("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain")
    asked = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        for words in parts
    ]
    return asked[0].stdout.strip() + (" with changes" if asked[1].stdout.strip() else "")


def report_of(
    reports: Iterable[pytest.TestReport], exit_status: int, order: str, tested: str
) -> str:
    """The text of the report."""
    seconds: defaultdict[str, float] = defaultdict(float)
    outcomes: dict[str, str] = {}
    for report in reports:
        seconds[report.nodeid] += report.duration
        if report.when == "call" or report.outcome != "passed":
            outcomes[report.nodeid] = report.outcome
    folders: defaultdict[str, float] = defaultdict(float)
    for name, took in seconds.items():
        folders[name.partition("::")[0].rpartition("/")[0]] += took
    tests_of = Counter(name.partition("::")[0].rpartition("/")[0] for name in outcomes)
    counts = Counter(outcomes.values())
    slowest = sorted(seconds, key=lambda name: -seconds[name])[:SLOWEST]
    failed = sorted(name for name, outcome in outcomes.items() if outcome == "failed")
    lines = [
        f"# Tests of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "",
        f"- commit: {tested}",
        f"- exit status: {exit_status}",
        f"- order: {order}",
        *(f"- {outcome}: {count}" for outcome, count in sorted(counts.items())),
        "",
        "| folder | tests | seconds |",
        "| --- | --- | --- |",
        *(f"| {name} | {tests_of[name]} | {folders[name]:.0f} |" for name in sorted(folders)),
        "",
        "## Failed",
        "",
        *([f"- {name}" for name in failed] or ["none"]),
        "",
        "## Slowest",
        "",
        *(f"- {seconds[name]:.1f} s {name}" for name in slowest),
    ]
    return "\n".join(lines) + "\n"
