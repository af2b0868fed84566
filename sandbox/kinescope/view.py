"""Stored records as the API shows them: with links, and in the forms that switches choose."""

from __future__ import annotations

from typing import Any

from sandbox.kinescope.catalogue import Record
from sandbox.kinescope.links import Links
from sandbox.kinescope.state import State

ONLY_WIDE = {
    "privacy_type",
    "privacy_domains",
    "player_id",
    "favorite",
    "size",
    "items_count",
    "encrypted",
}
ONLY_WIDE_FOLDER = {"parent_id", "size", "items_count"}


def video(state: State, number: int, links: Links, *, in_list: bool) -> Record:
    """The video as a listing or its own address shows it, with fresh links.

    The order of assets differs between the two, as recorded (page, section 7).
    """
    record = state.library.record(number)
    video_id = record["id"]
    form = record.pop("_renditions")
    assets = record["assets"]
    for asset in assets:
        if asset["quality"] == "original":
            path = f"/files/assets/{asset['id']}/{asset['file_size']}"
            asset["url"] = links.signed(path)
            if number % 4 == 1:
                asset["download_link"] = links.stored(path)
        elif form == "empty":
            asset["download_link"] = ""
        elif form == "open":
            links.open(asset)
    if not in_list:
        assets.reverse()
    poster = record["poster"]
    if poster is not None:
        record["poster"] = links.poster(video_id, poster)
    for place, subtitle in enumerate(record["subtitles"]):
        record["subtitles"][place] = show_subtitle(subtitle, links)
    if not record["additional_materials"]:
        null_in = {"null in lists": in_list, "null": True, "list": False}
        none: list[Record] | None = None if null_in[state.settings["no_materials"]] else []
        record["additional_materials"] = none
    if state.settings["audio_tracks"]:
        track = f"/files/assets/audio-{number}/300"
        record["audio_tracks"] = [
            {"id": f"audio-{number}", "file_size": 300, "download_link": links.stored(track)}
        ]
    return record


def show_subtitle(subtitle: Record, links: Links) -> Record:
    return {**subtitle, "url": links.signed(f"/files/subtitles/{subtitle['id']}.vtt")}


def posters(state: State, number: int, links: Links) -> list[Record]:
    """The active poster and the inactive ones."""
    record = state.library.record(number)
    active = [] if record["poster"] is None else [record["poster"]]
    found = active + state.library.inactive_posters(number)
    return [links.poster(record["id"], poster) for poster in found]


def annotation(state: State, annotation: Record, links: Links, *, in_list: bool) -> Record:
    """An annotation; the link to its poster is in lists only."""
    shown = dict(annotation)
    if in_list:
        if state.settings["annotation_type_in_list"] == "empty":
            shown["annotation_type"] = ""
        poster_id = annotation["annotation_poster_id"]
        if poster_id is not None:
            shown["poster_url"] = links.signed(f"/files/posters/annotations/{poster_id}.png")
    return shown


def project(state: State, project: Record) -> Record:
    """A project with all its folders; its size grows with every change of any video."""
    shown = dict(project)
    shown["folders"] = [folder(state, one) for one in state.folders_of(project["id"])]
    if state.settings["project_form"] == "narrow":
        return {key: value for key, value in shown.items() if key not in ONLY_WIDE}
    shown["size"] += state.library.version
    return shown


def folder(state: State, folder: Record) -> Record:
    if state.settings["project_form"] == "narrow":
        return {key: value for key, value in folder.items() if key not in ONLY_WIDE_FOLDER}
    return {**folder, "size": folder["size"] + state.library.version}


def event(state: State, event: Record, links: Links, *, in_list: bool) -> Record:
    """A live event with its stream, restreams and poster."""
    shown = dict(event)
    shown["poster"] = links.poster("live", event["poster"])
    if in_list and state.settings["restreams_in_event_list"] == "empty":
        shown["restreams"] = []
    return shown


def playlist_items(state: State, playlist_id: str) -> list[Record]:
    """The videos of a playlist by position; those that exist no more are left out."""
    rows: list[Record] = []
    for item in sorted(state.playlist_items[playlist_id]):
        if item.number not in state.library:
            continue
        found = state.library.record(item.number)
        shown: dict[str, Any] = {"id": found["id"], "position": item.position}
        for field in ("status", "title", "description", "duration", "created_at", "updated_at"):
            shown[field] = found[field]
        rows.append(shown)
    return rows
