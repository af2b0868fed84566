"""One large file: memory of the process that downloads it, and its speed beside plain programs.

    python benchmarks/files.py [--gigabytes 2] [--rounds 2]

A server in a process of its own sends the bytes and takes the time from each request to its last
byte. The peers write the same bytes to the same disk in the same run: `curl` (if it is there), a
loop of httpx that hashes and checks nothing, and `by hand`, which is curl, then sha256sum, then
md5sum. `kollect sync` hashes (SHA-256 and MD5), checks, flushes and puts on record.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = 1 << 20
LIMIT_MB = 150
RANGE = re.compile(rb"range: bytes=(\d+)-", re.IGNORECASE)

SYNC = """
import sys, time
from pipelines.cli import main
began = time.monotonic()
try:
    main(sys.argv[1:])
except SystemExit as end:
    status = end.code
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"peak_kb={peak.split()[1]} seconds={time.monotonic() - began:.3f} status={status}",
      file=sys.stderr)
"""
PLAIN = """
import os, sys, httpx
out = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
with httpx.stream("GET", sys.argv[1], timeout=600) as answer:
    for chunk in answer.iter_raw():
        os.write(out, chunk)
os.close(out)
"""


def block() -> bytes:
    """A mebibyte that no compression makes small, the same in every process."""
    return b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(BLOCK // 32))


def md5_of(blocks: int) -> str:
    found, data = hashlib.md5(usedforsecurity=False), block()
    for _ in range(blocks):
        found.update(data)
    return found.hexdigest()


def serve(blocks: int) -> None:
    """Send the file to whoever asks; prints the port, then the seconds of each answer."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    print(listener.getsockname()[1], flush=True)
    data, size = block(), blocks * BLOCK

    def answer(connection: socket.socket) -> None:
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(65536)
                if not piece:
                    return
                request += piece
            began = time.monotonic()
            asked = RANGE.search(request)
            start = int(asked[1]) if asked else 0
            status = b"206 Partial Content" if asked else b"200 OK"
            head = b'HTTP/1.1 %s\r\nContent-Type: video/mp4\r\nETag: "one"\r\n' % status
            if asked:
                head += b"Content-Range: bytes %d-%d/%d\r\n" % (start, size - 1, size)
            head += b"Content-Length: %d\r\nConnection: close\r\n\r\n" % (size - start)
            try:
                connection.sendall(head + data[start % BLOCK :] if start % BLOCK else head)
                for _ in range(-(-start // BLOCK), blocks):
                    connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # until the client has taken it all
                    pass
            except OSError:
                return
            print(f"{time.monotonic() - began:.3f}", flush=True)

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


class Server:
    """The server's process."""

    def __init__(self, blocks: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(blocks)], stdout=subprocess.PIPE, text=True
        )
        self.url = f"http://127.0.0.1:{self._line()}"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def seconds(self) -> float:
        """How long the last answer took."""
        return float(self._line())

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *reason: object) -> None:
        self._process.kill()
        self._process.wait()


def measure(folder: Path, blocks: int, rounds: int) -> dict[str, float]:
    """The best seconds of each peer, and the peak memory of kollect."""
    from sandbox import Sandbox

    found: dict[str, float] = {}
    size, md5 = blocks * BLOCK, md5_of(blocks)

    def take(name: str, seconds: float) -> None:
        found[name] = min(seconds, found.get(name, seconds))

    with Server(blocks) as server, Sandbox(["kinescope"], size=1, limits=False) as box:
        world = box.services["kinescope"]
        world.serve_files_at(server.url)
        number = world.library.order[0]  # type: ignore[attr-defined]
        record = world.library.record(number)  # type: ignore[attr-defined]
        original = next(a for a in record["assets"] if a["quality"] == "original")
        original.update(file_size=size, md5=md5)
        record["assets"] = [original]
        world.library.keep(number, record)  # type: ignore[attr-defined]
        environment = {**os.environ, **box.environment(), "PYTHONPATH": str(ROOT)}
        for _ in range(rounds):
            target = folder / "plain"
            if shutil.which("curl"):
                subprocess.run(["curl", "-s", "-o", str(target), f"{server.url}/x"], check=True)
                curl = server.seconds()
                take("curl", curl)
                began = time.monotonic()
                for tool in ("sha256sum", "md5sum"):
                    subprocess.run([tool, str(target)], check=True, stdout=subprocess.DEVNULL)
                take("by hand", curl + time.monotonic() - began)
                target.unlink()
            subprocess.run(
                [sys.executable, "-c", PLAIN, f"{server.url}/x", str(target)], check=True
            )
            take("httpx", server.seconds())
            target.unlink()
            place = folder / "kollect"
            place.mkdir()
            more = {"kinescope": {"files": True, "include": ["videos", "video_assets"], "rate": []}}
            (place / "kollect.toml").write_text(box.settings(place / "kollect.duckdb", more=more))
            done = subprocess.run(
                [sys.executable, "-c", SYNC, "--config", str(place / "kollect.toml"), "sync",
                 "--json"],
                env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            told = dict(word.split("=") for word in done.stderr.split() if word.count("=") == 1)
            shown = json.loads(done.stdout)["accounts"]["kinescope"]
            if shown["files"]["fetched"] != 1 or told["status"] != "0":
                raise SystemExit(f"the sync failed: {done.stdout}{done.stderr}")
            take("kollect", server.seconds())
            take("whole sync", float(told["seconds"]))
            found["peak_mb"] = max(int(told["peak_kb"]) / 1024, found.get("peak_mb", 0.0))
            shutil.rmtree(place)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 where memory exceeds its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.serve:
        serve(options.serve)
    blocks = max(1, round(options.gigabytes * (1 << 30) / BLOCK))
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name:
        found = measure(Path(name), blocks, options.rounds)
    megabytes = blocks * BLOCK / 1e6
    result = {
        "bytes": blocks * BLOCK,
        "peak_mb": round(found["peak_mb"], 1),
        "kollect_mb_per_second": round(megabytes / found["kollect"], 1),
        **{
            f"ratio_to_{peer.replace(' ', '_')}": round(found["kollect"] / found[peer], 2)
            for peer in ("curl", "httpx", "by hand")
            if peer in found
        },
        "seconds": {name: round(s, 2) for name, s in found.items() if name != "peak_mb"},
    }
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name}: {value}")
    return 0 if result["peak_mb"] < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
