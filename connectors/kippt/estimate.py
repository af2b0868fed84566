"""Kippt: what a pass would cost, from the first pages of its lists and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.core import Cost, Costing, Record, Resource, Skippable
from connectors.kippt.endpoints import (
    ACCOUNT,
    FAVORITE_CLIPS,
    FOLLOWERS,
    FOLLOWING,
    LIKED_CLIPS,
    LIST_CLIPS,
    LIST_LIST,
    OWN_CLIPS,
)
from connectors.kippt.normalize import number
from connectors.kippt.sync import COUNTED, shared_lists
from connectors.paging import get_path

MOST_PAGES = 10
"""So many pages of one's own clips are looked at; the service does not tell how many there are."""
LOOKED_INTO = 5
"""So many lists of others are looked into; further ones are taken to be like them."""


def cost_of_clips(asker: Costing) -> list[Cost]:
    """The requests of `copy_clips`; more where clips changed, or where others' lists are cut."""
    me, lists = asker.look(ACCOUNT), asker.look(LIST_LIST)
    shared = len(shared_lists(asker, get_path(lists, "objects") or [], number(get_path(me, "id"))))
    costs = [Cost("account", 1, 1), _pages(asker, LIST_LIST, "lists", lists)]
    if asker.full:
        own = _own_clips(asker, number(get_path(me, "id")))
        costs += [own, Cost(LIKED_CLIPS.name, 1, at_least=True), _cut(asker, own.rows)]
    else:
        costs.append(Cost(OWN_CLIPS.name, 1, at_least=True))
    if shared:
        costs.append(Cost(LIST_CLIPS.name, shared, at_least=True))
    costs.append(_pages(asker, FAVORITE_CLIPS, "favorites", asker.look(FAVORITE_CLIPS)))
    return costs


def _pages(asker: Costing, resource: Resource, table: str, payload: Any) -> Cost:
    kept = asker.kept(table)
    rows = max(kept, len(get_path(payload, "objects") or []))
    more = bool(get_path(payload, "meta.next")) and not kept
    return Cost(resource.name, resource.paging.requests(rows), rows, at_least=more)


def _own_clips(asker: Costing, me: int) -> Cost:
    """The pages of one's own clips; clips of others are kept in the same table."""
    pages = asker.pages(OWN_CLIPS, MOST_PAGES)
    kept = sum(user_id in (None, me) for (user_id,) in asker.rows("clips", ["user_id"]))
    more = bool(get_path(pages[-1], "meta.next"))
    shown = len({clip_id for page in pages for clip_id in _clips(page)})
    rows = max(kept, shown) if more else shown
    requests = OWN_CLIPS.paging.requests(rows)
    return Cost(OWN_CLIPS.name, requests, rows, at_least=more and not kept)


def _cut(asker: Costing, rows: int) -> Cost:
    """Clips that show only some of their comments or likes, each of which is asked for alone.

    By the first pages of all listings of clips; own clips beyond those by their share.
    """
    me = number(get_path(asker.look(ACCOUNT), "id"))
    lists = get_path(asker.look(LIST_LIST), "objects") or []
    shared = shared_lists(asker, lists, me)
    others = [asker.look(FAVORITE_CLIPS), _look(asker, LIKED_CLIPS, {"user_id": me})]
    others += [_look(asker, LIST_CLIPS, bind) for bind in shared[:LOOKED_INTO]]
    pages = asker.pages(OWN_CLIPS, MOST_PAGES)
    own = {clip_id: clip for page in pages for clip_id, clip in _clips(page).items()}
    elsewhere = {clip_id: clip for page in others for clip_id, clip in _clips(page).items()}
    alone = {clip_id: clip for clip_id, clip in elsewhere.items() if clip_id not in own}
    requests = _requests_beyond(own.values()) * max(1.0, rows / max(1, len(own)))
    requests += _requests_beyond(alone.values()) * max(1.0, len(shared) / LOOKED_INTO)
    return Cost("cut comments and likes", round(requests), at_least=True)


def _look(asker: Costing, resource: Resource, bind: Mapping[str, Any]) -> Any:
    """The first page; nothing where the service does not show it."""
    try:
        return asker.look(resource, bind)
    except Skippable:
        return None


def _clips(payload: Any) -> dict[int, Record]:
    shown = get_path(payload, "objects") or ()
    return {number(clip.get("id")): clip for clip in shown if isinstance(clip, dict)}


def _requests_beyond(clips: Iterable[Record]) -> int:
    """One request for each kind of which a clip does not show all."""
    return sum(
        number(get_path(clip, f"{kind}.count")) > len(get_path(clip, f"{kind}.data") or ())
        for clip in clips
        for kind in ("comments", "likes")
    )


def cost_of_follows(asker: Costing) -> list[Cost]:
    """By the counts that the account shows."""
    me = asker.look(ACCOUNT)
    told = [
        (resource, number(get_path(me, COUNTED[resource.name])))
        for resource in (FOLLOWERS, FOLLOWING)
    ]
    return [Cost(r.name, r.paging.requests(rows), rows) for r, rows in told]
