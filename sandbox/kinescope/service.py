"""The Kinescope stand-in itself: authorization, routing, files and pages made beforehand."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import Any

import msgspec

from sandbox.kinescope import (  # noqa: F401  (importing the routes declares them)
    catalogue_routes,
    errors,
    figure_routes,
    links,
    view,
)
from sandbox.kinescope import truth as truths
from sandbox.kinescope.catalogue import TOKEN
from sandbox.kinescope.catalogue_changes import CatalogueChanges
from sandbox.kinescope.changes import change
from sandbox.kinescope.errors import Refusal
from sandbox.kinescope.lists import Asked
from sandbox.kinescope.routing import find, gives_csv
from sandbox.kinescope.stored_files import true_files
from sandbox.kinescope.video_changes import VideoChanges
from sandbox.kinescope.video_routes import videos
from sandbox.service import Request, Response

JSON = {"Content-Type": "application/json"}
SECRET_PARTS = (
    TOKEN,
    links.SIGNATURE,
    "canary-share-",
    "canary-stream-",
    "canary-restream-",
    "canary-hook-",
    "canary-drm-",
    "canary-cdn-",
    "canary-chat@",
)


class Kinescope(CatalogueChanges, VideoChanges):
    """A stand-in of Kinescope with `size` videos; see `State` for what it holds."""

    _pages: dict[int, tuple[int, int]] | None = None
    _pages_for: tuple[int, int] = (0, 0)
    _pages_file: Any = None
    _told: set[str]
    """Paths that were answered since the last round of changes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._told = set()

    def answer(self, request: Request) -> Response:
        """The service's answer; each carries a new X-Request-ID, errors too."""
        with self.lock:
            self.answers += 1
            count = self.answers
            try:
                response = self._answer(request)
            except Refusal as refusal:
                response = refusal.response
            if response.status == 200:
                self._told.add(request.path)
            name = {"X-Request-ID": self.ids.uuid("request", count)}
            response = Response(response.status, response.body, {**response.headers, **name})
            for hook in list(self.after_answer):
                hook(request, count)
            return response

    def throttled(self, retry_after: float | None) -> Response:
        """429 in the shape of all errors; its code is invented, as no source shows one."""
        return self._with_request_id(errors.of_status(429), retry_after)

    def refused(self, status: int) -> Response:
        """Any other error in the shape of all errors."""
        return self._with_request_id(errors.of_status(status), None)

    def prerender(self, per_page: int = 100) -> int:
        """Make all pages of `order=created_at.asc` of this size once; returns their number.

        Until the next change of a video they are answered as they are, signatures
        included, so that a benchmark measures its client. They lie in a temporary file.
        """
        with self.lock:
            self._pages = None
            if self._pages_file is not None:
                self._pages_file.close()
            self._pages_file = tempfile.TemporaryFile()  # noqa: SIM115  (read from until the end)
            weakref.finalize(self, self._pages_file.close)
            pages: dict[int, tuple[int, int]] = {}
            start = 0
            # The page behind the last one is asked for by clients that read up to emptiness.
            for page in range(1, -(-len(self.library) // per_page) + 2):
                query = {"page": str(page), "per_page": str(per_page), "order": "created_at.asc"}
                asked = Asked({}, query, list(query.items()))
                body = msgspec.json.encode(videos(self, asked))
                self._pages_file.write(body)
                pages[page] = (start, len(body))
                start += len(body)
            self._pages_file.flush()
            self._pages = pages
            self._pages_for = (per_page, self.library.version)
            return len(pages)

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        with self.lock:
            return truths.tables(self)

    def change(self, seed: int) -> list[str]:
        with self.lock:
            self._told.clear()
            return change(self, seed)

    def expected(self, before: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
        """Annotations and posters are asked for of changed videos alone, one by one (there is no
        other list of them), and their own changes need not show in the video."""
        with self.lock:
            now = self.truth()
            known = {row["id"] for row in before["videos"]}
            videos = {row["id"] for row in now["videos"]}
            for table, video in (("annotations", "media_id"), ("posters", "video_id")):
                told = {i for i in videos if f"/v1/videos/{i}/{table}" in self._told}
                told |= videos - known
                rows = [row for row in before[table] if row[video] in videos - told]
                now[table] = rows + [row for row in now[table] if row[video] in told]
            return now

    def file(self, request: Request) -> Response:
        with self.lock:
            return self._file(request, request.path)

    def true_files(self) -> list[dict[str, Any]]:
        with self.lock:
            return true_files(self)

    def secrets(self) -> list[str]:
        """Parts by which every secret of this account can be recognised."""
        return list(SECRET_PARTS)

    def credentials(self) -> dict[str, str]:
        return {"KINESCOPE_API_TOKEN": TOKEN}

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/files/"):
            return self._file(request, path)
        self._authorize(request)
        if request.method != "GET":
            raise errors.not_found()
        query = request.query
        if path == "/v1/videos" and self._pages is not None:
            ready = self._ready_page(query)
            if ready is not None:
                return ready
        csv = path.endswith(".csv") and "/chat." not in path  # a chat has routes of its own
        found = find(path.removesuffix(".csv") if csv else path)
        if found is None:
            raise errors.not_found()
        answer, ids = found
        payload = answer(self, Asked(ids, query, request.query_pairs))
        if isinstance(payload, Response):
            return payload
        if csv and gives_csv(answer):
            data = payload["data"]
            return catalogue_routes.csv_of(data if isinstance(data, list) else [data])
        return Response(200, msgspec.json.encode(payload), JSON)

    def _authorize(self, request: Request) -> None:
        header = request.headers.get("authorization")
        probed = self.settings["auth_errors"] == "probed"
        if not header and probed:
            raise Refusal(errors.error(400, 100101, "authorization header not found"))
        if header != f"Bearer {TOKEN}":
            raise Refusal(errors.of_status(401))

    def _ready_page(self, query: dict[str, str]) -> Response | None:
        per_page, version = self._pages_for
        if self._pages is None or version != self.library.version:
            return None
        wanted = {"page": query.get("page", "1"), "per_page": str(per_page)}
        if query != {**wanted, "order": "created_at.asc"} or not wanted["page"].isdecimal():
            return None
        place = self._pages.get(int(wanted["page"]))
        if place is None:
            return None
        start, length = place
        return Response(200, os.pread(self._pages_file.fileno(), length, start), JSON)

    def _file(self, request: Request, path: str) -> Response:
        """A file from storage: no token is wanted here, and signed links expire."""
        if "authorization" in request.headers:
            self.tokens_sent_to_storage += 1
            return Response.of_text("only one way of authorization is allowed", 400)
        query = request.query
        if "expires" in query and not links.is_live(query, self.clock_seconds):
            return Response.of_text("the link has expired", 403)
        kind, *rest = path.removeprefix("/files/").split("/")
        signed = "expires" in query
        if kind == "subtitles" and signed and len(rest) == 1:
            return Response(200, links.captions(rest[0]), {"Content-Type": "text/vtt"})
        if kind == "posters" and len(rest) >= 2:
            return Response(200, links.picture(rest[-1]), {"Content-Type": "image/png"})
        if kind in ("assets", "materials") and len(rest) == 2 and rest[1].isdecimal():
            kinds = {"assets": "video/mp4", "materials": "application/octet-stream"}
            return Response(200, links.lines(rest[0], int(rest[1])), {"Content-Type": kinds[kind]})
        return Response.of_text("no such key", 404)

    def _with_request_id(self, response: Response, retry_after: float | None) -> Response:
        with self.lock:
            self.refusals += 1
            name = self.ids.uuid("refusal", self.refusals)
        headers = {**response.headers, "X-Request-ID": name}
        if retry_after is not None:
            headers["Retry-After"] = str(int(retry_after))
        return Response(response.status, response.body, headers)
