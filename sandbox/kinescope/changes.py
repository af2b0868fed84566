"""A random round of changes, traps included; the same seed makes the same round."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.kinescope.service import Kinescope


def change(account: Kinescope, seed: int) -> list[str]:
    """Creations, edits and deletions in most tables; returns one sentence for each."""
    chance = random.Random(f"{account.seed} change {seed}")
    return [
        *_videos(account, chance, seed),
        *_children(account, chance),
        *_catalogue(account, chance, seed),
        *_live(account, chance),
    ]


def _pick(account: Kinescope, chance: random.Random) -> str:
    order = account.library.order
    return account.library.id(order[chance.randrange(len(order))])


def _videos(account: Kinescope, chance: random.Random, seed: int) -> list[str]:
    said = []
    project_id = chance.choice(list(account.tables["projects"]))
    new = account.add_video(f"New {seed} 🆕", project_id)
    said.append(f"video {new} was added to project {project_id}")
    late = account.add_video("Late arrival", created_seconds_ago=200.0)
    said.append(f"video {late} appeared later than it was made")
    edited = _pick(account, chance)
    account.edit_video(edited, title=f'Edited {seed} "again"', tags=["edited"])
    said.append(f"video {edited} was edited")
    moved = _pick(account, chance)
    account.move_video(moved, project_id)
    said.append(f"video {moved} moved to project {project_id}")
    replaced = _pick(account, chance)
    account.replace_media(replaced)
    said.append(f"video {replaced} got other media")
    for number in account.library.order:
        facts = account.library.facts(number)
        if facts.status in ("pending", "uploading", "pre-processing", "processing"):
            account.set_status(account.library.id(number), "done")
            said.append(f"video {account.library.id(number)} was processed, silently")
            break
    removed = account.library.removed()
    if removed:
        returned = account.library.id(chance.choice(removed))
        account.restore_video(returned)
        said.append(f"video {returned} returned")
    if len(account.library) > 10:
        for _ in range(2):
            deleted = _pick(account, chance)
            account.delete_video(deleted)
            said.append(f"video {deleted} was deleted")
    return said


def _children(account: Kinescope, chance: random.Random) -> list[str]:
    said = []
    video_id = _pick(account, chance)
    account.set_chapters(video_id, [(0, "Start"), (5_000, "Ende 🏁")])
    said.append(f"video {video_id} got two chapters")
    video_id = _pick(account, chance)
    said.append(f"subtitle {account.add_subtitle(video_id)} was added to {video_id}")
    video_id = _pick(account, chance)
    said.append(f"annotation {account.add_annotation(video_id)} was added to {video_id}")
    video_id = _pick(account, chance)
    said.append(f"material {account.add_material(video_id)} was added to {video_id}")
    video_id = _pick(account, chance)
    said.append(f"poster {account.add_poster(video_id)} replaced that of {video_id}")
    for number in account.library.order:
        annotations = account.library.annotations(number)
        if len(annotations) > 1:
            video_id, first, last = account.library.id(number), annotations[0], annotations[-1]
            account.edit_annotation(video_id, first["id"], title="edited ✏️")
            account.remove_annotation(video_id, last["id"])
            said.append(f"annotation {first['id']} was edited, {last['id']} removed")
            break
    return said


def _catalogue(account: Kinescope, chance: random.Random, seed: int) -> list[str]:
    said = []
    project_id = chance.choice(list(account.tables["projects"]))
    account.edit_record("projects", project_id, name=f"Project {seed}")
    said.append(f"project {project_id} was renamed")
    said.append(f"folder {account.add_folder(project_id)} was added to {project_id}")
    folder_id = chance.choice(list(account.tables["folders"]))
    account.remove_folder(folder_id)
    said.append(f"folder {folder_id} was removed")
    tag_id = account.add_record("tags", tag=f"tag of {seed}")
    said.append(f"tag {tag_id} was added")
    if account.tables["file_requests"]:
        request_id = chance.choice(list(account.tables["file_requests"]))
        account.archive_file_request(request_id)
        said.append(f"file request {request_id} was archived")
    playlist_id = account.add_playlist(f"List {seed}", [_pick(account, chance)])
    said.append(f"playlist {playlist_id} was added with a video")
    for other, items in account.playlist_items.items():
        shown = [item.number for item in items if item.number in account.library]
        if len(shown) > 2:
            account.move_playlist_item(other, account.library.id(shown[-1]), 1)
            account.remove_playlist_item(other, account.library.id(shown[0]))
            said.append(f"playlist {other} was put in another order and lost a video")
            break
    video_id = _pick(account, chance)
    account.add_views(video_id, 1 + seed % 7)
    said.append(f"video {video_id} was watched today")
    return said


def _live(account: Kinescope, chance: random.Random) -> list[str]:
    said = []
    event_id = chance.choice(list(account.tables["events"]))
    account.edit_record("events", event_id, name="Event, edited")
    said.append(f"event {event_id} was edited")
    said.append(f"stream {account.start_stream(event_id)} of {event_id} began")
    recording = account.add_video("Recording", status="processing")
    account.end_stream(event_id, recording)
    said.append(f"the stream of {event_id} ended; {recording} is its recording")
    said.append(f"restream {account.add_restream(event_id)} was added to {event_id}")
    return said
