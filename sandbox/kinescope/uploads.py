"""Uploads: videos and materials as raw bytes or by Tus, subtitles as a form (page, section 13).

The upload host is another one than the API's; the stand-in is both. What is uploaded is charged,
and processed by the service afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.core import Refused, Response, Route
from sandbox.kinescope.bodies import Field, is_filled, is_number, is_text, sent, whole, wrong
from sandbox.kinescope.changes import Changes
from sandbox.kinescope.routes import KinescopeCall, Payload, find_video
from sandbox.kinescope.shapes import shape_of
from sandbox.kinescope.writes import made, place_of

INIT = {
    "filesize": Field(is_number, required=True),
    "type": Field(lambda value: value == "video", required=True),
    "title": Field(is_text, required=True),
    "parent_id": Field(is_filled, required=True),
    "filename": Field(is_text, required=True),
    "description": Field(is_text, ""),
}


@dataclass
class Upload:
    """One resumable upload: the bytes that came so far."""

    video_id: str
    size: int
    body: bytes = b""


def header(call: KinescopeCall, name: str) -> str:
    """A header of the upload host: ASCII alone gets through."""
    value = call.request.headers.get(name.lower(), "")
    if not value.isascii():
        raise wrong(name, "Only ASCII characters are allowed")
    return value


def charged(call: KinescopeCall) -> None:
    """Encoding and storage cost money (page, section 5)."""
    if call.service.switches.balance == "empty":
        raise Refused(402)


def post_video(call: KinescopeCall) -> Response:
    """A new video of the bytes, or of what an address has; or other media for an old one."""
    service, body = call.service, call.request.body
    if not body:
        if not header(call, "X-Video-URL"):
            raise wrong("X-Video-URL", "Required value")
        body = b"fetched from " + header(call, "X-Video-URL").encode()
    charged(call)
    replaced = header(call, "X-Replace-Video-ID")
    if replaced:
        find_video(call, replaced)
        service.replace_media(replaced, body=body)
        return made(call, shown(call, replaced))
    place = place_of(call, header(call, "X-Parent-ID"))
    title = header(call, "X-Video-Title")
    video_id = new_video(service, title, header(call, "X-Video-Description"), place)
    finish(service, video_id, body)
    if header(call, "X-Poster-URL"):
        service.add_poster(video_id)
    return made(call, shown(call, video_id))


def shown(call: KinescopeCall, video_id: str) -> Payload:
    return shape_of(call).video(find_video(call, video_id), in_list=False)


def new_video(service: Changes, title: str, description: str, place: tuple[str, str | None]) -> str:
    """A video without media, in the form of newer records; privacy and player as its project."""
    project = service.account.records["projects"][place[0]]
    video_id = service.add_video(title, place[0], place[1], status="uploading")
    fields: dict[str, Any] = {
        "description": description,
        "subtitle": "",
        "tags": [],
        "privacy_type": project["privacy_type"],
        "privacy_domains": list(project["privacy_domains"]),
        "privacy_share": {},
        "player_id": project["player_id"],
        "additional_materials_enabled": False,
        "subtitles_enabled": False,
    }
    service.fill_video(video_id, fields)
    return video_id


def finish(service: Changes, video_id: str, body: bytes) -> None:
    """All bytes are there: the service processes them, at once or (by a switch) later."""
    service.take_media(video_id, body)
    if service.switches.uploaded_videos == "done":
        service.set_status(video_id, "done")
    else:
        service.set_status(video_id, "processing")


# Resumable uploads


def init(call: KinescopeCall) -> Response:
    """Where a resumable upload goes; the video is there from now on, without media."""
    body = whole(sent(call), INIT)
    charged(call)
    place = place_of(call, body["parent_id"])
    video_id = new_video(call.service, body["title"], body["description"], place)
    call.service.resumable[video_id] = Upload(video_id, int(body["filesize"]))
    origin = f"http://{call.request.headers.get('host', urlsplit(call.request.target).netloc)}"
    data = {"id": video_id, "endpoint": f"{origin}/v2/tus/{video_id}"}
    return Response.of_json({"data": data}, 201)


def tus_offset(call: KinescopeCall, upload_id: str) -> Response:
    upload = find_upload(call, upload_id)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(len(upload.body))}
    return Response(200, b"", {**headers, "Upload-Length": str(upload.size)})


def tus_patch(call: KinescopeCall, upload_id: str) -> Response:
    """Bytes from an offset on; 409 where another one is due."""
    upload = find_upload(call, upload_id)
    if call.request.headers.get("content-type") != "application/offset+octet-stream":
        raise Refused(415)
    if call.request.headers.get("upload-offset") != str(len(upload.body)):
        raise Refused(409)
    upload.body = (upload.body + call.request.body)[: upload.size]
    if len(upload.body) == upload.size:
        finish(call.service, upload.video_id, upload.body)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(len(upload.body))}
    return Response(204, b"", headers)


def find_upload(call: KinescopeCall, upload_id: str) -> Upload:
    upload = call.service.resumable.get(upload_id)
    if not isinstance(upload, Upload):
        raise Refused(404)
    return upload


# Subtitles and materials


def post_subtitle(call: KinescopeCall, video_id: str) -> Response:
    """A form of `language`, `description` and `file` (WebVTT)."""
    number, form = find_video(call, video_id), parts_of_form(call)
    if "file" not in form or not form["file"][1]:
        raise wrong("file", "Required value")
    name, body = form["file"]
    texts = {key: value.decode() for key, (_, value) in form.items() if key != "file"}
    if not texts.get("language"):
        raise wrong("language", "Required value")
    fields = {"language": texts["language"], "description": texts.get("description", "")}
    child = call.service.add_child(video_id, "subtitles", file_name=name, **fields)
    call.service.account.uploads[child] = body
    shape = shape_of(call).video(number)
    return made(call, next(row for row in shape["subtitles"] if row["id"] == child))


def parts_of_form(call: KinescopeCall) -> dict[str, tuple[str, bytes]]:
    """Name -> file name and bytes of each part of a multipart form."""
    found = re.search(r'boundary="?([^";]+)', call.request.headers.get("content-type", ""))
    if not found:
        raise Refused(400, "not a form")
    parts = {}
    for part in call.request.body.split(b"--" + found[1].encode())[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        names = dict(re.findall(r'(\w+)="([^"]*)"', head.decode()))
        parts[names.get("name", "")] = (names.get("filename", ""), body[:-2])
    return parts


def post_material(call: KinescopeCall) -> Response:
    """A file offered beside a video, as raw bytes."""
    video_id, body = header(call, "X-Video-ID"), call.request.body
    number = find_video(call, video_id)
    if not body:
        raise Refused(400, "no body in request", code=1)
    names = {"title": header(call, "X-Title"), "filename": header(call, "X-File-Name")}
    filetype = call.request.headers.get("content-type", "application/octet-stream")
    child = call.service.add_child(
        video_id, "additional_materials", size=len(body), filetype=filetype, **names
    )
    call.service.account.uploads[child] = body
    rows = call.service.library.record(number)["additional_materials"]
    return made(call, next(row for row in rows if row["id"] == child))


UPLOAD_ROUTES = (
    Route("POST", "/v2/video", post_video),
    Route("POST", "/v2/init", init),
    Route("HEAD", "/v2/tus/{upload_id}", tus_offset),
    Route("PATCH", "/v2/tus/{upload_id}", tus_patch),
    Route("POST", "/v1/videos/{video_id}/subtitles", post_subtitle),
    Route("POST", "/additional-material", post_material),
)
