"""A round of random changes, each told in a sentence."""

from __future__ import annotations

from random import Random

from sandbox.kinescope.changes import Changes
from sandbox.kinescope.video_changes import CHILDREN

UNFINISHED = ("pending", "uploading", "pre-processing", "processing")


def play(service: Changes, rng: Random, seed: int) -> list[str]:
    return [
        *round_of_videos(service, rng, seed),
        *round_of_parts(service, rng),
        *round_of_records(service, rng, seed),
        *round_of_live(service, rng),
    ]


def round_of_videos(service: Changes, rng: Random, seed: int) -> list[str]:
    project_id = rng.choice(list(service.account.records["projects"]))
    new = service.add_video(f"New {seed} 🆕", project_id)
    late = service.add_video("Late arrival", created_seconds_ago=200.0)
    edited, moved, replaced = (any_video(service, rng) for _ in range(3))
    service.edit_video(edited, title=f'Edited {seed} "again"', tags=["edited"])
    service.move_video(moved, project_id)
    service.replace_media(replaced)
    told = [
        f"video {new} was added to project {project_id}",
        f"video {late} appeared later than it was made",
        f"video {edited} was edited",
        f"video {moved} moved to project {project_id}",
        f"video {replaced} got other media",
    ]
    for number in service.library.order:
        if service.library.facts(number).status in UNFINISHED:
            processed = service.library.id(number)
            service.set_status(processed, "done")
            told.append(f"video {processed} was processed, silently")
            break
    if service.library.removed:
        returned = service.library.id(rng.choice(sorted(service.library.removed)))
        service.restore_video(returned)
        told.append(f"video {returned} returned")
    for _ in range(2 if len(service.library.order) > 10 else 0):
        deleted = any_video(service, rng)
        service.delete_video(deleted)
        told.append(f"video {deleted} was deleted")
    return told


def round_of_parts(service: Changes, rng: Random) -> list[str]:
    video_id = any_video(service, rng)
    service.set_chapters(video_id, [(0, "Start"), (5_000, "Ende 🏁")])
    told = [f"video {video_id} got two chapters"]
    for table in CHILDREN:
        video_id = any_video(service, rng)
        told.append(f"{service.add_child(video_id, table)} of {table} was added to {video_id}")
    video_id = any_video(service, rng)
    told.append(f"poster {service.add_poster(video_id)} replaced that of {video_id}")
    for number in service.library.order:
        annotations = service.library.record(number)["_annotations"]
        if len(annotations) > 1:
            video_id, first, last = service.library.id(number), annotations[0], annotations[-1]
            service.edit_child(video_id, "annotations", first["id"], title="edited ✏️")
            service.remove_child(video_id, "annotations", last["id"])
            told.append(f"annotation {first['id']} was edited, {last['id']} removed")
            break
    return told


def round_of_records(service: Changes, rng: Random, seed: int) -> list[str]:
    records = service.account.records
    project_id = rng.choice(list(records["projects"]))
    service.edit_record("projects", project_id, name=f"Project {seed}")
    new_folder = service.add_record("folders", project_id=project_id, name="New", parent_id=None)
    folder_id = rng.choice(list(records["folders"]))
    service.remove_record("folders", folder_id)
    tag_id = service.add_record("tags", tag=f"tag of {seed}")
    request_id = rng.choice(list(records["file_requests"]))
    service.archive_file_request(request_id)
    playlist_id = service.add_record("playlists", name=f"List {seed}")
    service.set_playlist(playlist_id, [any_video(service, rng)])
    told = [
        f"project {project_id} was renamed",
        f"folder {new_folder} was added to {project_id}",
        f"folder {folder_id} was removed",
        f"tag {tag_id} was added",
        f"file request {request_id} was archived",
        f"playlist {playlist_id} was added with a video",
    ]
    for other, items in service.account.playlist_items.items():
        shown = [service.library.id(i.number) for i in items if i.number in service.library]
        if len(shown) > 2:
            service.set_playlist(other, [shown[-1], *shown[1:-1]])
            told.append(f"playlist {other} was put in another order and lost a video")
            break
    video_id = any_video(service, rng)
    service.add_views(video_id, 1 + seed % 7)
    service.add_usage(project_id, 1_000_000)
    return [*told, f"video {video_id} was watched today, project {project_id} paid for it"]


def round_of_live(service: Changes, rng: Random) -> list[str]:
    event_id = rng.choice(list(service.account.records["live_events"]))
    service.edit_record("live_events", event_id, name="Event, edited")
    stream_id = service.start_stream(event_id)
    recording = service.add_video("Recording", status="processing")
    service.end_stream(event_id, recording)
    restream_id = service.add_restream(event_id)
    return [
        f"event {event_id} was edited",
        f"stream {stream_id} of {event_id} began and ended; {recording} is its recording",
        f"restream {restream_id} was added to {event_id}",
    ]


def any_video(service: Changes, rng: Random) -> str:
    return service.library.id(service.library.order[rng.randrange(len(service.library.order))])
