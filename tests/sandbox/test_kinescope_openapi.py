"""The Kinescope stand-in's answers against samples of our own in the documented shapes, and,
where they are at hand, against the public OpenAPI descriptions that show an answer.

The schemas of the descriptions were generated from one example each, so they demand what that
one record happened to have. Each tolerated difference is listed below with its reason; any other
fails, and so does an entry that no answer needs any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from sandbox.kinescope import Kinescope
from tests.kit.kinescope_client import SPAN, Client

SAMPLES = Path(__file__).parents[1] / "samples" / "kinescope"
"""Answers of our own making in the documented shapes: every key, every type, every absence."""
FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "kinescope" / "openapi"
NEWER = FOLDER / "kinescoper-kinescope_openapi.yaml"
OLDER = FOLDER / "mesilov-kinescope-php-sdk.openapi.yaml"

needs_descriptions = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the public OpenAPI descriptions are not part of this repository"
)

SERVED = [route.path for route in Kinescope.routes]
NOT_SERVED = {
    "/v1/access-tokens",
    "/v1/access-tokens/{token_id}",
    "/v1/drm/auth",
    "/v1/drm/auth/{project_id}",
    "/v1/moderators/{moderator_id}",
    "/v1/playlists/{playlist_id}",
    "/v1/projects/{project_id}",
    "/v1/projects/{project_id}/folders/{folder_id}",
    "/v1/videos/{video_id}/annotations/{annotation_id}",
    "/v1/videos/{video_id}/subtitles",
    "/v1/videos/{video_id}/subtitles/{subtitle_id}",
    "/v2/live/events/{event_id}/qos",
    "/v2/live/events/{event_id}/restreams/{restream_id}",
}
"""Shown in the descriptions, and asked for by nobody: secrets, or what lists show as well."""
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

ALWAYS_THERE = "the one example had it; recorded answers lack it on some rows (page, section 7)"
NULL_OR_EMPTY = "null or empty in the one example, so that its type is a guess of the generator"
NEVER_NULL = "the one example had a value; the page or the other description shows null"
WHOLE = "whole in the one example; recorded ones have fractions"
NO_PROJECT = "the description's own example lacks it on rows without usage"
TOLERATED_BY_SCHEMA: dict[tuple[str, str, str], str] = {
    ("/v1/videos", "data.[].duration", "type"): WHOLE,
    ("/v1/videos", "data.[].chapters", "required show_on_load"): ALWAYS_THERE,
    ("/v1/videos", "data.[].privacy_domains.[]", "type"): NULL_OR_EMPTY,
    ("/v1/videos", "data.[].additional_materials", "type"): NULL_OR_EMPTY,
    ("/v1/videos", "data.[].poster", "type"): NULL_OR_EMPTY,
    ("/v1/videos", "data.[].project_id", "type"): NEVER_NULL,
    ("/v1/videos/{video_id}", "data.assets.[]", "required md5"): ALWAYS_THERE,
    ("/v1/videos/{video_id}", "data.assets.[]", "required url"): ALWAYS_THERE,
    ("/v1/videos/{video_id}", "data.assets.[]", "required download_link"): ALWAYS_THERE,
    ("/v1/videos/{video_id}", "data.chapters", "required show_on_load"): ALWAYS_THERE,
    ("/v1/videos/{video_id}", "data", "required player_id"): ALWAYS_THERE,
    ("/v1/videos/{video_id}", "data", "required privacy_share"): ALWAYS_THERE,
    ("/v1/videos/{video_id}", "data", "required tags"): ALWAYS_THERE,
    ("/v1/videos/{video_id}", "data.poster", "type"): NEVER_NULL,
    ("/v1/videos/{video_id}", "data.updated_at", "type"): NEVER_NULL,
    ("/v1/videos/{video_id}", "data.project_id", "type"): NEVER_NULL,
    ("/v1/videos/{video_id}", "data.tags.[]", "type"): NULL_OR_EMPTY,
    ("/v1/billing/usage", "data.[]", "required project_id"): NO_PROJECT,
    ("/v1/file-requests", "data.[].updated_at", "type"): NEVER_NULL,
}
"""(path, place, kind of problem): why the stand-in differs all the same."""

IN_THE_DETAIL = "the list row of a recorded pair has the keys of the detail (page, section 6)"
IN_THE_OBJECT_TABLE = "only the object table of the description has it"
IN_AN_OLD_ANSWER = "assets of an old answer have it"
IN_A_RECORDED_ANSWER = "one recorded answer has it (page, section 7)"
IN_THE_WIDE_FORM = "the wider project and folder of a recorded answer has it; a switch narrows it"
VIDEO_KEYS = {
    "data.annotation_text_enabled": IN_THE_OBJECT_TABLE,
    "data.annotation_video_enabled": IN_THE_OBJECT_TABLE,
}
DETAIL_KEYS = {
    "data.assets.updated_at": IN_AN_OLD_ANSWER,
    "data.assets.deleted_at": IN_AN_OLD_ANSWER,
    "data.poster.media_id": IN_A_RECORDED_ANSWER,
}
LIST_KEYS = dict.fromkeys(
    ("data.player_id", "data.subtitle", "data.tags", "data.privacy_share"), IN_THE_DETAIL
) | dict.fromkeys(("data.privacy_share.link", "data.privacy_share.link_hash"), IN_THE_DETAIL)
PROJECT_KEYS = dict.fromkeys(
    (
        "data.encrypted",
        "data.favorite",
        "data.items_count",
        "data.player_id",
        "data.privacy_domains",
        "data.privacy_type",
        "data.size",
        "data.folders.items_count",
        "data.folders.parent_id",
        "data.folders.size",
    ),
    IN_THE_WIDE_FORM,
)
FOLDER_KEYS = dict.fromkeys(("data.items_count", "data.parent_id", "data.size"), IN_THE_WIDE_FORM)
EVENT_KEYS = dict.fromkeys(
    ("data.allow_chat_links", "data.chat_preview", "data.moderators", "data.show_members"),
    IN_A_RECORDED_ANSWER,
)
FIGURE_KEYS = {
    f"data.{metric}": "asked for by name"
    for metric in METRICS.split(",")
    if metric not in ("view", "play")
}
TOLERATED_EXTRA_KEYS: dict[str, dict[str, str]] = {
    "/v1/videos": {**VIDEO_KEYS, **LIST_KEYS},
    "/v1/videos/{video_id}": {**VIDEO_KEYS, **DETAIL_KEYS},
    "/v1/projects": PROJECT_KEYS,
    "/v1/projects/{project_id}/folders": FOLDER_KEYS,
    "/v1/analytics": FIGURE_KEYS,
    "/v2/live/events": EVENT_KEYS,
    "/v2/live/events/{event_id}": EVENT_KEYS,
}
"""Path, key: why the stand-in serves what the example does not show."""


@pytest.fixture(scope="module")
def client() -> Client:
    """Lists that the examples show without meta come so."""
    return Client(bare_lists="whole")


@pytest.fixture(scope="module")
def newer() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(NEWER.read_text())["paths"]
    return found


@pytest.fixture(scope="module")
def older() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(OLDER.read_text())["paths"]
    return found


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


@needs_descriptions
def test_answers_hold_against_the_response_schemas(client: Client, newer: dict[str, Any]) -> None:
    """Every answer to GET fits its schema but for the tolerated differences."""
    seen: set[tuple[str, str, str]] = set()
    checked = 0
    for path, schema in _schemas(newer):
        for payload in _answers(client, path):
            checked += 1
            for problem in OAS30Validator(schema).iter_errors(payload):
                place = ".".join("[]" if isinstance(p, int) else p for p in problem.absolute_path)
                what = problem.validator
                if what == "required":
                    what = f"required {problem.message.split(chr(39))[1]}"
                seen.add((path, place, what))
    assert checked > 50
    assert seen == set(TOLERATED_BY_SCHEMA)


@needs_descriptions
def test_answers_have_the_keys_of_the_shown_examples(client: Client, older: dict[str, Any]) -> None:
    """Every key of an example is in some answer, and no other but the tolerated ones.

    Where the example shows null or nothing, keys below are anybody's guess.
    """
    extra: dict[str, set[str]] = {}
    shown_paths = {path for path, _ in _examples(older)}
    assert shown_paths - set(SERVED) == NOT_SERVED
    for path, example in _examples(older):
        if path in NOT_SERVED:
            continue
        served = {key for payload in _answers(client, path) for key in _keys(payload)}
        shown = set(_keys(example))
        assert shown <= served, path
        hidden = tuple(
            place
            for place in _empty_places(example)
            if not any(key.startswith(place) for key in shown)
        )
        more = {key for key in served - shown if not key.startswith(hidden)}
        if more:
            extra[path] = more
    assert extra == {path: set(keys) for path, keys in TOLERATED_EXTRA_KEYS.items()}


@needs_descriptions
def test_errors_fit_their_schemas(client: Client, newer: dict[str, Any]) -> None:
    """Refusals by order, id, token and parameter have the shape that the descriptions show."""
    responses = newer["/v1/videos/{video_id}"]["get"]["responses"]
    answers = [
        client.ask("/v1/videos/nobody"),
        client.ask("/v1/videos", order="id"),
        client.ask("/v1/videos", {}),
        client.ask("/v1/videos", {"authorization": "Bearer wrong"}),
    ]
    assert [answer.status for answer in answers] == [404, 400, 400, 401]
    for answer in answers:
        schema = responses[str(answer.status)]["content"]["application/json"]["schema"]
        OAS30Validator(schema).validate(yaml.safe_load(answer.body))


def _schemas(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The 200 schemas of GET that say more than that an object comes."""
    for path, methods in paths.items():
        good = methods.get("get", {}).get("responses", {}).get("200", {})
        schema = good.get("content", {}).get("application/json", {}).get("schema", {})
        if "properties" in schema:
            yield path, schema


def _examples(paths: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for path, methods in paths.items():
        for status, answer in methods.get("get", {}).get("responses", {}).items():
            example = answer.get("content", {}).get("application/json", {}).get("example")
            if example is not None and str(status) in ("200", "default"):
                yield path, example


def _answers(client: Client, path: str) -> Iterator[Any]:
    """Good answers of the stand-in on every address that the template can mean."""
    for address in _addresses(client, path) if path in SERVED else ():
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


def _keys(value: Any, place: str = "") -> Iterator[str]:
    """Every key with its place, items of lists taken together."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield f"{place}{key}"
            yield from _keys(part, f"{place}{key}.")
    elif isinstance(value, list):
        for part in value:
            yield from _keys(part, place)


def _empty_places(value: Any, place: str = "") -> Iterator[str]:
    """The places of an example, dot included, below which it shows nothing."""
    if value is None or value in ({}, []):
        yield place
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _empty_places(part, f"{place}{key}.")
    elif isinstance(value, list):
        for part in value:
            yield from _empty_places(part, place)
