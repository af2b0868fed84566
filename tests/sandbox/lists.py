"""Which lists show which tables of a stand-in's truth, and how they are read page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox import Request, Service, StandIn
from sandbox.core.harm import Delivery


@dataclass(frozen=True)
class Listed:
    """A list that shows a whole table; `size` and `place` name its paging parameters.

    `rows` leads from the answer to the rows. A place is a number of a page, counted from `first`,
    or of rows that come before the page (`by_rows`), or there is none and the list comes at once.
    """

    table: str
    path: str
    rows: tuple[str, ...] = ()
    size: str = ""
    place: str = ""
    by_rows: bool = False
    first: int = 1
    key: str = "id"


@dataclass(frozen=True)
class Way:
    """How a service is asked, its lists, and the switches with which errors are HTTP's."""

    headers: Callable[[Mapping[str, str]], dict[str, str]]
    lists: tuple[Listed, ...]
    switches: Mapping[str, Any] = field(default_factory=dict)


def read(
    place: Service | StandIn, way: Way, listed: Listed, size: int
) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, up to the first one that is not full; a stand-in adds its faults."""
    service = place.service if isinstance(place, StandIn) else place
    headers = way.headers(service.credentials())
    number = 0
    while True:
        start = number * size if listed.by_rows else number + listed.first
        mark = "&" if "?" in listed.path else "?"
        query = f"{mark}{listed.size}={size}&{listed.place}={start}" if listed.size else ""
        target = f"{service.base_path}{listed.path}{query}"
        request = Request("GET", target, headers)
        answer = place.answer(request)
        if isinstance(answer, Delivery):
            answer = answer.response
        assert answer.status == 200, (target, answer.body)
        payload = json.loads(answer.body)
        for name in listed.rows:
            payload = payload[name]
        yield payload
        if not listed.size or len(payload) < size:
            return
        number += 1


def offsets(table: str, path: str) -> Listed:
    return Listed(table, path, ("objects",), "limit", "offset", by_rows=True)


def numbers(table: str, path: str) -> Listed:
    return Listed(table, path, ("data",), "per_page", "page")


WAYS = {
    "library": Way(
        lambda known: {"authorization": f"Bearer {known['LIBRARY_TOKEN']}"},
        (numbers("shelves", "/shelves"),),
    ),
    "kinescope": Way(
        lambda known: {"authorization": f"Bearer {known['KINESCOPE_API_TOKEN']}"},
        (
            numbers("videos", "/v1/videos?order=created_at.asc"),
            numbers("playlists", "/v1/playlists?order=created_at.desc"),
            numbers("live_events", "/v2/live/events"),
            *(numbers(table, f"/v1/{table}") for table in ("tags", "players", "webhooks")),
            numbers("privacy_domains", "/v1/privacy-domains"),
        ),
    ),
    "kinesis": Way(
        lambda known: {"authorization": f"Bearer {known['KINESIS_API_TOKEN']}"},
        tuple(
            Listed(name, f"/{kind}/fetch/all?uid=0", (rows,), "limit", "offset", first=0)
            for name, kind, rows in (
                ("projects", "project", "projects"),
                ("media", "media", "medias"),
                ("events", "event", "events"),
                ("tickets", "ticket", "tickets"),
            )
        ),
        switches={"errors": "http", "expired_token": 401},
    ),
    "kinopio": Way(
        lambda known: {"authorization": known["KINOPIO_API_KEY"]},
        tuple(
            Listed(name, f"/user/{name.replace('_', '-')}")
            for name in ("favorite_spaces", "favorite_users", "groups")
        ),
    ),
    "kippt": Way(
        lambda known: {
            "x-kippt-username": known["KIPPT_USERNAME"],
            "x-kippt-api-token": known["KIPPT_API_TOKEN"],
        },
        (offsets("lists", "/lists/"), offsets("notifications", "/notifications/")),
    ),
    "kitemaker": Way(
        lambda known: {"x-api-key": known["KITEMAKER_API_KEY"]},
        (Listed("spaces", "/rest/v1/metadata/spaces"),),
    ),
}
"""By service."""
