"""Kinescope: answers in the documented shapes load without a reject and come back out of `_raw`.

Once with samples of our own, once with recorded ones where they are at hand.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.core.redact import Redactor
from connectors.kinescope import KINESCOPE
from pipelines.sync.runtime import Runtime
from tests.kit.account import Bench
from tests.kit.payloads import DATA, recorded

OWN = Path(__file__).parents[2] / "samples" / "kinescope"
RECORDED = DATA / "kinescope"
CREDENTIALS = {"KINESCOPE_API_TOKEN": "e51e55a1-0000-0000-0000-0000000000aa"}


def samples(folder: Path, *names: str) -> list[Any]:
    """The records of some answers, none twice."""
    found = {}
    for name in names:
        records = json.loads((folder / f"{name}.json").read_text("utf-8"))["data"]
        for record in records if isinstance(records, list) else [records]:
            found[record.get("id") or record.get("user_id")] = record
    return list(found.values())


def versions(folder: Path, *names: str) -> list[Any]:
    """Videos that the samples repeat in other states, each as a video of its own."""
    found = []
    for name in names:
        for number, video in enumerate(samples(folder, name)):
            video["id"] = f"{Path(name).stem}-{number}"
            for asset in video.get("assets") or []:
                asset["id"] = f"{video['id']}-{asset['id']}"
            if video.get("poster"):
                video["poster"]["id"] = f"{video['id']}-{video['poster']['id']}"
            found.append(video)
    return found


def paged(records: list[Any]) -> dict[str, Any]:
    numbers = {"page": 1, "per_page": 100, "total": len(records)}
    return {"meta": {"pagination": numbers}, "data": records}


def answers_of(records: Mapping[str, list[Any]], **whole: Any) -> dict[str, Any]:
    """A workspace with these records; every list of what hangs on one of them is the same.

    `whole` are answers by name: analytics, overview, usage, invoice.
    """
    answers: dict[str, Any] = {
        "/v1/projects": lambda request: paged(
            copy.deepcopy(records["projects"]) if request.query["catalog_type"] == "vod" else []
        ),
        "/v1/videos": paged(records["videos"]),
        "/v1/playlists": paged(records["playlists"]),
        "/v2/live/events": paged(records["events"]),
        "/v1/file-requests": lambda request: paged(
            records["requests"] if request.query["archived"] == "false" else []
        ),
        "/v1/moderators": {"data": records["moderators"]},
        "/v1/analytics": whole["analytics"],
        "/v1/analytics/overview": whole["overview"],
        "/v1/billing/usage": whole["usage"],
        "/v1/billing/invoices/123": whole.get("invoice", {"data": {"id": 123}}),
    }
    for name in ("tags", "players", "privacy-domains", "webhooks"):
        answers[f"/v1/{name}"] = {"data": records.get(name, [])}
    for project in records["projects"]:
        of_project = [f for f in records["folders"] if f["project_id"] == project["id"]]
        answers[f"/v1/projects/{project['id']}/folders"] = paged(of_project)
    for playlist in records["playlists"]:
        answers[f"/v1/playlists/{playlist['id']}/entities"] = {"data": records["items"]}
    for event in records["events"]:
        answers[f"/v2/live/events/{event['id']}"] = {"data": event}
        answers[f"/v2/live/events/{event['id']}/videos"] = paged(records["videos"][:1])
    for video in records["videos"]:
        for kind in ("annotations", "posters"):
            answers[f"/v1/videos/{video['id']}/{kind}"] = {"data": []}
    first = records["videos"][0]["id"]
    answers[f"/v1/videos/{first}/annotations"] = {"data": records["annotations"]}
    if posters := records.get("posters"):
        answers[f"/v1/videos/{first}/posters"] = {"data": posters}
    return answers


def assert_loaded_whole(bench: Bench, videos: list[Any]) -> None:
    """All tables are complete, nothing was rejected, and each video comes back as it was."""
    now = datetime(2026, 3, 20, tzinfo=UTC)
    result = bench.sync(runtime=Runtime(now=lambda: now))
    assert result.status == "complete", result.as_json()
    assert bench.query("SELECT * FROM _kollect.rejects") == []
    kept = {key[0]: json.loads(row["_raw"]) for key, row in bench.rows("videos").items()}
    assert kept == {video["id"]: without_children(video) for video in videos}
    assets = {key[0]: json.loads(row["_raw"]) for key, row in bench.rows("video_assets").items()}
    for video in videos:
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


def own(name: str) -> Any:
    return json.loads((OWN / f"{name}.json").read_text("utf-8"))


def test_answers_in_the_documented_shapes_load_whole(tmp_path: Path) -> None:
    """Each table has the rows of the samples, with days in the workspace's zone."""
    records = {
        "videos": samples(OWN, "GET_v1_videos__200"),
        "projects": samples(OWN, "GET_v1_projects__200"),
        "folders": samples(OWN, "GET_v1_projects_project_id_folders__200"),
        "playlists": samples(OWN, "GET_v1_playlists__200"),
        "items": samples(OWN, "GET_v1_playlists_playlist_id_entities__200"),
        "events": samples(OWN, "GET_v2_live_events__200"),
        "requests": samples(OWN, "GET_v1_file_requests__200"),
        "moderators": samples(OWN, "GET_v1_moderators__200"),
        "annotations": samples(OWN, "GET_v1_videos_video_id_annotations__200"),
        "posters": samples(OWN, "GET_v1_videos_video_id_posters__200"),
        "tags": samples(OWN, "GET_v1_tags__200"),
        "players": samples(OWN, "GET_v1_players__200"),
        "privacy-domains": samples(OWN, "GET_v1_privacy_domains__200"),
        "webhooks": samples(OWN, "GET_v1_webhooks__200"),
    }
    answers = answers_of(
        records,
        analytics=own("GET_v1_analytics__200"),
        overview=own("GET_v1_analytics_overview__200"),
        usage=own("GET_v1_billing_usage__200"),
        invoice=own("GET_v1_billing_invoices_invoice_id__200"),
    )
    with recorded(tmp_path, "kinescope", answers, CREDENTIALS) as bench:
        bench.configure(invoices=["123"])
        assert_loaded_whole(bench, records["videos"])
        for table in KINESCOPE.tables:
            assert bench.rows(table), f"no sample shows a row of {table}"
        first = records["videos"][0]["id"]
        days = ("2026-03-01", "2026-03-02")
        assert list(bench.rows("analytics")) == [(day, first) for day in days]
        assert [row["views"] for row in bench.rows("analytics_overview").values()] == [7, 0]
        (invoice,) = bench.rows("invoices").values()
        assert (invoice["id"], invoice["amount"], invoice["currency"]) == ("123", 99.5, "EUR")


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded payloads beside the repository")
def test_recorded_answers_load_whole(tmp_path: Path) -> None:
    """The published samples of the service and of its clients."""
    folder, fixtures = RECORDED / "examples", RECORDED / "fixtures"
    records = {
        "videos": [
            *versions(folder, "GET_v1_videos__200", "GET_v1_videos_video_id__200"),
            *versions(folder, "PATCH_v1_videos_video_id__200"),
            *versions(fixtures, "kfit-back-video_videos_list", "kfit-back-video_video_get"),
            *versions(fixtures, "kinescope-rb_videos_all"),
        ],
        "projects": [
            *samples(folder, "GET_v1_projects__200"),
            *samples(fixtures, "kinescope-rb_projects_find"),
        ],
        "folders": samples(folder, "GET_v1_projects_project_id_folders__200"),
        "playlists": samples(folder, "GET_v1_playlists__200"),
        "items": samples(folder, "GET_v1_playlists_playlist_id_entities__200"),
        "events": samples(folder, "GET_v2_live_events__200"),
        "requests": samples(folder, "GET_v1_file_requests__200"),
        "moderators": samples(folder, "GET_v1_moderators_moderator_id__200"),
        "annotations": samples(folder, "GET_v1_videos_video_id_annotations__200"),
    }
    records["folders"] = [
        *records["folders"],
        *(folder for project in records["projects"] for folder in project.get("folders") or []),
    ]
    names = ("analytics", "analytics_overview", "billing_usage")
    analytics, overview, usage = (
        json.loads((folder / f"GET_v1_{name}__200.json").read_text("utf-8")) for name in names
    )
    answers = answers_of(records, analytics=analytics, overview=overview, usage=usage)
    with recorded(tmp_path, "kinescope", answers, CREDENTIALS) as bench:
        assert_loaded_whole(bench, records["videos"])
