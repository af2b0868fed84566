"""Kippt: how a clip is found gone, since no tombstone tells of it.

A clip that no listing of a clean full pass showed is asked for at its own address: 404 proves
its end; a clip of oneself that is still there proves that a listing was not whole.
"""

from __future__ import annotations

from typing import Any

from connectors.core import Forbidden, Missing, Page, Reader, Resource
from connectors.paging import get_path

PROBES = 50
"""So many clips are asked for one by one; of more, so many, evenly chosen, stand for all."""


def favorites_are_gone(reader: Reader, one_clip: Resource, clip_id: int) -> bool:
    """Whether a former favourite says that it is none any more (or no longer exists)."""
    for _, page in reader.ask_all(one_clip, [{"clip_id": clip_id}]):
        if isinstance(page, Page):
            return not (
                get_path(page.payload, "is_favorite") or get_path(page.payload, "is_starred")
            )
    return True


def end_missing_clips(
    reader: Reader,
    one_clip: Resource,
    *,
    seen: set[int],
    me: int,
    lists: set[int],
    unread: set[int],
) -> None:
    """End the known clips that no listing showed, as far as there is evidence.

    `lists` are one's own and shared ones; `unread` those of them that answered 404, which may
    mean that they are empty but proves nothing of their clips.
    """
    known = {row[0]: row[1:] for row in reader.known.rows("clips", ["id", "user_id", "list_id"])}
    missing = sorted(known.keys() - seen)
    doubtful = [clip_id for clip_id in missing if known[clip_id][1] in unread]
    others = sorted(set(missing) - set(doubtful))
    step = -(-len(others) // max(1, PROBES - len(doubtful)))
    asked = [*doubtful[:PROBES], *others[:: max(1, step)]]
    still: list[int] = []
    refused: list[int] = []
    spared: list[int] = []
    for bind, page in reader.ask_all(one_clip, [{"clip_id": clip_id} for clip_id in asked]):
        clip_id = bind["clip_id"]
        if isinstance(page, Missing):
            reader.evidence.end("clips", {"id": clip_id}, "404 on its own address")
        elif isinstance(page, Forbidden):
            refused.append(clip_id)
        elif not isinstance(page, Page) or get_path(page.payload, "id") is None:
            spared.append(clip_id)
        elif _belongs(page.payload, me, lists):
            still.append(clip_id)
            reader.keep(one_clip.rows[0], page.payload)
    if refused:
        reader.check_credential()  # a token that died in the middle is refused here as well
        own = [clip_id for clip_id in refused if known[clip_id][0] in (None, me)]
        reader.evidence.messages += [f"clip {i} may no longer be read; it is kept" for i in own]
        spared += own
    unasked = set(missing) - set(asked)
    spared += unasked if still else unasked & set(doubtful)
    if still:
        reason = f"{len(still)} clips that no listing showed still exist, such as {still[0]}"
        reader.evidence.fail("clips", one_clip.name, reason)
    reader.evidence.present.setdefault("clips", []).extend({"id": i} for i in spared)
    reader.evidence.prove("clips", one_clip.name, {}, "every listing was read to its end")


def _belongs(clip: Any, me: int, lists: set[int]) -> bool:
    """Whether a listing should have shown this clip; those of others come and go."""
    place = get_path(clip, "list.id") or str(get_path(clip, "list")).rstrip("/").rpartition("/")[2]
    return (
        get_path(clip, "user.id") in (None, me)
        or str(place) in {str(list_id) for list_id in lists}
        or get_path(clip, "is_favorite") is True
    )
