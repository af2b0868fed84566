"""`python -m benchmarks [NAME ...] [--quick] [--write]`: measure, print, and keep the results.

NAME is dlt, million, changes, limits, backup or files (default: all). `--quick` takes a tenth of
the rows; `--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import changes, limits, loading
from benchmarks.measuring import ROOT, Figure, say

PAGE = ROOT / "docs" / "benchmarks.md"
TITLES = {
    "dlt": "First load, against dlt and the floor",
    "million": "A million videos",
    "changes": "A share of a million changed",
    "limits": "Under limits, with 400 ms latency",
}
HEAD = (
    "| measured | result | against | ratio | promise | kept |\n"
    "| --- | --- | --- | --- | --- | --- |"
)


def measures(quick: bool) -> dict[str, Callable[[Path], list[Figure]]]:
    """What can be measured, by name."""
    part = 10 if quick else 1
    return {
        "dlt": lambda folder: loading.against_dlt(folder, videos=100_000 // part),
        "million": lambda folder: loading.a_million(folder, videos=1_000_000 // part),
        "changes": lambda folder: changes.of_a_million(folder, count=1_000_000 // part),
        "limits": limits.all_limits,
    }


def section(name: str, figures: list[Figure], quick: bool) -> str:
    """The results of one measure as Markdown."""
    today = datetime.now(UTC).date()
    size = ", a tenth of the rows" if quick else ""
    head = f"## {TITLES[name]}\n\n`python -m benchmarks {name}`, {today}{size}, {machine()}.\n"
    return "\n".join([head, HEAD, *(figure.line() for figure in figures)]) + "\n"


def machine() -> str:
    """What the figures were measured on."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} processors, load {load:.0f} at the end"


def write(name: str, text: str) -> None:
    """Replace the section of one measure, or add it."""
    page = PAGE.read_text()
    mark = f"## {TITLES[name]}\n"
    if mark in page:
        after = re.search(r"^## ", page[page.index(mark) + len(mark) :], re.MULTILINE)
        start = page.index(mark)
        end = start + len(mark) + after.start() if after else len(page)
        page = page[:start] + text + ("\n" if after else "") + page[end:]
    else:
        page = page.rstrip() + "\n\n" + text
    PAGE.write_text(page)


def main() -> None:
    """Measure what was asked for; the exit status is 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    asked = parser.parse_args()
    known = measures(asked.quick)
    programs = {"backup": "backup.py", "files": "files.py"}
    if wrong := [n for n in asked.names if n not in {*known, *programs}]:
        parser.error(f"no {wrong[0]!r}; there are {', '.join([*known, *programs])}")
    kept = True
    for name in asked.names or [*known, *programs]:
        if name in programs:
            done = subprocess.run(
                [sys.executable, ROOT / "benchmarks" / programs[name]], check=False
            )
            kept = kept and not done.returncode
            continue
        folder = Path(tempfile.mkdtemp(prefix="kollect-benchmark-"))
        say(f"{name} in {folder}")
        try:
            figures = known[name](folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        text = section(name, figures, asked.quick)
        print(text, flush=True)
        kept = kept and all(figure.kept is not False for figure in figures)
        if asked.write:
            write(name, text)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
