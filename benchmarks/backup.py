"""How long backups take: against DuckDB's own export and against sha256sum, in the same run.

    python benchmarks/backup.py            1,000,000 videos and 500,000 old versions
    python benchmarks/backup.py 100000     fewer
    python benchmarks/backup.py --rounds 3 the best of three for every figure

Each step runs in a process of its own; its seconds, processor time and peak memory are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

IDENTITY = (
    "md5('v' || i)[1:8] || '-' || md5('v' || i)[9:12] || '-' || md5('v' || i)[13:16] || '-' || "
    "md5('v' || i)[17:20] || '-' || md5('v' || i)[21:32]"
)
VIDEO = f"""
SELECT 'kinescope' AS _account, {IDENTITY} AS id, md5('p' || i % 40) AS project_id,
  md5('f' || i % 900) AS folder_id, 1 + i % 7 AS version,
  'Video ' || i || ' ' || md5('t' || i)[1:i % 20] AS title, '' AS subtitle,
  'About ' || repeat(md5('d' || i) || ' ', (i % 9)::INTEGER) AS description, 'done' AS status,
  0.0 AS progress, (hash(i) % 1000000) / 1000.0 AS duration, 'anywhere' AS privacy_type,
  '[]'::JSON AS privacy_domains, ('["tag ' || i % 50 || '"]')::JSON AS tags,
  'https://kinescope.io/' || (200000000 + i) AS play_link,
  'https://kinescope.io/embed/' || (200000000 + i) AS embed_link,
  'https://kinescope.io/' || (200000000 + i) || '/master.m3u8' AS hls_link,
  i % 2 = 0 AS chapters_enabled,
  TIMESTAMPTZ '2024-01-01' + to_seconds((hash(i) % 60000000)::INTEGER) AS created_at,
  TIMESTAMPTZ '2025-01-01' + to_seconds((hash(i + 1) % 30000000)::INTEGER) AS updated_at,
  TIMESTAMPTZ '2026-01-01' AS _valid_from, TIMESTAMPTZ '2026-01-01' AS _first_seen_at,
  '20260101T000000-00000000' AS _run_id
FROM range(COUNT) r(i)
"""
RAW = """
json_object('id', id, 'project_id', project_id, 'folder_id', folder_id, 'version', version,
  'title', title, 'subtitle', subtitle, 'description', description, 'status', status,
  'progress', progress, 'duration', duration, 'privacy_type', privacy_type,
  'privacy_domains', privacy_domains, 'tags', tags, 'play_link', play_link,
  'embed_link', embed_link, 'hls_link', hls_link, 'chapters', {'enabled': chapters_enabled},
  'created_at', created_at, 'updated_at', updated_at, 'additional_materials_enabled', false)
"""


@dataclass(frozen=True)
class Place:
    """The settings that backups need."""

    warehouse: Path
    backup_dir: Path
    keep: dict[str, int] = field(default_factory=dict)


def build(file: Path, count: int) -> None:
    """A warehouse with so many videos and half as many old versions of them."""
    import duckdb

    from connectors import connector
    from warehouse.schema.evolve import ensure_schema

    with duckdb.connect() as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"ATTACH '{file}' AS kept (STORAGE_VERSION 'v1.5.0')")
        ensure_schema(connection, connector("kinescope"))

        def rows(number: int) -> str:
            video = VIDEO.replace("COUNT", str(number))
            content = "md5(id || title || version)::UUID AS _content"
            return f"SELECT v.*, {RAW} AS _raw, {content} FROM ({video}) v"

        connection.execute(f"INSERT INTO kept.kinescope.videos BY NAME {rows(count)}")
        connection.execute(
            "INSERT INTO kept.kinescope.videos_history BY NAME SELECT * REPLACE (version - 1 AS "
            "version, TIMESTAMPTZ '2025-12-01' AS _valid_from), TIMESTAMPTZ '2026-01-01' AS "
            f"_valid_to, 'updated' AS _ended_by FROM ({rows(count // 2)})"
        )
        connection.execute("CHECKPOINT kept")


# -- what is measured, each in a process of its own -----------------------------------------


def export(folder: Path, options: str) -> None:
    import duckdb

    target = folder / "exported"
    shutil.rmtree(target, ignore_errors=True)
    with duckdb.connect(str(folder / "kollect.duckdb"), read_only=True) as connection:
        connection.execute(f"EXPORT DATABASE '{target}' (FORMAT PARQUET{options})")
    os.sync()


def backup(folder: Path) -> None:
    from warehouse.backup import write_backup

    write_backup(Place(folder / "kollect.duckdb", folder / "backups"), key=None)


def verify(folder: Path, depth: str) -> None:
    from warehouse.backup import verify_backup
    from warehouse.backup.archive import Archive

    verify_backup(Archive(folder / "backups").find(None), depth, key=None, home=folder)


def sha256sum(folder: Path) -> None:
    from warehouse.backup.archive import Archive

    newest = Archive(folder / "backups").find(None)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=newest, check=True)


def restore(folder: Path) -> None:
    from warehouse.backup import restore_backup
    from warehouse.backup.archive import Archive

    target = folder / "restored.duckdb"
    restore_backup(Archive(folder / "backups").find(None), target, force=True, key=None)


STEPS: dict[str, Callable[[Path], None]] = {
    "DuckDB's export": lambda f: export(f, ""),
    "DuckDB's export, zstd": lambda f: export(f, ", COMPRESSION zstd"),
    "first backup": backup,
    "second backup, nothing touched": backup,
    "second backup, after a sync without changes": backup,
    "sha256sum": sha256sum,
    "verify --quick": lambda f: verify(f, "quick"),
    "verify": lambda f: verify(f, "full"),
    "verify --rebuild": lambda f: verify(f, "rebuild"),
    "restore": restore,
}


def prepare(step: str, folder: Path) -> None:
    """Bring the folder into the state that a step begins with."""
    backups = folder / "backups"
    if step == "first backup":
        shutil.rmtree(backups, ignore_errors=True)
    if step.startswith("second backup"):
        for name in sorted(e.name for e in backups.iterdir() if e.name[0] != ".")[1:]:
            shutil.rmtree(backups / name)
    if step.endswith("without changes"):
        import duckdb

        copy = folder / "newer.duckdb"
        shutil.copy(folder / "kollect.duckdb", copy)
        with duckdb.connect(str(copy)) as connection:
            connection.execute(
                "UPDATE _kollect.meta SET value = (value::BIGINT + 1)::VARCHAR "
                "WHERE name = 'generation'"
            )
        os.replace(copy, folder / "kollect.duckdb")


def measured(step: str, folder: Path) -> dict[str, float]:
    """Run one step in a new process; its seconds and its largest memory."""
    prepare(step, folder)
    script = [sys.executable, str(Path(__file__).resolve()), "--step", step, "--in", str(folder)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{step} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def one_step(step: str, folder: Path) -> None:
    """What runs in the new process. Imports are not counted."""
    import duckdb

    import warehouse.backup

    duckdb.connect().execute("SELECT 1")
    assert warehouse.backup
    began, busy = time.perf_counter(), processor_seconds()
    STEPS[step](folder)
    seconds, busy = time.perf_counter() - began, processor_seconds() - busy
    highest = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    )
    memory = int(highest.split()[1]) / 1024
    print(json.dumps({"seconds": seconds, "busy": busy, "megabytes": memory}))


def processor_seconds() -> float:
    """Seconds that processors worked for this process and its children."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


RATIOS = (
    ("first backup", "DuckDB's export", None),
    ("first backup", "DuckDB's export, zstd", 1.3),
    ("second backup, nothing touched", "first backup", 0.1),
    ("second backup, after a sync without changes", "first backup", 0.1),
    ("verify", "sha256sum", 1.3),
)


def main() -> None:
    """Build, measure, print a table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", action="append", help="Leave out what is not named.")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        one_step(chosen.step, chosen.folder)
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-backup-") as made:
        folder = Path(made)
        began = time.perf_counter()
        build(folder / "kollect.duckdb", chosen.count)
        size = (folder / "kollect.duckdb").stat().st_size / 1e6
        print(f"{chosen.count:,} videos, {chosen.count // 2:,} old versions, {size:,.0f} MB, "
              f"built in {time.perf_counter() - began:.0f} s\n")  # fmt: skip
        print(f"{'':<46}{'seconds':>9}{'processor':>12}{'memory':>12}")
        best: dict[str, dict[str, float]] = {}
        for step in STEPS:
            if chosen.only and step not in chosen.only:
                continue
            runs = [measured(step, folder) for _ in range(chosen.rounds)]
            best[step] = min(runs, key=lambda run: run["seconds"])
            found = best[step]
            print(f"{step:<46}{found['seconds']:>9.2f}{found['busy']:>12.2f}"
                  f"{found['megabytes']:>9.0f} MB")  # fmt: skip
        print()
        for left, right, most in RATIOS:
            if left in best and right in best:
                ratio = best[left]["seconds"] / best[right]["seconds"]
                busy = best[left]["busy"] / best[right]["busy"]
                wanted = f"   (at most {most})" if most else ""
                print(f"{left} / {right}: {ratio:.3f}, by processor {busy:.3f}{wanted}")


if __name__ == "__main__":
    main()
