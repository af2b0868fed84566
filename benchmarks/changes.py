"""Loading a share of changed rows into a table of a million: time follows the change.

    python -m benchmarks.changes 1000000     in a folder of its own; prints JSON

Records go through the same shaping, loading and publishing as in a sync; only the network and
the stage are left out, on both sides.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import Figure, run

START = datetime(2026, 1, 1, tzinfo=UTC)
SHARES = (1_000, 10_000, 100_000)
PAGE = 100


def videos(numbers: range, version: int) -> Iterator[list[dict[str, Any]]]:
    """Pages of made videos with two assets each; another version is another title."""
    for start in range(0, len(numbers), PAGE):
        yield [
            {
                "id": f"{number:08d}-4b89-44c4-aa25-76a64e41182a",
                "project_id": f"{number % 40:08d}-0696-46aa-a557-e34f8f09e76e",
                "version": version,
                "title": f"Video {number} in version {version}",
                "description": f"What video {number} is about. " * (1 + number % 9),
                "status": "done",
                "duration": number % 5000 + 0.5,
                "privacy_type": "anywhere",
                "privacy_domains": [],
                "tags": [f"tag {number % 50}"],
                "play_link": f"https://kinescope.io/{200_000_000 + number}",
                "embed_link": f"https://kinescope.io/embed/{200_000_000 + number}",
                "hls_link": f"https://kinescope.io/{200_000_000 + number}/master.m3u8",
                "created_at": "2026-04-08T10:45:23.033842Z",
                "updated_at": f"2026-05-{1 + version:02d}T10:45:23.033842Z",
                "assets": [
                    {
                        "id": f"{number}-{place}",
                        "video_id": "00000000-0000-0000-0000-000000000000",
                        "original_name": f"{number}.mp4",
                        "file_size": 1000 * number + version,
                        "quality": quality,
                        "resolution": "1280x720",
                        "created_at": "2026-04-08T10:45:23.033842Z",
                    }
                    for place, quality in enumerate(("original", "720p"))
                ],
            }
            for number in numbers[start : start + PAGE]
        ]


def step(folder: Path, numbers: range, version: int) -> dict[str, float]:
    """Load these videos; seconds from the first record to the published file."""
    from connectors import connector
    from connectors.core.evidence import Evidence
    from connectors.core.records import RecordMapper
    from warehouse.load.known import AccountState
    from warehouse.load.load import LoadRequest, load
    from warehouse.load.staging import Staging
    from warehouse.store.open import open_engine
    from warehouse.store.warehouse import Warehouse

    kinescope = connector("kinescope")
    family = next(f for f in kinescope.families if f.name == "videos")
    rows = next(r for r in family.resources if r.rows[0].table.name == "videos").rows[0]
    warehouse = Warehouse(folder / "kollect.duckdb")
    began = time.perf_counter()
    with open_engine(warehouse.home) as engine:
        now = START + timedelta(hours=version)
        known = AccountState(warehouse, kinescope, "kinescope", engine.cursor, now=lambda: now)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            staging = Staging(engine.cursor(), Path(scratch), {})
            shaper = RecordMapper(kinescope.tables.values(), staging)
            for page in videos(numbers, version):
                shaper.keep(rows, page, {})
            handed = time.perf_counter()
            request = LoadRequest(
                connector=kinescope,
                account="kinescope",
                run_id=f"run-{version}",
                family=family,
                evidence=Evidence(family.resources),
                staging=staging,
                full=version == 0,
                tables=frozenset({"videos", "video_assets"}),
                now=now,
            )
            ledger = load(warehouse, known, request)
            staging.close()
    loaded = time.perf_counter()
    warehouse.publish()
    found = ledger["videos"]
    expected = {"inserted": len(numbers), "updated": 0}
    if version:
        expected = {"inserted": 0, "updated": len(numbers)}
    assert {name: found[name] for name in expected} == expected, found
    return {
        "whole": time.perf_counter() - began,
        "load": loaded - handed,
        "load and shape": loaded - began,
    }


def of_a_million(folder: Path, *, count: int = 1_000_000) -> list[Figure]:
    """The first load of `count` videos, then loads in which a share of them changed."""
    done = run([sys.executable, "-m", "benchmarks.changes", str(count)], folder=folder)
    found: dict[str, dict[str, float]] = json.loads(done.output.splitlines()[-1])
    first = found["0"]
    figures = []
    for number in (n for n in SHARES if str(n) in found):
        share = found[str(number)]
        name = f"{number:,} of {count:,} videos changed"
        promise = 0.1 if number <= count // 100 else None
        figures += [
            Figure(
                f"{name}: load", f"{share['load and shape']:.2f} s",
                f"first load: {first['load and shape']:.1f} s",
                share["load and shape"] / first["load and shape"], at_most=promise,
            ),
            Figure(
                f"{name}: load and publish", f"{share['whole']:.2f} s",
                f"first load and publish: {first['whole']:.1f} s",
                share["whole"] / first["whole"], at_most=promise,
            ),
        ]  # fmt: skip
    return figures


def main(count: int) -> None:
    """The child process: a first load, then each share."""
    folder = Path.cwd()
    found = {0: step(folder, range(count), 0)}
    for version, share in enumerate((n for n in SHARES if n <= count // 10), start=1):
        found[share] = step(folder, range(version, count, count // share)[:share], version)
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]))
