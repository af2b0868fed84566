"""The write routes of the API (page, section 13): what a body needs, and what it does.

No id can be chosen, no time can be set. Names of projects, folders and playlists may repeat; a
tag or a domain that is there is refused with 400201. Uploads are in `uploads`.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.core import Refused, Response, Route
from sandbox.kinescope.bodies import (
    Field,
    among,
    are_objects,
    are_texts,
    checked,
    is_filled,
    is_flag,
    is_number,
    is_object,
    is_text,
    or_null,
    sent,
    whole,
    wrong,
)
from sandbox.kinescope.routes import KinescopeCall, Payload, find_video
from sandbox.kinescope.shapes import plain, shape_of
from sandbox.kinescope.video_parts import Record

PRIVACY = Field(among("anywhere", "nowhere", "custom"), "anywhere")
DOMAINS = Field(are_texts, [])
PROJECT = {
    "name": Field(is_filled, required=True),
    "privacy_type": Field(PRIVACY.is_valid, required=True),
    "privacy_domains": Field(are_texts, required=True),
    "player_id": Field(or_null(is_text)),
    "encrypted": Field(is_flag, False),
    "catalog_type": Field(among("vod", "live"), "vod"),
}
FOLDER = {"name": Field(is_filled, required=True), "parent_id": Field(or_null(is_text))}
VIDEO = {
    "title": Field(is_text),
    "description": Field(is_text),
    "privacy_type": PRIVACY,
    "privacy_domains": DOMAINS,
    "additional_materials_enabled": Field(is_flag),
    "tags": Field(are_texts),
}
CHAPTERS = {"items": Field(are_objects, required=True), "enabled": Field(is_flag, True)}
CHAPTER = {"time": Field(is_number, required=True), "title": Field(is_text, required=True)}
ANNOTATION = {
    "type": Field(among("text", "video"), required=True),
    "video_id": Field(or_null(is_text)),
    "title": Field(is_text, ""),
    "link": Field(is_text, ""),
    "start_time": Field(is_number, required=True),
    "end_time": Field(is_number, required=True),
    "annotation_poster_id": Field(or_null(is_text)),
}
PLAYLIST = {
    "name": Field(is_text, required=True),
    "parent_id": Field(is_text, required=True),
    "entity_ids": Field(are_texts, []),
}
ENTITIES = {"entity_ids": Field(are_texts, required=True)}
TAG = {"tag": Field(is_text, required=True), "archived": Field(is_flag, False)}
DOMAIN = {"domain": Field(is_filled, required=True), "archived": Field(is_flag, False)}
PLAYER = {
    "name": Field(is_filled, required=True),
    "settings": Field(is_object, {}),
    "ads": Field(are_objects, []),
}
PLACE = {"project_id": Field(is_text, required=True), "folder_id": Field(or_null(is_text))}


def made(call: KinescopeCall, record: Payload) -> Response:
    """The answer with a new record: 200 by the seed, 201 by a newer page."""
    return Response.of_json({"data": record}, call.service.switches.created_status)


def keep(call: KinescopeCall, table: str, kind: str, fields: Record) -> Record:
    """A new record with an id and times of the service's own."""
    account = call.service.account
    record = {"id": account.new_id(kind), **fields}
    account.records[table][record["id"]] = record
    return record


def place_of(call: KinescopeCall, parent_id: str) -> tuple[str, str | None]:
    """The project and folder that an id of either stands for; refuses others."""
    records = call.service.account.records
    if parent_id in records["projects"]:
        return parent_id, None
    if parent_id in records["folders"]:
        return str(records["folders"][parent_id]["project_id"]), parent_id
    raise Refused(404)


# Projects, folders and the small tables


def post_project(call: KinescopeCall) -> Response:
    fields = whole(sent(call), PROJECT)
    catalog = fields.pop("catalog_type")
    times = {"created_at": call.service.account.tick(), "updated_at": None}
    figures = {"favorite": False, "size": 0, "items_count": 0, "_catalog": catalog}
    record = keep(call, "projects", "project", {**fields, **times, **figures})
    return made(call, shape_of(call).project(record))


def post_folder(call: KinescopeCall, project_id: str) -> Response:
    account = call.service.account
    account.records["projects"].find(project_id)
    fields = whole(sent(call), FOLDER)
    parent_id = fields["parent_id"]
    if parent_id is not None and place_of(call, parent_id)[0] != project_id:
        raise wrong("parent_id")
    times = {"created_at": account.tick(), "updated_at": None, "deleted_at": None}
    more = {"project_id": project_id, "size": 0, "items_count": 0}
    record = keep(call, "folders", "folder", {**fields, **more, **times})
    return made(call, shape_of(call).folder(record))


def post_named(
    table: str, kind: str, fields: dict[str, Field], name: str
) -> Callable[[KinescopeCall], Response]:
    """A route that makes a record of a small table, in which `name` may be taken."""

    def answer(call: KinescopeCall) -> Response:
        given = whole(sent(call), fields)
        taken = {row[name] for row in call.service.account.records[table].values()}
        if given[name] in taken and table != "players":
            raise Refused(400, "has already been taken", code=400201, detail=name)
        call.service.account.tick()
        return made(call, plain(keep(call, table, kind, given)))

    return answer


# Videos and what hangs on them


def patch_video(call: KinescopeCall, video_id: str) -> Payload:
    """Only the fields that are sent change."""
    number = find_video(call, video_id)
    call.service.edit_video(video_id, **checked(sent(call), VIDEO))
    return {"data": shape_of(call).video(number, in_list=False)}


def move_video(call: KinescopeCall, video_id: str) -> Payload:
    number, place = find_video(call, video_id), whole(sent(call), PLACE)
    expected = place["folder_id"] or place["project_id"]
    if place_of(call, expected) != (place["project_id"], place["folder_id"]):
        raise wrong("folder_id")
    call.service.move_video(video_id, place["project_id"], place["folder_id"])
    return {"data": shape_of(call).video(number, in_list=False)}


def put_chapters(call: KinescopeCall, video_id: str) -> Payload:
    """All chapters are replaced; times are in milliseconds."""
    number, body = find_video(call, video_id), whole(sent(call), CHAPTERS)
    chapters = [checked(item, CHAPTER) for item in body["items"]]
    pairs = [(chapter["time"], chapter["title"]) for chapter in chapters]
    call.service.set_chapters(video_id, pairs, enabled=body["enabled"])
    return {"data": call.service.library.record(number)["chapters"]}


def post_annotation(call: KinescopeCall, video_id: str) -> Response:
    """The body says `type`, the answer `annotation_type` (page, section 16)."""
    find_video(call, video_id)
    fields = whole(sent(call), ANNOTATION)
    fields["annotation_type"] = fields.pop("type")
    annotation_id = call.service.add_child(video_id, "annotations", **fields)
    rows = call.service.library.record(find_video(call, video_id))["_annotations"]
    return made(call, next(row for row in rows if row["id"] == annotation_id))


def post_poster(call: KinescopeCall, video_id: str) -> Response:
    """A frame of the video becomes its active poster."""
    number = find_video(call, video_id)
    checked(sent(call), {"from_time": Field(is_number, required=True)})
    call.service.add_poster(video_id)
    return made(
        call, shape_of(call).poster(video_id, call.service.library.record(number)["poster"])
    )


# Playlists


def post_playlist(call: KinescopeCall) -> Response:
    """A playlist of these videos in this order; it has no times."""
    account, fields = call.service.account, whole(sent(call), PLAYLIST)
    place_of(call, fields["parent_id"])
    videos = known_videos(call, fields.pop("entity_ids"))
    account.tick()
    link = f"https://kinescope.io/pl/pl{account.new_number()}"
    record = keep(
        call,
        "playlists",
        "playlist",
        {
            "workspace_id": account.workspace_id,
            "player_id": None,
            **fields,
            "description": "",
            "privacy_type": "anywhere",
            "privacy_domains": [],
            "privacy_share": {},
            "tags": [],
            "settings": {
                "sort_field": "custom",
                "sort_order": "asc",
                "ignore_interactive_tools": False,
            },
            "play_link": link,
            "embed_link": link.replace("/pl/", "/embed/pl/"),
        },
    )
    call.service.set_playlist(record["id"], videos)
    return made(call, plain(record))


def known_videos(call: KinescopeCall, video_ids: list[str]) -> list[str]:
    if any(call.service.library.find(video_id) is None for video_id in video_ids):
        raise wrong("entity_ids")
    return video_ids


def videos_of(call: KinescopeCall, playlist_id: str) -> list[str]:
    account = call.service.account
    account.records["playlists"].find(playlist_id)
    items = account.playlist_items[playlist_id]
    return [account.library.id(item.number) for item in items if item.number in account.library]


def post_entities(call: KinescopeCall, playlist_id: str) -> Payload:
    """More videos come last; one that is in the playlist stays where it is."""
    present = videos_of(call, playlist_id)
    added = known_videos(call, checked(sent(call), ENTITIES)["entity_ids"])
    call.service.set_playlist(playlist_id, list(dict.fromkeys([*present, *added])))
    return {"data": {"success": True}}


def move_entity(call: KinescopeCall, playlist_id: str, media_id: str) -> Payload:
    """Positions count from 1."""
    videos = videos_of(call, playlist_id)
    position = checked(sent(call), {"position": Field(is_number, required=True)})["position"]
    if media_id not in videos:
        raise Refused(404)
    videos.remove(media_id)
    videos.insert(int(position) - 1, media_id)
    call.service.set_playlist(playlist_id, videos)
    return {"data": {"success": True}}


WRITE_ROUTES = (
    Route("POST", "/v1/projects", post_project),
    Route("POST", "/v1/projects/{project_id}/folders", post_folder),
    Route("PATCH", "/v1/videos/{video_id}", patch_video),
    Route("PUT", "/v1/videos/{video_id}/move", move_video),
    Route("PUT", "/v1/videos/{video_id}/chapters", put_chapters),
    Route("POST", "/v1/videos/{video_id}/annotations", post_annotation),
    Route("POST", "/v1/videos/{video_id}/posters", post_poster),
    Route("POST", "/v1/playlists", post_playlist),
    Route("POST", "/v1/playlists/{playlist_id}/entities", post_entities),
    Route("PUT", "/v1/playlists/{playlist_id}/entities/{media_id}/move", move_entity),
    Route("POST", "/v1/tags", post_named("tags", "tag", TAG, "tag")),
    Route(
        "POST",
        "/v1/privacy-domains",
        post_named("privacy_domains", "privacy domain", DOMAIN, "domain"),
    ),
    Route("POST", "/v1/players", post_named("players", "player", PLAYER, "name")),
)
