"""Kippt: how a clip is found gone, since no tombstone tells of it.

A clip that no listing of a clean full pass showed is asked for at its own address: 404 proves
its end; a clip of oneself that is still there proves that a listing was not whole.
"""

from __future__ import annotations

from typing import Any

from connectors.core import Reader, Resource, confirm_missing
from connectors.paging import get_path

PROBES = 50
"""So many clips are asked for one by one; of more, so many, evenly chosen, stand for all."""


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
    others = [clip_id for clip_id in missing if known[clip_id][1] not in unread]
    found = confirm_missing(
        reader,
        "clips",
        [*doubtful, *others],
        one_clip,
        lambda clip_id: {"clip_id": clip_id},
        is_there=lambda _, page: _is_ours(page.payload, me, lists),
        most=PROBES,
        keep=lambda _, page: reader.keep(one_clip.rows[0], page.payload),
        always=doubtful,
    )
    if found.unreadable:
        reader.check_credential()  # a token that died in the middle is refused here as well
    kept = found.unasked if found.there else set(found.unasked) & set(doubtful)
    for clip_id in kept:
        reader.evidence.spare("clips", {"id": clip_id})
    if found.there:
        count, example = len(found.there), found.there[0]
        reason = f"{count} clips that no listing showed still exist, such as {example}"
        reader.evidence.fail("clips", one_clip.name, reason)
    reader.evidence.prove("clips", one_clip.name, {}, "every listing was read to its end")


def _is_ours(clip: Any, me: int, lists: set[int]) -> bool | None:
    """Whether a clip exists and should have been listed; None where lists need not show it."""
    if get_path(clip, "id") is None:
        return False
    return True if _belongs(clip, me, lists) else None


def _belongs(clip: Any, me: int, lists: set[int]) -> bool:
    """Whether a listing should have shown this clip; those of others come and go."""
    place = get_path(clip, "list.id") or str(get_path(clip, "list")).rstrip("/").rpartition("/")[2]
    return (
        get_path(clip, "user.id") in (None, me)
        or str(place) in {str(list_id) for list_id in lists}
        or get_path(clip, "is_favorite") is True
    )
