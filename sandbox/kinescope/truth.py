"""What a complete copy of the account holds now, in the names of the contract.

Left out on purpose: secrets; signed links; figures that change by themselves (progress,
size, items_count); settings of players, whose keys nobody documents.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kinescope import view
from sandbox.kinescope.catalogue import Record
from sandbox.kinescope.state import State

Rows = list[dict[str, Any]]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


VIDEO = _names(
    "id project_id folder_id player_id version title subtitle description status duration "
    "privacy_type privacy_domains tags additional_materials_enabled subtitles_enabled "
    "annotation_text_enabled annotation_video_enabled play_link embed_link hls_link "
    "created_at updated_at"
)
ASSET = _names(
    "id original_name file_size md5 filetype quality resolution created_at updated_at deleted_at"
)
POSTER = _names("id status active original md sm xs media_id")
SUBTITLE = _names("id description language file file_name hls_file")
ANNOTATION = _names(
    "id media_id video_id annotation_type title link start_time end_time "
    "annotation_poster_id created_at updated_at"
)
MATERIAL = _names(
    "id storage_id title filename filetype size position created_at updated_at deleted_at"
)
PROJECT = _names("id name created_at updated_at")
WIDE_PROJECT = _names("privacy_type privacy_domains player_id favorite encrypted")
FOLDER = _names("id name project_id created_at updated_at deleted_at")
PLAYLIST = _names(
    "id workspace_id player_id parent_id name description privacy_type privacy_domains tags "
    "play_link embed_link"
)
EVENT = _names(
    "id workspace_id parent_id name subtitle type auto_start protected time_shift "
    "chat_after_stream chat_active chat_preview show_members allow_chat_links moderators "
    "reconnect_window play_link latency_mode created_at updated_at"
)
STREAM = _names("id event_id status started_at finished_at")
RESTREAM = _names("id event_id name url status enabled description created_at updated_at")
FILE_REQUEST = _names(
    "id workspace_id name uploading_location_id expired_at created_by created_at updated_at "
    "archived_at user_count media_count"
)
SIMPLE = {
    "tags": _names("id tag archived"),
    "players": _names("id name ads"),
    "privacy_domains": _names("id domain archived"),
    "file_requests": FILE_REQUEST,
    "moderators": _names("user_id workspace_id username email"),
    "webhooks": _names("id name endpoint events"),
}
FIGURES = ("view", "unique_view", "play", "watch_time")


def tables(state: State) -> dict[str, Rows]:
    """Every table of the contract with its rows."""
    found: dict[str, Rows] = {
        **_videos(state),
        **_projects(state),
        **_playlists(state),
        **_events(state),
        "analytics": _analytics(state),
        "billing_usage": _billing_usage(state),
    }
    for table, fields in SIMPLE.items():
        found[table] = [_row(record, fields) for record in state.tables[table].values()]
    return found


def _row(record: Record, fields: Iterable[str], **more: Any) -> dict[str, Any]:
    """The named fields, absent ones as null."""
    return {**{field: record.get(field) for field in fields}, **more}


def _videos(state: State) -> dict[str, Rows]:
    found: dict[str, Rows] = {
        name: []
        for name in (
            "videos",
            "video_assets",
            "chapters",
            "posters",
            "subtitles",
            "annotations",
            "additional_materials",
        )
    }
    links = state.links()
    for number in state.library.order:
        record = state.library.record(number)
        video_id = record["id"]
        of_video = {"video_id": video_id}
        chapters = record["chapters"]
        flags = {
            "chapters_enabled": chapters["enabled"],
            "chapters_show_on_load": chapters.get("show_on_load"),
        }
        found["videos"].append(_row(record, VIDEO, **flags))
        found["video_assets"] += [_row(one, ASSET, **of_video) for one in record["assets"]]
        found["chapters"] += [
            {**of_video, "position": place, "time": one["time"], "title": one["title"]}
            for place, one in enumerate(chapters["items"])
        ]
        posters = [] if record["poster"] is None else [record["poster"]]
        found["posters"] += [
            _row(links.poster(video_id, one), POSTER, **of_video)
            for one in posters + state.library.inactive_posters(number)
        ]
        found["subtitles"] += [_row(one, SUBTITLE, **of_video) for one in record["subtitles"]]
        found["additional_materials"] += [
            _row(one, MATERIAL, **of_video) for one in record["additional_materials"]
        ]
        found["annotations"] += [
            _row(view.annotation(state, one, links, in_list=True), ANNOTATION)
            for one in state.library.annotations(number)
        ]
    return found


def _projects(state: State) -> dict[str, Rows]:
    wide = state.settings["project_form"] == "wide"
    fields = PROJECT + WIDE_PROJECT if wide else PROJECT
    folder_fields = (*FOLDER, "parent_id") if wide else FOLDER
    return {
        "projects": [_row(record, fields) for record in state.tables["projects"].values()],
        "folders": [_row(record, folder_fields) for record in state.tables["folders"].values()],
    }


def _playlists(state: State) -> dict[str, Rows]:
    playlists: Rows = []
    items: Rows = []
    for playlist_id, record in state.tables["playlists"].items():
        settings = {f"settings_{name}": value for name, value in record["settings"].items()}
        playlists.append(_row(record, PLAYLIST, **settings))
        for item in view.playlist_items(state, playlist_id):
            items.append({"playlist_id": playlist_id, **item})
    return {"playlists": playlists, "playlist_items": items}


def _events(state: State) -> dict[str, Rows]:
    events: Rows = []
    streams: Rows = []
    restreams: Rows = []
    for record in state.tables["events"].values():
        events.append(
            _row(
                record,
                EVENT,
                record_parent_id=record["record"]["parent_id"],
                video_presets=record["video"]["presets"],
                audio_channel_mapping=record["audio"].get("channel_mapping"),
                scheduled_time=record["scheduled"]["time"],
            )
        )
        if record["stream"] is not None:
            streams.append(_row(record["stream"], STREAM))
        restreams += [_row(one, RESTREAM) for one in record["restreams"]]
    return {"live_events": events, "live_streams": streams, "restreams": restreams}


def _analytics(state: State) -> Rows:
    """A row for each day of the workspace's zone and video that was watched on it."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for day in state.figures.days():
        for hour in state.figures.hours(day, state.zone):
            row = rows.setdefault(
                (str(day), hour.video_id),
                {
                    "day": str(day),
                    "video_id": hour.video_id,
                    "workspace_id": state.catalogue.workspace_id,
                    **dict.fromkeys(FIGURES, 0),
                },
            )
            for figure in FIGURES:
                row[figure] += hour.figures[figure]
    return list(rows.values())


def _billing_usage(state: State) -> Rows:
    return [
        {
            "day": str(row.day),
            "product": row.product,
            "project_id": row.project_id or "",
            "usage": row.usage,
        }
        for row in state.figures.usage()
    ]
