"""What the tests of Kinesis API share: the request plan of its page, and its samples, served."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from connectors.kinesis.endpoints import COLLECTION_LIST
from sandbox import Request
from tests.kit.account import Bench

PAGES = COLLECTION_LIST.paging
SAMPLES = Path(__file__).parents[1] / "samples" / "kinesis"
KINDS = {
    "users": "user",
    "configs": "config",
    "constraints": "constraint",
    "medias": "media",
    "events": "event",
    "projects": "project",
    "collections": "collection",
    "routes": "routing",
    "data": "data",
}
"""Sample -> the first part of its list's address."""
OF_PROJECT = {"collections", "routes", "data"}


def pages(rows: int) -> int:
    """Section 9 of the page, with its good value of 100 rows a page."""
    return max(1, math.ceil(rows / 100))


def plan(kinesis: Bench, requests: Callable[[int], int] = PAGES.requests) -> int:
    """Section 9 of the page: six lists, two for each project, one for each collection."""
    store = kinesis.world.store
    lists = [store.users, store.configs, range(29), store.medias, store.events, store.projects]
    lists += [part for project in store.projects for part in (project.collections, project.routes)]
    lists += [collection.records for _, collection in kinesis.world.collections()]
    return sum(requests(len(rows)) for rows in lists)


def sample(name: str) -> dict[str, Any]:
    """One payload of our own making, in the documented shape."""
    return dict(json.loads((SAMPLES / f"{name}.json").read_text("utf-8")))


def rows_in(answer: Mapping[str, Any]) -> list[Any]:
    """The records of a list answer, whatever they are called."""
    return next(v for k, v in answer.items() if isinstance(v, list) and k != "data_ids")


def served(lists: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Path -> answer; of what lies in projects, the part of the project that is asked for."""
    return {f"/{KINDS[name]}/fetch": _part(name, answer) for name, answer in lists.items()}


def _part(name: str, answer: dict[str, Any]) -> Any:
    if name not in OF_PROJECT:
        return answer
    member = next(k for k, v in answer.items() if isinstance(v, list))

    def part(request: Request) -> dict[str, Any]:
        asked = request.query["project_id"]
        found = [row for row in answer[member] if row.get("project_id", "garden") == asked]
        return {"status": 200, member: found, "amount": len(found)}

    return part


def login(lists: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """A token of the first user, who is ROOT."""
    caller = str(rows_in(lists["users"])[0]["id"])
    return {"KINESIS_API_TOKEN": "a-token-of-tests", "KINESIS_UID": caller}
