"""Kippt: what a pass would cost, from the first pages of its lists and what is kept."""

from __future__ import annotations

from typing import Any

from connectors.core import Cost, Costing, Record, Resource
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


def cost_of_clips(asker: Costing) -> list[Cost]:
    """The requests of `copy_clips`; more where clips changed, or where others' lists are cut."""
    me, lists = asker.look(ACCOUNT), asker.look(LIST_LIST)
    shared = len(shared_lists(asker, get_path(lists, "objects") or [], number(get_path(me, "id"))))
    costs = [Cost("account", 1, 1), _pages(asker, LIST_LIST, "lists", lists)]
    if asker.full:
        clips = asker.look(OWN_CLIPS)
        own = _pages(asker, OWN_CLIPS, "clips", clips)
        costs += [own, Cost(LIKED_CLIPS.name, 1, at_least=True), _cut(clips, own.rows)]
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


def _cut(clips: Any, rows: int) -> Cost:
    """Clips that show only some of their comments or likes, by the share of the first page."""
    shown: list[Record] = [row for row in get_path(clips, "objects") or () if isinstance(row, dict)]
    cut = sum(
        number(get_path(clip, f"{kind}.count")) > len(get_path(clip, f"{kind}.data") or ())
        for clip in shown
        for kind in ("comments", "likes")
    )
    return Cost("cut comments and likes", round(cut * rows / max(1, len(shown))), at_least=True)


def cost_of_follows(asker: Costing) -> list[Cost]:
    """By the counts that the account shows."""
    me = asker.look(ACCOUNT)
    told = [
        (resource, number(get_path(me, COUNTED[resource.name])))
        for resource in (FOLLOWERS, FOLLOWING)
    ]
    return [Cost(r.name, r.paging.requests(rows), rows) for r, rows in told]
