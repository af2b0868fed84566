"""The Kinescope stand-in's answers against samples of our own in the documented shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.kinescope import Kinescope
from tests.sandbox.kinescope_client import SPAN, Client

SAMPLES = Path(__file__).parents[1] / "samples" / "kinescope"
"""Answers of our own making in the documented shapes: every key, every type, every absence."""
SERVED = [route.path for route in Kinescope.routes if route.method == "GET"]
SAME_ROWS = {
    "/v1/videos/{video_id}": "/v1/videos",
    "/v2/live/events/{event_id}": "/v2/live/events",
    "/v2/live/events/{event_id}/videos": "/v1/videos",
}
"""Paths that show records in the form of another list, where our sample is."""
METRICS = (
    "view,unique_view,play,pause,seek,replay,player_init,player_load,buffering_time,"
    "buffering_count,watch_time"
)
QUERIES: dict[str, list[dict[str, Any]]] = {
    "/v1/videos": [{"per_page": 100, "order": "created_at.desc,title.asc"}],
    "/v1/projects": [{"catalog_type": "vod"}, {"catalog_type": "live"}],
    "/v1/playlists": [{"order": "name.desc"}],
    "/v1/file-requests": [{"archived": "false"}, {"archived": "true"}],
    "/v1/analytics": [
        {**SPAN, "group_entities": "video_id", "fields": METRICS, "order": "view,play.desc"}
    ],
    "/v1/analytics/overview": [SPAN],
    "/v1/billing/usage": [{**SPAN, "group_by": "project_id", "per_page": 100}],
}


@pytest.fixture(scope="module")
def client() -> Client:
    """Lists that the examples show without meta come so."""
    return Client(bare_lists="whole")


@pytest.mark.parametrize("path", SERVED)
def test_answers_have_the_shape_of_our_samples(client: Client, path: str) -> None:
    """Keys and types of all answers together are those of the sample; what every record of the
    sample has, every record of an answer has."""
    name = re.sub(r"[/-]", "_", re.sub(r"[{}]", "", SAME_ROWS.get(path, path)))
    sample = _rows(json.loads((SAMPLES / f"GET{name}__200.json").read_text()))
    answered = [row for payload in _answers(client, path) for row in _rows(payload)]
    assert set(_types(answered)) <= set(_types(sample))
    served = {place for place, _ in _types(answered)}
    assert path in SAME_ROWS or served == {place for place, _ in _types(sample)}
    always: dict[str, set[str]] = {}
    for place, keys in _objects(sample):
        always[place] = always.get(place, keys) & keys
    for place, keys in _objects(answered):
        assert always[place] <= keys, (place, always[place] - keys)


def test_errors_have_the_shape_of_our_samples(client: Client) -> None:
    """A detail, or the parameters that are wrong."""
    for path, status in (("/v1/videos/nobody", 404), ("/v1/billing/usage", 422)):
        sample = json.loads((SAMPLES / f"error__{status}.json").read_text())
        answer = client.ask(path)
        assert answer.status == status
        assert set(_types(json.loads(answer.body))) == set(_types(sample))


def _answers(client: Client, path: str) -> Iterator[Any]:
    """Good answers of the stand-in on every address that the template can mean."""
    for address in _addresses(client, path):
        for query in QUERIES.get(path, [{}]):
            yield client.get(address, **query)


def _addresses(client: Client, path: str) -> list[str]:
    """The template with each id that there is; the last part of a name is what it names."""
    start, end = path.find("{"), path.find("}")
    if start < 0:
        return [path]
    name = path[start + 1 : end]
    tables = {
        "material_id": "additional_materials",
        "event_id": "live_events",
        "invoice_id": "invoices",
    }
    rows = client.account.truth()[tables.get(name, f"{name.removesuffix('_id')}s")]
    return [path.format(**{name: row["id"]}) for row in rows]


def _types(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every place with the JSON type of what stands there, items of lists taken together.

    Settings of players are left out: nobody documents their keys.
    """
    kind = "number" if isinstance(value, float) else type(value).__name__
    yield place, "number" if kind == "int" else kind
    if isinstance(value, dict) and not place.endswith(".settings"):
        for key, part in value.items():
            yield from _types(part, f"{place}.{key}")
    elif isinstance(value, list):
        for part in value:
            yield from _types(part, f"{place}[]")


def _objects(value: Any, place: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every object with its place and its keys."""
    if isinstance(value, dict):
        yield place, set(value)
        for key, part in value.items():
            yield from _objects(part, f"{place}.{key}")
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part, f"{place}[]")


def _rows(payload: dict[str, Any]) -> list[Any]:
    """The records of a list, or the one of a single answer."""
    data = payload["data"]
    return data if isinstance(data, list) else [data]
