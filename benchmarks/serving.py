"""A stand-in in a process of its own, so that its work does not count as its client's.

python -m benchmarks.serving kinescope '{"size": 100000, "prerender": true}'
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

SMALL_RENDITIONS = 1
"""With one rendition beside the original, a video is about 1.6 KB of JSON."""


class Server:
    """Where the stand-in is, and what it says of itself."""

    def __init__(self, shown: dict[str, Any]) -> None:
        self.url: str = shown["url"]
        self.origin: str = shown["origin"]
        self.environment: dict[str, str] = shown["environment"]
        self.pages: int = shown["pages"]

    def stats(self) -> dict[str, Any]:
        """Requests, violations and more, as the control interface tells."""
        with urllib.request.urlopen(f"{self.origin}/_sandbox/stats", timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def reset(self) -> None:
        """Forget the requests so far."""
        asked = urllib.request.Request(f"{self.origin}/_sandbox/reset", data=b"{}", method="POST")
        urllib.request.urlopen(asked, timeout=60).read()

    def settings(self, folder: Path, service: str, **account: Any) -> None:
        """Write a kollect.toml for this server into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        options = {"base_url": self.url, **account}
        lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]
        text = '[warehouse]\npath = "kollect.duckdb"\n' + f"[accounts.{service}]\n"
        (folder / "kollect.toml").write_text(text + "\n".join(lines) + "\n")


@contextlib.contextmanager
def serving(service: str, **options: Any) -> Iterator[Server]:
    """Serve one service (`size`, `latency`, `limits`, `prerender`) until the block ends."""
    command = [sys.executable, "-m", "benchmarks.serving", service, json.dumps(options)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the stand-in of {service} did not start")
        yield Server(json.loads(line))
    finally:
        process.kill()
        process.wait()


def main(service: str, options: dict[str, Any]) -> None:
    """Serve until killed; the first line on standard output says where."""
    from sandbox import Sandbox

    with Sandbox(
        [service],
        size=options.get("size"),
        limits=options.get("limits", False),
        latency_seconds=options.get("latency", 0.0),
    ) as box:
        world: Any = box.services[service]
        pages = 0
        if options.get("prerender"):
            world.library.maker.renditions = SMALL_RENDITIONS
            pages = world.prerender()
        stand_in = box.stand_ins[service]
        shown = {
            "url": stand_in.url,
            "origin": stand_in.origin,
            "environment": box.environment(),
            "pages": pages,
        }
        print(json.dumps(shown), flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
