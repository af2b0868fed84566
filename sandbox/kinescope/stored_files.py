"""Which files of the account lie in storage, and what is in them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sandbox.kinescope import links
from sandbox.kinescope.state import State


def true_files(state: State) -> list[dict[str, Any]]:
    """Originals, subtitles, posters and materials of every existing video, and live posters."""
    found: list[dict[str, Any]] = []

    def add(table: str, record_key: str, field: str, body: bytes) -> None:
        digest = sha256(body).hexdigest()
        found.append(
            {"table": table, "record_key": record_key, "field": field, "sha256": digest,
             "bytes": len(body)}
        )  # fmt: skip

    for number in state.library.order:
        record = state.library.record(number)
        for asset in record["assets"]:
            if asset["quality"] == "original":
                body = links.lines(asset["id"], asset["file_size"])
                add("video_assets", asset["id"], "original", body)
        for subtitle in record["subtitles"]:
            add("subtitles", subtitle["id"], "url", links.captions(f"{subtitle['id']}.vtt"))
        for material in record["additional_materials"]:
            body = links.lines(material["id"], material["size"])
            add("additional_materials", material["id"], "link", body)
        posters = [] if record["poster"] is None else [record["poster"]]
        for poster in posters + state.library.inactive_posters(number):
            add("posters", poster["id"], "original", links.picture(f"{poster['id']}.png"))
        for annotation in state.library.annotations(number):
            if (poster_id := annotation["annotation_poster_id"]) is not None:
                body = links.picture(f"{poster_id}.png")
                add("annotations", annotation["id"], "annotation_poster", body)
    for event in state.tables["events"].values():
        body = links.picture(f"{event['poster']['id']}.png")
        add("live_events", event["id"], "poster_original", body)
    return found
