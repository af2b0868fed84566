"""A host with a few files, and a downloader for it: what the tests of single downloads share."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from connectors.http.config import Retry
from connectors.http.download import Downloader, OwnHost, ReceivedFile
from connectors.http.file_response import ExpectedFile
from connectors.http.host_allowlist import HostAllowlist, read_hosts
from connectors.http.stopping import Stop
from sandbox import FileHost, Request, Response, Service, StandIn


class Box(Service):
    """Whatever is put into it, by path."""

    name = "box"

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, Response] = {}

    def put(self, path: str, body: bytes, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.held[path] = Response(200, body, {"Content-Type": "video/mp4", **named})

    def file(self, request: Request) -> Response:
        return self.held.get(request.path, Response.of_text("no such key", 404))

    def credentials(self) -> dict[str, str]:
        return {"BOX_TOKEN": "canary-box-token"}


class Desk:
    """A box behind a file host, and downloads from it into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box = Box()
        self.host = FileHost({"box": self.box})
        self.place = StandIn(self.host, limits=False)
        self.slept: list[float] = []

    def link(self, path: str, query: str = "") -> str:
        return f"{self.place.origin}/box{path}{'?' if query else ''}{query}"

    def downloader(self, attempts: int = 4, **more: Any) -> Downloader:
        """A downloader for this host; the caller closes it."""
        hosts = more.pop("hosts", [self.place.origin])
        own = more.pop("own", OwnHost("https://api.example.org"))
        allowlist = HostAllowlist(read_hosts(hosts, own.base_url))
        return Downloader(
            more.pop("allowlist", allowlist),
            own,
            retry=Retry(attempts, 0.01, 0.02),
            timeout_seconds=more.pop("timeout_seconds", 5.0),
            stop=Stop(sleep=self.slept.append),
            **more,
        )

    def fetch(
        self, link: str, expected: ExpectedFile | None = None, *, attempts: int = 4, **more: Any
    ) -> ReceivedFile:
        """One download; `more` goes to the downloader."""
        downloader = self.downloader(attempts, **more)
        try:
            return downloader.fetch(link, self.folder / "file", expected or ExpectedFile())
        finally:
            downloader.close()

    @property
    def part(self) -> Path:
        return self.folder / "file.part"

    def ranges(self) -> list[str]:
        """What each request asked for."""
        return [visit.range for visit in self.host.visits]


def hashes(body: bytes) -> tuple[str, str]:
    """SHA-256 and MD5."""
    return hashlib.sha256(body).hexdigest(), hashlib.md5(body).hexdigest()


def made(size: int, of: str = "a") -> bytes:
    """So many bytes, no two lines alike."""
    return b"".join(b"%s%08d\n" % (of.encode(), n) for n in range(size // 10 + 1))[:size]
