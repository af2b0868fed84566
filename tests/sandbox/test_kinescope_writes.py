"""Kinescope's write routes and uploads do what the API page says, and refuse what it forbids."""

from __future__ import annotations

import json
from hashlib import md5
from typing import Any

import pytest

from sandbox.core import Request, Response
from sandbox.kinescope import Kinescope

FORM = (
    b'--cut\r\nContent-Disposition: form-data; name="language"\r\n\r\nfr\r\n'
    b'--cut\r\nContent-Disposition: form-data; name="file"; filename="fr.vtt"\r\n\r\n'
    b"WEBVTT\r\n\r\n--cut--\r\n"
)


class Writer:
    """Sends writes to one stand-in with the good token."""

    def __init__(self, **switches: Any) -> None:
        self.service = Kinescope(size=40, switches=switches)
        self.token = self.service.credentials()["KINESCOPE_API_TOKEN"]
        self.video = self.service.library.id(0)
        self.project = next(iter(self.service.account.records["projects"]))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"authorization": f"Bearer {self.token}", "host": "127.0.0.1:1"}
        return self.service.answer(Request(method, path, named, body))

    def send(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """The status, and the record or the error's code."""
        answer = self.ask(method, path, json.dumps(body).encode())
        payload = json.loads(answer.body)
        return answer.status, payload.get("data") or payload["error"]["code"]

    def get(self, path: str) -> Any:
        return json.loads(self.ask("GET", path).body)["data"]


def test_a_project_a_folder_and_a_playlist_are_made_and_listed() -> None:
    """All ids are the service's; a playlist keeps the order of its videos."""
    writer = Writer(created_status=201)
    body = {"name": "New", "privacy_type": "custom", "privacy_domains": ["example.org"]}
    status, project = writer.send("POST", "/v1/projects", body)
    assert (status, project["name"]) == (201, "New")
    folders = f"/v1/projects/{project['id']}/folders"
    _, folder = writer.send("POST", folders, {"name": "Outer", "parent_id": None})
    inner = writer.send("POST", folders, {"name": "Inner", "parent_id": folder["id"]})[1]
    assert inner["parent_id"] == folder["id"]
    other = writer.send("POST", f"/v1/projects/{writer.project}/folders", {"name": "x"} | inner)
    assert other == (422, 400400)  # a parent in another project
    videos = [writer.service.library.id(number) for number in (5, 1, 3)]
    body = {"name": "Mixed", "parent_id": project["id"], "entity_ids": videos}
    _, playlist = writer.send("POST", "/v1/playlists", body)
    items = f"/v1/playlists/{playlist['id']}/entities"
    assert [row["id"] for row in writer.get(items)] == videos
    writer.send("PUT", f"{items}/{videos[2]}/move", {"position": 1})
    assert [row["id"] for row in writer.get(items)] == [videos[2], *videos[:2]]
    writer.send("POST", items, {"entity_ids": [writer.video]})
    assert [row["position"] for row in writer.get(items)] == [1, 2, 3, 4]


def test_tags_and_domains_are_unique_and_bodies_are_checked() -> None:
    writer = Writer()
    assert writer.send("POST", "/v1/tags", {"tag": "new"})[1]["archived"] is False
    assert writer.send("POST", "/v1/tags", {"tag": "new"}) == (400, 400201)
    assert writer.send("POST", "/v1/privacy-domains", {"domain": "example.org"}) == (400, 400201)
    assert writer.send("POST", "/v1/players", {"name": "P", "settings": {}, "ads": []})[0] == 200
    assert writer.send("POST", "/v1/projects", {"name": "x"}) == (422, 400400)
    assert writer.send("POST", "/v1/projects", []) == (400, 400102)
    assert json.loads(writer.ask("POST", "/v1/tags", b"{").body)["error"]["code"] == 400101
    assert json.loads(writer.ask("POST", "/v1/tags").body)["error"]["code"] == 1
    assert writer.ask("POST", "/v1/tags", b" " * (10 * 1024 * 1024 + 1)).status == 413


def test_a_video_is_uploaded_whole_or_in_pieces_and_served_as_it_came() -> None:
    """Headers are ASCII; an upload in pieces goes on at its offset; both have the same bytes."""
    writer = Writer()
    headers = {"x_parent_id": writer.project, "x_video_title": "Talk"}
    assert writer.ask("POST", "/v2/video", b"x", **headers | {"x_video_title": "é"}).status == 422
    whole = json.loads(writer.ask("POST", "/v2/video", b"the film", **headers).body)["data"]
    assert (whole["title"], whole["status"], whole["project_id"]) == (
        "Talk",
        "done",
        writer.project,
    )
    body = {"filesize": 8, "type": "video", "title": "Talk", "filename": "a.mp4"}
    _, upload = writer.send("POST", "/v2/init", body | {"parent_id": writer.project})
    path = upload["endpoint"].partition("127.0.0.1:1")[2]
    typed = {"content_type": "application/offset+octet-stream"}
    assert writer.get(f"/v1/videos/{upload['id']}")["status"] == "uploading"
    assert writer.ask("PATCH", path, b"the ", upload_offset="0", **typed).status == 204
    assert writer.ask("PATCH", path, b"the ", upload_offset="0", **typed).status == 409
    assert writer.ask("HEAD", path).headers["Upload-Offset"] == "4"
    writer.ask("PATCH", path, b"film", upload_offset="4", **typed)
    for video_id in (whole["id"], upload["id"]):
        assets = writer.get(f"/v1/videos/{video_id}")["assets"]
        original = next(asset for asset in assets if asset["quality"] == "original")
        assert original["md5"] == md5(b"the film").hexdigest()
        target = original["url"].partition("cdn.invalid")[2]
        assert writer.service.file(Request("GET", target, {})).body == b"the film"
    replaced = writer.ask("POST", "/v2/video", b"other", x_replace_video_id=whole["id"])
    assert json.loads(replaced.body)["data"]["id"] == whole["id"]


def test_an_upload_that_cannot_be_paid_is_refused_and_a_late_one_is_processed_later() -> None:
    headers = {"x_parent_id": Writer().project, "x_video_title": "Talk"}
    assert Writer(balance="empty").ask("POST", "/v2/video", b"x", **headers).status == 402
    late = Writer(uploaded_videos="processing").ask("POST", "/v2/video", b"x", **headers)
    assert json.loads(late.body)["data"]["status"] == "processing"


def test_what_hangs_on_a_video_is_written_part_by_part() -> None:
    """Title, chapters, subtitles, annotations, posters and materials; only sent fields change."""
    writer = Writer()
    address = f"/v1/videos/{writer.video}"
    before = writer.get(address)
    assert writer.send("PATCH", address, {"title": "Новое ☕"})[1]["title"] == "Новое ☕"
    assert writer.get(address)["description"] == before["description"]
    items = [{"time": 0, "title": "a"}, {"time": 90_000, "title": "b"}]
    writer.send("PUT", f"{address}/chapters", {"items": items, "enabled": True})
    assert writer.get(address)["chapters"]["items"] == items
    typed = {"content_type": 'multipart/form-data; boundary="cut"'}
    assert writer.ask("POST", f"{address}/subtitles", FORM, **typed).status == 200
    subtitle = writer.get(address)["subtitles"][-1]
    assert (subtitle["language"], subtitle["file_name"]) == ("fr", "fr.vtt")
    body = {"type": "text", "title": "Look", "start_time": 1, "end_time": 9}
    _, annotation = writer.send("POST", f"{address}/annotations", body)
    assert (annotation["annotation_type"], annotation["media_id"]) == ("text", writer.video)
    assert writer.send("POST", f"{address}/posters", {"from_time": 3})[1]["active"] is True
    named = {"x_video_id": writer.video, "x_title": "Notes", "x_file_name": "n.txt"}
    writer.ask("POST", "/additional-material", b"notes", **named)
    assert writer.get(address)["additional_materials"][-1]["size"] == 5


@pytest.mark.parametrize("path", ["", "/chapters", "/annotations", "/posters", "/move"])
def test_a_video_that_is_gone_takes_no_writes(path: str) -> None:
    writer = Writer()
    writer.service.delete_video(writer.video)
    method = {"": "PATCH", "/chapters": "PUT", "/move": "PUT"}.get(path, "POST")
    assert writer.send(method, f"/v1/videos/{writer.video}{path}", {}) == (404, 404404)
