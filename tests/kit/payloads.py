"""Real payloads, served over a socket as a service would, for what kollect makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox import Request, Response, Sandbox, Service, StandIn
from tests.kit.account import Bench

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
"""Public sample payloads beside the repository; tests that need them are skipped without."""

Answer = Any | Callable[[Request], Any]


class Recorded(Service):
    """Answers each path with a payload (or with what a function of the request gives); else 404."""

    def __init__(
        self,
        name: str,
        answers: Mapping[str, Answer],
        credentials: Mapping[str, str],
        base_path: str = "",
    ) -> None:
        super().__init__()
        self.name = name
        self.base_path = base_path
        self._answers = answers
        self._credentials = credentials

    def answer(self, request: Request) -> Response:
        """The payload of the path below the base path."""
        path = request.path.removeprefix(self.base_path)
        if path not in self._answers:
            return Response.of_json({"message": "Not found."}, 404)
        found = self._answers[path]
        return Response.of_json(found(request) if callable(found) else found)

    def credentials(self) -> dict[str, str]:
        return dict(self._credentials)


def payload(service: str, name: str) -> Any:
    """One sample payload by its file name."""
    return json.loads((DATA / service / name).read_text("utf-8"))


@contextmanager
def recorded(
    folder: Path,
    service: str,
    answers: Mapping[str, Answer],
    credentials: Mapping[str, str],
    base_path: str = "",
) -> Iterator[Bench]:
    """A bench whose service gives these answers, while the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    box = Sandbox([])
    box.services[service] = Recorded(service, answers, credentials, base_path)
    box.stand_ins[service] = StandIn(box.services[service], limits=False)
    with box:
        yield Bench(service, folder, box)
    assert not box.stand_ins[service].errors
