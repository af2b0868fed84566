"""Kinescope: the real sample answers load without a reject and come back out of `_raw`."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from connectors.core.redact import Redactor
from connectors.kinescope import KINESCOPE
from tests.kit.payloads import DATA, recorded

FOLDER = DATA / "kinescope"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="no sample payloads beside the repository"
)


def sample(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def data(name: str) -> list[Any]:
    found = sample(name)["data"]
    return found if isinstance(found, list) else [found]


def paged(records: list[Any]) -> dict[str, Any]:
    numbers = {"page": 1, "per_page": 100, "total": len(records)}
    return {"meta": {"pagination": numbers}, "data": records}


def videos() -> list[Any]:
    found = {}
    for name in (
        "examples/GET_v1_videos__200.json",
        "examples/GET_v1_videos_video_id__200.json",
        "examples/PATCH_v1_videos_video_id__200.json",
        "fixtures/kfit-back-video_videos_list.json",
        "fixtures/kfit-back-video_video_get.json",
        "fixtures/kinescope-rb_videos_all.json",
    ):
        for number, video in enumerate(data(name)):
            # The samples repeat ids in other states: each becomes a video of its own.
            video["id"] = f"{Path(name).stem}-{number}"
            for asset in video.get("assets") or []:
                asset["id"] = f"{video['id']}-{asset['id']}"
            found[video["id"]] = video
    return list(found.values())


def test_real_answers_load_without_a_reject_and_come_back_whole(tmp_path: Path) -> None:
    """Videos, their children, projects, playlists, events, requests, analytics and usage."""
    examples = videos()
    projects = data("examples/GET_v1_projects__200.json")
    playlists = data("examples/GET_v1_playlists__200.json")
    events = data("examples/GET_v2_live_events__200.json")
    folders = data("examples/GET_v1_projects_project_id_folders__200.json")
    by_type = {"vod": projects, "live": data("fixtures/kinescope-rb_projects_find.json")}
    requests = data("examples/GET_v1_file_requests__200.json")
    entities = sample("examples/GET_v1_playlists_playlist_id_entities__200.json")

    def window(name: str) -> Any:
        return lambda request: sample(f"examples/{name}") if request.query["from"] else None

    def asked(path_of: dict[str, Any]) -> Any:
        return lambda request: copy.deepcopy(path_of[request.query["catalog_type"]])

    answers: dict[str, Any] = {
        "/v1/projects": asked({k: paged(v) for k, v in by_type.items()}),
        "/v1/videos": lambda request: paged(copy.deepcopy(examples)),
        "/v1/playlists": paged(playlists),
        "/v2/live/events": paged(events),
        "/v1/file-requests": lambda request: paged(
            requests if request.query["archived"] == "false" else []
        ),
        "/v1/analytics": window("GET_v1_analytics__200.json"),
        "/v1/billing/usage": window("GET_v1_billing_usage__200.json"),
        "/v1/moderators": {"data": data("examples/GET_v1_moderators_moderator_id__200.json")},
        **{
            f"/v1/{name}": {"data": []}
            for name in ("tags", "players", "privacy-domains", "webhooks")
        },
        **{f"/v1/playlists/{p['id']}/entities": entities for p in playlists},
        **{f"/v2/live/events/{e['id']}": {"data": e} for e in events},
    }
    for project in (*by_type["vod"], *by_type["live"]):
        mine = folders if project is projects[0] else project.get("folders", [])
        answers[f"/v1/projects/{project['id']}/folders"] = paged(mine)
    for video in examples:
        answers[f"/v1/videos/{video['id']}/annotations"] = {"data": []}
        answers[f"/v1/videos/{video['id']}/posters"] = {"data": []}
    first = examples[0]["id"]
    answers[f"/v1/videos/{first}/annotations"] = sample(
        "examples/GET_v1_videos_video_id_annotations__200.json"
    )
    with recorded(
        tmp_path,
        "kinescope",
        answers,
        {"KINESCOPE_API_TOKEN": "e51e55a1-0000-0000-0000-0000000000aa"},
    ) as bench:
        result = bench.sync()
        assert result.status == "complete", result.as_json()
        assert bench.query("SELECT * FROM _kollect.rejects") == []
        kept = {key[0]: row for key, row in bench.rows("videos").items()}
        assert set(kept) == {video["id"] for video in examples}
        for video in examples:
            assert json.loads(kept[video["id"]]["_raw"]) == without_children(video)
        assets = {
            key[0]: json.loads(row["_raw"]) for key, row in bench.rows("video_assets").items()
        }
        for video in examples:
            for asset in video.get("assets") or []:
                signed = ("url", "download_link")
                assert assets[asset["id"]] == {k: v for k, v in asset.items() if k not in signed}


def without_children(video: dict[str, Any]) -> dict[str, Any]:
    """A video as its own `_raw` holds it: children are rows, secrets are nowhere."""
    kept = copy.deepcopy(video)
    for name in ("assets", "subtitles", "additional_materials"):
        kept.pop(name, None)
    if isinstance(kept.get("chapters"), dict):
        kept["chapters"].pop("items", None)
    cleaned: dict[str, Any] = Redactor(KINESCOPE.secret_fields).clean(kept)
    return cleaned
