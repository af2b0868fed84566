"""The host that files lie at: another port than any service's, and strict about who calls.

It serves what the services name, below `/<service>/`. Nobody needs a token there, so none may
come: `leaks` holds every request that carried one. `visits` holds all requests, `lost`,
`changed` and `moved` say what is wrong with single files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.core.messages import Request, Response
from sandbox.core.ranges import VALIDATORS, ranged
from sandbox.core.service import Service, Tables
from sandbox.core.switches import Switches, one_of


class Visit(NamedTuple):
    """One request for a file, without its query."""

    service: str
    path: str
    range: str
    status: int
    bytes: int
    """Of the body that was sent, or begun."""


@dataclass
class FileHostSwitches(Switches):
    ranges: str = one_of("honoured", "ignored", about="whether parts can be asked for")
    validator: str = one_of(*VALIDATORS, about="how the host names a content")
    length: str = one_of("told", "wrong", about="`wrong`: a byte less than the service says")


class FileHost(Service):
    """Storage and delivery of several services in one."""

    name = "files"
    switch_class = FileHostSwitches
    switches: FileHostSwitches

    def __init__(self, services: Mapping[str, Service], **options: Any) -> None:
        super().__init__(**options)
        self.visits: list[Visit] = []
        self.leaks: list[str] = []
        """`header of service path` for each credential that came along."""
        self.lost: set[str] = set()
        """Paths (with the service's name) that answer 404."""
        self.changed: dict[str, bytes] = {}
        """Path -> other bytes than the service says."""
        self.moved: dict[str, str] = {}
        """Path -> where it redirects to."""
        self.refusals: dict[str, int] = {}
        """Path -> a status instead of the file."""
        self._services = services

    def answer(self, request: Request) -> Response:
        with self.lock:
            _, name, rest = (*request.path.split("/", 2), "", "")[:3]
            path = f"/{rest}"
            response = self._answer(request, name, path)
            self.visits.append(
                Visit(name, path, request.headers.get("range", ""), response.status,
                      len(response.body))
            )  # fmt: skip
            return response

    def _answer(self, request: Request, name: str, path: str) -> Response:
        service = self._services.get(name)
        if service is None or request.method not in ("GET", "HEAD"):
            return Response.of_text("no such bucket", 404)
        if leaked := self._leaked(request, service):
            self.leaks += [f"{header} of {name} {path}" for header in leaked]
            return Response.of_text("only one way of authorization is allowed", 400)
        place = f"{name}{path}"
        if place in self.moved:
            return Response(302, b"", {"Location": self.moved[place]})
        if place in self.refusals:
            return Response.of_text("no", self.refusals[place])
        if place in self.lost:
            return Response.of_text("no such key", 404)
        target = request.target[len(name) + 1 :]
        whole = service.file(Request("GET", target, request.headers))
        if whole.status == 200 and place in self.changed:
            whole = Response(200, self.changed[place], whole.headers)
        if whole.status == 200 and self.switches.length == "wrong":
            whole = Response(200, whole.body[:-1], whole.headers)
        if self.switches.ranges == "ignored":
            asked = {k: v for k, v in request.headers.items() if k != "range"}
            request = Request(request.method, request.target, asked)
        return ranged(request, whole, self.switches.validator)

    def _leaked(self, request: Request, service: Service) -> list[str]:
        """Headers (or `address`) that hold a credential of any service, or look like one."""
        values = [
            value
            for each in self._services.values()
            for part, value in each.credentials().items()
            if len(value) >= 8 and not part.endswith(("UID", "USERNAME"))
        ]
        known = {h for each in self._services.values() for h in each.credential_headers}
        found = [h for h in request.headers if h in known]
        found += [h for h, text in request.headers.items() if any(v in text for v in values)]
        if any(value in request.target for value in values):
            found.append("address")
        return sorted(set(found))

    def tables(self) -> Tables:
        """It has no tables: its services know what is true."""
        return {}

    def credentials(self) -> dict[str, str]:
        return {}
