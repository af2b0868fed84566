"""A stand-in in a process of its own, so that its work does not count as its client's.

python -m benchmarks.serving kinescope '{"size": 100000, "prerender": true}'
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT
from sandbox import SERVICES, StandIn
from sandbox.core import Request, Response
from sandbox.kinescope import Kinescope

SMALL_RENDITIONS = 1
"""With one rendition beside the original, a video is about 1.6 KB of JSON."""
READY_PAGE = 100


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


class ReadyPages(Kinescope):
    """Answers pages of all videos from a temporary file, so that a benchmark measures its client.

    They are made once, signatures included, and are the answers to `order=created_at.asc` with
    100 rows each; the videos must not change afterwards.
    """

    def build(self) -> None:
        super().build()
        self.library.maker.renditions = SMALL_RENDITIONS
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (read from until the end)
        self._places: dict[str, tuple[int, int]] = {}

    def prerender(self) -> int:
        """Make all pages, and the one behind the last that some clients ask for; their number."""
        headers = {"authorization": f"Bearer {self.credentials()['KINESCOPE_API_TOKEN']}"}
        for page in range(1, -(-self.size // READY_PAGE) + 2):
            query = f"page={page}&per_page={READY_PAGE}&order=created_at.asc"
            body = super().respond(Request("GET", f"/v1/videos?{query}", headers)).body
            self._places[str(page)] = (self._file.tell(), len(body))
            self._file.write(body)
        self._file.flush()
        return len(self._places)

    def respond(self, request: Request) -> Response:
        query = request.query
        place = self._places.get(query.get("page", "1"))
        wanted = {"page": query.get("page", "1"), "per_page": str(READY_PAGE)}
        is_ready = request.path == "/v1/videos" and query == {**wanted, "order": "created_at.asc"}
        if place is None or not is_ready:
            return super().respond(request)
        body = os.pread(self._file.fileno(), place[1], place[0])
        return Response(200, body, {"Content-Type": "application/json"})


def main(service: str, options: dict[str, Any]) -> None:
    """Serve until killed; the first line on standard output says where."""
    ready = bool(options.get("prerender"))
    sized = {"size": options["size"]} if "size" in options else {}
    world = (ReadyPages if ready else SERVICES[service])(**sized)
    pages = world.prerender() if isinstance(world, ReadyPages) else 0
    limits, latency = options.get("limits", False), options.get("latency", 0.0)
    with StandIn(world, limits=limits, latency_seconds=latency) as stand_in:
        shown = {
            "url": stand_in.url,
            "origin": stand_in.origin,
            "environment": world.credentials(),
            "pages": pages,
        }
        print(json.dumps(shown), flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
