"""The rows of a complete copy, table by table, and the files that it names.

Left out on purpose: secrets; signed links; figures that change by themselves (progress, size,
items_count).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.core import Row, Tables, blob, lagging, true_file
from sandbox.core.blobs import lines
from sandbox.kinescope.data import Account
from sandbox.kinescope.figures import FIELDS
from sandbox.kinescope.switches import KinescopeSwitches
from sandbox.kinescope.video_parts import Record


def fields(text: str) -> tuple[str, ...]:
    return tuple(text.split())


VIDEO = fields(
    "id project_id folder_id player_id version title subtitle description status duration "
    "privacy_type privacy_domains tags additional_materials_enabled subtitles_enabled "
    "annotation_text_enabled annotation_video_enabled play_link embed_link hls_link "
    "created_at updated_at"
)
ASSET = fields(
    "id original_name file_size md5 filetype quality resolution created_at updated_at deleted_at"
)
POSTER = fields("id status active media_id")
SUBTITLE = fields("id description language file file_name hls_file")
ANNOTATION = fields(
    "id media_id video_id title link start_time end_time annotation_poster_id created_at updated_at"
)
MATERIAL = fields(
    "id storage_id title filename filetype size position created_at updated_at deleted_at"
)
PROJECT = fields("id name created_at updated_at")
WIDE_PROJECT = fields("privacy_type privacy_domains player_id favorite encrypted")
FOLDER = fields("id name project_id created_at updated_at deleted_at")
PLAYLIST = fields(
    "id workspace_id player_id parent_id name description privacy_type privacy_domains tags "
    "play_link embed_link"
)
PLAYLIST_VIDEO = fields("id status title description duration created_at updated_at")
EVENT = fields(
    "id workspace_id parent_id name subtitle type auto_start protected time_shift "
    "chat_after_stream chat_active chat_preview show_members allow_chat_links moderators "
    "reconnect_window play_link latency_mode created_at updated_at"
)
STREAM = fields("id event_id status started_at finished_at")
RESTREAM = fields("id event_id name url status enabled description created_at updated_at")
FILE_REQUEST = fields(
    "id workspace_id name uploading_location_id expired_at created_by created_at updated_at "
    "archived_at user_count media_count"
)
SIMPLE = {
    "tags": fields("id tag archived"),
    "players": fields("id name settings ads"),
    "privacy_domains": fields("id domain archived"),
    "file_requests": FILE_REQUEST,
    "moderators": fields("user_id workspace_id username email"),
    "webhooks": fields("id name endpoint events"),
    "invoices": fields("id date amount currency"),
}
OVERVIEW = {"views": "view", "duration": "play", "watch_time": "watch_time"} | {
    "player_loads": "player_load"
}
IMAGES = "https://cdn.invalid/files/posters"
FRESH_DAYS = timedelta(days=2)
"""Today's figures and those of two days before are read again (page, section 10)."""


def tables(account: Account, switches: KinescopeSwitches) -> Tables:
    """Every table with its rows."""
    found: Tables = defaultdict(list)
    for number in account.library.order:
        _add_video(found, account.library.record(number), switches)
    _add_projects(found, account, switches)
    for playlist_id, record in account.records["playlists"].items():
        settings = {f"settings_{name}": value for name, value in record["settings"].items()}
        found["playlists"].append(_row(record, PLAYLIST, **settings))
        for position, number in account.playlist_items[playlist_id]:
            if number in account.library:
                place: Row = {"playlist_id": playlist_id, "position": position}
                row = _row(account.library.record(number), PLAYLIST_VIDEO, **place)
                found["playlist_items"].append(row)
    for event in account.records["live_events"].values():
        _add_event(found, account, event)
    for table, names in SIMPLE.items():
        found[table] = [_row(record, names) for record in account.records[table].values()]
    _add_figures(found, account, ZoneInfo(switches.timezone))
    return dict(found)


def after_increment(
    before: Tables, now: Tables, today: date, switches: KinescopeSwitches
) -> Tables:
    """Most lists are read whole each time, since none can be filtered by time (section 9).

    Annotations and posters have no list of their own, nor have the recordings of an event: those
    of a video or an event are read again when its row has changed, while their own changes need
    not show in it (rule 6). An event that the list shows without restreams may have some all the
    same. Figures of the last days are read again, later corrections of earlier ones need not be
    seen.
    """
    calm, calm_events = _calm("videos", before, now), _calm("live_events", before, now)
    oldest = str(today - FRESH_DAYS)
    listed = {row["event_id"] for row in now["restreams"]}
    if switches.restreams_in_event_list == "empty":
        listed = set()

    def of_videos(table: str, video: str) -> list[Row]:
        return lagging(before[table], now[table], ("id",), lambda row: row[video] not in calm)

    def of_events(table: str, *key: str, listed: Collection[str] = ()) -> list[Row]:
        def is_shown(row: Row) -> bool:
            return row["event_id"] in listed or row["event_id"] not in calm_events

        return lagging(before[table], now[table], key, is_shown)

    def of_days(table: str, *key: str) -> list[Row]:
        return lagging(before[table], now[table], key, lambda row: row["day"] >= oldest)

    return now | {
        "annotations": of_videos("annotations", "media_id"),
        "posters": of_videos("posters", "video_id"),
        "restreams": of_events("restreams", "id", listed=listed),
        "live_event_videos": of_events("live_event_videos", "event_id", "video_id"),
        "analytics": of_days("analytics", "day", "video_id"),
        "analytics_overview": of_days("analytics_overview", "day"),
        "billing_usage": of_days("billing_usage", "day", "product", "project_id"),
    }


def _calm(table: str, before: Tables, now: Tables) -> set[str]:
    """The ids of the rows that are as they were."""
    old = {row["id"]: row for row in before[table]}
    return {row["id"] for row in now[table] if old.get(row["id"]) == row}


def files(account: Account) -> list[dict[str, Any]]:
    """Originals, subtitles, posters and materials of every existing video, and live posters."""
    found: list[dict[str, Any]] = []
    uploaded = account.uploads.get

    def add(table: str, record: Record, field: str, body: bytes) -> None:
        found.append(true_file(table, record["id"], field, body))

    for number in account.library.order:
        record = account.library.record(number)
        for asset in record["assets"]:
            if asset["quality"] == "original":
                made = lines(asset["id"], asset["file_size"])
                add("video_assets", asset, "original", uploaded(asset["id"], made))
        for subtitle in record["subtitles"]:
            made = blob(f"{subtitle['id']}.vtt")
            add("subtitles", subtitle, "url", uploaded(subtitle["id"], made))
        for material in record["additional_materials"]:
            made = lines(material["id"], material["size"])
            add("additional_materials", material, "link", uploaded(material["id"], made))
        for poster in _posters(record):
            add("posters", poster, "original", blob(f"{poster['id']}.png"))
        for annotation in record["_annotations"]:
            if (poster_id := annotation["annotation_poster_id"]) is not None:
                add("annotations", annotation, "annotation_poster", blob(f"{poster_id}.png"))
    for event in account.records["live_events"].values():
        add("live_events", event, "poster_original", blob(f"{event['poster']['id']}.png"))
    return found


def _row(record: Record, names: Iterable[str], **more: Any) -> Row:
    """The named fields, absent ones as null."""
    return {**{name: record.get(name) for name in names}, **more}


def _image(folder: str, poster: Record, size: str = "original") -> str:
    """Where one size of a poster lies."""
    return f"{IMAGES}/{folder}/{size}/{poster['id']}.png"


def _posters(record: Record) -> list[Record]:
    """The active poster of a video and the inactive ones."""
    active = [] if record["poster"] is None else [record["poster"]]
    return [*active, *record["_posters"]]


def _add_video(found: Tables, record: Record, switches: KinescopeSwitches) -> None:
    video_id, chapters, poster = record["id"], record["chapters"], record["poster"] or {}
    of_video = {"video_id": video_id}
    found["videos"].append(
        _row(
            record,
            VIDEO,
            chapters_enabled=chapters["enabled"],
            chapters_show_on_load=chapters.get("show_on_load"),
            poster_id=poster.get("id"),
            poster_status=poster.get("status"),
            poster_original=_image(video_id, poster) if poster else None,
        )
    )
    found["video_assets"] += [_row(one, ASSET, **of_video) for one in record["assets"]]
    found["chapters"] += [
        {**of_video, "position": place, "time": one["time"], "title": one["title"]}
        for place, one in enumerate(chapters["items"])
    ]
    for one in _posters(record):
        images = {size: _image(video_id, one, size) for size in ("original", "md", "sm", "xs")}
        found["posters"].append(_row(one, POSTER, **of_video, **images))
    found["subtitles"] += [_row(one, SUBTITLE, **of_video) for one in record["subtitles"]]
    materials = record["additional_materials"]
    found["additional_materials"] += [_row(one, MATERIAL, **of_video) for one in materials]
    shows_type = switches.annotation_type_in_list == "filled"
    found["annotations"] += [
        _row(one, ANNOTATION, annotation_type=one["annotation_type"] if shows_type else "")
        for one in record["_annotations"]
    ]


def _add_projects(found: Tables, account: Account, switches: KinescopeSwitches) -> None:
    wide = switches.project_form == "wide"
    names = PROJECT + WIDE_PROJECT if wide else PROJECT
    found["projects"] = [
        _row(record, names, catalog_type=record["_catalog"])
        for record in account.records["projects"].values()
    ]
    names = (*FOLDER, "parent_id") if wide else FOLDER
    found["folders"] = [_row(record, names) for record in account.records["folders"].values()]


def _add_event(found: Tables, account: Account, event: Record) -> None:
    found["live_events"].append(
        _row(
            event,
            EVENT,
            record_parent_id=event["record"]["parent_id"],
            video_presets=event["video"]["presets"],
            audio_channel_mapping=event["audio"].get("channel_mapping"),
            scheduled_time=event["scheduled"]["time"],
            poster_id=event["poster"]["id"],
            poster_status=event["poster"]["status"],
            poster_original=_image("live", event["poster"]),
        )
    )
    if event["stream"] is not None:
        found["live_streams"].append(_row(event["stream"], STREAM))
    found["restreams"] += [_row(one, RESTREAM) for one in event["restreams"]]
    found["live_event_videos"] += [
        {"event_id": event["id"], "video_id": account.library.id(number)}
        for number in account.event_videos[event["id"]]
        if number in account.library
    ]


def _add_figures(found: Tables, account: Account, zone: ZoneInfo) -> None:
    """A row for each day of the workspace's zone and video watched on it; for each such day; and
    for each day, product and project of billing."""
    for day in account.figures.days():
        hours = account.figures.hours(day, zone)
        total = {name: sum(hour.figures[of] for hour in hours) for name, of in OVERVIEW.items()}
        found["analytics_overview"].append({"day": str(day), **total})
        rows: dict[str, Row] = {}
        for hour in hours:
            known = {"day": str(day), "video_id": hour.video_id}
            known |= {"workspace_id": account.workspace_id, "timezone": zone.key}
            row = rows.setdefault(hour.video_id, known | dict.fromkeys(FIELDS, 0))
            for figure in FIELDS:
                row[figure] += hour.figures[figure]
        found["analytics"] += rows.values()
    found["billing_usage"] = [
        {
            "day": str(row.day),
            "product": row.product,
            "project_id": row.project_id or "",
            "usage": row.usage,
        }
        for row in account.figures.usage()
    ]
