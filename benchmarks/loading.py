"""Videos from a server without limits into tables: against dlt, and against the floor.

kollect keeps what it always keeps: five tables, each record as it came, history, ledger, the
stage on disk and the published file. Posters and annotations need a request per video and are
left out on all sides. Each program is a whole process, start and imports included.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import ROOT, Figure, Run, kollect, median, run, say
from benchmarks.serving import Server, serving

TABLES = ["videos", "video_assets", "chapters", "subtitles", "additional_materials"]
LIMIT_MEGABYTES = 500
PEER_HOME = ROOT / "benchmarks" / ".venv-dlt"
PEER_PACKAGES = ("dlt[duckdb,parquet]", "orjson", "requests")


def peer_python() -> Path:
    """The Python of the peer's own virtual environment with the newest dlt, made if missing."""
    python = PEER_HOME / "bin" / "python"
    if not python.exists():
        say("making a virtual environment with the newest dlt")
        subprocess.run([sys.executable, "-m", "venv", PEER_HOME], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)
    return python


def peer(mode: str, server: Server, folder: Path) -> Run:
    """One run of dlt, in the mode `children` or `arrow`, into a new database."""
    target = folder / f"dlt-{mode}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    script = ROOT / "benchmarks" / "dlt_peer.py"
    token = next(iter(server.environment.values()))
    command = [peer_python(), script, mode, server.url, str(server.pages - 1), target / "x.duckdb"]
    return run(command, folder=target, environment={"PEER_TOKEN": token})


def ours(server: Server, folder: Path) -> Run:
    """One first sync into a new warehouse."""
    target = folder / "kollect"
    shutil.rmtree(target, ignore_errors=True)
    server.settings(target, "kinescope", rate=[], include=TABLES)
    return kollect(target, server.environment, "sync")


def floor(server: Server, folder: Path) -> Run:
    """The same bytes over HTTP, and DuckDB's own `read_json` of them into one table."""
    target = folder / "floor"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    token = next(iter(server.environment.values()))
    script = ROOT / "benchmarks" / "floor.py"
    command = [sys.executable, script, server.url, str(server.pages - 1)]
    return run(command, folder=target, environment={"PEER_TOKEN": token})


def rows(folder: Path) -> dict[str, int]:
    """Rows of each table in kollect's file, counted as a reader would."""
    import duckdb

    with duckdb.connect(str(folder / "kollect" / "kollect.duckdb"), read_only=True) as connection:
        return {
            table: int(
                connection.execute(f"SELECT count(*) FROM kinescope.{table}").fetchall()[0][0]
            )
            for table in TABLES
        }


def against_dlt(folder: Path, *, videos: int = 100_000, rounds: int = 3) -> list[Figure]:
    """kollect, dlt twice and the floor, in turns; the median of each counts."""
    peer_python()
    with serving("kinescope", size=videos, prerender=True) as server:
        found: dict[str, list[Run]] = {"ours": [], "children": [], "arrow": [], "floor": []}
        for number in range(rounds):
            found["arrow"].append(peer("arrow", server, folder))
            found["ours"].append(ours(server, folder))
            if number == 0:
                counted = rows(folder)
                if counted["videos"] != videos:
                    raise SystemExit(f"{videos} videos were served, {counted['videos']} loaded")
            found["floor"].append(floor(server, folder))
            if number < max(1, rounds - 1):
                found["children"].append(peer("children", server, folder))
            say(
                "  ".join(
                    f"{name} {runs[-1].seconds:.1f} s" for name, runs in found.items() if runs
                )
            )
    mine = median(found["ours"])
    version = found["arrow"][0].output.split("dlt ", 1)[-1].split()[0]
    total = sum(counted.values())
    name = f"first sync of {videos:,} videos ({total:,} rows)"
    value = f"{mine.seconds:.1f} s, {videos / mine.seconds:,.0f} videos/s"

    def ratio(other: str, promise: float | None, what: str) -> Figure:
        theirs = median(found[other])
        return Figure(
            name, value, f"{what}: {theirs.seconds:.1f} s",
            theirs.seconds / mine.seconds, at_least=promise,
        )  # fmt: skip

    lowest = median(found["floor"])
    return [
        ratio("children", 4.0, f"dlt {version}, parquet files, child tables (speed, theirs/ours)"),
        ratio("arrow", 1.5, f"dlt {version} yielding Arrow tables, no children, no raw"),
        Figure(
            name, value, f"floor: HTTP and read_json into one table: {lowest.seconds:.1f} s",
            mine.seconds / lowest.seconds,
        ),
        memory(name, mine),
    ]  # fmt: skip


def memory(name: str, found: Run) -> Figure:
    """The largest memory of one run against the promise."""
    return Figure(
        name,
        f"{found.megabytes:.0f} MB at most",
        f"{LIMIT_MEGABYTES} MB",
        found.megabytes / LIMIT_MEGABYTES,
        at_most=1.0,
    )


def a_million(folder: Path, *, videos: int = 1_000_000) -> list[Figure]:
    """Memory, and time per video, at ten times the size."""
    with serving("kinescope", size=videos, prerender=True) as server:
        say(f"{server.pages:,} pages are served")
        found = ours(server, folder)
        counted = rows(folder)
    if counted["videos"] != videos:
        raise SystemExit(f"{videos} videos were served, {counted['videos']} loaded")
    name = f"first sync of {videos:,} videos ({sum(counted.values()):,} rows)"
    rate = f"{found.seconds:.0f} s, {videos / found.seconds:,.0f} videos/s"
    size = os.path.getsize(folder / "kollect" / "kollect.duckdb") / 1e6
    return [memory(name, found), Figure(name, rate, f"file of {size:,.0f} MB")]
